//! Other shapes of the same elements: the gradient takes the way back.

use smallvec::smallvec;
use taper_tensor::IntoShape;

use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// The elements in another shape, of which one size may be -1: what is left.
    ///
    /// # Errors
    /// When the shape has another number of elements.
    #[track_caller]
    pub fn reshape(&self, sizes: impl IntoShape) -> Result<Self> {
        let (y, size) = (self.data().reshape(sizes)?, self.shape());
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
        let (y, size) = (self.data().flatten(dims)?, self.shape());
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
        let (y, size) = (self.data().expand(sizes)?, self.shape());
        record("Expand", &[self]).view().output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.sum_to(&size)?)]))
    }

    /// A new dimension of size 1 before `dim`.
    ///
    /// # Errors
    /// When `dim` is further out.
    #[track_caller]
    pub fn unsqueeze(&self, dim: i64) -> Result<Self> {
        let (y, size) = (self.data().unsqueeze(dim)?, self.shape());
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
        let (y, size) = (self.data().squeeze(dims)?, self.shape());
        record("Squeeze", &[self])
            .view()
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.reshape(&size[..])?)]))
    }
}
