//! Other shapes and orders of dimensions over the same memory.

use smallvec::smallvec;
use taper_tensor::{IntoShape, Tensor};

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
        let (y, size) = (self.data().view(sizes)?, self.size());
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
        let (y, size) = (self.data().unflatten(dim, sizes)?, self.size());
        record("Unflatten", &[self])
            .view()
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.reshape(&size[..])?)]))
    }

    /// [`Variable::expand`] to the shape of another variable.
    ///
    /// # Errors
    /// As [`Variable::expand`].
    #[track_caller]
    pub fn expand_as(&self, other: &Self) -> Result<Self> {
        self.expand(&other.size()[..])
    }

    /// The elements in another shape, of which one size may be -1: what is left.
    ///
    /// # Errors
    /// When the shape has another number of elements.
    #[track_caller]
    pub fn reshape(&self, sizes: impl IntoShape) -> Result<Self> {
        let (y, size) = (self.data().reshape(sizes)?, self.size());
        record("Reshape", &[self])
            .view()
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.reshape(&size[..])?)]))
    }

    /// Joins the dimensions from `start` to the last into one, or from the first to the second of a pair.
    ///
    /// # Errors
    /// When there are no such dimensions, or the second is before the first.
    #[track_caller]
    pub fn flatten(&self, dims: impl IntoShape) -> Result<Self> {
        let (y, size) = (self.data().flatten(dims)?, self.size());
        record("Flatten", &[self])
            .view()
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.reshape(&size[..])?)]))
    }

    /// Swaps two dimensions.
    ///
    /// # Errors
    /// When there is no such dimension.
    #[track_caller]
    pub fn transpose(&self, dim0: i64, dim1: i64) -> Result<Self> {
        let y = self.data().transpose(dim0, dim1)?;
        record("Transpose", &[self])
            .view()
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.transpose(dim0, dim1)?)]))
    }

    /// The transposed matrix; a vector or a number stays as it is.
    ///
    /// # Errors
    /// When there are more than two dimensions.
    #[track_caller]
    pub fn t(&self) -> Result<Self> {
        let y = self.data().t()?;
        record("T", &[self]).view().output(y, |ctx| Ok(smallvec![Some(ctx.grad()?.t()?)]))
    }

    /// The tensor repeated along dimensions of size 1; -1 keeps a size.
    ///
    /// # Errors
    /// When another size than 1 would change.
    #[track_caller]
    pub fn expand(&self, sizes: impl IntoShape) -> Result<Self> {
        let (y, size) = (self.data().expand(sizes)?, self.size());
        record("Expand", &[self]).view().output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.sum_to(&size)?)]))
    }

    /// A new dimension of size 1 before `dim`.
    ///
    /// # Errors
    /// When `dim` is further out.
    #[track_caller]
    pub fn unsqueeze(&self, dim: i64) -> Result<Self> {
        let (y, size) = (self.data().unsqueeze(dim)?, self.size());
        record("Unsqueeze", &[self])
            .view()
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.reshape(&size[..])?)]))
    }

    /// Without those of these dimensions whose size is 1, of all dimensions where none is given.
    ///
    /// # Errors
    /// When there is no such dimension.
    #[track_caller]
    pub fn squeeze(&self, dims: impl IntoShape) -> Result<Self> {
        let (y, size) = (self.data().squeeze(dims)?, self.size());
        record("Squeeze", &[self])
            .view()
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.reshape(&size[..])?)]))
    }

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
