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

use super::element::{Float, Number};
#[cfg(target_arch = "x86_64")]
pub use super::math::wide;
use super::math::{EXACT, double};
use super::simd::simd;
use crate::cuda::kernel;
use crate::formula::{Elementwise, Formula, Params};

/// A function as a loop over slices of `f32`, and of one number each in `f64`.
#[derive(Clone, Copy)]
pub struct Loop<Single, Double> {
    single: Single,
    double: Double,
    /// Nanoseconds an element of `f32` costs.
    ns: f64,
    /// The kernel that computes the function on a GPU.
    pub gpu: Option<kernel::Elementwise>,
}

/// A function of one element.
pub type Function = Loop<Single, fn(f64, Params) -> f64>;

/// A function of two elements.
pub type Function2 = Loop<Single2, fn(f64, f64, Params) -> f64>;

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

impl<Single, Double> Loop<Single, Double> {
    const fn new(single: Single, double: Double, ns: f64, gpu: Option<kernel::Elementwise>) -> Self {
        Self { single, double, ns, gpu }
    }

    /// Nanoseconds an element costs.
    pub(super) fn ns<T: Argument>(&self) -> f64 {
        T::cost(self.ns)
    }
}

/// What the formulas of [`functions!`] are written in.
trait Real:
    Float + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
}
impl Real for f32 {}
impl Real for f64 {}

/// `NAME(arguments; parameters) [ns] = formula`; `T` is the type, `L` as in [`super::simd`]. `[ns, wide; kernel]`
/// names the function of [`super::math::wide`] that serves where there is AVX-512, and the kernel of a GPU.
macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident($x:ident $(, $y:ident)? $(; $p:ident $(, $q:ident)?)?) [$ns:literal $(, $wide:ident)? $(; $gpu:ident)?] |$t:ident, $l:ident| $e:expr;)*) => {$(
        $(#[$doc])*
        pub const $name: functions!(@type $($y)?) = {
            #[inline(always)]
            fn at<const $l: usize, $t: Real>($x: $t $(, $y: $t)?, _params: Params) -> $t {
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
            <functions!(@type $($y)?)>::new(single, at::<4, f64>, $ns, functions!(@gpu $($gpu)?))
        };
    )*};
    (@gpu) => { None };
    (@gpu $gpu:ident) => { Some(kernel::Elementwise::$gpu) };
    (@type) => { Function };
    (@type $y:ident) => { Function2 };
}

functions! {
    /// x^power
    POWER(x; power) [2.0] |T, L| x.pow::<L>(power);
    /// a^b
    POW(a, b) [2.0] |T, L| a.pow::<L>(b);
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
pub const SIN: Function = Function::new(sin, MODERATE_SIN.double, 1.0, Some(kernel::Elementwise::Sin));
/// Cosine.
pub const COS: Function = Function::new(cos, MODERATE_COS.double, 1.0, Some(kernel::Elementwise::Cos));

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

/// A number of a formula, where a vector has `L` lanes of `f32`.
#[derive(Clone, Copy)]
struct Lane<T, const L: usize>(T);

macro_rules! lane {
    ($($trait:ident $method:ident),*) => {$(
        impl<T: Float, const L: usize> $trait for Lane<T, L> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(Number::$method(self.0, other.0))
            }
        }
    )*};
    (@functions $($name:ident = $method:ident),*) => {
        impl<T: Float, const L: usize> Formula for Lane<T, L> {
            #[inline(always)]
            fn of(value: f64) -> Self {
                Self(T::of(value))
            }
            $(#[inline(always)]
            fn $name(self) -> Self {
                Self(self.0.$method::<L>())
            })*
            #[inline(always)]
            fn abs(self) -> Self {
                Self(self.0.abs())
            }
            #[inline(always)]
            fn sign(self) -> Self {
                Self(self.0.sign())
            }
            #[inline(always)]
            fn maximum(self, other: Self) -> Self {
                Self(self.0.maximum(other.0))
            }
            #[inline(always)]
            fn minimum(self, other: Self) -> Self {
                Self(self.0.minimum(other.0))
            }
            #[inline(always)]
            fn where_greater(self, other: Self, yes: Self, no: Self) -> Self {
                if self.0 > other.0 { yes } else { no }
            }
            #[inline(always)]
            fn where_at_most(self, other: Self, yes: Self, no: Self) -> Self {
                if self.0 <= other.0 { yes } else { no }
            }
        }
    };
}
lane!(Add add, Sub sub, Mul mul, Div div);
lane!(@functions exp = exp, expm1 = expm1, log = ln, log1p = log1p, sqrt = sqrt, tanh = tanh, sigmoid = sigmoid,
    erf = erf, normal_cdf = normal_cdf);

impl<T: Float, const L: usize> Neg for Lane<T, L> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(self.0.neg())
    }
}

impl Function {
    /// Returns the value of an elementwise operation.
    pub const fn value<E: Elementwise>() -> Self {
        Self::new(value::<E>, value_at::<4, f64, E>, E::NS, E::GPU)
    }
}

impl Function2 {
    /// Returns the gradient of an elementwise operation, of the output's gradient and what it saves.
    pub const fn gradient<E: Elementwise>() -> Self {
        Self::new(gradient::<E>, gradient_at::<4, f64, E>, 1.5 * E::NS, None)
    }
}

#[inline(always)]
fn value_at<const L: usize, T: Float, E: Elementwise>(x: T, params: Params) -> T {
    E::value(Lane::<T, L>(x), params.map(Formula::of)).0
}

#[inline(always)]
fn gradient_at<const L: usize, T: Float, E: Elementwise>(g: T, saved: T, params: Params) -> T {
    E::gradient(Lane::<T, L>(g), Lane(saved), params.map(Formula::of)).0
}

fn value<E: Elementwise>(x: &[f32], params: Params, y: &mut [MaybeUninit<f32>]) {
    if E::WIDE.is_none_or(|wide| !wide(x, y)) {
        values::<E>(x, params, y);
    }
}

simd! {
    fn values<E: Elementwise>(x: &[f32], params: Params, y: &mut [MaybeUninit<f32>]) = values_body;
    fn gradient<E: Elementwise>(g: &[f32], saved: &[f32], params: Params, dx: &mut [MaybeUninit<f32>]) = gradients_body;
}

#[inline(always)]
fn values_body<const L: usize, E: Elementwise>(x: &[f32], params: Params, y: &mut [MaybeUninit<f32>]) {
    let n = y.len();
    let x = &x[..n];
    for i in 0..n {
        y[i].write(value_at::<L, f32, E>(x[i], params));
    }
}

#[inline(always)]
fn gradients_body<const L: usize, E: Elementwise>(
    g: &[f32],
    saved: &[f32],
    params: Params,
    dx: &mut [MaybeUninit<f32>],
) {
    let n = dx.len();
    let (g, saved) = (&g[..n], &saved[..n]);
    for i in 0..n {
        dx[i].write(gradient_at::<L, f32, E>(g[i], saved[i], params));
    }
}

functions! {
    /// The gradient of relu from g and its result (or argument) x: 0 where x is not positive.
    RELU_GRAD(g, x) [0.3; ReluGrad] |T, L| if x <= T::ZERO { T::ZERO } else { g };
}

#[cfg(test)]
mod tests;
