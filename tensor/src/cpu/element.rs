//! The element types, their arithmetic, and their accumulators.

use std::fmt::Debug;

use super::math;

mod types;

/// A tensor's element: `u8`, `u32`, `i32`, `i64`, `f32`, `f64`, `f16` or `bf16`.
pub trait Element: Copy + Default + PartialEq + PartialOrd + Debug + Send + Sync + 'static {
    /// The type of arithmetic: `f32` for the 16-bit floats, which are rounded once, at the end; the type
    /// itself for the others.
    type Wide: Number;
    /// The type of a sum or a product in PyTorch: `i64` for integers, the type itself for floats.
    type Total: Element;
    /// True if kernels are compiled for each instruction set, because arithmetic gains from it.
    const SIMD: bool;

    /// Returns the element for arithmetic.
    fn wide(self) -> Self::Wide;
    /// Rounds the result of arithmetic.
    fn narrow(wide: Self::Wide) -> Self;
    /// Returns the nearest `f64`.
    fn to_f64(self) -> f64;
    /// Converts as PyTorch does: floats to integers truncate towards zero and wrap around, integers keep
    /// their low bits, and floats round to nearest, ties to even.
    fn cast<D: Element>(self) -> D;
    /// Converts from `f64`; see [`Element::cast`].
    fn from_f64(x: f64) -> Self;
    /// Converts from `f32`; see [`Element::cast`].
    fn from_f32(x: f32) -> Self;
    /// Converts from `i64`; see [`Element::cast`].
    fn from_i64(x: i64) -> Self;
    /// Converts a sum in [`Number::Acc`] for storage.
    fn total(acc: <Self::Wide as Number>::Acc) -> Self::Total;
}

/// A floating-point element.
pub trait FloatElement: Element<Wide: Float, Total = Self> {}
impl<T: Element<Wide: Float, Total = T>> FloatElement for T {}

/// Arithmetic on one of the arithmetic types. Integers wrap around.
pub trait Number: Element<Wide = Self> {
    /// The type of accumulators: `f64` for floats, `i64` for integers.
    type Acc: Number<Acc = Self::Acc>;
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;
    /// The least value: minus infinity for floats.
    const LOWEST: Self;
    /// The greatest value: infinity for floats.
    const HIGHEST: Self;
    /// Converts to the accumulator's type.
    fn acc(self) -> Self::Acc;
    /// Returns x + y.
    fn add(self, y: Self) -> Self;
    /// Returns x - y.
    fn sub(self, y: Self) -> Self;
    /// Returns x * y.
    fn mul(self, y: Self) -> Self;
    /// Returns x / y. Integers truncate, and give 0 if y is 0.
    fn div(self, y: Self) -> Self;
    /// Returns floor(x / y). Integers give 0 if y is 0.
    fn floor_div(self, y: Self) -> Self;
    /// Returns x - floor(x / y) * y, with the sign of y. Integers give 0 if y is 0.
    fn remainder(self, y: Self) -> Self;
    /// Returns -x.
    fn neg(self) -> Self;
    /// Returns |x|.
    fn abs(self) -> Self;
    /// Returns -1, 0 or 1, and 0 for NaN.
    fn sign(self) -> Self;
    /// Returns true for NaN.
    fn is_nan(self) -> bool;

    /// Returns the larger number, or NaN if either is NaN.
    #[inline(always)]
    fn maximum(self, y: Self) -> Self {
        if self > y || self.is_nan() { self } else { y }
    }
    /// Returns the smaller number, or NaN if either is NaN.
    #[inline(always)]
    fn minimum(self, y: Self) -> Self {
        if self < y || self.is_nan() { self } else { y }
    }
}

macro_rules! float_functions {
    ($($(#[$meta:meta])* $name:ident($($arg:ident),*);)*) => {
        /// Functions of floats. `L` is the number of f32 lanes that the caller is compiled for
        /// ([`super::simd`]). `f32` has vectorisable code with the errors given in [`super::math`]; `f64`
        /// uses the standard library.
        pub trait Float: Number {
            /// Returns the nearest number of this type.
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
    /// Returns e^x.
    exp();
    /// Returns e^x - 1.
    expm1();
    /// Returns the natural logarithm.
    ln();
    /// Returns ln(1 + x).
    log1p();
    /// Returns the square root.
    sqrt();
    /// Returns the hyperbolic tangent.
    tanh();
    /// Returns 1 / (1 + e^-x).
    sigmoid();
    /// Returns the error function.
    erf();
    /// Returns the standard normal distribution function.
    normal_cdf();
    /// Returns the sine.
    sin();
    /// Returns the cosine.
    cos();
    /// Returns x^y.
    pow(y);
    /// Returns the largest integer that is at most x.
    floor();
    /// Returns the smallest integer that is at least x.
    ceil();
    /// Returns the nearest integer, ties to even.
    round();
    /// Returns the integer part.
    trunc();
}
