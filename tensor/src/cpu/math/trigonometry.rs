//! Sine and cosine of `f32`.
//!
//! The remainder of x modulo π/2 is computed in `f64`, with π/2 in two parts. Up to [`EXACT`] it is far more
//! precise than `f32`.

use super::{fma, poly};

/// The limit of [`sin`] and [`cos`]. Beyond it they are wrong; callers use the standard library's functions.
pub(in super::super) const EXACT: f32 = 1_048_576.0;

/// π/2 in two parts; multiples of the first by up to 2^20 are exact.
const HALF_PI: [f64; 2] = [1.570_796_326_734_125_6, 6.077_100_506_506_192e-11];

/// Returns sin(x + quarter π/2).
#[inline(always)]
fn sin_shifted<const L: usize>(x: f32, quarter: i32) -> f32 {
    let x = x as f64;
    // Adding 1.5 · 2^52 rounds to an integer, which is then in the lowest bits.
    const ROUNDER: f64 = 6_755_399_441_055_744.0;
    let shifted = x * std::f64::consts::FRAC_2_PI + ROUNDER;
    let n = shifted - ROUNDER;
    let r = ((x - n * HALF_PI[0]) - n * HALF_PI[1]) as f32;
    let quadrant = (shifted.to_bits() as i32).wrapping_add(quarter);

    let u = r * r;
    let sin = poly!(L, u; -0.166_666_67, 0.008_333_379, -0.000_198_530_7, 2.832_69e-6);
    let sin = fma::<L>(r * u, sin, r);
    let cos = poly!(L, u; 0.041_666_646, -0.001_388_731_1, 2.443_256_4e-5);
    let cos = fma::<L>(u * u, cos, fma::<L>(u, -0.5, 1.0));
    // Branches instead of masks would not vectorise.
    let odd = (quadrant & 1).wrapping_neg() as u32;
    f32::from_bits((sin.to_bits() & !odd | cos.to_bits() & odd) ^ (quadrant as u32 & 2) << 30)
}

#[inline(always)]
pub(in super::super) fn sin<const L: usize>(x: f32) -> f32 {
    let y = sin_shifted::<L>(x, 0);
    if x == 0.0 { x } else { y } // -0 stays
}

#[inline(always)]
pub(in super::super) fn cos<const L: usize>(x: f32) -> f32 {
    sin_shifted::<L>(x, 1)
}
