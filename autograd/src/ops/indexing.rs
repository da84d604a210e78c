//! Python's square brackets, and elements put at indices.

use smallvec::smallvec;
use taper_tensor::{Index, IntoIndices, Scalar, Tensor};

use crate::record::record;
use crate::{Result, Variable};

impl Variable {
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
        let (size, numel) = (self.shape(), x.numel());
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

    /// The elements where the mask, which broadcasts, is not 0: a vector.
    ///
    /// # Errors
    /// When the shapes do not broadcast.
    #[track_caller]
    pub fn masked_select(&self, mask: &Tensor) -> Result<Self> {
        let all = Tensor::broadcast_tensors(&[self.data(), mask.clone()])?;
        let places = all[1].reshape(-1)?.nonzero()?.reshape(-1)?;
        self.expand(all[0].size())?.reshape(-1)?.index_select(0, &places)
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

    /// A copy of `self` with `out[i][index[i][j]] = source[i][j]` for `dim` 1, and so on: the gradient at
    /// those places goes to the source. An index must not name one place twice, where the gradient would
    /// not know which source it was.
    ///
    /// # Errors
    /// As [`Variable::gather`].
    #[track_caller]
    pub fn scatter(&self, dim: i64, index: &Tensor, source: &Self) -> Result<Self> {
        let (y, index) = (self.data().scatter(dim, index, source.data())?, index.clone());
        let size = source.shape();
        record("Scatter", &[self, source]).output(y, move |ctx| {
            let g = ctx.grad()?;
            Ok(smallvec![
                ctx.need(0, || {
                    let keep = g.data().like().dtype(taper_tensor::DType::U8).ones(g.size())?;
                    keep.scatter_(dim, &index, 0)?;
                    g.keep(&keep)
                })?,
                ctx.need(1, || g.gather_for(dim, &index, &size))?
            ])
        })
    }

    /// A copy of `self` with `value` in the slices at `index`, a vector of integers, along `dim`.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or `index` is no vector.
    #[track_caller]
    pub fn index_fill(&self, dim: i64, index: &Tensor, value: impl Into<Scalar>) -> Result<Self> {
        let y = self.data().index_fill(dim, index, value)?;
        let keep = y.like().dtype(taper_tensor::DType::U8).ones(y.size())?;
        keep.index_fill_(dim, index, 0)?;
        record("IndexFill", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.keep(&keep)?)]))
    }

    /// A copy of `self` with the slices of `source` at `index`, a vector of integers that are all
    /// different, along `dim`.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or the shapes do not fit.
    #[track_caller]
    pub fn index_copy(&self, dim: i64, index: &Tensor, source: &Self) -> Result<Self> {
        let y = self.data().index_copy(dim, index, &source.data())?;
        let keep = y.like().dtype(taper_tensor::DType::U8).ones(y.size())?;
        keep.index_fill_(dim, index, 0)?;
        let index = index.clone();
        record("IndexCopy", &[self, source]).output(y, move |ctx| {
            let g = ctx.grad()?;
            Ok(smallvec![ctx.need(0, || g.keep(&keep))?, ctx.need(1, || g.index_select(dim, &index))?])
        })
    }
}
