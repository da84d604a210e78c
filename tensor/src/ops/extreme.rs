//! The largest and smallest elements, and where they are.

use crate::cpu::argmax::{End, Greatest, Least, extreme};

use crate::cpu::reduce::reduce;
use crate::cpu::reducers::{Max, Min};
use crate::dtype::with_working;
use crate::ops::reduce::{reduced, reduction};
use crate::{Dims, Element as _, Error, IntoDims, Result, Tensor, shape};

/// Methods for one end of the order.
macro_rules! extremes {
    ($($word:literal $end:ident, $reducer:ident: $of_all:ident $along:ident $over:ident $index:ident;)*) => {$(
        #[doc = concat!("Returns the ", $word, " element; NaN if there is one.")]
        ///
        /// # Errors
        /// When there is no element.
        pub fn $of_all(&self) -> Result<Self> {
            self.$over(())
        }

        #[doc = concat!("Returns the ", $word, " elements along a dimension, and their indices as i64: the first of equal")]
        #[doc = concat!("ones, or the first NaN. PyTorch's `x.", stringify!($of_all), "(dim)`.")]
        ///
        /// # Errors
        /// When there is no such dimension, or it is empty.
        pub fn $along(&self, dim: impl IntoDims) -> Result<(Self, Self)> {
            let (op, dims) = (stringify!($of_all), dim.into_dims());
            self.extreme(op, dims.one(op)?, dims.keepdim, $end)
        }

        #[doc = concat!("Returns the ", $word, " elements over some dimensions, all where none is given; NaN where there is")]
        /// one.
        ///
        /// # Errors
        /// When there is no such dimension, or it is empty.
        pub fn $over(&self, dims: impl IntoDims) -> Result<Self> {
            let op = stringify!($over);
            let (over, size) = reduction(op, self, dims)?;
            self.expect_elements(op, &over)?;
            with_working!(self.dtype, T => {
                let y = self.in_dtype(T::TYPE)?.lend_view::<T, _>(op, |x| reduce(x, &over, $reducer))?;
                self.result(y, &size)?.cast(self.dtype)
            })
        }

        #[doc = concat!("Returns the index of the ", $word, " element along a dimension, the first of equal ones, as i64;")]
        /// without a dimension, that among all elements in their order.
        ///
        /// # Errors
        /// When there is no such dimension, it is empty, or there are several.
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
            _ => Err(Error::shape(op, format!("{dims:?} are several dimensions, expected one or none"))),
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
            Some(d) => bail!(shape(op, "dimension {d} of shape {size:?} is empty")),
            None => Ok(()),
        }
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_extreme {
    ($T:ident) => {
        impl $T {
            /// Returns the smallest and the largest elements over some dimensions, all where none is given.
            ///
            /// # Errors
            /// As [`Self::amax`].
            #[track_caller]
            pub fn aminmax(&self, dims: impl $crate::IntoDims) -> Result<(Self, Self)> {
                let dims = dims.into_dims();
                Ok((self.amin(&dims)?, self.amax(&dims)?))
            }
        }
    };
}
composed_extreme!(Tensor);
