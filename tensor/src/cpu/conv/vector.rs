//! Vector registers, for kernels that hold their sums in them.
//!
//! With loops over plain arrays, the compiler chooses the loop that becomes vectors, and with 16 or 24 sums
//! at once it often chooses the wrong one (measured: up to 100 times slower, depending on the number of
//! sums). So the innermost kernels name the registers.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use crate::cpu::vector::Vector;
#[cfg(target_arch = "x86_64")]
use crate::cpu::vector::cast;

/// A register of f32 lanes.
pub type Register<const L: usize> = Vector<f32, L>;

impl<const L: usize> Register<L> {
    /// Loads the values from `at` on in the lanes `start..end`, at most `L`, and zeros in the others.
    ///
    /// # Safety
    /// The values of these lanes must be readable.
    #[inline(always)]
    pub unsafe fn load_between(at: *const f32, start: usize, end: usize) -> Self {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `L` lanes imply their instructions, as in all methods here; the caller guarantees the
        // memory.
        unsafe {
            match L {
                16 => {
                    let mask = ((1u32 << end) - (1 << start)) as __mmask16;
                    return cast(&_mm512_maskz_loadu_ps(mask, at));
                }
                8 => {
                    let lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
                    let before = _mm256_cmpgt_epi32(_mm256_set1_epi32(start as i32), lane);
                    let inside = _mm256_cmpgt_epi32(_mm256_set1_epi32(end as i32), lane);
                    return cast(&_mm256_maskload_ps(at, _mm256_andnot_si256(before, inside)));
                }
                _ => {}
            }
        }
        if (start, end) == (0, L) {
            // SAFETY: the caller guarantees the memory, and below.
            return unsafe { Self::load(at) };
        }
        let mut lanes = [0.0; L];
        for (i, lane) in lanes.iter_mut().enumerate().take(end).skip(start) {
            // SAFETY: likewise.
            *lane = unsafe { *at.add(i) };
        }
        Self(lanes)
    }

    /// Returns the even lanes of `self`, then those of `next`.
    #[inline(always)]
    pub fn evens(self, next: Self) -> Self {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as in `load_between`.
        unsafe {
            match L {
                16 => {
                    let evens = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
                    return cast(&_mm512_permutex2var_ps(cast(&self), evens, cast(&next)));
                }
                8 => {
                    let pairs = _mm256_castps_pd(_mm256_shuffle_ps::<0x88>(cast(&self), cast(&next)));
                    return cast(&_mm256_permute4x64_pd::<0xd8>(pairs));
                }
                _ => {}
            }
        }
        let mut lanes = [0.0; L];
        for l in 0..L {
            lanes[l] = if 2 * l < L { self.0[2 * l] } else { next.0[2 * l - L] };
        }
        Self(lanes)
    }

    /// Returns the transpose of a square of rows.
    #[inline(always)]
    pub fn transpose(rows: [Self; L]) -> [Self; L] {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as in `load_between`.
        unsafe {
            match L {
                16 => return cast(&transpose_16(cast(&rows))),
                8 => return cast(&transpose_8(cast(&rows))),
                _ => {}
            }
        }
        let mut columns = rows;
        for i in 0..L {
            for j in 0..L {
                columns[i].0[j] = rows[j].0[i];
            }
        }
        columns
    }
}

/// Swaps pairs, then fours, inside each 128-bit quarter, and then the quarters.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn transpose_16(mut m: [__m512; 16]) -> [__m512; 16] {
    // SAFETY: the caller has AVX-512.
    unsafe {
        for i in (0..16).step_by(4) {
            let (a, b) = (_mm512_unpacklo_ps(m[i], m[i + 1]), _mm512_unpackhi_ps(m[i], m[i + 1]));
            let (c, d) = (_mm512_unpacklo_ps(m[i + 2], m[i + 3]), _mm512_unpackhi_ps(m[i + 2], m[i + 3]));
            let (a, b) = (_mm512_castps_pd(a), _mm512_castps_pd(b));
            let (c, d) = (_mm512_castps_pd(c), _mm512_castps_pd(d));
            m[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
            m[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
            m[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
            m[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
        }
        for i in 0..4 {
            let (a, b) = (m[i], m[i + 4]);
            let (a, b) = (_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0xdd>(a, b));
            let (c, d) = (m[i + 8], m[i + 12]);
            let (c, d) = (_mm512_shuffle_f32x4::<0x88>(c, d), _mm512_shuffle_f32x4::<0xdd>(c, d));
            m[i] = _mm512_shuffle_f32x4::<0x88>(a, c);
            m[i + 4] = _mm512_shuffle_f32x4::<0x88>(b, d);
            m[i + 8] = _mm512_shuffle_f32x4::<0xdd>(a, c);
            m[i + 12] = _mm512_shuffle_f32x4::<0xdd>(b, d);
        }
    }
    m
}

/// Swaps pairs, then fours, inside each half, and then the halves.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn transpose_8(mut m: [__m256; 8]) -> [__m256; 8] {
    // SAFETY: the caller has AVX2.
    unsafe {
        for i in [0, 4] {
            let (a, b) = (_mm256_unpacklo_ps(m[i], m[i + 1]), _mm256_unpackhi_ps(m[i], m[i + 1]));
            let (c, d) = (_mm256_unpacklo_ps(m[i + 2], m[i + 3]), _mm256_unpackhi_ps(m[i + 2], m[i + 3]));
            m[i] = _mm256_shuffle_ps::<0x44>(a, c);
            m[i + 1] = _mm256_shuffle_ps::<0xee>(a, c);
            m[i + 2] = _mm256_shuffle_ps::<0x44>(b, d);
            m[i + 3] = _mm256_shuffle_ps::<0xee>(b, d);
        }
        for i in 0..4 {
            let (a, b) = (m[i], m[i + 4]);
            m[i] = _mm256_permute2f128_ps::<0x20>(a, b);
            m[i + 4] = _mm256_permute2f128_ps::<0x31>(a, b);
        }
    }
    m
}
