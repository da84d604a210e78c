//! Functions of each element that take more than an instruction or two.
//!
//! A formula is written once, for `f32` and `f64`. It is compiled as one loop over slices of `f32`
//! for each instruction set, and as one plain function of `f64`, which serves the checking of
//! gradients rather than speed. Whoever goes through strided memory calls these loops by pointer
//! ([`super::elementwise::map_function`]), so that a function costs the compiler no more than that.
//!
//! Errors in units in the last place of the result, for `f32`: those of [`super::math`], and up to
//! 2 more by the formula's own roundings (the tests say how many for each). But in the far tail of
//! [`GELU_TANH`], where the result is below 1e-20, they reach 160: there e^u has the error of its
//! large argument u. Of [`GELU`]'s subnormal results they reach 9.

use std::mem::MaybeUninit;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::element::Float;
use super::math::{EXACT, double};
use super::simd::simd;

/// Up to two numbers that a function depends on, the same for all elements.
pub type Params = [f64; 2];

/// A function of one element.
#[derive(Clone, Copy)]
pub struct Function {
    single: Single,
    double: fn(f64, Params) -> f64,
    /// Nanoseconds an element of `f32` costs.
    ns: f64,
}

/// A function of two elements.
#[derive(Clone, Copy)]
pub struct Function2 {
    single: Single2,
    double: fn(f64, f64, Params) -> f64,
    /// Nanoseconds an element of `f32` costs.
    ns: f64,
}

/// The types that the functions here are for.
pub trait Argument: Copy + Default + Send + Sync {
    /// `y[i] = f(x[i])`; writes all of y, which is as long as x.
    fn each(f: &Function, x: &[Self], params: Params, y: &mut [MaybeUninit<Self>]);
    /// `y[i] = f(a[i], b[i])`; writes all of y, which is as long as a and b.
    fn each2(f: &Function2, a: &[Self], b: &[Self], params: Params, y: &mut [MaybeUninit<Self>]);
    /// Nanoseconds an element costs that costs an `f32` so many.
    fn cost(ns: f64) -> f64;
}

impl Argument for f32 {
    fn each(f: &Function, x: &[Self], params: Params, y: &mut [MaybeUninit<Self>]) {
        (f.single)(x, params, y);
    }
    fn each2(f: &Function2, a: &[Self], b: &[Self], params: Params, y: &mut [MaybeUninit<Self>]) {
        (f.single)(a, b, params, y);
    }
    fn cost(ns: f64) -> f64 {
        ns
    }
}

impl Argument for f64 {
    fn each(f: &Function, x: &[Self], params: Params, y: &mut [MaybeUninit<Self>]) {
        for (y, &x) in y.iter_mut().zip(x) {
            y.write((f.double)(x, params));
        }
    }
    fn each2(f: &Function2, a: &[Self], b: &[Self], params: Params, y: &mut [MaybeUninit<Self>]) {
        for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
            y.write((f.double)(a, b, params));
        }
    }
    fn cost(ns: f64) -> f64 {
        10.0 + ns
    }
}

type Single = fn(&[f32], Params, &mut [MaybeUninit<f32>]);
type Single2 = fn(&[f32], &[f32], Params, &mut [MaybeUninit<f32>]);

impl Function {
    const fn new(single: Single, double: fn(f64, Params) -> f64, ns: f64) -> Self {
        Self { single, double, ns }
    }

    /// Nanoseconds an element costs.
    pub(super) fn ns<T: Argument>(&self) -> f64 {
        T::cost(self.ns)
    }
}

impl Function2 {
    const fn new(single: Single2, double: fn(f64, f64, Params) -> f64, ns: f64) -> Self {
        Self { single, double, ns }
    }

    /// Nanoseconds an element costs.
    pub(super) fn ns<T: Argument>(&self) -> f64 {
        T::cost(self.ns)
    }
}

/// What formulas are written in.
trait Formula:
    Float + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
}
impl Formula for f32 {}
impl Formula for f64 {}

/// `NAME(arguments; parameters) [ns] = formula`; `T` is the type, `L` as in [`super::simd`]. `[ns, wide]`
/// names the function of [`super::math::wide`] that serves where there is AVX-512.
macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident($x:ident $(, $y:ident)? $(; $p:ident $(, $q:ident)?)?) [$ns:literal $(, $wide:ident)?] |$t:ident, $l:ident| $e:expr;)*) => {$(
        $(#[$doc])*
        pub const $name: functions!(@type $($y)?) = {
            #[inline(always)]
            fn at<const $l: usize, $t: Formula>($x: $t $(, $y: $t)?, _params: Params) -> $t {
                $(let $p = $t::of(_params[0]);
                $(let $q = $t::of(_params[1]);)?)?
                $e
            }
            #[inline(always)]
            fn body<const L: usize>($x: &[f32] $(, $y: &[f32])?, params: Params, out: &mut [MaybeUninit<f32>]) {
                let n = out.len();
                let $x = &$x[..n];
                $(let $y = &$y[..n];)?
                for i in 0..n {
                    out[i].write(at::<L, f32>($x[i] $(, $y[i])?, params));
                }
            }
            simd! {
                fn narrow($x: &[f32] $(, $y: &[f32])?, params: Params, out: &mut [MaybeUninit<f32>]) = body;
            }
            fn single($x: &[f32] $(, $y: &[f32])?, params: Params, out: &mut [MaybeUninit<f32>]) {
                $(#[cfg(target_arch = "x86_64")]
                if super::math::wide::$wide($x, out) {
                    return;
                })?
                narrow($x $(, $y)?, params, out);
            }
            <functions!(@type $($y)?)>::new(single, at::<4, f64>, $ns)
        };
    )*};
    (@type) => { Function };
    (@type $y:ident) => { Function2 };
}

functions! {
    /// 1 / x
    RECIPROCAL(x) [0.3] |T, L| T::ONE / x;
    /// √x
    SQRT(x) [0.3] |T, L| x.sqrt::<L>();
    /// 1 / √x
    RSQRT(x) [0.4] |T, L| T::ONE / x.sqrt::<L>();
    /// e^x
    EXP(x) [0.5, exp] |T, L| x.exp::<L>();
    /// e^x - 1
    EXPM1(x) [0.5] |T, L| x.expm1::<L>();
    /// Natural logarithm.
    LN(x) [0.6] |T, L| x.ln::<L>();
    /// ln(1 + x)
    LOG1P(x) [0.7] |T, L| x.log1p::<L>();
    /// x^power
    POWER(x; power) [2.0] |T, L| x.pow::<L>(power);
    /// a^b
    POW(a, b) [2.0] |T, L| a.pow::<L>(b);
    /// Hyperbolic tangent.
    TANH(x) [0.6, tanh] |T, L| x.tanh::<L>();
    /// The error function.
    ERF(x) [0.7] |T, L| x.erf::<L>();
    /// 1 - erf(x), by way of `f64`.
    ERFC(x) [20.0] |T, L| T::of(double::erfc(x.to_f64()));
    /// Largest integer not above x.
    FLOOR(x) [0.3] |T, L| x.floor::<L>();
    /// Smallest integer not below x.
    CEIL(x) [0.3] |T, L| x.ceil::<L>();
    /// Nearest integer, ties to even.
    ROUND(x) [0.3] |T, L| x.round::<L>();
    /// Integer part.
    TRUNC(x) [0.3] |T, L| x.trunc::<L>();
}

// Of numbers that are not too large.
functions! {
    MODERATE_SIN(x) [1.0] |T, L| x.sin::<L>();
    MODERATE_COS(x) [1.0] |T, L| x.cos::<L>();
}

/// Sine.
pub const SIN: Function = Function::new(sin, MODERATE_SIN.double, 1.0);
/// Cosine.
pub const COS: Function = Function::new(cos, MODERATE_COS.double, 1.0);

fn sin(x: &[f32], params: Params, out: &mut [MaybeUninit<f32>]) {
    (MODERATE_SIN.single)(x, params, out);
    of_large(x, f64::sin, out);
}

fn cos(x: &[f32], params: Params, out: &mut [MaybeUninit<f32>]) {
    (MODERATE_COS.single)(x, params, out);
    of_large(x, f64::cos, out);
}

/// Corrects what is wrong of large numbers, which are rare.
fn of_large(x: &[f32], f: fn(f64) -> f64, out: &mut [MaybeUninit<f32>]) {
    let large = |x: f32| x.abs() > EXACT;
    if x.iter().fold(false, |any, &x| any | large(x)) {
        for (out, &x) in out.iter_mut().zip(x).filter(|(_, x)| large(**x)) {
            out.write(f(f64::from(x)) as f32);
        }
    }
}

// Activations.
functions! {
    /// 1 / (1 + e^-x)
    SIGMOID(x) [0.6] |T, L| x.sigmoid::<L>();
    /// ln(1 / (1 + e^-x))
    LOG_SIGMOID(x) [1.0] |T, L| x.minimum(T::ZERO) - (-x.abs()).exp::<L>().log1p::<L>();
    /// ln(1 + e^(beta x)) / beta; x where beta x is above the threshold.
    SOFTPLUS(x; beta, threshold) [1.0] |T, L| {
        let z = x * beta;
        if z > threshold { x } else { z.exp::<L>().log1p::<L>() / beta }
    };
    /// min(max(x, 0), 6)
    RELU6(x) [0.3] |T, L| x.maximum(T::ZERO).minimum(T::of(6.0));
    /// x where positive, else slope x.
    LEAKY_RELU(x; slope) [0.3] |T, L| if x > T::ZERO { x } else { x * slope };
    /// x where positive, else alpha (e^x - 1).
    ELU(x; alpha) [0.6] |T, L| if x > T::ZERO { x } else { x.expm1::<L>() * alpha };
    /// scale x where positive, else scale alpha (e^x - 1), with the constants of Klambauer et al.,
    /// "Self-normalizing neural networks", 2017.
    SELU(x) [0.6] |T, L| {
        let (scale, alpha) = (T::of(1.050_700_987_355_480_5), T::of(1.673_263_242_354_377_2));
        scale * if x > T::ZERO { x } else { x.expm1::<L>() * alpha }
    };
    /// x sigmoid(x)
    SILU(x) [0.6] |T, L| x * x.sigmoid::<L>();
    /// x Φ(x), with the standard normal distribution function Φ; 0 for minus infinity.
    GELU(x) [0.8, gelu] |T, L| if x == T::LOWEST { T::ZERO } else { x * x.normal_cdf::<L>() };
    /// x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))), which is x sigmoid(2 √(2/π) (x + 0.044715 x³)).
    GELU_TANH(x) [0.7] |T, L| {
        let inner = x + T::of(0.044_715) * x * x * x;
        x * (T::of(1.595_769_121_605_730_8) * inner).sigmoid::<L>()
    };
    /// x tanh(ln(1 + e^x)), which is x n / (n + 2) with n = e^x (e^x + 2).
    MISH(x) [0.7] |T, L| {
        let e = x.minimum(T::of(20.0)).exp::<L>(); // beyond, the quotient is 1
        let n = e * (e + T::of(2.0));
        x * (n / (n + T::of(2.0)))
    };
    /// x / (1 + |x|)
    SOFTSIGN(x) [0.3] |T, L| x / (T::ONE + x.abs());
    /// min(max(x, low), high)
    HARDTANH(x; low, high) [0.3] |T, L| x.maximum(low).minimum(high);
    /// min(max(x + 3, 0), 6) / 6
    HARDSIGMOID(x) [0.3] |T, L| (x + T::of(3.0)).maximum(T::ZERO).minimum(T::of(6.0)) / T::of(6.0);
    /// x hardsigmoid(x)
    HARDSWISH(x) [0.3] |T, L| x * (x + T::of(3.0)).maximum(T::ZERO).minimum(T::of(6.0)) / T::of(6.0);
    /// x where above the threshold, else value.
    THRESHOLD(x; threshold, value) [0.3] |T, L| if x <= threshold { value } else { x };
    /// The gradient of relu from g and its result (or argument) x: 0 where x is not positive.
    RELU_GRAD(g, x) [0.3] |T, L| if x <= T::ZERO { T::ZERO } else { g };
}

#[cfg(test)]
mod tests;
