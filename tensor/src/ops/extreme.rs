//! The largest and smallest elements, and where they are.

use crate::cpu::argmax::{End, Greatest, Least, extreme};

use crate::cpu::reduce::reduce;
use crate::cpu::reducers::{Max, Min};
use crate::dtype::with_working;
use crate::ops::reduce::{over, reduced};
use crate::{Element as _, Error, IntoShape, Result, Tensor, shape};

impl Tensor {
    /// Returns the largest elements along a dimension, and their indices as i64: the first of equal ones, or
    /// the first NaN. PyTorch's `x.max(dim)`.
    ///
    /// # Errors
    /// When there is no such dimension, or it is empty.
    pub fn max_dim(&self, dim: i64, keepdim: bool) -> Result<(Self, Self)> {
        self.extreme("max", dim, keepdim, Greatest)
    }

    /// Returns the smallest elements along a dimension, and their indices; see [`Tensor::max_dim`].
    ///
    /// # Errors
    /// As [`Tensor::max_dim`].
    pub fn min_dim(&self, dim: i64, keepdim: bool) -> Result<(Self, Self)> {
        self.extreme("min", dim, keepdim, Least)
    }

    /// Returns the index of the largest element along a dimension, the first of equal ones, as i64; without a
    /// dimension, that among all elements in their order.
    ///
    /// # Errors
    /// When there is no such dimension, it is empty, or there are several.
    pub fn argmax(&self, dim: impl IntoShape, keepdim: bool) -> Result<Self> {
        self.place("argmax", dim.into_sizes(), keepdim, Greatest)
    }

    /// Returns the index of the smallest element along a dimension, the first of equal ones, as i64; without a
    /// dimension, that among all elements in their order.
    ///
    /// # Errors
    /// When there is no such dimension, it is empty, or there are several.
    pub fn argmin(&self, dim: impl IntoShape, keepdim: bool) -> Result<Self> {
        self.place("argmin", dim.into_sizes(), keepdim, Least)
    }

    fn place(&self, op: &'static str, dims: Vec<i64>, keepdim: bool, end: impl End) -> Result<Self> {
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
        bail_if!(self.size()[dim] == 0, shape(op, "dimension {dim} of shape {:?} is empty", self.size()));
        let size = reduced(op, self.size(), &[dim], keepdim)?;
        with_working!(self.dtype, T => {
            let (values, indices) = self.in_dtype(T::TYPE)?.lend_view::<T, _>(op, |x| extreme(x, dim, end))?;
            Ok((self.result(values, &size)?.cast(self.dtype)?, self.result(indices, &size)?))
        })
    }

    /// Returns the largest element; NaN if there is one. PyTorch's `x.max()` without a dimension.
    ///
    /// # Errors
    /// When there is no element.
    pub fn max(&self) -> Result<Self> {
        self.amax((), false)
    }

    /// Returns the smallest element; NaN if there is one.
    ///
    /// # Errors
    /// When there is no element.
    pub fn min(&self) -> Result<Self> {
        self.amin((), false)
    }

    /// Returns the largest elements over some dimensions, all where none is given; NaN where there is one.
    ///
    /// # Errors
    /// When there is no such dimension, or it is empty.
    pub fn amax(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        self.extremes("amax", dims, keepdim, true)
    }

    /// Returns the smallest elements over some dimensions, all where none is given; NaN where there is one.
    ///
    /// # Errors
    /// As [`Tensor::amax`].
    pub fn amin(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        self.extremes("amin", dims, keepdim, false)
    }

    fn extremes(&self, op: &'static str, dims: impl IntoShape, keepdim: bool, max: bool) -> Result<Self> {
        let over = over(op, dims, self.size())?;
        if let Some(d) = over.iter().find(|&&d| self.size()[d] == 0) {
            let size = self.size();
            bail!(shape(op, "dimension {d} of shape {size:?} is empty, and has no extreme element"));
        }
        let size = reduced(op, self.size(), &over, keepdim)?;
        with_working!(self.dtype, T => {
            let y = self.in_dtype(T::TYPE)?.lend_view::<T, _>(op, |x| {
                if max { reduce(x, &over, Max) } else { reduce(x, &over, Min) }
            })?;
            self.result(y, &size)?.cast(self.dtype)
        })
    }
}

/// Operations that are composed of others, for tensors and variables alike.
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
            pub fn aminmax(&self, dims: impl $crate::IntoShape, keepdim: bool) -> Result<(Self, Self)> {
                let dims = dims.into_sizes();
                Ok((self.amin(&dims, keepdim)?, self.amax(&dims, keepdim)?))
            }
        }
    };
}
composed_extreme!(Tensor);
