//! Functions of 16 numbers at once, for which AVX-512 has better instructions than the formulas in [`super`]
//! need: multiplication by 2^n, and lookups of polynomials' coefficients in registers.
//!
//! The largest errors, in units in the last place: `exp` 1.02, `tanh` 1, and `gelu` 1 above -5.6; below, that
//! of [`normal_cdf`].

use std::arch::x86_64::*;
use std::mem::{MaybeUninit, transmute};

use super::super::simd::{Isa, isa};
use super::tables::{GELU_REST, TANH, Table};
use super::{LN2_HI, LN2_LO, normal_cdf};

/// Adding it rounds to an integer.
const ROUNDER: f32 = 12_582_912.0;

/// Computes `y[i] = f(x[i])` and returns true, or returns false without AVX-512.
macro_rules! loops {
    ($($(#[$doc:meta])* $name:ident = $f:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(x: &[f32], y: &mut [MaybeUninit<f32>]) -> bool {
            #[target_feature(enable = "avx512f,avx512dq")]
            fn each(x: &[[f32; 16]], y: &mut [[MaybeUninit<f32>; 16]]) {
                for (x, y) in x.iter().zip(y) {
                    // SAFETY: both have 16 elements.
                    unsafe { _mm512_storeu_ps(y.as_mut_ptr().cast(), $f(_mm512_loadu_ps(x.as_ptr()))) }
                }
            }
            let wide = isa() == Isa::Avx512;
            if wide {
                let ((x, x_rest), (y, y_rest)) = (x.as_chunks(), y.as_chunks_mut());
                // SAFETY: `isa` says that the processor has these instructions.
                unsafe { each(x, y) };
                if !x_rest.is_empty() {
                    let (mut some, mut these) = ([[0.0; 16]], [[MaybeUninit::uninit(); 16]]);
                    some[0][..x_rest.len()].copy_from_slice(x_rest);
                    // SAFETY: as above.
                    unsafe { each(&some, &mut these) };
                    y_rest.copy_from_slice(&these[0][..x_rest.len()]);
                }
            }
            wide
        }
    )*};
}
loops! {
    /// e^x
    exp = exp16;
    /// Hyperbolic tangent.
    tanh = tanh16;
    /// x Φ(x), with the standard normal distribution function Φ.
    gelu = gelu16;
}

#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
fn all(x: f32) -> __m512 {
    _mm512_set1_ps(x)
}

/// Returns `c[0] + x (c[1] + x (c[2] + …))`.
#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
fn poly<const N: usize>(x: __m512, c: [__m512; N]) -> __m512 {
    let mut y = c[N - 1];
    for &c in c[..N - 1].iter().rev() {
        y = _mm512_fmadd_ps(y, x, c);
    }
    y
}

/// Evaluates the function for numbers within the table's intervals, or NaN.
#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
fn look_up(x: __m512, table: &Table) -> __m512 {
    let shifted = _mm512_fmadd_ps(x, all(1.0 / table.step), all(ROUNDER));
    let n = _mm512_sub_ps(shifted, all(ROUNDER));
    let t = _mm512_fnmadd_ps(n, all(table.step), x);
    let mut c = [all(0.0); 7];
    for (c, row) in c.iter_mut().zip(&table.rows) {
        // SAFETY: both have the same size, and every bit pattern is a vector.
        let [low, high] = unsafe { transmute::<[f32; 32], [__m512; 2]>(*row) };
        // The last five bits, which hold n, select the coefficients.
        *c = _mm512_permutex2var_ps(low, _mm512_castps_si512(shifted), high);
    }
    poly(t, c)
}

// The minimum or maximum with NaN returns the second number.

#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
fn exp16(x: __m512) -> __m512 {
    let x = _mm512_max_ps(all(-104.0), _mm512_min_ps(all(89.0), x));
    let shifted = _mm512_fmadd_ps(x, all(std::f32::consts::LOG2_E), all(ROUNDER));
    let n = _mm512_sub_ps(shifted, all(ROUNDER));
    let r = _mm512_fnmadd_ps(n, all(LN2_LO), _mm512_fnmadd_ps(n, all(LN2_HI), x));
    let p = poly(
        r,
        [all(0.499_999_97), all(0.166_665_46), all(0.041_667_446), all(0.008_366_251), all(0.001_386_958_8)],
    );
    let p = _mm512_add_ps(all(1.0), _mm512_fmadd_ps(_mm512_mul_ps(r, r), p, r));
    _mm512_scalef_ps(p, n)
}

#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
fn tanh16(x: __m512) -> __m512 {
    let y = look_up(_mm512_min_ps(all(9.2), _mm512_abs_ps(x)), &TANH);
    _mm512_or_ps(y, _mm512_and_ps(all(-0.0), x))
}

#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
fn gelu16(x: __m512) -> __m512 {
    // x Φ(x) = max(x, 0) - a Φ(-a), with a = |x|. Beyond the limit, the product matters only for negative x,
    // and varies too much for a table.
    const LIMIT: f32 = 5.6;
    let a = _mm512_min_ps(all(LIMIT), _mm512_abs_ps(x));
    let y = _mm512_sub_ps(_mm512_max_ps(all(0.0), x), look_up(a, &GELU_REST));
    let far = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(x, all(-LIMIT));
    if far == 0 { y } else { _mm512_mask_mov_ps(y, far, far_gelu16(x)) }
}

#[target_feature(enable = "avx512f,avx512dq")]
#[cold]
fn far_gelu16(x: __m512) -> __m512 {
    // SAFETY: both have the same size, and every bit pattern is a number.
    let mut x = unsafe { transmute::<__m512, [f32; 16]>(x) };
    for x in &mut x {
        *x = if *x == f32::NEG_INFINITY { 0.0 } else { *x * normal_cdf::<16>(*x) };
    }
    // SAFETY: as above.
    unsafe { transmute::<[f32; 16], __m512>(x) }
}
