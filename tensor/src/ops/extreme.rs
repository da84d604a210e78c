//! Maxima and minima, and their indices.

use crate::cpu::argmax::{End, Greatest, Least, extreme};

use crate::cpu::reduce::reduce;
use crate::cpu::reducers::{Max, Min};
use crate::dtype::with_working;
use crate::ops::reduce::{reduced, reduction};
use crate::{Dims, Element as _, Error, IntoDims, Result, Tensor, shape};

/// Declares the methods for the maximum or the minimum.
macro_rules! extremes {
    ($($word:literal $end:ident, $reducer:ident: $of_all:ident $along:ident $over:ident $index:ident;)*) => {$(
        #[doc = concat!("Returns the ", $word, " element, or NaN if an element is NaN.")]
        ///
        /// # Errors
        /// If the tensor has no elements.
        pub fn $of_all(&self) -> Result<Self> {
            self.$over(())
        }

        #[doc = concat!("Returns the ", $word, " elements along `dim` and their int64 indices: the first of equal elements,")]
        #[doc = concat!("or the first NaN. PyTorch's `x.", stringify!($of_all), "(dim)`.")]
        ///
        /// # Shapes
        /// Input `[.., n, ..]`, outputs `[.., ..]`, or `[.., 1, ..]` with [`Keepdim`](crate::Keepdim).
        ///
        /// # Errors
        /// If `dim` is out of range, or its size is 0.
        pub fn $along(&self, dim: impl IntoDims) -> Result<(Self, Self)> {
            let (op, dims) = (stringify!($of_all), dim.into_dims());
            self.extreme(op, dims.one(op)?, dims.keepdim, $end)
        }

        #[doc = concat!("Returns the ", $word, " elements over `dims`, or over all dimensions if none is given. It is NaN if an element")]
        /// is NaN.
        ///
        /// # Errors
        /// If a dimension is out of range, or its size is 0.
        pub fn $over(&self, dims: impl IntoDims) -> Result<Self> {
            let op = stringify!($over);
            let (over, size) = reduction(op, self, dims)?;
            self.expect_elements(op, &over)?;
            with_working!(self.dtype, T => {
                let y = self.in_dtype(T::TYPE)?.lend_view::<T, _>(op, |x| reduce(x, &over, $reducer))?;
                self.result(y, &size)?.cast(self.dtype)
            })
        }

        #[doc = concat!("Returns the int64 index of the ", $word, " element along `dim`, the first of equal elements. Without a")]
        /// dimension, it is the index among all elements in order.
        ///
        /// # Errors
        /// If `dim` is out of range, its size is 0, or more than one dimension is given.
        pub fn $index(&self, dim: impl IntoDims) -> Result<Self> {
            self.index_of_extreme(stringify!($index), dim.into_dims(), $end)
        }
    )*};
}

impl Tensor {
    extremes! {
        "largest" Greatest, Max: max max_dim amax argmax;
        "smallest" Least, Min: min min_dim amin argmin;
    }

    fn index_of_extreme(
        &self,
        op: &'static str,
        Dims { dims, keepdim }: Dims,
        end: impl End,
    ) -> Result<Self> {
        match *dims {
            [dim] => self.extreme(op, dim, keepdim, end).map(|(_, index)| index),
            [] => {
                let (_, index) = self.reshape(-1)?.extreme(op, 0, false, end)?;
                if keepdim { index.reshape(vec![1usize; self.dim()]) } else { Ok(index) }
            }
            _ => Err(Error::shape(op, format!("got the dimensions {dims:?}, expected one or none"))),
        }
    }

    fn extreme(&self, op: &'static str, dim: i64, keepdim: bool, end: impl End) -> Result<(Self, Self)> {
        if self.dim() == 0 && (dim == 0 || dim == -1) {
            return Ok((self.copy()?, self.like().dtype(crate::DType::I64).zeros(())?));
        }
        let dim = shape::dim(op, dim, self.size())?;
        self.expect_elements(op, &[dim])?;
        let size = reduced(op, self.size(), &[dim], keepdim)?;
        with_working!(self.dtype, T => {
            let (values, indices) = self.in_dtype(T::TYPE)?.lend_view::<T, _>(op, |x| extreme(x, dim, end))?;
            Ok((self.result(values, &size)?.cast(self.dtype)?, self.result(indices, &size)?))
        })
    }

    fn expect_elements(&self, op: &'static str, over: &[usize]) -> Result<()> {
        let size = self.size();
        match over.iter().find(|&&d| size[d] == 0) {
            Some(d) => bail!(shape(op, "got dimension {d} of shape {size:?}, expected at least one element")),
            None => Ok(()),
        }
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_extreme {
    ($T:ident) => {
        impl $T {
            /// Returns the smallest and the largest elements over `dims`, or over all dimensions if none is
            /// given.
            ///
            /// # Errors
            /// If a dimension is out of range, or its size is 0.
            #[track_caller]
            pub fn aminmax(&self, dims: impl $crate::IntoDims) -> Result<(Self, Self)> {
                let dims = dims.into_dims();
                Ok((self.amin(&dims)?, self.amax(&dims)?))
            }
        }
    };
}
composed_extreme!(Tensor);
