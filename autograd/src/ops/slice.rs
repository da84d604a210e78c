//! Parts of a tensor as views: ranges, single slices, pieces, diagonals.

use smallvec::smallvec;
use taper_tensor::Error;

use crate::ops::view::index_of;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// The diagonal of the matrices in two dimensions, `offset` columns to the right: those two dimensions
    /// go, and one comes last.
    ///
    /// # Errors
    /// When there are no such dimensions, or they are the same.
    #[track_caller]
    pub fn diagonal(&self, offset: i64, dim1: i64, dim2: i64) -> Result<Self> {
        let (y, size) = (self.data().diagonal(offset, dim1, dim2)?, self.size());
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

    /// Pieces of `size` along a dimension; the last may be smaller.
    ///
    /// # Errors
    /// When there is no such dimension, or `size` is 0.
    #[track_caller]
    pub fn split(&self, size: usize, dim: i64) -> Result<Vec<Self>> {
        let n = self.data().size_of(dim)?;
        if size == 0 {
            return Err(Error::value("split", "size is 0, expected at least 1").into());
        }
        if n == 0 {
            return Ok(vec![self.clone()]);
        }
        let x = self.data();
        let pieces = (0..n).step_by(size).map(|at| x.narrow(dim, at as i64, size.min(n - at)));
        let pieces = pieces.collect::<taper_tensor::Result<Vec<_>>>()?;
        // One operation, whose gradient is joined once: that of a narrow each would fill the rest with zeros.
        record("Split", &[self]).view().many(pieces, move |ctx| {
            let grads = (0..ctx.grads.len()).map(|i| ctx.grad_of(i)).collect::<Result<Vec<_>>>()?;
            Ok(smallvec![Some(Self::cat(&grads, dim)?)])
        })
    }

    /// At most `chunks` pieces of one size along a dimension; the last may be smaller.
    ///
    /// # Errors
    /// When there is no such dimension, or `chunks` is 0.
    #[track_caller]
    pub fn chunk(&self, chunks: usize, dim: i64) -> Result<Vec<Self>> {
        if chunks == 0 {
            return Err(Error::value("chunk", "chunks is 0, expected at least 1").into());
        }
        self.split(self.data().size_of(dim)?.div_ceil(chunks).max(1), dim)
    }

    /// The elements from `start` on, `length` of them, along a dimension.
    ///
    /// # Errors
    /// When they do not all exist.
    #[track_caller]
    pub fn narrow(&self, dim: i64, start: i64, length: usize) -> Result<Self> {
        let (y, size) = (self.data().narrow(dim, start, length)?, self.size());
        let start = if start < 0 { start + size[index_of(dim, size.len())] as i64 } else { start };
        record("Narrow", &[self])
            .view()
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.place(dim, start, &size)?)]))
    }

    /// The slice at an index of a dimension, which disappears.
    ///
    /// # Errors
    /// When there is no such index.
    #[track_caller]
    pub fn select(&self, dim: i64, index: i64) -> Result<Self> {
        let (y, size) = (self.data().select(dim, index)?, self.size());
        let d = index_of(dim, size.len());
        let (dim, index) = (d as i64, if index < 0 { index + size[d] as i64 } else { index });
        record("Select", &[self])
            .view()
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.unsqueeze(dim)?.place(dim, index, &size)?)]))
    }

    /// Zeros of the shape `size`, with `self` from `start` on along a dimension.
    #[track_caller]
    pub(crate) fn place(&self, dim: i64, start: i64, size: &[usize]) -> Result<Self> {
        let g = self.data();
        let y = g.like().zeros(size)?;
        let length = g.size_of(dim)?;
        y.narrow(dim, start, length)?.copy_(&g)?;
        record("Place", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.narrow(dim, start, length)?)]))
    }

    /// The elements from `start` to before `end` along a dimension, every `step`-th of them; Python's
    /// `x[start:end:step]`. Negative bounds count from the end, and bounds outside are moved in.
    ///
    /// # Errors
    /// When there is no such dimension, or `step` is 0.
    #[track_caller]
    pub fn slice(&self, dim: i64, start: i64, end: i64, step: usize) -> Result<Self> {
        let n = self.data().size_of(dim)? as i64;
        if step == 0 {
            return Err(Error::value("slice", "step is 0, expected at least 1").into());
        }
        let bound = |b: i64| if b < 0 { (b.saturating_add(n)).max(0) } else { b.min(n) };
        let (start, end) = (bound(start), bound(end));
        if step == 1 || end <= start {
            return self.narrow(dim, start, (end - start).max(0) as usize);
        }
        let index: Vec<i64> = (start..end).step_by(step).collect();
        self.index_select(dim, &self.indices(index)?)
    }
}
