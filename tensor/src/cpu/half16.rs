//! Conversions between 16-bit floats and `f32` without branches, so that loops over them vectorise.

use half::{bf16, f16};

/// Converts exactly.
#[inline(always)]
pub fn f16_to_f32(h: f16) -> f32 {
    let bits = h.to_bits() as u32;
    // The exponent and the mantissa move to their positions; multiplying by 2^112 corrects the exponent's
    // bias, and normalises subnormal numbers.
    let shifted = (bits & 0x7fff) << 13;
    let finite = (f32::from_bits(shifted) * f32::from_bits((127 + 112) << 23)).to_bits();
    let magnitude = if shifted >= 0x7c00 << 13 { shifted | 0x7f80_0000 } else { finite };
    f32::from_bits(magnitude | (bits & 0x8000) << 16)
}

/// Rounds to nearest, ties to even.
#[inline(always)]
pub fn f32_to_f16(x: f32) -> f16 {
    let bits = x.to_bits();
    let magnitude = bits & 0x7fff_ffff;
    let normal = magnitude.wrapping_sub((112 << 23) - 0xfff).wrapping_add(magnitude >> 13 & 1) >> 13;
    // Adding 0.5 puts the last bit of a subnormal f16 at the last bit of the sum.
    let subnormal = (f32::from_bits(magnitude) + 0.5).to_bits().wrapping_sub(0.5f32.to_bits());
    let special = if magnitude > 0x7f80_0000 { 0x7e00 } else { 0x7c00 };
    let rounded = if magnitude < (127 - 14) << 23 { subnormal } else { normal };
    let rounded = if magnitude >= (127 + 16) << 23 { special } else { rounded };
    f16::from_bits(rounded as u16 | (bits >> 16 & 0x8000) as u16)
}

/// Converts exactly.
#[inline(always)]
pub fn bf16_to_f32(h: bf16) -> f32 {
    f32::from_bits((h.to_bits() as u32) << 16)
}

/// Rounds to nearest, ties to even.
#[inline(always)]
pub fn f32_to_bf16(x: f32) -> bf16 {
    let bits = x.to_bits();
    let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16;
    let nan = bits >> 16 | 0x40;
    bf16::from_bits(if bits & 0x7fff_ffff > 0x7f80_0000 { nan } else { rounded } as u16)
}

/// Converts to `f32` such that a second rounding to 16 bits gives the same as rounding `x` once: it
/// truncates, and sets the last bit if that was inexact.
#[inline(always)]
pub fn round_to_odd(x: f64) -> f32 {
    let nearest = x as f32;
    if nearest as f64 == x || !nearest.is_finite() {
        return nearest;
    }
    let truncated = if (nearest as f64).abs() > x.abs() { nearest.to_bits() - 1 } else { nearest.to_bits() };
    f32::from_bits(truncated | 1)
}
