//! Reading elements at indices.

use taper_tensor::{Index, IntoIndices, Pad, Tensor};

use crate::record::{Record, record};
use crate::{Result, Variable};

impl Variable {
    operations! {
        /// Returns the elements at `index` along `dim`. For `dim` 1 of a matrix, `out[i][j] =
        /// self[i][index[i][j]]`.
        pub fn gather(&self, dim: i64, index: &Tensor) -> Result<Self> {
            let (y, size, index) = (self.tensor().gather(dim, index)?, self.size(), index.clone());
            self.linear_in(y, "Gather", move |g| g.zeros(&size)?.scatter_add(dim, &index, &g))
        }

        /// Returns the slices at `index`, a vector of integers, along `dim`.
        pub fn index_select(&self, dim: i64, index: &Tensor) -> Result<Self> {
            let (y, size, index) = (self.tensor().index_select(dim, index)?, self.size(), index.clone());
            self.linear_in(y, "IndexSelect", move |g| g.zeros(&size)?.index_add(dim, &index, &g))
        }

        /// Returns the rows of the table `self`, `[rows, size]`, at `index` `[..]`: `[.., size]`. No gradient
        /// flows to the row `padding_idx`.
        pub fn embedding(&self, index: &Tensor, padding_idx: Option<usize>) -> Result<Self> {
            let (y, size) = (self.tensor().embedding(index, padding_idx)?, self.size());
            let index = index.reshape(-1)?;
            self.linear_in(y, "Embedding", move |g| {
                let rows = g.zeros(&size)?.index_add(0, &index, g.reshape([index.numel(), size[1]])?)?;
                match padding_idx {
                    Some(row) => rows.index_fill(0, &rows.indices(vec![row as i64])?, 0),
                    None => Ok(rows),
                }
            })
        }

        /// Returns the elements at `indices`: Python's `x[indices]`, with integers, ranges, masks and tensors
        /// of integers; see [`Tensor::i`].
        ///
        /// ```
        /// # use taper_autograd::Variable;
        /// # use taper_tensor::Tensor;
        /// let x = Variable::requires_grad(Tensor::ones((2, 3))?);
        /// x.i((.., 1))?.sum()?.backward()?;
        /// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [0.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
        /// # Ok::<(), taper_autograd::Error>(())
        /// ```
        pub fn i(&self, indices: impl IntoIndices) -> Result<Self> {
            let (indices, inputs) = (indices.into_indices(), [self]);
            let (y, node) = (self.tensor().i(indices.clone())?, record("Index", &inputs));
            let copies = indices.iter().any(|i| matches!(i, Index::Tensor(_)));
            let node = if copies { node } else { node.view() };
            self.gathered(node, y, move |numbers| numbers.i(indices.clone()))
        }
    }

    /// Records `y`. Applied to a tensor of element numbers, `places` gives the number of each element of `y`.
    #[track_caller]
    pub(super) fn gathered(
        &self,
        node: Record<'_>,
        y: Tensor,
        places: impl Fn(&Tensor) -> taper_tensor::Result<Tensor> + Send + Sync + 'static,
    ) -> Result<Self> {
        let (size, numel) = (self.size(), self.numel());
        node.unary(y, move |g, _| {
            let numbers = Tensor::arange(0, numel as i64, 1)?.to(&g.device())?.reshape(&size)?;
            let places = places(&numbers)?.reshape(-1)?;
            g.zeros(&[numel])?.index_add(0, &places, g.reshape(-1)?)?.reshape(&size)
        })
    }

    /// Gathers as [`Variable::gather`] does from a source of the shape `size`. Elements of the source beyond
    /// the index were not read, so zeros are appended.
    #[track_caller]
    pub(super) fn gather_for(&self, dim: i64, index: &Tensor, size: &[usize]) -> Result<Self> {
        let y = self.gather(dim, index)?;
        let found = y.size();
        if found[..] == *size {
            return Ok(y);
        }
        let missing = size.iter().zip(&found).rev().flat_map(|(n, found)| [0, n - found]);
        y.pad(missing.collect::<Vec<_>>(), Pad::Constant(0.0))
    }

    /// Returns zeros with the dtype and device of `self`, as a constant.
    pub(crate) fn zeros(&self, size: &[usize]) -> Result<Self> {
        Ok(Self::new(self.tensor().like().zeros(size)?))
    }

    of_data! { one_hot(classes: usize) -> Tensor; }
}

taper_tensor::composed_index!(Variable);
