//! Implementations for the element types.

use half::{bf16, f16};

use super::super::half16;
use super::super::simd::inlined;
use super::{Element, Number};

macro_rules! integers {
    ($($t:ty, $from_f32:ident;)*) => {$(
        impl Element for $t {
            type Wide = Self;
            type Total = i64;
            const SIMD: bool = false;
            inlined! {
                fn wide(self) -> Self = self;
                fn narrow(wide: Self) -> Self = wide;
                fn to_f64(self) -> f64 = self as f64;
                fn cast<D: Element>(self) -> D = D::from_i64(self as i64);
                fn from_f64(x: f64) -> Self = x as i64 as Self;
                fn from_f32(x: f32) -> Self = $from_f32(x) as Self;
                fn from_i64(x: i64) -> Self = x as Self;
                fn total(acc: i64) -> i64 = acc;
            }
        }
        impl Number for $t {
            type Acc = i64;
            const ZERO: Self = 0;
            const ONE: Self = 1;
            const LOWEST: Self = Self::MIN;
            const HIGHEST: Self = Self::MAX;
            inlined! {
                fn acc(self) -> i64 = self as i64;
                fn add(self, y: Self) -> Self = self.wrapping_add(y);
                fn sub(self, y: Self) -> Self = self.wrapping_sub(y);
                fn mul(self, y: Self) -> Self = self.wrapping_mul(y);
                fn div(self, y: Self) -> Self = if y == 0 { 0 } else { self.wrapping_div(y) };
            }
            #[inline(always)]
            #[allow(unused_comparisons)]
            fn floor_div(self, y: Self) -> Self {
                if y == 0 {
                    return 0;
                }
                let (q, r) = (self.wrapping_div(y), self.wrapping_rem(y));
                if r != 0 && ((r < 0) != (y < 0)) { q.wrapping_sub(1) } else { q }
            }
            #[inline(always)]
            #[allow(unused_comparisons)]
            fn remainder(self, y: Self) -> Self {
                if y == 0 {
                    return 0;
                }
                let r = self.wrapping_rem(y);
                if r != 0 && ((r < 0) != (y < 0)) { r.wrapping_add(y) } else { r }
            }
            inlined! {
                fn neg(self) -> Self = self.wrapping_neg();
                #[allow(unused_comparisons)]
                fn abs(self) -> Self = if self < 0 { self.wrapping_neg() } else { self };
                #[allow(unused_comparisons)]
                fn sign(self) -> Self = if self < 0 { (0 as Self).wrapping_sub(1) } else { (self > 0) as Self };
                fn is_nan(self) -> bool = false;
            }
        }
    )*};
}
// Conversions through i32 vectorise on every machine.
integers! {
    u8, to_i32;
    u32, to_i64;
    i32, to_i32;
    i64, to_i64;
}

#[inline(always)]
fn to_i32(x: f32) -> i32 {
    x as i32
}

/// Returns `x as i64`, in a form that becomes vector instructions.
#[inline(always)]
fn to_i64(x: f32) -> i64 {
    const END: f32 = 9_223_372_036_854_775_808.0;
    let within = (-END..END).contains(&x);
    // SAFETY: the number is not NaN, and its integer part fits in i64.
    let y = unsafe { (if within { x } else { 0.0 }).to_int_unchecked::<i64>() };
    let y = if x >= END { i64::MAX } else { y };
    if x < -END { i64::MIN } else { y }
}

macro_rules! floats {
    ($($t:ty, $simd:literal, $from:ident;)*) => {$(
        impl Element for $t {
            type Wide = Self;
            type Total = Self;
            const SIMD: bool = $simd;
            inlined! {
                fn wide(self) -> Self = self;
                fn narrow(wide: Self) -> Self = wide;
                fn to_f64(self) -> f64 = self as f64;
                fn cast<D: Element>(self) -> D = D::$from(self);
                fn from_f64(x: f64) -> Self = x as Self;
                fn from_f32(x: f32) -> Self = x as Self;
                fn from_i64(x: i64) -> Self = x as Self;
                fn total(acc: f64) -> Self = acc as Self;
            }
        }
        impl Number for $t {
            type Acc = f64;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const LOWEST: Self = Self::NEG_INFINITY;
            const HIGHEST: Self = Self::INFINITY;
            inlined! {
                fn acc(self) -> f64 = self as f64;
                fn add(self, y: Self) -> Self = self + y;
                fn sub(self, y: Self) -> Self = self - y;
                fn mul(self, y: Self) -> Self = self * y;
                fn div(self, y: Self) -> Self = self / y;
                fn neg(self) -> Self = -self;
                fn abs(self) -> Self = self.abs();
                fn sign(self) -> Self = if self > 0.0 { 1.0 } else if self < 0.0 { -1.0 } else { 0.0 };
                fn is_nan(self) -> bool = self != self;
            }
            #[inline(always)]
            fn floor_div(self, y: Self) -> Self {
                // Computed from the exact remainder, as in Python: floor(x / y) alone may round up.
                if y == 0.0 {
                    return self / y;
                }
                let q = (self - self.remainder(y)) / y;
                if q == 0.0 { (0.0 as Self).copysign(self / y) } else { q.round() }
            }
            #[inline(always)]
            fn remainder(self, y: Self) -> Self {
                let r = self % y;
                if r != 0.0 && ((r < 0.0) != (y < 0.0)) { r + y } else { r }
            }
        }
    )*};
}
floats! {
    f32, true, from_f32;
    f64, false, from_f64;
}

macro_rules! halves {
    ($($t:ty, $from:path, $to:path;)*) => {$(
        impl Element for $t {
            type Wide = f32;
            type Total = Self;
            const SIMD: bool = true;
            inlined! {
                fn wide(self) -> f32 = $from(self);
                fn narrow(wide: f32) -> Self = $to(wide);
                fn to_f64(self) -> f64 = $from(self) as f64;
                fn cast<D: Element>(self) -> D = D::from_f32($from(self));
                fn from_f64(x: f64) -> Self = $to(half16::round_to_odd(x));
                fn from_f32(x: f32) -> Self = $to(x);
                fn from_i64(x: i64) -> Self = Self::from_f64(x as f64);
                fn total(acc: f64) -> Self = Self::from_f64(acc);
            }
        }
    )*};
}
halves! {
    f16, half16::f16_to_f32, half16::f32_to_f16;
    bf16, half16::bf16_to_f32, half16::f32_to_bf16;
}
