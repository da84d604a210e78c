//! Flags of operations, and the dimensions to reduce. A call names its flags, as with PyTorch's keyword
//! arguments: `x.sort(1, Descending(true))`.

use crate::{Error, IntoShape, Result};

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub bool);
    )*};
}

flags! {
    /// Sorts from the greatest element to the least: PyTorch's `descending`.
    Descending;
    /// Selects the greatest elements, not the least: PyTorch's `largest`.
    Largest;
    /// Places a value that equals a boundary above it, not below: PyTorch's `right`.
    Right;
    /// Aligns the centres of the corner pixels, not their corners: PyTorch's `align_corners`.
    AlignCorners;
    /// Draws an index more than once: PyTorch's `replacement`.
    Replacement;
    /// Reduces the element itself with those of the source: PyTorch's `include_self`.
    IncludeSelf;
    /// Returns the sum of the samples' losses, not each.
    Summed;
}

/// Dimensions to reduce that the result keeps with size 1: PyTorch's `keepdim=True`.
///
/// ```
/// # use taper_tensor::{Keepdim, Tensor};
/// let x = Tensor::new([[1, 2], [3, 4]])?;
/// assert_eq!(x.sum_dim(1)?.size(), [2]);
/// assert_eq!(x.sum_dim(Keepdim(1))?.size(), [2, 1]);
/// assert_eq!(x.sum_dim(Keepdim((0, 1)))?.size(), [1, 1]);
/// # Ok::<(), taper_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepdim<D>(pub D);

/// Dimensions to reduce; an empty list means all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dims {
    /// The dimensions. Negative ones count from the end.
    pub dims: Vec<i64>,
    /// Keeps the dimensions with size 1 if true.
    pub keepdim: bool,
}

/// Dimensions to reduce, as an argument: a dimension or a list of them (see [`IntoShape`]), alone or in
/// [`Keepdim`].
pub trait IntoDims {
    /// Returns the dimensions.
    fn into_dims(self) -> Dims;
}

impl<D: IntoShape> IntoDims for D {
    fn into_dims(self) -> Dims {
        Dims { dims: self.into_sizes(), keepdim: false }
    }
}

impl<D: IntoShape> IntoDims for Keepdim<D> {
    fn into_dims(self) -> Dims {
        Dims { dims: self.0.into_sizes(), keepdim: true }
    }
}

impl IntoDims for Dims {
    fn into_dims(self) -> Dims {
        self
    }
}

impl IntoDims for &Dims {
    fn into_dims(self) -> Dims {
        self.clone()
    }
}

impl Dims {
    /// Returns the dimension, for an operation that reduces a single one.
    ///
    /// # Errors
    /// If there is not exactly one.
    #[doc(hidden)]
    pub fn one(&self, op: &'static str) -> Result<i64> {
        match *self.dims {
            [dim] => Ok(dim),
            _ => Err(Error::shape(op, format!("got the dimensions {:?}, expected one", self.dims))),
        }
    }
}
