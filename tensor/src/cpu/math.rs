//! Functions of `f32` without branches or tables, so that loops over them become vector code.
//!
//! `L` is as in [`super::simd`]: it determines if there is a fused multiply-add. The polynomials are our own
//! minimax fits (Lawson's algorithm in 40 digits), rounded to `f32` coefficient by coefficient. The tests
//! limit the largest errors, in units in the last place of the exact result, over a million arguments of
//! every magnitude:
//!
//! | function | ulp | | function | ulp |
//! | --- | --- | --- | --- | --- |
//! | `exp`, `ln`, `pow` | 1 | | `sigmoid` | 2.3 |
//! | `expm1`, `log1p`, `tanh` | 1.5 | | `erf` | 1.2 |
//! | `sin`, `cos` | 1.6 | | `normal_cdf` | 4.5 below 0, 2 above |
//!
//! NaN, infinities, zeros and subnormal numbers give the results of C's functions. Sine and cosine are for
//! numbers up to [`EXACT`].

pub(super) mod double;
#[cfg(target_arch = "x86_64")]
mod tables;
mod trigonometry;
#[cfg(target_arch = "x86_64")]
pub mod wide;

pub(super) use trigonometry::{EXACT, cos, sin};

use super::simd::fma;

/// `c[0] + x (c[1] + x (c[2] + …))`
macro_rules! poly {
    ($l:ident, $x:expr; $first:expr $(, $rest:expr)+ $(,)?) => {
        fma::<$l>($x, poly!($l, $x; $($rest),+), $first)
    };
    ($l:ident, $x:expr; $last:expr) => { $last };
}
use poly;

/// ln 2 in two parts; multiples of the first by up to 2^14 are exact.
const LN2_HI: f32 = 0.693_359_4;
const LN2_LO: f32 = -2.121_944_4e-4;

/// Returns 2^n for n in -126..=127.
#[inline(always)]
fn exp2i(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

/// Limits `x` to `[low, high]`; NaN stays NaN.
#[inline(always)]
fn clamp(x: f32, low: f32, high: f32) -> f32 {
    at_most(if x < low { low } else { x }, high)
}

/// Limits `x` to at most `high`; NaN stays NaN.
#[inline(always)]
fn at_most(x: f32, high: f32) -> f32 {
    if x > high { high } else { x }
}

/// Returns r such that x = n ln 2 + r, |r| ≤ (ln 2)/2, and a word whose lowest 9 bits hold n + `BIAS`, for x
/// from -170 to 89.
#[inline(always)]
fn exp_parts<const L: usize, const BIAS: u32>(x: f32) -> (u32, f32) {
    // Adding 1.5 · 2^23 rounds to an integer, which is then in the lowest bits.
    let rounder = 12_582_912.0 + BIAS as f32;
    let shifted = fma::<L>(x, std::f32::consts::LOG2_E, rounder);
    let n = shifted - rounder;
    (shifted.to_bits(), fma::<L>(n, -LN2_LO, fma::<L>(n, -LN2_HI, x)))
}

/// Returns e^r for |r| ≤ (ln 2)/2.
#[inline(always)]
fn exp_poly<const L: usize>(r: f32) -> f32 {
    let q = poly!(L, r; 0.499_999_97, 0.166_665_46, 0.041_667_446, 0.008_366_251, 0.001_386_958_8);
    1.0 + fma::<L>(r * r, q, r)
}

#[inline(always)]
pub(super) fn exp<const L: usize>(x: f32) -> f32 {
    let (word, r) = exp_parts::<L, 254>(clamp(x, -104.0, 89.0));
    // 2^n is applied in two steps, so that the result may be subnormal or overflow.
    let half = word >> 1;
    let first = f32::from_bits(half << 23);
    let second = f32::from_bits(word.wrapping_sub(half) << 23);
    exp_poly::<L>(r) * first * second
}

/// Returns e^x + y for x from -87 to 88.
#[inline(always)]
fn exp_plus<const L: usize>(x: f32, y: f32) -> f32 {
    let (word, r) = exp_parts::<L, 127>(x);
    fma::<L>(exp_poly::<L>(r), f32::from_bits(word << 23), y)
}

#[inline(always)]
pub(super) fn expm1<const L: usize>(x: f32) -> f32 {
    let (word, r) = exp_parts::<L, 126>(clamp(x, -25.0, 89.0));
    let q = poly!(L, r; 0.5, 0.166_666_66, 0.041_666_493, 0.008_333_548, 0.001_393_231_8, 0.000_197_599_13);
    let p = fma::<L>(r * r, q, r);
    // 2^n p + (2^n - 1), halved where 2^n would overflow.
    let s = f32::from_bits(word << 23);
    let y = 2.0 * fma::<L>(s, p, s - 0.5);
    if x == 0.0 { x } else { y }
}

/// Returns ln(2^e m (1 + rest)), where the argument is 2^e m with m in [√½, √2).
#[inline(always)]
fn ln_parts<const L: usize>(x: f32, rest: impl Fn(i32) -> f32) -> f32 {
    const SQRT_HALF: u32 = std::f32::consts::FRAC_1_SQRT_2.to_bits();
    let bits = x.to_bits().wrapping_sub(SQRT_HALF);
    let e = bits as i32 >> 23;
    let f = f32::from_bits((bits & 0x007f_ffff) + SQRT_HALF) - 1.0 + rest(e);
    let e_float = e as f32;
    let p = poly!(L, f; 0.333_333_3, -0.250_008_2, 0.200_012_42, -0.166_234_09, 0.142_015_81, -0.131_596_13,
        0.127_622, -0.076_363_996);
    let square = f * f;
    let y = fma::<L>(e_float, LN2_LO, square * (f * p));
    fma::<L>(e_float, LN2_HI, f + fma::<L>(square, -0.5, y))
}

/// Replaces `y` by the logarithm of 0, negative numbers, infinity and NaN.
#[inline(always)]
fn ln_special(x: f32, y: f32) -> f32 {
    let y = if x < f32::INFINITY { y } else { x };
    let y = if x == 0.0 { f32::NEG_INFINITY } else { y };
    if x < 0.0 { f32::NAN } else { y }
}

#[inline(always)]
pub(super) fn ln<const L: usize>(x: f32) -> f32 {
    // Subnormal numbers are scaled by 2^23, and ln 2^23 is subtracted in two exact parts.
    let subnormal = x < f32::MIN_POSITIVE;
    let y = ln_parts::<L>(if subnormal { x * 8_388_608.0 } else { x }, |_| 0.0);
    let y = if subnormal { y - 23.0 * LN2_HI - 23.0 * LN2_LO } else { y };
    ln_special(x, y)
}

#[inline(always)]
pub(super) fn log1p<const L: usize>(x: f32) -> f32 {
    let u = 1.0 + x;
    let lost = if x < 1.0 { x - (u - 1.0) } else { 1.0 - (u - x) };
    let y = ln_parts::<L>(u, |e| lost * exp2i(e.wrapping_neg().max(-64)));
    let y = ln_special(u, y);
    if x.abs() < 1e-8 { x } else { y }
}

#[inline(always)]
pub(super) fn tanh<const L: usize>(x: f32) -> f32 {
    let a = at_most(x.abs(), 10.0);
    let u = a * a;
    let p = poly!(L, u; -0.333_333_13, 0.133_324_37, -0.053_835_757, 0.021_000_376, -0.006_169_614);
    let small = fma::<L>(a * u, p, a);
    let large = 1.0 - 2.0 / exp_plus::<L>(2.0 * a, 1.0);
    (if a < 0.55 { small } else { large }).copysign(x)
}

#[inline(always)]
pub(super) fn sigmoid<const L: usize>(x: f32) -> f32 {
    let z = exp::<L>(-x.abs());
    (if x < 0.0 { z } else { 1.0 }) / (1.0 + z)
}

#[inline(always)]
pub(super) fn erf<const L: usize>(x: f32) -> f32 {
    let a = at_most(x.abs(), 4.0);
    let u = a * a;
    let small = poly!(L, u; 0.128_379_15, -0.376_125_07, 0.112_819_76, -0.026_773_285, 0.005_004_16,
        -0.000_605_246_17);
    let small = fma::<L>(a, small, a);
    // 1 - e^(ln erfc)
    let g = poly!(L, a; 0.000_166_439_07, 1.127_797_2, 0.636_976_1, 0.104_113_616, -0.022_315_178,
        0.003_065_483_6, -0.000_198_219_73);
    let large = 1.0 - exp_plus::<L>(-g, 0.0);
    (if a < 0.9 { small } else { large }).copysign(x)
}

#[inline(always)]
pub(super) fn normal_cdf<const L: usize>(x: f32) -> f32 {
    // The tail beyond a = |x| is 1/2 - a S(a²) near 0, and e^(-a²/2) G(a) elsewhere. The rounding error of
    // the square matters, because it is multiplied by the square itself.
    let a = at_most(x.abs(), 15.0);
    let square = a * a;
    let rest = if L > 4 || cfg!(target_arch = "aarch64") {
        a.mul_add(a, -square)
    } else {
        let head = f32::from_bits(a.to_bits() & 0xffff_f000);
        (head * head - square) + (a - head) * (a + head)
    };
    // a² = r - 2 n ln 2, |r| ≤ ln 2, and a word whose lowest 8 bits hold n + 127 + 64. G subtracts the 64
    // again, so that the tail may be subnormal.
    const ROUNDER: f32 = 12_582_912.0 + 191.0;
    const DOWN: f32 = 1.0 / 18_446_744_073_709_551_616.0;
    let shifted = fma::<L>(square, -0.5 * std::f32::consts::LOG2_E, ROUNDER);
    let n = shifted - ROUNDER;
    let r = fma::<L>(n, 2.0 * LN2_HI, square) + fma::<L>(n, 2.0 * LN2_LO, rest);
    // e^(-r/2)
    let e = poly!(L, r; 1.0, -0.5, 0.125, -0.020_833_151, 0.002_604_266_6, -0.000_261_521_17, 2.159_489_3e-5);
    let e = e * f32::from_bits(shifted.to_bits() << 23);
    let s = poly!(L, square; 0.398_942_17, -0.066_486_9, 0.009_943_035, -0.001_086_503_4);
    let t = 1.0 / fma::<L>(a, 0.5, 1.0);
    let g = poly!(L, t; DOWN * -1.800_234_9e-6, DOWN * 0.199_539_42, DOWN * 0.198_351, DOWN * 0.160_051_63,
        DOWN * -0.011_301_408_5, DOWN * 0.170_706_14, DOWN * -0.685_636_34, DOWN * 0.814_855_75,
        DOWN * -0.442_640_1, DOWN * 0.096_117_09);
    let tail = if a < 0.6 { fma::<L>(-a, s, 0.5) } else { e * g };
    if x < 0.0 { tail } else { 1.0 - tail }
}

#[inline(always)]
pub(super) fn pow<const L: usize>(x: f32, y: f32) -> f32 {
    // 2^(y log2 |x|) in f64.
    let a = x.abs() as f64;
    const SQRT_HALF: u64 = std::f64::consts::FRAC_1_SQRT_2.to_bits();
    let bits = a.to_bits().wrapping_sub(SQRT_HALF);
    let e = (bits as i64 >> 52) as i32 as f64;
    let m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) + SQRT_HALF);
    let s = (m - 1.0) / (m + 1.0);
    let horner = |x: f64, c: &[f64]| c.iter().rev().fold(0.0, |y, c| y * x + c);
    let log2 = e + s * horner(
        s * s,
        &[
            2.885_390_081_777_851,
            0.961_796_694_112_264_9,
            0.577_077_942_660_304_4,
            0.412_209_224_061_104_2,
            0.319_906_803_807_013_37,
            0.282_885_023_407_482_34,
        ],
    );
    let log2 = if a == 0.0 { f64::NEG_INFINITY } else { log2 };
    let log2 = if a < f64::INFINITY { log2 } else { a };
    let t = y as f64 * log2;
    let t = if t < -200.0 { -200.0 } else { t };
    let t = if t > 200.0 { 200.0 } else { t };
    const ROUNDER: f64 = 6_755_399_441_055_744.0;
    let shifted = t + ROUNDER;
    let r = t - (shifted - ROUNDER);
    let scale = f64::from_bits(shifted.to_bits().wrapping_sub(ROUNDER.to_bits()).wrapping_add(1023) << 52);
    let p = horner(
        r,
        &[
            0.999_999_999_959_561_8,
            0.693_147_180_556_832_4,
            0.240_226_512_134_980_92,
            0.055_504_109_063_258_665,
            0.009_618_025_613_318_034,
            0.001_333_347_847_368_541_6,
            0.000_154_697_292_141_182_96,
            1.530_370_071_136_569_3e-5,
        ],
    );
    let z = (p * scale) as f32;

    let int = y as i32;
    // From 2^24 on, every number is an even integer.
    let is_int = (int as f32 == y) | (y.abs() >= 16_777_216.0);
    let is_odd = (y.abs() < 16_777_216.0) & (int as f32 == y) & (int & 1 == 1);
    let z = if is_odd { z.copysign(x) } else { z };
    let z = if (x < 0.0) & (x > f32::NEG_INFINITY) & !is_int { f32::NAN } else { z };

    if (x == 1.0) | (y == 0.0) | ((x == -1.0) & y.is_infinite()) { 1.0 } else { z }
}

/// Declares the functions of the standard library that are single instructions.
macro_rules! instructions {
    ($($name:ident = $method:ident;)*) => {$(
        #[inline(always)]
        pub(super) fn $name<const L: usize>(x: f32) -> f32 {
            x.$method()
        }
    )*};
}
instructions! {
    sqrt = sqrt;
    floor = floor;
    ceil = ceil;
    round = round_ties_even;
    trunc = trunc;
}

#[cfg(test)]
mod tests;
