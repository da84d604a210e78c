//! Functions of each element.

use crate::cpu::element::Element as Kernel;
use crate::cpu::elementwise::{Op1, map_function, map_function2, map1, update, update_function};
use crate::cpu::functions::{self, Function, Function2};
use crate::cpu::{operators, special};
use crate::dtype::{with_real, with_working};
use crate::formula::{Elementwise, Formula, Params, elementwise_methods, elementwise_types, over_tensors};
use crate::ops::arithmetic::real;
use crate::{DType, Element, Error, Result, Tensor, cuda};

impl Tensor {
    /// Returns `nan` for NaN, and for the infinities these numbers, or without them the dtype's greatest and least.
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

    /// `y[i] = f(x[i])`, where `T` is the dtype.
    pub(crate) fn unary<T: Element, Y: Element>(&self, op: &'static str, f: impl Op1<T, Y>) -> Result<Self> {
        if let Some(y) = cuda::elementwise::unary(op, f.on_gpu(), self)? {
            return Ok(y);
        }
        crate::shape::room::<Y>(op, self.numel())?;
        self.result(self.lend_view(op, |x| map1(x, f))?, self.size())
    }

    /// `y[i] = f(x[i])`, a real number: integers become f32, the 16-bit floats go through f32.
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

    /// `x[i] = f(x[i])`, computed as in [`Tensor::function`].
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

    /// `x[i] = f(x[i])`, computed in `T`.
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

/// Functions of each element, `name`, and their forms in place, `name_`. A row says in which dtype its kernel
/// computes, and what the result is:
///
/// - `any`: in that of the operand, as the result;
/// - `numbers`: as `any`, and bool is an error;
/// - `real`: a function of the kernels in a real one, which integers become;
/// - `rounded`: as `real`, but integers stay as they are;
/// - `rare`: as `real`, by a closure: in f64 for f64, else in f32;
/// - `mask`: as `rare`, the result is a mask.
macro_rules! unary_ops {
    ($($(#[$doc:meta])* $name:ident $(, $name_:ident)? = $kernel:expr, $kind:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(&self) -> Result<Self> {
            unary_ops!(@$kind self, stringify!($name), $kernel)
        }

        $(#[doc = concat!("Computes [`Tensor::", stringify!($name), "`] in place.")]
        ///
        /// # Errors
        /// As [`Tensor::fill_`]; and when the result is a real number that the dtype cannot hold.
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
            // By a pointer, so that the loop is compiled once for all of them.
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
        /// The negative of each element; integers wrap around.
        neg, neg_ = operators::Neg, numbers;
        /// The absolute value.
        abs, abs_ = operators::Abs, any;
        /// -1, 0 or 1; of NaN 0, as PyTorch has it.
        sign, sign_ = operators::Sign, any;
        /// The square.
        square, square_ = operators::Square, any;
        /// `max(x, 0)`; NaN stays.
        relu, relu_ = operators::Relu, any;
        /// The sine.
        sin, sin_ = functions::SIN, real;
        /// The cosine.
        cos, cos_ = functions::COS, real;
        /// `1 - erf(x)`, exact also where that is small.
        erfc, erfc_ = functions::ERFC, real;
        /// The largest integer not above x.
        floor, floor_ = functions::FLOOR, rounded;
        /// The smallest integer not below x.
        ceil, ceil_ = functions::CEIL, rounded;
        /// The nearest integer, of two equally near the even one.
        round, round_ = functions::ROUND, rounded;
        /// The integer part.
        trunc, trunc_ = functions::TRUNC, rounded;
        /// The tangent.
        tan, tan_ = |x| x.tan(), rare;
        /// The arc sine.
        asin, asin_ = |x| x.asin(), rare;
        /// The arc cosine.
        acos, acos_ = |x| x.acos(), rare;
        /// The arc tangent.
        atan, atan_ = |x| x.atan(), rare;
        /// The hyperbolic sine.
        sinh, sinh_ = |x| x.sinh(), rare;
        /// The hyperbolic cosine.
        cosh, cosh_ = |x| x.cosh(), rare;
        /// The inverse of [`Tensor::sinh`].
        asinh, asinh_ = |x| x.asinh(), rare;
        /// The inverse of [`Tensor::cosh`].
        acosh, acosh_ = |x| x.acosh(), rare;
        /// The inverse of [`Tensor::tanh`].
        atanh, atanh_ = |x| x.atanh(), rare;
        /// The logarithm to base 2.
        log2, log2_ = |x| x.log2(), rare;
        /// The logarithm to base 10.
        log10, log10_ = |x| x.log10(), rare;
        /// 2 to the power of each element.
        exp2, exp2_ = |x| x.exp2(), rare;
        /// `sin(πx) / (πx)`, and 1 for 0.
        sinc = |x| {
            let x = x * (std::f64::consts::PI as T);
            if x == 0.0 { 1.0 } else { x.sin() / x }
        }, rare;
        /// The part after the point, with the sign of x.
        frac, frac_ = |x| x.fract(), rare;
        /// The logarithm of the gamma function's absolute value.
        lgamma, lgamma_ = |x| special::lgamma(Kernel::to_f64(x)) as T, rare;
        /// The derivative of [`Tensor::lgamma`].
        digamma, digamma_ = |x| special::digamma(Kernel::to_f64(x)) as T, rare;
        /// The inverse of [`Tensor::erf`].
        erfinv, erfinv_ = |x| special::erfinv(Kernel::to_f64(x)) as T, rare;
    }
}

/// Calls `$callback!` with the table of functions whose gradient is a kernel too. `g` is the gradient of the
/// output.
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
            /// Returns `e^x - 1`, exact near 0: dy/dx = y + 1.
            Expm1 expm1 expm1_() [0.5; gpu Expm1; autocast full_on_gpu]
                value |x| x.expm1();
                gradient of output |g, y| g * (y + M::one());
            /// Returns the natural logarithm: dy/dx = 1 / x.
            Log log log_() [0.6; gpu Log; autocast full_on_gpu]
                value |x| x.log();
                gradient of input |g, x| g / x;
            /// Returns `ln(1 + x)`, exact near 0: dy/dx = 1 / (1 + x).
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
    /// Applies an operation of a table; integers become f32, the 16-bit floats go through f32.
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

    /// Returns the gradient of the input of an operation of a table, from that of the output, which is
    /// `self`, and what the operation saved.
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
    /// Returns `ln(x / (1 - x))`, the inverse of [`Tensor::sigmoid`]; with `eps`, of x moved into `eps` to
    /// `1 - eps`.
    pub fn logit(&self, eps: Option<f64>) -> Result<Self> {
        with_real!(self.dtype, T => {
            let f = move |x: T| {
                let x = eps.map_or(x, |eps| x.max(eps as T).min(1.0 - eps as T));
                (x / (1.0 - x)).ln()
            };
            self.in_dtype(T::TYPE)?.unary("logit", f)?.cast(real(self.dtype))
        })
    }

    /// The `n`-th derivative of [`Tensor::digamma`].
    ///
    /// # Errors
    /// When `n` is above 100.
    pub fn polygamma(&self, n: usize) -> Result<Self> {
        let op = "polygamma";
        let order = u32::try_from(n).ok().filter(|n| *n <= 100);
        let order = order.ok_or_else(|| Error::value(op, format!("{n} is more than 100 derivatives")))?;
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
            /// Returns degrees as radians.
            #[track_caller]
            pub fn deg2rad(&self) -> Result<Self> {
                self.mul(std::f64::consts::PI / 180.0)
            }

            /// Returns radians as degrees.
            #[track_caller]
            pub fn rad2deg(&self) -> Result<Self> {
                self.mul(180.0 / std::f64::consts::PI)
            }
        }
    };
}
composed_unary!(Tensor);
