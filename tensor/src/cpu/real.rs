//! The floating-point types that kernels are generic over.

use std::fmt::Debug;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use super::simd::inlined;

/// `f32` or `f64`, with the operations that kernels need.
pub trait Real:
    Copy
    + Default
    + Debug
    + PartialEq
    + PartialOrd
    + Send
    + Sync
    + Sum
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + 'static
{
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;
    /// The value below all others.
    const NEG_INFINITY: Self;

    /// Returns the nearest value to `x`.
    fn of(x: f64) -> Self;
    /// Returns the value as an f64, exactly.
    fn f64(self) -> f64;
    /// Returns `self * b + c`, fused if a vector of `L` f32 lanes implies that the hardware fuses.
    fn fma<const L: usize>(self, b: Self, c: Self) -> Self;
    /// Returns the square root.
    fn sqrt(self) -> Self;
    /// Returns the absolute value.
    fn abs(self) -> Self;
    /// Returns true for NaN.
    fn is_nan(self) -> bool;
    /// Returns the value, or 0 if it is subnormal. Arithmetic with subnormal numbers is a hundred times
    /// slower, and a value that decays by a factor stays subnormal.
    fn normal(self) -> Self;
}

macro_rules! real {
    ($t:ty) => {
        impl Real for $t {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const NEG_INFINITY: Self = <$t>::NEG_INFINITY;
            inlined! {
                fn of(x: f64) -> Self = x as $t;
                fn f64(self) -> f64 = f64::from(self);
                fn fma<const L: usize>(self, b: Self, c: Self) -> Self =
                    if L > 4 || cfg!(target_arch = "aarch64") { self.mul_add(b, c) } else { self * b + c };
                fn sqrt(self) -> Self = <$t>::sqrt(self);
                fn abs(self) -> Self = <$t>::abs(self);
                fn is_nan(self) -> bool = <$t>::is_nan(self);
                fn normal(self) -> Self = if self.abs() < <$t>::MIN_POSITIVE { 0.0 } else { self };
            }
        }
    };
}
real!(f32);
real!(f64);
