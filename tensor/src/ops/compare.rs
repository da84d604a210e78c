//! Comparisons, logic, and elementwise maximum and minimum.

use crate::cpu::element::{Element as Kernel, Number};
use crate::cpu::operators;
use crate::dtype::{with_element, with_real, with_working};
use crate::ops::arithmetic::{binary, binary_ops, promoted};
use crate::ops::unary::unary_ops;
use crate::{AsTensor, DType, Element, IntoBound, IntoOperand, Operand, Result, Right, Tensor};

impl Tensor {
    /// Applies [`Tensor::clamp`] in place.
    ///
    /// # Errors
    /// If the shapes do not broadcast to that of `self`, there is no bound, elements of `self` share a place
    /// in memory, or a bound is floating point and `self` is not.
    pub fn clamp_(&self, min: impl IntoBound, max: impl IntoBound) -> Result<()> {
        if let Some(min) = min.bound() {
            self.maximum_(min)?;
        }
        max.bound().map_or(Ok(()), |max| self.minimum_(max))
    }

    /// Returns true where the element is within `atol + rtol * |other|` of the element of `other`, or equal
    /// to it. An infinite or NaN difference is not close.
    ///
    /// # Errors
    /// If the shapes do not broadcast, or `rtol` or `atol` is negative or NaN.
    pub fn isclose(&self, other: impl AsTensor, rtol: f64, atol: f64) -> Result<Self> {
        let (op, other) = ("isclose", other.as_tensor());
        bail_if!(
            !(rtol >= 0.0 && atol >= 0.0),
            value(op, "got rtol {rtol} and atol {atol}, expected both to be at least 0")
        );
        let other = Operand::from(&*other);
        let dtype = Some(promoted(self, &other)).filter(|d| d.is_float()).unwrap_or(DType::F64);
        let close = with_real!(dtype, T => binary(op, self, other, move |a: T, b: T| {
            let (a, b) = (Kernel::to_f64(a), Kernel::to_f64(b));
            let difference = (a - b).abs();
            u8::from(a == b || (difference.is_finite() && difference <= atol + rtol * b.abs()))
        }))?;
        Ok(close.stored_as(DType::Bool))
    }

    /// Returns true if every element [is close](Tensor::isclose) to the element of `other`.
    ///
    /// # Errors
    /// If the shapes do not broadcast, or `rtol` or `atol` is negative or NaN.
    pub fn allclose(&self, other: impl AsTensor, rtol: f64, atol: f64) -> Result<bool> {
        self.isclose(other, rtol, atol)?.all()?.item()
    }
}

fn truth<T: Element>(x: T) -> bool {
    x != T::default()
}

impl Tensor {
    binary_ops! {
        /// Returns true where both elements are not 0.
        logical_and, logical_and_ = |a: T, b: T| u8::from(truth(a) & truth(b)), mask;
        /// Returns true where either element is not 0.
        logical_or, logical_or_ = |a: T, b: T| u8::from(truth(a) | truth(b)), mask;
        /// Returns true where exactly one element is not 0.
        logical_xor, logical_xor_ = |a: T, b: T| u8::from(truth(a) ^ truth(b)), mask;
        /// Returns the larger element of the two, or NaN if either is NaN.
        maximum, maximum_ = operators::Maximum, same;
        /// Returns the smaller element of the two, or NaN if either is NaN.
        minimum, minimum_ = operators::Minimum, same;
        /// Returns true where the elements are equal.
        eq, eq_ = operators::Eq, mask;
        /// Returns true where the elements differ.
        ne, ne_ = operators::Ne, mask;
        /// Returns true where `self < other`.
        lt, lt_ = operators::Lt, mask;
        /// Returns true where `self <= other`.
        le, le_ = operators::Le, mask;
        /// Returns true where `self > other`.
        gt, gt_ = operators::Gt, mask;
        /// Returns true where `self >= other`.
        ge, ge_ = operators::Ge, mask;
        /// Returns the larger element of the two, ignoring a single NaN.
        fmax = |a: T, b: T| if Number::is_nan(a) { b } else if Number::is_nan(b) { a } else { Number::maximum(a, b) }, same;
        /// Returns the smaller element of the two, ignoring a single NaN.
        fmin = |a: T, b: T| if Number::is_nan(a) { b } else if Number::is_nan(b) { a } else { Number::minimum(a, b) }, same;
    }

    /// Returns the larger of the element and `min`; NaN stays NaN.
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    pub fn clamp_min(&self, min: impl IntoOperand) -> Result<Self> {
        self.maximum(min)
    }

    /// Returns the smaller of the element and `max`; NaN stays NaN.
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    pub fn clamp_max(&self, max: impl IntoOperand) -> Result<Self> {
        self.minimum(max)
    }

    /// Returns true where the element is one of `elements`.
    pub fn isin(&self, elements: &Self) -> Result<Self> {
        let dtype = self.dtype.promote(elements.dtype);
        let (x, set) = (self.to_dtype(dtype)?, elements.to_dtype(dtype)?.unique()?.0);
        let n = set.numel();
        if n == 0 {
            return self.like().dtype(DType::Bool).zeros(self.size());
        }
        let at = set.searchsorted(&x, Right(false))?.minimum(n as i64 - 1)?;
        x.eq(set.take(&at)?)
    }
}

impl Tensor {
    unary_ops! {
        /// Returns true where the element is NaN.
        isnan = T::is_nan, mask;
        /// Returns true where the element is infinite.
        isinf = T::is_infinite, mask;
        /// Returns true where the element is plus infinity.
        isposinf = |x| x == T::INFINITY, mask;
        /// Returns true where the element is minus infinity.
        isneginf = |x| x == T::NEG_INFINITY, mask;
        /// Returns true where the element is neither infinite nor NaN.
        isfinite = T::is_finite, mask;
        /// Returns true where the sign bit is set: for negative numbers and -0.
        signbit = T::is_sign_negative, mask;
    }

    /// Returns true where the element is 0.
    pub fn logical_not(&self) -> Result<Self> {
        self.eq(0)
    }

    /// Returns true if both tensors have the same shape, dtype and elements. NaN equals nothing.
    ///
    /// # Errors
    /// If the tensors are on different devices.
    pub fn equal(&self, other: impl AsTensor) -> Result<bool> {
        let other = &*other.as_tensor();
        self.expect_device("equal", other)?;
        if self.size() != other.size() || self.dtype != other.dtype {
            return Ok(false);
        }
        with_element!(self.dtype, T => Ok(self.elements::<T>()? == other.elements::<T>()?))
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_compare {
    ($T:ident) => {
        impl $T {
            /// Returns the elements limited to the range from `min` to `max`. A bound is a number, a tensor
            /// that broadcasts, or `()` or `None` for no bound. NaN stays NaN. If `min` is above `max`, the
            /// result is `max`. An element equal to a bound gets no gradient.
            ///
            /// ```
            /// # use taper_tensor::Tensor;
            /// let x = Tensor::new([-2.0f32, 0.5, 2.0])?;
            /// assert_eq!(x.clamp(-1.0, 1.0)?.to_vec::<f32>()?, [-1.0, 0.5, 1.0]);
            /// assert_eq!(x.clamp((), 1.0)?.to_vec::<f32>()?, [-2.0, 0.5, 1.0]);
            /// assert_eq!(x.clamp(Tensor::new([0.0f32, 1.0, 2.0])?, None::<f64>)?.to_vec::<f32>()?, [0.0, 1.0, 2.0]);
            /// # Ok::<(), taper_tensor::Error>(())
            /// ```
            ///
            /// # Errors
            /// If the shapes do not broadcast, or there is no bound.
            #[track_caller]
            pub fn clamp(
                &self,
                min: impl $crate::IntoBound<Self>,
                max: impl $crate::IntoBound<Self>,
            ) -> Result<Self> {
                match (min.bound(), max.bound()) {
                    (Some(min), Some(max)) => self.clamp_min(min)?.clamp_max(max),
                    (Some(min), None) => self.clamp_min(min),
                    (None, Some(max)) => self.clamp_max(max),
                    (None, None) => Err($crate::Error::value("clamp", "got no bound, expected min, max or both").into()),
                }
            }

            $crate::aliases! {
                clip = clamp(min: impl $crate::IntoBound<Self>, max: impl $crate::IntoBound<Self>), "PyTorch's alias";
            }
        }
    };
}
composed_compare!(Tensor);
