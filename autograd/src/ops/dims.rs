//! Dimensions moved, joined, split and repeated, under the names that PyTorch has for it.

use std::borrow::Borrow;

use smallvec::smallvec;
use taper_tensor::{Error, IntoShape};

use crate::ops::view::index_of;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// The same memory in another shape, of which one size may be -1; never a copy.
    ///
    /// # Errors
    /// When the shape has another number of elements, or the strides do not allow a view: then `reshape`
    /// makes a copy.
    #[track_caller]
    pub fn view(&self, sizes: impl IntoShape) -> Result<Self> {
        let (y, size) = (self.data().view(sizes)?, self.shape());
        record("View", &[self])
            .view()
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.reshape(&size[..])?)]))
    }

    /// The dimensions `from` at the places `to`, the others in their order.
    ///
    /// # Errors
    /// When there are no such dimensions, one is given twice, or there are not as many of both.
    #[track_caller]
    pub fn movedim(&self, from: impl IntoShape, to: impl IntoShape) -> Result<Self> {
        let (from, to) = (from.into_sizes(), to.into_sizes());
        let y = self.data().movedim(&from, &to)?;
        record("Movedim", &[self])
            .view()
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.movedim(&to, &from)?)]))
    }

    /// [`Variable::transpose`] by its name in NumPy.
    ///
    /// # Errors
    /// As [`Variable::transpose`].
    #[track_caller]
    pub fn swapaxes(&self, axis0: i64, axis1: i64) -> Result<Self> {
        self.transpose(axis0, axis1)
    }

    /// The transposed matrices of a batch `[.., n, m]`: PyTorch's `x.mT`.
    ///
    /// # Errors
    /// When there are fewer than two dimensions.
    #[track_caller]
    pub fn mt(&self) -> Result<Self> {
        let y = self.data().mt()?;
        record("Mt", &[self]).view().output(y, |ctx| Ok(smallvec![Some(ctx.grad()?.mt()?)]))
    }

    /// One dimension as several, of whose sizes one may be -1: what is left.
    ///
    /// # Errors
    /// When there is no such dimension, or the sizes do not multiply to its own.
    #[track_caller]
    pub fn unflatten(&self, dim: i64, sizes: impl IntoShape) -> Result<Self> {
        let (y, size) = (self.data().unflatten(dim, sizes)?, self.shape());
        record("Unflatten", &[self])
            .view()
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.reshape(&size[..])?)]))
    }

    /// The diagonal of the matrices in two dimensions, `offset` columns to the right: those two dimensions
    /// go, and one comes last.
    ///
    /// # Errors
    /// When there are no such dimensions, or they are the same.
    #[track_caller]
    pub fn diagonal(&self, offset: i64, dim1: i64, dim2: i64) -> Result<Self> {
        let (y, size) = (self.data().diagonal(offset, dim1, dim2)?, self.shape());
        record("Diagonal", &[self])
            .view()
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.onto_diagonal(offset, dim1, dim2, &size)?)]))
    }

    /// Zeros of the shape `size`, with `self` on a diagonal.
    #[track_caller]
    fn onto_diagonal(&self, offset: i64, dim1: i64, dim2: i64, size: &[usize]) -> Result<Self> {
        let g = self.data();
        let y = g.like().zeros(size)?;
        y.diagonal(offset, dim1, dim2)?.copy_(&g)?;
        record("OntoDiagonal", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.diagonal(offset, dim1, dim2)?)]))
    }

    /// The sum of a matrix's diagonal.
    ///
    /// # Errors
    /// When there are not two dimensions.
    #[track_caller]
    pub fn trace(&self) -> Result<Self> {
        if self.dim() != 2 {
            return Err(Error::shape("trace", format!("shape {:?} is no matrix", self.size())).into());
        }
        self.diagonal(0, 0, 1)?.sum()
    }

    /// [`Variable::expand`] to the shape of another variable.
    ///
    /// # Errors
    /// As [`Variable::expand`].
    #[track_caller]
    pub fn expand_as(&self, other: &Self) -> Result<Self> {
        self.expand(&other.shape()[..])
    }

    /// [`Variable::repeat`], where missing numbers in front are 1.
    ///
    /// # Errors
    /// As [`Variable::repeat`].
    #[track_caller]
    pub fn tile(&self, repeats: impl IntoShape) -> Result<Self> {
        let repeats = repeats.into_sizes();
        let missing = self.dim().saturating_sub(repeats.len());
        self.repeat([vec![1; missing], repeats].concat())
    }

    /// Each slice along a dimension `repeats` times in a row.
    ///
    /// # Errors
    /// When there is no such dimension, or too many elements.
    #[track_caller]
    pub fn repeat_interleave(&self, repeats: usize, dim: i64) -> Result<Self> {
        let (y, mut apart) = (self.data().repeat_interleave(repeats, dim)?, self.size());
        let d = index_of(dim, apart.len());
        apart.insert(d + 1, repeats);
        record("RepeatInterleave", &[self]).output(y, move |ctx| {
            Ok(smallvec![Some(ctx.grad()?.reshape(&apart)?.sum_dim(d as i64 + 1, false)?)])
        })
    }

    /// Pieces of the given sizes along a dimension.
    ///
    /// # Errors
    /// When the sizes do not add up to the dimension's.
    #[track_caller]
    pub fn split_sizes(&self, sizes: &[usize], dim: i64) -> Result<Vec<Self>> {
        let pieces = self.data().split_sizes(sizes, dim)?;
        record("SplitSizes", &[self]).view().many(pieces, move |ctx| {
            let grads = (0..ctx.grads.len()).map(|i| ctx.grad_of(i)).collect::<Result<Vec<_>>>()?;
            Ok(smallvec![Some(Self::cat(&grads, dim)?)])
        })
    }

    /// The slices along a dimension, which disappears.
    ///
    /// # Errors
    /// When there is no such dimension.
    #[track_caller]
    pub fn unbind(&self, dim: i64) -> Result<Vec<Self>> {
        let slices = self.data().unbind(dim)?;
        record("Unbind", &[self]).view().many(slices, move |ctx| {
            let grads = (0..ctx.grads.len()).map(|i| ctx.grad_of(i)).collect::<Result<Vec<_>>>()?;
            Ok(smallvec![Some(Self::stack(&grads, dim)?)])
        })
    }

    /// The grids of coordinates of vectors: the first varies along the first dimension, and so on
    /// (PyTorch's `indexing="ij"`).
    ///
    /// # Errors
    /// When one is no vector, or the grid is too large.
    #[track_caller]
    pub fn meshgrid<V: Borrow<Self>>(vectors: &[V]) -> Result<Vec<Self>> {
        let data: Vec<_> = vectors.iter().map(|v| v.borrow().data()).collect();
        let grids = taper_tensor::Tensor::meshgrid(&data)?;
        let grid = |(i, v): (usize, &V)| {
            let mut own = vec![1; vectors.len()];
            own[i] = v.borrow().numel();
            v.borrow().reshape(own)?.expand(grids[i].size())
        };
        vectors.iter().enumerate().map(grid).collect()
    }
}
