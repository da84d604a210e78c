//! Vector registers, for kernels that hold their sums in them.
//!
//! Loops over plain arrays leave it to the compiler which loop becomes vectors, and with 16 or 24
//! sums at once it often chooses the wrong one (measured: up to 100 times slower, depending on the
//! number of sums). So the innermost kernels name the registers, in this file alone.

/// A register of f32 lanes.
///
/// A vector lives only inside a body that [`super::super::simd::simd`] compiled for its
/// instruction set: its methods are instructions of that set.
pub trait Vector<const L: usize>: Copy {
    /// `x` in every lane.
    fn splat(x: f32) -> Self;

    /// The `L` values from `at` on.
    ///
    /// # Safety
    /// They must be readable.
    unsafe fn load(at: *const f32) -> Self;

    /// Writes the lanes to `at` and on.
    ///
    /// # Safety
    /// `L` values there must be writable.
    unsafe fn store(self, at: *mut f32);

    /// The values from `at` on in the lanes `start..end`, at most `L`, and zeros in the others.
    ///
    /// # Safety
    /// Those of these lanes must be readable.
    unsafe fn load_between(at: *const f32, start: usize, end: usize) -> Self;

    /// `self * b + c`, in one rounding where the set has the instruction.
    fn fma(self, b: Self, c: Self) -> Self;

    fn add(self, b: Self) -> Self;

    fn sub(self, b: Self) -> Self;

    fn mul(self, b: Self) -> Self;

    /// The even lanes of `self`, then those of `next`.
    fn evens(self, next: Self) -> Self;

    /// The transpose of a square of rows.
    fn transpose(rows: [Self; L]) -> [Self; L];
}

/// Names the vector of `L` lanes, as [`Register<L>`].
pub struct Lanes<const L: usize>;

/// That there is a vector of so many lanes.
pub trait Width<const L: usize> {
    type Vector: Vector<L>;
}

/// The vector of `L` lanes.
pub type Register<const L: usize> = <Lanes<L> as Width<L>>::Vector;

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Lanes, Vector, Width};

    impl Width<16> for Lanes<16> {
        type Vector = __m512;
    }

    impl Vector<16> for __m512 {
        #[inline(always)]
        fn splat(x: f32) -> Self {
            // SAFETY: code with 16 lanes runs only where AVX-512 is, as in all methods here.
            unsafe { _mm512_set1_ps(x) }
        }

        #[inline(always)]
        unsafe fn load(at: *const f32) -> Self {
            // SAFETY: as above; the caller vouches for the memory.
            unsafe { _mm512_loadu_ps(at) }
        }

        #[inline(always)]
        unsafe fn store(self, at: *mut f32) {
            // SAFETY: as above; the caller vouches for the memory.
            unsafe { _mm512_storeu_ps(at, self) }
        }

        #[inline(always)]
        unsafe fn load_between(at: *const f32, start: usize, end: usize) -> Self {
            let mask = ((1u32 << end) - (1 << start)) as __mmask16;
            // SAFETY: as above.
            unsafe { _mm512_maskz_loadu_ps(mask, at) }
        }

        #[inline(always)]
        fn fma(self, b: Self, c: Self) -> Self {
            // SAFETY: as above.
            unsafe { _mm512_fmadd_ps(self, b, c) }
        }

        #[inline(always)]
        fn add(self, b: Self) -> Self {
            // SAFETY: as above.
            unsafe { _mm512_add_ps(self, b) }
        }

        #[inline(always)]
        fn sub(self, b: Self) -> Self {
            // SAFETY: as above.
            unsafe { _mm512_sub_ps(self, b) }
        }

        #[inline(always)]
        fn mul(self, b: Self) -> Self {
            // SAFETY: as above.
            unsafe { _mm512_mul_ps(self, b) }
        }

        #[inline(always)]
        fn evens(self, next: Self) -> Self {
            // SAFETY: as above.
            unsafe {
                let evens = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
                _mm512_permutex2var_ps(self, evens, next)
            }
        }

        /// Pairs, then fours, inside each 128-bit quarter; then the quarters change places.
        #[inline(always)]
        fn transpose(mut m: [Self; 16]) -> [Self; 16] {
            // SAFETY: as above.
            unsafe {
                for i in (0..16).step_by(4) {
                    let (a, b) = (_mm512_unpacklo_ps(m[i], m[i + 1]), _mm512_unpackhi_ps(m[i], m[i + 1]));
                    let (c, d) =
                        (_mm512_unpacklo_ps(m[i + 2], m[i + 3]), _mm512_unpackhi_ps(m[i + 2], m[i + 3]));
                    let (a, b) = (_mm512_castps_pd(a), _mm512_castps_pd(b));
                    let (c, d) = (_mm512_castps_pd(c), _mm512_castps_pd(d));
                    m[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
                    m[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
                    m[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
                    m[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
                }
                for i in 0..4 {
                    let (a, b) = (
                        _mm512_shuffle_f32x4::<0x88>(m[i], m[i + 4]),
                        _mm512_shuffle_f32x4::<0xdd>(m[i], m[i + 4]),
                    );
                    let (c, d) = (
                        _mm512_shuffle_f32x4::<0x88>(m[i + 8], m[i + 12]),
                        _mm512_shuffle_f32x4::<0xdd>(m[i + 8], m[i + 12]),
                    );
                    m[i] = _mm512_shuffle_f32x4::<0x88>(a, c);
                    m[i + 4] = _mm512_shuffle_f32x4::<0x88>(b, d);
                    m[i + 8] = _mm512_shuffle_f32x4::<0xdd>(a, c);
                    m[i + 12] = _mm512_shuffle_f32x4::<0xdd>(b, d);
                }
            }
            m
        }
    }

    impl Width<8> for Lanes<8> {
        type Vector = __m256;
    }

    impl Vector<8> for __m256 {
        #[inline(always)]
        fn splat(x: f32) -> Self {
            // SAFETY: code with 8 lanes runs only where AVX2 and FMA are, as in all methods here.
            unsafe { _mm256_set1_ps(x) }
        }

        #[inline(always)]
        unsafe fn load(at: *const f32) -> Self {
            // SAFETY: as above; the caller vouches for the memory.
            unsafe { _mm256_loadu_ps(at) }
        }

        #[inline(always)]
        unsafe fn store(self, at: *mut f32) {
            // SAFETY: as above; the caller vouches for the memory.
            unsafe { _mm256_storeu_ps(at, self) }
        }

        #[inline(always)]
        unsafe fn load_between(at: *const f32, start: usize, end: usize) -> Self {
            // SAFETY: as above.
            unsafe {
                let lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
                let before = _mm256_cmpgt_epi32(_mm256_set1_epi32(start as i32), lane);
                let inside = _mm256_cmpgt_epi32(_mm256_set1_epi32(end as i32), lane);
                _mm256_maskload_ps(at, _mm256_andnot_si256(before, inside))
            }
        }

        #[inline(always)]
        fn fma(self, b: Self, c: Self) -> Self {
            // SAFETY: as above.
            unsafe { _mm256_fmadd_ps(self, b, c) }
        }

        #[inline(always)]
        fn add(self, b: Self) -> Self {
            // SAFETY: as above.
            unsafe { _mm256_add_ps(self, b) }
        }

        #[inline(always)]
        fn sub(self, b: Self) -> Self {
            // SAFETY: as above.
            unsafe { _mm256_sub_ps(self, b) }
        }

        #[inline(always)]
        fn mul(self, b: Self) -> Self {
            // SAFETY: as above.
            unsafe { _mm256_mul_ps(self, b) }
        }

        #[inline(always)]
        fn evens(self, next: Self) -> Self {
            // SAFETY: as above.
            unsafe {
                let pairs = _mm256_castps_pd(_mm256_shuffle_ps::<0x88>(self, next));
                _mm256_castpd_ps(_mm256_permute4x64_pd::<0xd8>(pairs))
            }
        }

        /// Pairs, then fours, inside each half; then the halves change places.
        #[inline(always)]
        fn transpose(mut m: [Self; 8]) -> [Self; 8] {
            // SAFETY: as above.
            unsafe {
                for i in [0, 4] {
                    let (a, b) = (_mm256_unpacklo_ps(m[i], m[i + 1]), _mm256_unpackhi_ps(m[i], m[i + 1]));
                    let (c, d) =
                        (_mm256_unpacklo_ps(m[i + 2], m[i + 3]), _mm256_unpackhi_ps(m[i + 2], m[i + 3]));
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
    }
}

/// Four lanes as an array, which every target's baseline turns into a register.
#[derive(Clone, Copy)]
pub struct Four([f32; 4]);

impl Width<4> for Lanes<4> {
    type Vector = Four;
}

impl Vector<4> for Four {
    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self([x; 4])
    }

    #[inline(always)]
    unsafe fn load(at: *const f32) -> Self {
        // SAFETY: the caller vouches for the memory; an array of f32 has no alignment of its own.
        Self(unsafe { *at.cast::<[f32; 4]>() })
    }

    #[inline(always)]
    unsafe fn store(self, at: *mut f32) {
        // SAFETY: as above.
        unsafe { *at.cast::<[f32; 4]>() = self.0 }
    }

    #[inline(always)]
    unsafe fn load_between(at: *const f32, start: usize, end: usize) -> Self {
        if (start, end) == (0, 4) {
            // SAFETY: the caller vouches for the memory, and below.
            return unsafe { Self::load(at) };
        }
        let mut lanes = [0.0; 4];
        for (i, lane) in lanes.iter_mut().enumerate().take(end).skip(start) {
            // SAFETY: likewise.
            *lane = unsafe { *at.add(i) };
        }
        Self(lanes)
    }

    #[inline(always)]
    fn fma(self, b: Self, c: Self) -> Self {
        let f = crate::cpu::simd::fma::<4>;
        Self([
            f(self.0[0], b.0[0], c.0[0]),
            f(self.0[1], b.0[1], c.0[1]),
            f(self.0[2], b.0[2], c.0[2]),
            f(self.0[3], b.0[3], c.0[3]),
        ])
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Self([self.0[0] + b.0[0], self.0[1] + b.0[1], self.0[2] + b.0[2], self.0[3] + b.0[3]])
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Self([self.0[0] - b.0[0], self.0[1] - b.0[1], self.0[2] - b.0[2], self.0[3] - b.0[3]])
    }

    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Self([self.0[0] * b.0[0], self.0[1] * b.0[1], self.0[2] * b.0[2], self.0[3] * b.0[3]])
    }

    #[inline(always)]
    fn evens(self, next: Self) -> Self {
        Self([self.0[0], self.0[2], next.0[0], next.0[2]])
    }

    #[inline(always)]
    fn transpose(m: [Self; 4]) -> [Self; 4] {
        let column = |i: usize| Self([m[0].0[i], m[1].0[i], m[2].0[i], m[3].0[i]]);
        [column(0), column(1), column(2), column(3)]
    }
}
