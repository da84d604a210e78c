//! Less usual arithmetic between two tensors, or a tensor and a number.

use crate::arithmetic::{binary, divisor, promoted, real};
use crate::dtype::with_real;
use crate::{DType, Error, IntoOperand, Operand, Result, Tensor};

/// Functions of two real numbers: computed in f64 for f64, else in f32. `any` keeps integers what they
/// are, `real` makes them f32.
macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident, $kind:ident |$a:ident, $b:ident| $e:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// When the shapes do not broadcast, or the devices differ.
        pub fn $name(&self, other: impl IntoOperand) -> Result<Self> {
            let (op, other) = (stringify!($name), other.operand());
            let dtype = functions!(@$kind promoted(self, other));
            with_real!(dtype, T => {
                // By a pointer, so that the loop is compiled once for all of them.
                let f: fn(T, T) -> T = |$a, $b| $e;
                binary(op, self, other, f)?.cast(dtype)
            })
        }
    )*};
    (@real $dtype:expr) => { real($dtype) };
}

/// Functions of two integers, as i64.
macro_rules! integers {
    ($($(#[$doc:meta])* $name:ident |$a:ident, $b:ident| $e:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// When the shapes do not broadcast, the devices differ, or a dtype is a real one.
        pub fn $name(&self, other: impl IntoOperand) -> Result<Self> {
            let (op, other) = (stringify!($name), other.operand());
            let dtype = promoted(self, other);
            if dtype.is_float() {
                return Err(Error::dtype(op, dtype, "int64 or another integer dtype"));
            }
            let f: fn(i64, i64) -> i64 = |$a, $b| $e;
            binary(op, self, other, f)?.cast(dtype)
        }
    )*};
}

impl Tensor {
    functions! {
        /// The length of the vector (`self`, `other`), without overflow.
        hypot, real |a, b| a.hypot(b);
        /// `ln(e^self + e^other)`, without overflow.
        logaddexp, real |a, b| {
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            if low == high { high + (2.0 as T).ln() } else { high + (low - high).exp().ln_1p() }
        };
        /// `self` with the sign of `other`.
        copysign, real |a, b| a.copysign(b);
        /// `self · ln(other)`; 0 where `self` is 0, NaN where `other` is.
        xlogy, real |a, b| if b.is_nan() { b } else if a == 0.0 { 0.0 } else { a * b.ln() };
        /// 0 where negative or NaN, 1 where positive, and the element of `other` where 0.
        heaviside, real |a, b| if a == 0.0 { b } else if a > 0.0 { 1.0 } else { 0.0 };
    }

    integers! {
        /// The bits that both have.
        bitwise_and |a, b| a & b;
        /// The bits that either has.
        bitwise_or |a, b| a | b;
        /// The bits that just one has.
        bitwise_xor |a, b| a ^ b;
        /// The greatest common divisor.
        gcd |a, b| {
            let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
            while b != 0 {
                (a, b) = (b, a % b);
            }
            a as i64
        };
        /// The least common multiple.
        lcm |a, b| {
            let (mut g, mut rest) = (a.unsigned_abs(), b.unsigned_abs());
            while rest != 0 {
                (g, rest) = (rest, g % rest);
            }
            a.unsigned_abs().checked_div(g).map_or(0, |a| a.wrapping_mul(b.unsigned_abs()) as i64)
        };
    }

    /// The bits moved to the left by `other`; 0 where that is the dtype's width or more.
    ///
    /// # Errors
    /// As [`Tensor::bitwise_and`].
    pub fn bitwise_left_shift(&self, other: impl IntoOperand) -> Result<Self> {
        let f: fn(i64, i64) -> i64 = |a, b| u32::try_from(b).ok().and_then(|b| a.checked_shl(b)).unwrap_or(0);
        self.shift("bitwise_left_shift", other.operand(), f)
    }

    /// The bits moved to the right by `other`, with copies of the sign.
    ///
    /// # Errors
    /// As [`Tensor::bitwise_and`].
    pub fn bitwise_right_shift(&self, other: impl IntoOperand) -> Result<Self> {
        let f: fn(i64, i64) -> i64 = |a, b| a >> b.clamp(0, 63);
        self.shift("bitwise_right_shift", other.operand(), f)
    }

    fn shift(&self, op: &'static str, by: Operand<'_>, f: fn(i64, i64) -> i64) -> Result<Self> {
        let dtype = promoted(self, by);
        if dtype.is_float() {
            return Err(Error::dtype(op, dtype, "int64 or another integer dtype"));
        }
        binary(op, self, by, f)?.cast(dtype)
    }

    /// Each bit inverted. For a mask of 0 and 1, see [`Tensor::logical_not`].
    ///
    /// # Errors
    /// On a real dtype.
    pub fn bitwise_not(&self) -> Result<Self> {
        self.bitwise_xor(-1i64)
    }

    /// The remainder of the division cut towards zero, which has the sign of `self`: C's `fmod`. For
    /// Python's `%`, see [`Tensor::remainder`].
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::new(&[-3.0f32, 3.5])?;
    /// assert_eq!(x.fmod(2)?.to_vec::<f32>()?, [-1.0, 1.5]);
    /// assert_eq!(x.remainder(2)?.to_vec::<f32>()?, [1.0, 1.5]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ; on integers divided by 0.
    pub fn fmod(&self, other: impl IntoOperand) -> Result<Self> {
        let (op, other) = ("fmod", other.operand());
        divisor(op, self, other)?;
        let dtype = promoted(self, other);
        if !dtype.is_float() {
            let f: fn(i64, i64) -> i64 = |a, b| a.checked_rem(b).unwrap_or(0);
            return binary(op, self, other, f)?.cast(dtype);
        }
        with_real!(dtype, T => {
            let f: fn(T, T) -> T = |a, b| a % b;
            binary(op, self, other, f)?.cast(dtype)
        })
    }

    /// The larger of the two; where just one is NaN, the other.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ.
    pub fn fmax(&self, other: impl IntoOperand) -> Result<Self> {
        let other = other.operand();
        let dtype = promoted(self, other);
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
        let dtype = promoted(self, other);
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

    /// `nan` for NaN, and for the infinities these numbers, or without them the dtype's greatest and least.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::new(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.0])?;
    /// assert_eq!(x.nan_to_num(0.0, None, Some(-9.0))?.to_vec::<f32>()?, [0.0, f32::MAX, -9.0, 1.0]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When memory runs out.
    pub fn nan_to_num(&self, nan: f64, posinf: Option<f64>, neginf: Option<f64>) -> Result<Self> {
        let greatest = match self.dtype {
            DType::F64 => f64::MAX,
            DType::F32 => f64::from(f32::MAX),
            DType::F16 => half::f16::MAX.to_f64(),
            DType::BF16 => half::bf16::MAX.to_f64(),
            _ => return self.copy(),
        };
        let (high, low) = (posinf.unwrap_or(greatest), neginf.unwrap_or(-greatest));
        with_real!(self.dtype, T => {
            let (nan, high, low) = (nan as T, high as T, low as T);
            let f = move |x: T| match x {
                x if x.is_nan() => nan,
                T::INFINITY => high,
                T::NEG_INFINITY => low,
                x => x,
            };
            self.in_dtype(<T as crate::Element>::TYPE)?.unary("nan_to_num", f)?.cast(self.dtype)
        })
    }
}

impl IntoOperand for Operand<'_> {
    fn operand(&self) -> Operand<'_> {
        *self
    }
}
