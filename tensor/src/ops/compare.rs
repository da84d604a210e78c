//! Comparisons, logic, and the larger or smaller of two.

use crate::cpu::operators;
use crate::dtype::{with_element, with_real, with_working};
use crate::ops::arithmetic::{binary, binary_ops, promoted};
use crate::{DType, Element, Error, IntoOperand, Result, Tensor};

impl Tensor {
    /// Each element within bounds, which are numbers or tensors; NaN stays. PyTorch's `clamp(min, max)`.
    ///
    /// # Errors
    /// When the shapes do not broadcast.
    pub fn clamp(&self, min: impl IntoOperand, max: impl IntoOperand) -> Result<Self> {
        self.maximum(min)?.minimum(max)
    }

    /// [`Tensor::clamp`] in place.
    ///
    /// # Errors
    /// As [`Tensor::clamp`] and [`Tensor::add_`].
    pub fn clamp_(&self, min: impl IntoOperand, max: impl IntoOperand) -> Result<()> {
        self.maximum_(min)?;
        self.minimum_(max)
    }

    /// 1 where the element is within `atol + rtol * |other|` of the other's, else 0.
    ///
    /// # Errors
    /// When the shapes do not broadcast.
    pub fn isclose(&self, other: &Self, rtol: f64, atol: f64) -> Result<Self> {
        let near = self.sub(other)?.abs()?.le(other.abs()?.mul(rtol)?.add(atol)?)?;
        near.logical_or(self.eq(other)?)
    }
}

/// Methods whose arithmetic is a closure over the kernels' wide numbers.
macro_rules! closures {
    ($($(#[$doc:meta])* $name:ident = $f:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// When the shapes do not broadcast, or the devices differ.
        pub fn $name(&self, other: impl IntoOperand) -> Result<Self> {
            let other = other.operand();
            with_working!(promoted(self, &other), T => {
                binary::<T, u8>(stringify!($name), self, other, |a: T, b: T| {
                    let f: fn(bool, bool) -> bool = $f;
                    u8::from(f(a != T::default(), b != T::default()))
                })
            })
        }
    )*};
}

impl Tensor {
    closures! {
        /// 1 where both are not 0, else 0.
        logical_and = |a, b| a & b;
        /// 1 where either is not 0, else 0.
        logical_or = |a, b| a | b;
        /// 1 where just one is not 0, else 0.
        logical_xor = |a, b| a ^ b;
    }

    binary_ops! {
        /// The larger of the two, element by element; NaN where either is.
        maximum = operators::Maximum, same;
        /// The smaller of the two, element by element; NaN where either is.
        minimum = operators::Minimum, same;
        /// 1 where equal, else 0.
        eq = operators::Eq, mask;
        /// 1 where different, else 0.
        ne = operators::Ne, mask;
        /// 1 where `self < other`, else 0.
        lt = operators::Lt, mask;
        /// 1 where `self <= other`, else 0.
        le = operators::Le, mask;
        /// 1 where `self > other`, else 0.
        gt = operators::Gt, mask;
        /// 1 where `self >= other`, else 0.
        ge = operators::Ge, mask;
    }

    /// The larger of the two; where just one is NaN, the other.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ.
    pub fn fmax(&self, other: impl IntoOperand) -> Result<Self> {
        let other = other.operand();
        let dtype = promoted(self, &other);
        if !dtype.is_float() {
            return self.maximum(other);
        }
        with_real!(dtype, T => {
            let f: fn(T, T) -> T = T::max;
            binary("fmax", self, other, f)?.cast(dtype)
        })
    }

    /// The smaller of the two; where just one is NaN, the other.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ.
    pub fn fmin(&self, other: impl IntoOperand) -> Result<Self> {
        let other = other.operand();
        let dtype = promoted(self, &other);
        if !dtype.is_float() {
            return self.minimum(other);
        }
        with_real!(dtype, T => {
            let f: fn(T, T) -> T = T::min;
            binary("fmin", self, other, f)?.cast(dtype)
        })
    }

    /// No element below `min`; NaN stays.
    ///
    /// # Errors
    /// When the shapes do not broadcast.
    pub fn clamp_min(&self, min: impl IntoOperand) -> Result<Self> {
        self.maximum(min)
    }

    /// No element above `max`; NaN stays.
    ///
    /// # Errors
    /// When the shapes do not broadcast.
    pub fn clamp_max(&self, max: impl IntoOperand) -> Result<Self> {
        self.minimum(max)
    }

    /// 1 where the element is one of `elements`, else 0.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn isin(&self, elements: &Self) -> Result<Self> {
        let dtype = self.dtype.promote(elements.dtype);
        let (x, set) = (self.to_dtype(dtype)?, elements.to_dtype(dtype)?.unique()?.0);
        let n = set.numel();
        if n == 0 {
            return self.like().dtype(DType::U8).zeros(self.size());
        }
        let at = set.searchsorted(&x, false)?.minimum(n as i64 - 1)?;
        x.eq(set.take(&at)?)
    }
}

/// Questions about each element, answered by a mask.
macro_rules! questions {
    ($($(#[$doc:meta])* $name:ident = |$x:ident| $e:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// When memory runs out.
        pub fn $name(&self) -> Result<Self> {
            let op = stringify!($name);
            with_real!(self.dtype, T => {
                let f: fn(T) -> u8 = |$x| u8::from($e);
                self.in_dtype(T::TYPE)?.unary(op, f)
            })
        }
    )*};
}

impl Tensor {
    questions! {
        /// 1 where the element is NaN, else 0.
        isnan = |x| x.is_nan();
        /// 1 where the element is infinite, else 0.
        isinf = |x| x.is_infinite();
        /// 1 where the element is plus infinity, else 0.
        isposinf = |x| x == T::INFINITY;
        /// 1 where the element is minus infinity, else 0.
        isneginf = |x| x == T::NEG_INFINITY;
        /// 1 where the element is neither infinite nor NaN, else 0.
        isfinite = |x| x.is_finite();
        /// 1 where the element is less than 0, or -0, else 0.
        signbit = |x| x.is_sign_negative();
    }

    /// 1 where the element is 0, else 0.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn logical_not(&self) -> Result<Self> {
        self.eq(0)
    }

    /// Whether two tensors have the same shape, dtype and elements (a NaN equals nothing).
    ///
    /// # Errors
    /// When they are on different devices.
    pub fn equal(&self, other: &Self) -> Result<bool> {
        self.expect_device("equal", other)?;
        if self.size() != other.size() || self.dtype != other.dtype {
            return Ok(false);
        }
        with_element!(self.dtype, T => Ok(self.to_vec::<T>()? == other.to_vec::<T>()?))
    }

    /// Whether every element is within `atol + rtol * |other|` of the other's.
    ///
    /// # Errors
    /// When the shapes differ.
    pub fn allclose(&self, other: &Self, rtol: f64, atol: f64) -> Result<bool> {
        if self.size() != other.size() {
            return Err(Error::shape(
                "allclose",
                format!("shapes {:?} and {:?} differ", self.size(), other.size()),
            ));
        }
        let (a, b) =
            (self.to_dtype(DType::F64)?.to_vec::<f64>()?, other.to_dtype(DType::F64)?.to_vec::<f64>()?);
        Ok(a.iter().zip(&b).all(|(a, b)| a == b || (a - b).abs() <= atol + rtol * b.abs()))
    }
}
