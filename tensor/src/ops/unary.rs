//! Elementwise functions.

use crate::cpu::element::Element as Kernel;
use crate::cpu::elementwise::{Op1, map_function, map_function2, map1, update, update_function};
use crate::cpu::functions::{self, Function, Function2};
use crate::cpu::{operators, special};
use crate::dtype::{with_real, with_working};
use crate::formula::{Elementwise, Formula, Params, elementwise_methods, elementwise_types, over_tensors};
use crate::ops::arithmetic::real;
use crate::{DType, Element, Error, Result, Tensor, cuda};

impl Tensor {
    /// Replaces NaN by `nan`, and infinities by `posinf` and `neginf`, or by the dtype's largest and smallest
    /// number.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::new(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.0])?;
    /// assert_eq!(x.nan_to_num(0.0, None, Some(-9.0))?.to_vec::<f32>()?, [0.0, f32::MAX, -9.0, 1.0]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
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

    /// Computes `y[i] = f(x[i])`, where `T` is the dtype.
    pub(crate) fn unary<T: Element, Y: Element>(&self, op: &'static str, f: impl Op1<T, Y>) -> Result<Self> {
        if let Some(y) = cuda::elementwise::unary(op, f.on_gpu(), self)? {
            return Ok(y);
        }
        crate::shape::room::<Y>(op, self.numel())?;
        self.result(self.lend_view(op, |x| map1(x, f))?, self.size())
    }

    /// Computes `y[i] = f(x[i])` in floating point. Integers become f32; 16-bit floats are computed in f32.
    pub(crate) fn function(&self, op: &'static str, f: Function, params: Params) -> Result<Self> {
        with_real!(self.dtype, T => {
            let x = self.in_dtype(T::TYPE)?;
            if let Some(y) = cuda::elementwise::unary(op, f.gpu, &x)? {
                return y.cast(real(self.dtype));
            }
            let y = x.lend_view::<T, _>(op, |x| map_function(x, f, params))?;
            self.result(y, self.size())?.cast(real(self.dtype))
        })
    }

    /// Computes `x[i] = f(x[i])` as [`Tensor::function`] does.
    pub(crate) fn function_(&self, op: &'static str, f: Function, params: Params) -> Result<()> {
        self.expect_holds(op, real(self.dtype))?;
        if cuda::elementwise::unary_(op, f.gpu, self)? {
            return Ok(());
        }
        match self.dtype {
            DType::F32 => self.write::<f32, _>(op, |y| update_function(y, f, params)),
            DType::F64 => self.write::<f64, _>(op, |y| update_function(y, f, params)),
            _ => self.copy_(&self.function(op, f, params)?),
        }
    }

    /// Computes `x[i] = f(x[i])` in `T`.
    pub(crate) fn unary_<T: Element>(&self, op: &'static str, f: impl Op1<T, T>) -> Result<()> {
        if T::TYPE != self.dtype {
            return self.copy_(&self.in_dtype(T::TYPE)?.unary(op, f)?);
        }
        if cuda::elementwise::unary_(op, f.on_gpu(), self)? {
            return Ok(());
        }
        self.write(op, |y| update(y, f))
    }
}

/// Declares elementwise functions `name`, and their in-place forms `name_`. A row has the dtype in which its
/// kernel computes, and the dtype of the result:
///
/// - `any`: the dtype of the operand, for both;
/// - `numbers`: as `any`, but bool is an error;
/// - `real`: a kernel in a floating-point dtype; integers are converted;
/// - `rounded`: as `real`, but integers are returned unchanged;
/// - `rare`: as `real`, by a closure in f64 for float64, else in f32;
/// - `mask`: as `rare`, but the result is a mask.
macro_rules! unary_ops {
    ($($(#[$doc:meta])* $name:ident $(, $name_:ident)? = $kernel:expr, $kind:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(&self) -> Result<Self> {
            unary_ops!(@$kind self, stringify!($name), $kernel)
        }

        $(#[doc = concat!("Computes [`Tensor::", stringify!($name), "`] in place.")]
        ///
        /// # Errors
        /// If several elements share a place in memory, an array view of it is held, or the result is
        /// floating point and the dtype is not.
        pub fn $name_(&self) -> Result<()> {
            unary_ops!(@$kind _ self, stringify!($name_), $kernel, $name)
        })?
    )*};
    (@any $x:expr, $op:expr, $kernel:expr) => {
        with_working!($x.dtype, T => $x.in_dtype(T::TYPE)?.unary::<T, T>($op, $kernel)?.cast($x.dtype))
    };
    (@numbers $x:expr, $op:expr, $kernel:expr) => {{
        $crate::ops::reduce::expect_numbers($op, $x.dtype)?;
        unary_ops!(@any $x, $op, $kernel)
    }};
    (@real $x:expr, $op:expr, $kernel:expr) => { $x.function($op, $kernel, [0.0; 2]) };
    (@rounded $x:expr, $op:expr, $kernel:expr) => {
        if $x.dtype.is_float() { $x.function($op, $kernel, [0.0; 2]) } else { $x.copy() }
    };
    (@rare $x:expr, $op:expr, $kernel:expr) => {
        with_real!($x.dtype, T => {
            // A function pointer: the loop is compiled once for all functions.
            let f: fn(T) -> T = $kernel;
            $x.in_dtype(T::TYPE)?.unary($op, f)?.cast(real($x.dtype))
        })
    };
    (@mask $x:expr, $op:expr, $kernel:expr) => {
        with_real!($x.dtype, T => {
            let f: fn(T) -> u8 = |x| u8::from(($kernel)(x));
            Ok($x.in_dtype(T::TYPE)?.unary($op, f)?.stored_as(DType::Bool))
        })
    };
    (@any _ $x:expr, $op:expr, $kernel:expr, $name:ident) => {
        with_working!($x.dtype, T => $x.unary_::<T>($op, $kernel))
    };
    (@numbers _ $x:expr, $op:expr, $kernel:expr, $name:ident) => {{
        $crate::ops::reduce::expect_numbers($op, $x.dtype)?;
        unary_ops!(@any _ $x, $op, $kernel, $name)
    }};
    (@real _ $x:expr, $op:expr, $kernel:expr, $name:ident) => { $x.function_($op, $kernel, [0.0; 2]) };
    (@rounded _ $x:expr, $op:expr, $kernel:expr, $name:ident) => {
        if $x.dtype.is_float() { $x.function_($op, $kernel, [0.0; 2]) } else { Ok(()) }
    };
    (@rare _ $x:expr, $op:expr, $kernel:expr, $name:ident) => { $x.accept($op, &$x.$name()?) };
}
pub(super) use unary_ops;

impl Tensor {
    unary_ops! {
        /// Returns the negative of each element; integers wrap around.
        neg, neg_ = operators::Neg, numbers;
        /// Returns the absolute value.
        abs, abs_ = operators::Abs, any;
        /// Returns -1, 0 or 1, and 0 for NaN, as PyTorch does.
        sign, sign_ = operators::Sign, any;
        /// Returns the square.
        square, square_ = operators::Square, any;
        /// Returns `max(x, 0)`; NaN stays NaN.
        relu, relu_ = operators::Relu, any;
        /// Returns the sine.
        sin, sin_ = functions::SIN, real;
        /// Returns the cosine.
        cos, cos_ = functions::COS, real;
        /// Returns `1 - erf(x)`, accurate also for small results.
        erfc, erfc_ = functions::ERFC, real;
        /// Returns the largest integer that is at most x.
        floor, floor_ = functions::FLOOR, rounded;
        /// Returns the smallest integer that is at least x.
        ceil, ceil_ = functions::CEIL, rounded;
        /// Returns the nearest integer, and the even one of two equally near ones.
        round, round_ = functions::ROUND, rounded;
        /// Returns the integer part, rounded towards zero.
        trunc, trunc_ = functions::TRUNC, rounded;
        /// Returns the tangent.
        tan, tan_ = |x| x.tan(), rare;
        /// Returns the arc sine.
        asin, asin_ = |x| x.asin(), rare;
        /// Returns the arc cosine.
        acos, acos_ = |x| x.acos(), rare;
        /// Returns the arc tangent.
        atan, atan_ = |x| x.atan(), rare;
        /// Returns the hyperbolic sine.
        sinh, sinh_ = |x| x.sinh(), rare;
        /// Returns the hyperbolic cosine.
        cosh, cosh_ = |x| x.cosh(), rare;
        /// Returns the inverse of [`Tensor::sinh`].
        asinh, asinh_ = |x| x.asinh(), rare;
        /// Returns the inverse of [`Tensor::cosh`].
        acosh, acosh_ = |x| x.acosh(), rare;
        /// Returns the inverse of [`Tensor::tanh`].
        atanh, atanh_ = |x| x.atanh(), rare;
        /// Returns the logarithm to base 2.
        log2, log2_ = |x| x.log2(), rare;
        /// Returns the logarithm to base 10.
        log10, log10_ = |x| x.log10(), rare;
        /// Returns 2 to the power of each element.
        exp2, exp2_ = |x| x.exp2(), rare;
        /// Returns `sin(πx) / (πx)`, and 1 for 0.
        sinc = |x| {
            let x = x * (std::f64::consts::PI as T);
            if x == 0.0 { 1.0 } else { x.sin() / x }
        }, rare;
        /// Returns the fractional part, with the sign of x.
        frac, frac_ = |x| x.fract(), rare;
        /// Returns the natural logarithm of the absolute value of the gamma function.
        lgamma, lgamma_ = |x| special::lgamma(Kernel::to_f64(x)) as T, rare;
        /// Returns the derivative of [`Tensor::lgamma`].
        digamma, digamma_ = |x| special::digamma(Kernel::to_f64(x)) as T, rare;
        /// Returns the inverse of [`Tensor::erf`].
        erfinv, erfinv_ = |x| special::erfinv(Kernel::to_f64(x)) as T, rare;
    }
}

/// Calls `$callback!` with the table of functions whose gradient has a kernel too. `g` is the gradient with
/// respect to the output.
#[doc(hidden)]
#[macro_export]
macro_rules! functions {
    ($callback:ident) => {
        $callback! {
            /// Returns the square root: dy/dx = 1 / 2y.
            Sqrt sqrt sqrt_() [0.3; gpu Sqrt]
                value |x| x.sqrt();
                gradient of output |g, y| g / (y + y);
            /// Returns `1 / √x`: dy/dx = -y³ / 2.
            Rsqrt rsqrt rsqrt_() [0.4; gpu Rsqrt; autocast full_on_gpu]
                value |x| M::one() / x.sqrt();
                gradient of output |g, y| g * (y * y * y * M::of(-0.5));
            /// Returns `1 / x`: dy/dx = -y².
            Reciprocal reciprocal reciprocal_() [0.3; gpu Reciprocal; autocast full_on_gpu]
                value |x| M::one() / x;
                gradient of output |g, y| -(g * (y * y));
            /// Returns e to the power of each element: dy/dx = y.
            Exp exp exp_() [0.5, exp; gpu Exp; autocast full_on_gpu]
                value |x| x.exp();
                gradient of output |g, y| g * y;
            /// Returns `e^x - 1`, accurate near 0: dy/dx = y + 1.
            Expm1 expm1 expm1_() [0.5; gpu Expm1; autocast full_on_gpu]
                value |x| x.expm1();
                gradient of output |g, y| g * (y + M::one());
            /// Returns the natural logarithm: dy/dx = 1 / x.
            Log log log_() [0.6; gpu Log; autocast full_on_gpu]
                value |x| x.log();
                gradient of input |g, x| g / x;
            /// Returns `ln(1 + x)`, accurate near 0: dy/dx = 1 / (1 + x).
            Log1p log1p log1p_() [0.7; gpu Log1p; autocast full_on_gpu]
                value |x| x.log1p();
                gradient of input |g, x| g / (x + M::one());
            /// Returns the hyperbolic tangent: dy/dx = 1 - y².
            Tanh tanh tanh_() [0.6, tanh; gpu Tanh]
                value |x| x.tanh();
                gradient of output |g, y| g * (M::one() - y * y);
            /// Returns the error function, `2/√π` times the integral of `e^(-t²)` from 0 to x:
            /// dy/dx = 2/√π e^(-x²).
            Erf erf erf_() [0.7; gpu Erf]
                value |x| x.erf();
                gradient of input |g, x| g * ((-(x * x)).exp() * M::of(std::f64::consts::FRAC_2_SQRT_PI));
            /// Returns `1 / (1 + e^-x)`: dy/dx = y (1 - y).
            Sigmoid sigmoid sigmoid_() [0.6; gpu Sigmoid]
                value |x| x.sigmoid();
                gradient of output |g, y| g * (y - y * y);
        }
    };
}

functions!(elementwise_types);
functions!(elementwise_methods);

impl Tensor {
    /// Applies an elementwise operation of a table. Integers become f32; 16-bit floats are computed in f32.
    pub(crate) fn elementwise<E: Elementwise>(&self, params: Params) -> Result<Self> {
        let op = E::NAME;
        with_real!(self.dtype, T => {
            let x = self.in_dtype(T::TYPE)?;
            if let Some(y) = cuda::elementwise::unary(op, E::GPU, &x)? {
                return y.cast(real(self.dtype));
            }
            if !x.inner.device().is_cpu() {
                return over_tensors::run([&x], |[x]| E::value(x, params.map(Formula::of)))?.cast(real(self.dtype));
            }
            let y = x.lend_view::<T, _>(op, |x| map_function(x, Function::value::<E>(), params))?;
            Ok(Self::own(y, self.size()).cast(real(self.dtype))?)
        })
    }

    pub(crate) fn elementwise_<E: Elementwise>(&self, params: Params) -> Result<()> {
        if self.inner.device().is_cpu() {
            return self.function_(E::NAME, Function::value::<E>(), params);
        }
        self.expect_holds(E::NAME, real(self.dtype))?;
        if cuda::elementwise::unary_(E::NAME, E::GPU, self)? {
            return Ok(());
        }
        self.copy_(&self.elementwise::<E>(params)?)
    }

    /// Returns the gradient of an elementwise operation with respect to its input, from the gradient with
    /// respect to its output, `self`, and the saved tensor.
    #[doc(hidden)]
    pub fn elementwise_gradient<E: Elementwise>(&self, saved: &Self, params: Params) -> Result<Self> {
        let op = E::NAME;
        self.expect_device(op, saved)?;
        with_real!(self.dtype, T => {
            let (g, x) = (self.in_dtype(T::TYPE)?, saved.in_dtype(T::TYPE)?);
            if !g.inner.device().is_cpu() {
                let gradient = over_tensors::run([&g, &x], |[g, x]| E::gradient(g, x, params.map(Formula::of)));
                return gradient?.cast(self.dtype);
            }
            let f = Function2::gradient::<E>();
            let dx = Self::view2::<T, T, _>(op, (&g, &x), g.size(), |g, x| map_function2(g, x, f, params))?;
            Self::own(dx, self.size()).cast(self.dtype)
        })
    }
}

impl Tensor {
    /// Returns `ln(x / (1 - x))`, the inverse of [`Tensor::sigmoid`]. With `eps`, x is first limited to
    /// `[eps, 1 - eps]`.
    pub fn logit(&self, eps: Option<f64>) -> Result<Self> {
        with_real!(self.dtype, T => {
            let f = move |x: T| {
                let x = eps.map_or(x, |eps| x.max(eps as T).min(1.0 - eps as T));
                (x / (1.0 - x)).ln()
            };
            self.in_dtype(T::TYPE)?.unary("logit", f)?.cast(real(self.dtype))
        })
    }

    /// Returns the `n`-th derivative of [`Tensor::digamma`].
    ///
    /// # Errors
    /// If `n` is above 100.
    pub fn polygamma(&self, n: usize) -> Result<Self> {
        let op = "polygamma";
        let order = u32::try_from(n).ok().filter(|n| *n <= 100);
        let order = order.ok_or_else(|| Error::value(op, format!("got n = {n}, expected at most 100")))?;
        with_real!(self.dtype, T => {
            let f = move |x: T| special::polygamma(order, Kernel::to_f64(x)) as T;
            self.in_dtype(T::TYPE)?.unary(op, f)?.cast(real(self.dtype))
        })
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_unary {
    ($T:ident) => {
        impl $T {
            /// Converts degrees to radians.
            #[track_caller]
            pub fn deg2rad(&self) -> Result<Self> {
                self.mul(std::f64::consts::PI / 180.0)
            }

            /// Converts radians to degrees.
            #[track_caller]
            pub fn rad2deg(&self) -> Result<Self> {
                self.mul(180.0 / std::f64::consts::PI)
            }
        }
    };
}
composed_unary!(Tensor);
