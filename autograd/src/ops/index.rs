//! Elements read at indices.

use smallvec::smallvec;
use taper_tensor::{Index, IntoIndices, Pad, Tensor};

use crate::ops::compare::of_data;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// Returns the elements at `index` along `dim`: `out[i][j] = self[i][index[i][j]]` for `dim` 1, and so on.
    ///
    /// # Errors
    /// When an index is out of range or not an integer, or the shapes do not fit.
    #[track_caller]
    pub fn gather(&self, dim: i64, index: &Tensor) -> Result<Self> {
        let (y, size, index) = (self.tensor().gather(dim, index)?, self.size(), index.clone());
        record("Gather", &[self]).unary(y, move |g, _| g.zeros(&size)?.scatter_add(dim, &index, &g))
    }

    /// [`Variable::gather`], for a source of the shape `size`: where that is larger than the index, nothing
    /// was read, and zeros follow.
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

    /// Returns the slices at `index`, a vector of integers, along `dim`.
    ///
    /// # Errors
    /// When an index is out of range or not an integer, or `index` is not a vector.
    #[track_caller]
    pub fn index_select(&self, dim: i64, index: &Tensor) -> Result<Self> {
        let (y, size, index) = (self.tensor().index_select(dim, index)?, self.size(), index.clone());
        record("IndexSelect", &[self]).unary(y, move |g, _| g.zeros(&size)?.index_add(dim, &index, &g))
    }

    /// Returns the rows of a table `[rows, size]` at `index`, of any shape: `[.., size]`. No gradient flows to
    /// the row `padding_idx`.
    ///
    /// # Errors
    /// When an index is out of range or not an integer, or the table does not have two dimensions.
    #[track_caller]
    pub fn embedding(&self, index: &Tensor, padding_idx: Option<usize>) -> Result<Self> {
        let (y, size, index) =
            (self.tensor().embedding(index, padding_idx)?, self.size(), index.reshape(-1)?);
        record("Embedding", &[self]).unary(y, move |g, _| {
            let rows = g.zeros(&size)?.index_add(0, &index, g.reshape([index.numel(), size[1]])?)?;
            match padding_idx {
                Some(row) => rows.index_fill(0, &rows.indices(vec![row as i64])?, 0),
                None => Ok(rows),
            }
        })
    }

    /// Returns Python's `x[indices]`: integers, ranges, masks and tensors of indices, see [`Tensor::i`].
    ///
    /// ```
    /// # use taper_autograd::Variable;
    /// # use taper_tensor::Tensor;
    /// let x = Variable::requires_grad(Tensor::ones((2, 3))?);
    /// x.i((.., 1))?.sum()?.backward()?;
    /// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [0.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
    /// # Ok::<(), taper_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// When an index is out of range, there are too many of them, or the shapes of tensors do not fit.
    #[track_caller]
    pub fn i(&self, indices: impl IntoIndices) -> Result<Self> {
        let (x, indices) = (self.data(), indices.into_indices());
        let y = x.i(indices.clone())?;
        let (size, numel) = (self.size(), x.numel());
        let inputs = [self];
        let node = record("Index", &inputs);
        let node = if indices.iter().any(|i| matches!(i, Index::Tensor(_))) { node } else { node.view() };
        node.output(y, move |ctx| {
            let g = ctx.grad()?;
            // The same indices into a tensor of places say where each element came from.
            let places = Tensor::arange(0, numel as i64, 1)?.to(&g.device())?.reshape(&size[..])?;
            let places = places.i(indices.clone())?.reshape(-1)?;
            let zeros = g.zeros(&[numel])?;
            Ok(smallvec![Some(zeros.index_add(0, &places, &g.reshape(-1)?)?.reshape(&size[..])?)])
        })
    }

    /// Zeros of the dtype and the device of `self`, as a constant.
    fn zeros(&self, size: &[usize]) -> Result<Self> {
        Ok(Self::new(self.tensor().like().zeros(size)?))
    }

    of_data! { one_hot(classes: usize) -> Tensor; }
}

taper_tensor::composed_index!(Variable);
