//! Parts of a tensor, and its dimensions in another order: the gradient goes back to the part.

use smallvec::smallvec;
use taper_tensor::{Error, IntoShape, Tensor};

use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// The dimensions in another order.
    ///
    /// # Errors
    /// When `dims` does not name each dimension once.
    #[track_caller]
    pub fn permute(&self, dims: impl IntoShape) -> Result<Self> {
        let dims = dims.into_sizes();
        let y = self.data().permute(&dims)?;
        let rank = dims.len() as i64;
        let mut back = vec![0; dims.len()];
        for (i, d) in dims.iter().enumerate() {
            back[d.rem_euclid(rank) as usize] = i;
        }
        record("Permute", &[self])
            .view()
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.permute(&back)?)]))
    }

    /// The elements from `start` on, `length` of them, along a dimension.
    ///
    /// # Errors
    /// When they do not all exist.
    #[track_caller]
    pub fn narrow(&self, dim: i64, start: i64, length: usize) -> Result<Self> {
        let (y, size) = (self.data().narrow(dim, start, length)?, self.shape());
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
        let (y, size) = (self.data().select(dim, index)?, self.shape());
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

    /// The elements in reverse order along some dimensions.
    ///
    /// # Errors
    /// When there is no such dimension.
    #[track_caller]
    pub fn flip(&self, dims: impl IntoShape) -> Result<Self> {
        let mut y = self.clone();
        for dim in dims.into_sizes() {
            let n = self.data().size_of(dim)? as i64;
            y = y.index_select(dim, &self.indices((0..n).rev().collect())?)?;
        }
        Ok(y)
    }

    /// The elements moved by `shifts` along dimensions, one for each; those pushed out at the end come in
    /// at the beginning. Without a dimension, the elements in their order.
    ///
    /// # Errors
    /// When there is no such dimension, or there are not as many shifts as dimensions.
    #[track_caller]
    pub fn roll(&self, shifts: impl IntoShape, dims: impl IntoShape) -> Result<Self> {
        let (shifts, dims) = (shifts.into_sizes(), dims.into_sizes());
        let y = self.data().roll(&shifts, &dims)?;
        let back: Vec<i64> = shifts.iter().map(|s| s.saturating_neg()).collect();
        record("Roll", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.roll(back.as_slice(), dims.as_slice())?)]))
    }

    /// The elements on and below a diagonal of the matrices in the last two dimensions, `diagonal`
    /// columns to the right; zeros elsewhere.
    ///
    /// # Errors
    /// When there are fewer than two dimensions.
    #[track_caller]
    pub fn tril(&self, diagonal: i64) -> Result<Self> {
        let y = self.data().tril(diagonal)?;
        record("Tril", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.tril(diagonal)?)]))
    }

    /// The elements on and above a diagonal; see [`Variable::tril`].
    ///
    /// # Errors
    /// When there are fewer than two dimensions.
    #[track_caller]
    pub fn triu(&self, diagonal: i64) -> Result<Self> {
        let y = self.data().triu(diagonal)?;
        record("Triu", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.triu(diagonal)?)]))
    }

    /// Indices on the device of `self`.
    pub(crate) fn indices(&self, index: Vec<i64>) -> Result<Tensor> {
        let n = index.len();
        Ok(Tensor::from_vec(index, n)?.to(&self.device())?)
    }
}

/// A dimension that the tensor operation has accepted, counted from the front.
pub(crate) fn index_of(dim: i64, rank: usize) -> usize {
    (if dim < 0 { dim + rank as i64 } else { dim }) as usize
}
