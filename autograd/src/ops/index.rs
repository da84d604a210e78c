//! Elements read at indices.

use smallvec::smallvec;
use taper_tensor::{Error, Index, IntoIndices, Tensor};

use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// `out[i][j] = self[i][index[i][j]]` for `dim` 1, and so on.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or the shapes do not fit.
    #[track_caller]
    pub fn gather(&self, dim: i64, index: &Tensor) -> Result<Self> {
        let (y, size, index) = (self.data().gather(dim, index)?, self.size(), index.clone());
        record("Gather", &[self]).output(y, move |ctx| {
            let g = ctx.grad()?;
            let zeros = Variable::new(g.data().like().zeros(&size[..])?);
            Ok(smallvec![Some(zeros.scatter_add(dim, &index, &g)?)])
        })
    }

    /// [`Variable::gather`], for a source of the shape `size`: where that is larger than the index, nothing
    /// was read, and zeros follow.
    #[track_caller]
    pub(super) fn gather_for(&self, dim: i64, index: &Tensor, size: &[usize]) -> Result<Self> {
        let mut y = self.gather(dim, index)?;
        for (d, n) in size.iter().enumerate() {
            let missing = n - y.size()[d];
            if missing > 0 {
                y = y.pad_constant(d, 0, missing as i64, 0.0)?;
            }
        }
        Ok(y)
    }

    /// The slices at `index`, a vector of integers, along a dimension.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or `index` is no vector.
    #[track_caller]
    pub fn index_select(&self, dim: i64, index: &Tensor) -> Result<Self> {
        let (y, size, index) = (self.data().index_select(dim, index)?, self.size(), index.clone());
        record("IndexSelect", &[self]).output(y, move |ctx| {
            let g = ctx.grad()?;
            let zeros = Variable::new(g.data().like().zeros(&size[..])?);
            Ok(smallvec![Some(zeros.index_add(dim, &index, &g)?)])
        })
    }

    /// The rows of this table `[count, width]` at `index`, of any shape `[…]`: `[…, width]`. No
    /// gradient goes to the row `padding`.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or `self` is no matrix.
    #[track_caller]
    pub fn embedding(&self, index: &Tensor, padding: Option<usize>) -> Result<Self> {
        let size = self.size();
        let &[count, width] = &size[..] else {
            let message = format!("the table has shape {:?}, expected [count, width]", &size[..]);
            return Err(Error::shape("embedding", message).into());
        };
        let mut out = index.size().to_vec();
        out.push(width);
        let flat = index.reshape(index.numel())?;
        let y = self.data().index_select(0, &flat)?.reshape(out)?;
        record("Embedding", &[self]).output(y, move |ctx| {
            let g = ctx.grad()?.reshape([flat.numel(), width])?;
            let zeros = Variable::new(g.data().like().zeros((count, width))?);
            let mut table = zeros.index_add(0, &flat, &g)?;
            if let Some(row) = padding.filter(|&row| row < count) {
                let mut keep = vec![1.0f64; count];
                keep[row] = 0.0;
                let keep =
                    Tensor::from_vec(keep, (count, 1))?.to(&table.device())?.to_dtype(table.dtype())?;
                table = table.mul(Variable::new(keep))?;
            }
            Ok(smallvec![Some(table)])
        })
    }

    /// Python's `x[indices]`: integers, ranges, masks and tensors of indices, see [`Tensor::i`].
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
            let zeros = Self::new(g.data().like().zeros(numel)?);
            Ok(smallvec![Some(zeros.index_add(0, &places, &g.reshape(-1)?)?.reshape(&size[..])?)])
        })
    }

    /// The elements at flat positions, row-major.
    ///
    /// # Errors
    /// When a position is out of range or no integer.
    #[track_caller]
    pub fn take(&self, index: &Tensor) -> Result<Self> {
        let n = self.numel() as i64;
        let index = index.to_dtype(taper_tensor::DType::I64)?;
        let index = index.where_(&index.ge(0)?, &index.add(n)?)?;
        self.reshape(-1)?.index_select(0, &index.reshape(-1)?)?.reshape(index.size())
    }

    /// The elements at `index` along `dim`, where the other dimensions of both broadcast.
    ///
    /// # Errors
    /// As [`Variable::gather`].
    #[track_caller]
    pub fn take_along_dim(&self, index: &Tensor, dim: i64) -> Result<Self> {
        let y = self.data().take_along_dim(index, dim)?; // which checks the shapes
        let (mut size, d) = (y.size().to_vec(), crate::ops::view::index_of(dim, y.dim()));
        let index = index.expand(&size)?;
        size[d] = self.size()[d];
        self.expand(size)?.gather(dim, &index)
    }
}
