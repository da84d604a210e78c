//! Elementwise functions that take more than an instruction or two.
//!
//! A formula is written once, for `f32` and `f64`. It is compiled as one loop over slices of `f32` for each
//! instruction set, and as one plain function of `f64`, which serves gradient checks rather than speed.
//! Kernels over strided memory call these loops by pointer ([`super::elementwise::map_function`]), so that
//! each function is compiled only once.
//!
//! The errors for `f32`, in units in the last place of the result, are those of [`super::math`] plus up to 2
//! by the formula's own roundings (the tests have the limit of each). In the far tail of [`GELU_TANH`], where
//! the result is below 1e-20, they reach 160, because e^u has the error of its large argument u. For
//! subnormal results of [`GELU`] they reach 9.

use std::mem::MaybeUninit;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::element::{Float, Number};
#[cfg(target_arch = "x86_64")]
pub use super::math::wide;
use super::math::{EXACT, double};
use super::simd::{inlined, simd};
use crate::cuda::kernel;
use crate::formula::{Elementwise, Formula, Params};

/// A loop that writes the function of `N` slices.
type Single<const N: usize> = fn([&[f32]; N], Params, &mut [MaybeUninit<f32>]);

/// A function of `N` elements.
#[derive(Clone, Copy)]
pub struct Function<const N: usize = 1> {
    single: Single<N>,
    double: fn([f64; N], Params) -> f64,
    /// The cost per element of `f32`, in nanoseconds.
    ns: f64,
    /// The kernel that computes the function on a GPU.
    pub gpu: Option<kernel::Elementwise>,
}

/// A function of two elements.
pub type Function2 = Function<2>;

/// The types that the functions support.
pub trait Argument: Copy + Default + Send + Sync {
    /// Computes `y[i] = f(x[0][i], …)`, and writes all of y, which is as long as each x.
    fn each<const N: usize>(f: &Function<N>, x: [&[Self]; N], params: Params, y: &mut [MaybeUninit<Self>]);
    /// Returns the cost per element of this type, if an `f32` costs `ns` nanoseconds.
    fn cost(ns: f64) -> f64;
}

impl Argument for f32 {
    fn each<const N: usize>(f: &Function<N>, x: [&[f32]; N], params: Params, y: &mut [MaybeUninit<f32>]) {
        (f.single)(x, params, y);
    }
    fn cost(ns: f64) -> f64 {
        ns
    }
}

impl Argument for f64 {
    fn each<const N: usize>(f: &Function<N>, x: [&[f64]; N], params: Params, y: &mut [MaybeUninit<f64>]) {
        for (i, y) in y.iter_mut().enumerate() {
            y.write((f.double)(x.map(|x| x[i]), params));
        }
    }
    fn cost(ns: f64) -> f64 {
        10.0 + ns
    }
}

impl<const N: usize> Function<N> {
    /// Returns the cost per element, in nanoseconds.
    pub(super) fn ns<T: Argument>(&self) -> f64 {
        T::cost(self.ns)
    }
}

/// The number type in the formulas of [`functions!`].
trait Real:
    Float + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
}
impl Real for f32 {}
impl Real for f64 {}

/// `NAME(arguments; parameter) [ns; kernel] = formula`; `T` is the type, `L` as in [`super::simd`], the
/// kernel that of a GPU.
macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident($($x:ident),+ $(; $p:ident)?) [$ns:literal $(; $gpu:ident)?] |$t:ident, $l:ident| $e:expr;)*) => {$(
        $(#[$doc])*
        pub const $name: Function<{ [$(stringify!($x)),+].len() }> = {
            const N: usize = [$(stringify!($x)),+].len();
            #[inline(always)]
            fn at<const $l: usize, $t: Real>([$($x),+]: [$t; N], _params: Params) -> $t {
                $(let $p = $t::of(_params[0]);)?
                $e
            }
            simd!(
                fn single<const L: usize>(x: [&[f32]; N], params: Params, out: &mut [MaybeUninit<f32>]) {
                    let ([$($x),+], n) = (x, out.len());
                    $(let $x = &$x[..n];)+
                    for i in 0..n {
                        out[i].write(at::<L, f32>([$($x[i]),+], params));
                    }
                }
            );
            Function { single, double: at::<4, f64>, ns: $ns, gpu: functions!(@gpu $($gpu)?) }
        };
    )*};
    (@gpu) => { None };
    (@gpu $gpu:ident) => { Some(kernel::Elementwise::$gpu) };
}

functions! {
    /// x^power
    POWER(x; power) [2.0] |T, L| x.pow::<L>(power);
    /// a^b
    POW(a, b) [2.0] |T, L| a.pow::<L>(b);
    /// 1 - erf(x), computed in `f64`.
    ERFC(x) [20.0] |T, L| T::of(double::erfc(x.to_f64()));
    /// The largest integer that is at most x.
    FLOOR(x) [0.3] |T, L| x.floor::<L>();
    /// The smallest integer that is at least x.
    CEIL(x) [0.3] |T, L| x.ceil::<L>();
    /// The nearest integer, ties to even.
    ROUND(x) [0.3] |T, L| x.round::<L>();
    /// The integer part.
    TRUNC(x) [0.3] |T, L| x.trunc::<L>();
}

// These are correct for moderate numbers only.
functions! {
    MODERATE_SIN(x) [1.0] |T, L| x.sin::<L>();
    MODERATE_COS(x) [1.0] |T, L| x.cos::<L>();
}

/// Sine.
pub const SIN: Function = Function { single: sin, gpu: Some(kernel::Elementwise::Sin), ..MODERATE_SIN };
/// Cosine.
pub const COS: Function = Function { single: cos, gpu: Some(kernel::Elementwise::Cos), ..MODERATE_COS };

fn sin(x: [&[f32]; 1], params: Params, out: &mut [MaybeUninit<f32>]) {
    (MODERATE_SIN.single)(x, params, out);
    of_large(x[0], f64::sin, out);
}

fn cos(x: [&[f32]; 1], params: Params, out: &mut [MaybeUninit<f32>]) {
    (MODERATE_COS.single)(x, params, out);
    of_large(x[0], f64::cos, out);
}

/// Corrects the results for large numbers, which are rare.
fn of_large(x: &[f32], f: fn(f64) -> f64, out: &mut [MaybeUninit<f32>]) {
    let large = |x: f32| x.abs() > EXACT;
    if x.iter().fold(false, |any, &x| any | large(x)) {
        for (out, &x) in out.iter_mut().zip(x).filter(|(_, x)| large(**x)) {
            out.write(f(f64::from(x)) as f32);
        }
    }
}

/// A number in a formula; a vector has `L` lanes of `f32`.
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
            inlined! {
                fn of(value: f64) -> Self = Self(T::of(value));
                $(fn $name(self) -> Self = Self(self.0.$method::<L>());)*
                fn abs(self) -> Self = Self(self.0.abs());
                fn sign(self) -> Self = Self(self.0.sign());
                fn maximum(self, other: Self) -> Self = Self(self.0.maximum(other.0));
                fn minimum(self, other: Self) -> Self = Self(self.0.minimum(other.0));
                fn where_greater(self, other: Self, yes: Self, no: Self) -> Self =
                    if self.0 > other.0 { yes } else { no };
                fn where_at_most(self, other: Self, yes: Self, no: Self) -> Self =
                    if self.0 <= other.0 { yes } else { no };
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
        Self { single: value::<E>, double: value_at::<4, f64, E>, ns: E::NS, gpu: E::GPU }
    }
}

impl Function2 {
    /// Returns the gradient of an elementwise operation, as a function of the output's gradient and the saved
    /// tensor.
    pub const fn gradient<E: Elementwise>() -> Self {
        Self { single: gradient::<E>, double: gradient_at::<4, f64, E>, ns: 1.5 * E::NS, gpu: None }
    }
}

#[inline(always)]
fn value_at<const L: usize, T: Float, E: Elementwise>([x]: [T; 1], params: Params) -> T {
    E::value(Lane::<T, L>(x), params.map(Formula::of)).0
}

#[inline(always)]
fn gradient_at<const L: usize, T: Float, E: Elementwise>([g, saved]: [T; 2], params: Params) -> T {
    E::gradient(Lane::<T, L>(g), Lane(saved), params.map(Formula::of)).0
}

fn value<E: Elementwise>(x: [&[f32]; 1], params: Params, y: &mut [MaybeUninit<f32>]) {
    if E::WIDE.is_none_or(|wide| !wide(x[0], y)) {
        values::<E>(x[0], params, y);
    }
}

simd!(
    fn values<const L: usize, E: Elementwise>(x: &[f32], params: Params, y: &mut [MaybeUninit<f32>]) {
        let n = y.len();
        let x = &x[..n];
        for i in 0..n {
            y[i].write(value_at::<L, f32, E>([x[i]], params));
        }
    }
);

simd!(
    fn gradient<const L: usize, E: Elementwise>(x: [&[f32]; 2], params: Params, dx: &mut [MaybeUninit<f32>]) {
        let ([g, saved], n) = (x, dx.len());
        let (g, saved) = (&g[..n], &saved[..n]);
        for i in 0..n {
            dx[i].write(gradient_at::<L, f32, E>([g[i], saved[i]], params));
        }
    }
);

functions! {
    /// The gradient of relu from g and its result (or argument) x: 0 unless x is positive or NaN.
    RELU_GRAD(g, x) [0.3; ReluGrad] |T, L| if x <= T::ZERO { T::ZERO } else { g };
}

#[cfg(test)]
mod tests;
