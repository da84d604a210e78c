//! The element types, what arithmetic is done in, and what sums are gathered in.

use std::fmt::Debug;

use super::math;

mod types;

/// A tensor's element: `u8`, `u32`, `i32`, `i64`, `f32`, `f64`, `f16` or `bf16`.
pub trait Element: Copy + Default + PartialEq + PartialOrd + Debug + Send + Sync + 'static {
    /// What arithmetic is done in: `f32` for the 16-bit floats, which are rounded once, at the
    /// end; the type itself for the others.
    type Wide: Number;
    /// What a sum or a product is in PyTorch: `i64` for integers, the type itself for floats.
    type Total: Element;
    /// Whether kernels are compiled for each instruction set: where arithmetic gains from it.
    const SIMD: bool;

    /// The element as its arithmetic sees it.
    fn wide(self) -> Self::Wide;
    /// Rounds the result of arithmetic.
    fn narrow(wide: Self::Wide) -> Self;
    /// The nearest `f64`.
    fn to_f64(self) -> f64;
    /// Converts as PyTorch does: floats to integers truncate towards zero and wrap around,
    /// integers keep their low bits, floats round to nearest, ties to even.
    fn cast<D: Element>(self) -> D;
    /// [`Element::cast`] from `f64`.
    fn from_f64(x: f64) -> Self;
    /// [`Element::cast`] from `f32`.
    fn from_f32(x: f32) -> Self;
    /// [`Element::cast`] from `i64`.
    fn from_i64(x: i64) -> Self;
    /// What the sum gathered in [`Number::Acc`] is stored as.
    fn total(acc: <Self::Wide as Number>::Acc) -> Self::Total;
}

/// A floating-point element.
pub trait FloatElement: Element<Wide: Float, Total = Self> {}
impl<T: Element<Wide: Float, Total = T>> FloatElement for T {}

/// Arithmetic on one of the types it is done in. Integers wrap around.
pub trait Number: Element<Wide = Self> {
    /// What many are added up in: `f64` for floats, `i64` for integers.
    type Acc: Number<Acc = Self::Acc>;
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;
    /// The least value: minus infinity for floats.
    const LOWEST: Self;
    /// The greatest value: infinity for floats.
    const HIGHEST: Self;
    /// For sums of many.
    fn acc(self) -> Self::Acc;
    /// x + y
    fn add(self, y: Self) -> Self;
    /// x - y
    fn sub(self, y: Self) -> Self;
    /// x * y
    fn mul(self, y: Self) -> Self;
    /// x / y; integers truncate, and 0 where y is 0.
    fn div(self, y: Self) -> Self;
    /// floor(x / y); integers give 0 where y is 0.
    fn floor_div(self, y: Self) -> Self;
    /// x - floor(x / y) * y, with the sign of y; integers give 0 where y is 0.
    fn remainder(self, y: Self) -> Self;
    /// -x
    fn neg(self) -> Self;
    /// |x|
    fn abs(self) -> Self;
    /// -1, 0 or 1; of NaN 0.
    fn sign(self) -> Self;
    /// Whether this is not a number.
    fn is_nan(self) -> bool;

    /// The greater; NaN where either is.
    #[inline(always)]
    fn maximum(self, y: Self) -> Self {
        if self > y || self.is_nan() { self } else { y }
    }
    /// The lesser; NaN where either is.
    #[inline(always)]
    fn minimum(self, y: Self) -> Self {
        if self < y || self.is_nan() { self } else { y }
    }
}

macro_rules! float_functions {
    ($($(#[$meta:meta])* $name:ident($($arg:ident),*);)*) => {
        /// Functions of floats. `L` is the number of f32 lanes that the caller is compiled for
        /// ([`super::simd`]). `f32` has vectorisable code with the errors given in
        /// [`super::math`]; `f64` the standard library's.
        pub trait Float: Number {
            /// The nearest of this type.
            fn of(x: f64) -> Self;
            $($(#[$meta])* fn $name<const L: usize>(self $(, $arg: Self)*) -> Self;)*
        }
        impl Float for f32 {
            #[inline(always)]
            fn of(x: f64) -> Self {
                x as f32
            }
            $(#[inline(always)]
            fn $name<const L: usize>(self $(, $arg: Self)*) -> Self {
                math::$name::<L>(self $(, $arg)*)
            })*
        }
        impl Float for f64 {
            #[inline(always)]
            fn of(x: f64) -> Self {
                x
            }
            $(#[inline(always)]
            fn $name<const L: usize>(self $(, $arg: Self)*) -> Self {
                math::double::$name(self $(, $arg)*)
            })*
        }
    };
}

float_functions! {
    /// e^x
    exp();
    /// e^x - 1
    expm1();
    /// Natural logarithm.
    ln();
    /// ln(1 + x)
    log1p();
    /// Square root.
    sqrt();
    /// Hyperbolic tangent.
    tanh();
    /// 1 / (1 + e^-x)
    sigmoid();
    /// The error function.
    erf();
    /// The standard normal distribution function.
    normal_cdf();
    /// Sine.
    sin();
    /// Cosine.
    cos();
    /// x^y
    pow(y);
    /// Largest integer not above x.
    floor();
    /// Smallest integer not below x.
    ceil();
    /// Nearest integer, ties to even.
    round();
    /// Integer part.
    trunc();
}
