//! Functions of each element.

use crate::arithmetic::real;
use crate::dtype::{with_real, with_working};
use crate::kernels::elementwise::{Op1, map1, update};
use crate::kernels::ops;
use crate::{Element, Error, Result, Tensor};

impl Tensor {
    /// `y[i] = f(x[i])`, where `T` is the dtype.
    pub(crate) fn unary<T: Element, Y: Element>(&self, op: &'static str, f: impl Op1<T, Y>) -> Result<Self> {
        Ok(Self::own(self.view(op, |x| map1(x, f))?, self.size()))
    }

    /// `x[i] = f(x[i])`, computed in `T`.
    pub(crate) fn unary_<T: Element>(&self, op: &'static str, f: impl Op1<T, T>) -> Result<()> {
        if T::TYPE != self.dtype {
            return self.copy_(&self.in_dtype(T::TYPE)?.unary(op, f)?);
        }
        self.write(op, |y| update(y, f))
    }
}

/// Functions with a kernel of their own, and their forms in place. `any`: integers stay what they
/// are; `real`: they become f32. Those with a name of candle's run on a GPU too.
macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident, $name_:ident = $kernel:expr, $kind:ident $(, $candle:ident)?;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// When memory runs out.
        pub fn $name(&self) -> Result<Self> {
            let op = stringify!($name);
            $(if !self.inner.device().is_cpu() {
                return Self::from_candle(self.inner.$candle().map_err(Error::backend(op))?);
            })?
            unary!(@$kind self, op, $kernel)
        }

        #[doc = concat!("[`Tensor::", stringify!($name), "`] in place.")]
        ///
        /// # Errors
        /// As [`Tensor::fill_`]; and when the result is a real number that the dtype cannot hold.
        pub fn $name_(&self) -> Result<()> {
            unary!(@$kind _ self, stringify!($name_), $kernel)
        }
    )*};
    (@any $x:expr, $op:expr, $kernel:expr) => {
        with_working!($x.dtype, T => $x.in_dtype(T::TYPE)?.unary::<T, T>($op, $kernel)?.cast($x.dtype))
    };
    (@real $x:expr, $op:expr, $kernel:expr) => {
        with_real!($x.dtype, T => $x.in_dtype(T::TYPE)?.unary::<T, T>($op, $kernel)?.cast(real($x.dtype)))
    };
    (@any _ $x:expr, $op:expr, $kernel:expr) => { with_working!($x.dtype, T => $x.unary_::<T>($op, $kernel)) };
    (@real _ $x:expr, $op:expr, $kernel:expr) => {{
        $x.expect_holds($op, real($x.dtype))?;
        with_real!($x.dtype, T => $x.unary_::<T>($op, $kernel))
    }};
}

impl Tensor {
    unary! {
        /// The negative of each element; integers wrap around.
        neg, neg_ = ops::Neg, any, neg;
        /// The absolute value.
        abs, abs_ = ops::Abs, any, abs;
        /// -1, 0 or 1; NaN stays.
        sign, sign_ = ops::Sign, any, sign;
        /// The square.
        square, square_ = ops::Square, any, sqr;
        /// `max(x, 0)`; NaN stays.
        relu, relu_ = ops::Relu, any, relu;
        /// The square root.
        sqrt, sqrt_ = ops::Sqrt, real, sqrt;
        /// `1 / √x`.
        rsqrt, rsqrt_ = ops::Rsqrt, real;
        /// `1 / x`.
        reciprocal, reciprocal_ = ops::Recip, real, recip;
        /// e to the power of each element.
        exp, exp_ = ops::Exp, real, exp;
        /// `e^x - 1`, exact near 0.
        expm1, expm1_ = ops::Expm1, real;
        /// The natural logarithm.
        log, log_ = ops::Ln, real, log;
        /// `ln(1 + x)`, exact near 0.
        log1p, log1p_ = ops::Log1p, real;
        /// The sine.
        sin, sin_ = ops::Sin, real, sin;
        /// The cosine.
        cos, cos_ = ops::Cos, real, cos;
        /// The hyperbolic tangent.
        tanh, tanh_ = ops::Tanh, real, tanh;
        /// `1 / (1 + e^-x)`.
        sigmoid, sigmoid_ = ops::Sigmoid, real;
    }
}

/// Rarely used functions: computed in f64 for f64, else in f32.
macro_rules! rare {
    ($($(#[$doc:meta])* $name:ident = |$x:ident| $e:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// When memory runs out.
        pub fn $name(&self) -> Result<Self> {
            let op = stringify!($name);
            with_real!(self.dtype, T => self.in_dtype(T::TYPE)?.unary(op, |$x: T| $e)?.cast(real(self.dtype)))
        }
    )*};
}

impl Tensor {
    rare! {
        /// The tangent.
        tan = |x| x.tan();
        /// The arc sine.
        asin = |x| x.asin();
        /// The arc cosine.
        acos = |x| x.acos();
        /// The arc tangent.
        atan = |x| x.atan();
        /// The hyperbolic sine.
        sinh = |x| x.sinh();
        /// The hyperbolic cosine.
        cosh = |x| x.cosh();
        /// The inverse of [`Tensor::sinh`].
        asinh = |x| x.asinh();
        /// The inverse of [`Tensor::cosh`].
        acosh = |x| x.acosh();
        /// The inverse of [`Tensor::tanh`].
        atanh = |x| x.atanh();
        /// The logarithm to base 2.
        log2 = |x| x.log2();
        /// The logarithm to base 10.
        log10 = |x| x.log10();
        /// 2 to the power of each element.
        exp2 = |x| x.exp2();
        /// The part after the point, with the sign of x.
        frac = |x| x.fract();
    }
}

/// Rounding leaves integers as they are.
macro_rules! rounding {
    ($($(#[$doc:meta])* $name:ident, $name_:ident = $kernel:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// When memory runs out.
        pub fn $name(&self) -> Result<Self> {
            let op = stringify!($name);
            if self.dtype.is_float() {
                with_real!(self.dtype, T => self.in_dtype(T::TYPE)?.unary::<T, T>(op, $kernel)?.cast(self.dtype))
            } else {
                self.copy()
            }
        }

        #[doc = concat!("[`Tensor::", stringify!($name), "`] in place.")]
        ///
        /// # Errors
        /// As [`Tensor::fill_`].
        pub fn $name_(&self) -> Result<()> {
            let op = stringify!($name_);
            if self.dtype.is_float() {
                with_real!(self.dtype, T => self.unary_::<T>(op, $kernel))
            } else {
                Ok(())
            }
        }
    )*};
}

impl Tensor {
    rounding! {
        /// The largest integer not above x.
        floor, floor_ = ops::Floor;
        /// The smallest integer not below x.
        ceil, ceil_ = ops::Ceil;
        /// The nearest integer, of two equally near the even one.
        round, round_ = ops::Round;
        /// The integer part.
        trunc, trunc_ = ops::Trunc;
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
            with_real!(self.dtype, T => self.in_dtype(T::TYPE)?.unary(op, |$x: T| u8::from($e)))
        }
    )*};
}

impl Tensor {
    questions! {
        /// 1 where the element is NaN, else 0.
        isnan = |x| x.is_nan();
        /// 1 where the element is infinite, else 0.
        isinf = |x| x.is_infinite();
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
}
