//! A vector that stays in a register.
//!
//! Loops over `[f32; L]` become vector instructions if they end in stores. A tile of sums that stays in
//! registers through a whole loop and is then summed lane by lane does not: the compiler splits its vectors.
//! [`Vector`] names the instructions for such kernels.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use super::real::Real;

/// `L` lanes of `T`, where `L` is the parameter from [`simd!`](super::simd).
///
/// 16 lanes are AVX-512 instructions and 8 lanes are AVX2's: only code that `simd!` compiles for the
/// instruction set may use such a vector. Other widths run anywhere.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Vector<T, const L: usize>(pub [T; L]);

impl<T: Lanes, const L: usize> Vector<T, L> {
    /// All lanes 0.
    pub const ZERO: Self = Self([T::ZERO; L]);

    /// Returns a vector with all lanes `x`.
    #[inline(always)]
    pub fn splat(x: T) -> Self {
        Self([x; L])
    }

    /// Loads the `L` elements from `at` on.
    ///
    /// # Safety
    /// They must be readable.
    #[inline(always)]
    pub unsafe fn load(at: *const T) -> Self {
        // SAFETY: as the caller guarantees; an array has the alignment of its elements.
        Self(unsafe { at.cast::<[T; L]>().read() })
    }

    /// Writes the lanes from `at` on.
    ///
    /// # Safety
    /// `L` elements there must be writable.
    #[inline(always)]
    pub unsafe fn store(self, at: *mut T) {
        // SAFETY: as in `load`.
        unsafe { at.cast::<[T; L]>().write(self.0) }
    }

    /// Loads the `n < L` elements from `at` on, padded with zeros.
    ///
    /// # Safety
    /// They must be readable.
    #[inline(always)]
    pub unsafe fn load_first(at: *const T, n: usize) -> Self {
        // SAFETY: as the caller guarantees.
        Self(unsafe { T::load_lanes(at, n) })
    }

    /// Loads all of `x`, at most `L` elements, padded with zeros.
    #[inline(always)]
    pub fn of(x: &[T]) -> Self {
        // SAFETY: within the slice.
        unsafe { if x.len() < L { Self::load_first(x.as_ptr(), x.len()) } else { Self::load(x.as_ptr()) } }
    }

    /// Writes as many lanes as fit in `y`.
    #[inline(always)]
    pub fn put(self, y: &mut [T]) {
        // SAFETY: within the slice.
        unsafe {
            if y.len() < L {
                T::store_lanes(self.0, y.as_mut_ptr(), y.len());
            } else {
                self.store(y.as_mut_ptr());
            }
        }
    }

    /// Returns `self * b + c`.
    #[inline(always)]
    pub fn fma(self, b: Self, c: Self) -> Self {
        Self(T::fma_lanes(self.0, b.0, c.0))
    }

    /// Returns `self + b`.
    #[inline(always)]
    pub fn add(self, b: Self) -> Self {
        Self(T::add_lanes(self.0, b.0))
    }

    /// Returns `self - b`.
    #[inline(always)]
    pub fn sub(self, b: Self) -> Self {
        Self(T::sub_lanes(self.0, b.0))
    }

    /// Returns `self * b`.
    #[inline(always)]
    pub fn mul(self, b: Self) -> Self {
        Self(T::mul_lanes(self.0, b.0))
    }

    /// Returns the sum of all lanes, by halves.
    #[inline(always)]
    pub fn sum(self) -> T {
        T::sum_lanes(self.0)
    }
}

/// Declares operations of two vectors, lane by lane.
macro_rules! lanewise {
    ($($name:ident $op:tt;)*) => {$(
        /// Applies the operation to each lane.
        #[inline(always)]
        fn $name<const L: usize>(mut a: [Self; L], b: [Self; L]) -> [Self; L] {
            for l in 0..L {
                let x = a[l];
                a[l] = x $op b[l];
            }
            a
        }
    )*};
    // Uses the instructions for 16 and for 8 lanes.
    ($($name:ident $op:tt $of_16:ident $of_8:ident;)*) => {$(
        #[inline(always)]
        fn $name<const L: usize>(mut a: [f32; L], b: [f32; L]) -> [f32; L] {
            // SAFETY: as in `fma_lanes`.
            unsafe {
                match L {
                    16 => return cast(&$of_16(cast(&a), cast(&b))),
                    8 => return cast(&$of_8(cast(&a), cast(&b))),
                    _ => {}
                }
            }
            for l in 0..L {
                let x = a[l];
                a[l] = x $op b[l];
            }
            a
        }
    )*};
}

/// The instructions of [`Vector`]. The provided methods work without special instructions.
pub trait Lanes: Real {
    /// Returns `a * b + c` in each lane.
    #[inline(always)]
    fn fma_lanes<const L: usize>(a: [Self; L], b: [Self; L], mut c: [Self; L]) -> [Self; L] {
        for l in 0..L {
            c[l] = a[l].fma::<L>(b[l], c[l]);
        }
        c
    }

    lanewise! {
        add_lanes +;
        sub_lanes -;
        mul_lanes *;
    }

    /// Returns the sum of the lanes, by halves.
    #[inline(always)]
    fn sum_lanes<const L: usize>(mut a: [Self; L]) -> Self {
        let mut half = L / 2;
        while half > 0 {
            for l in 0..half {
                a[l] += a[l + half];
            }
            half /= 2;
        }
        a[0]
    }

    /// Loads the `n < L` elements at `x`, padded with zeros.
    ///
    /// # Safety
    /// `x` must be valid for reading `n` elements.
    #[inline(always)]
    unsafe fn load_lanes<const L: usize>(x: *const Self, n: usize) -> [Self; L] {
        let mut a = [Self::ZERO; L];
        for (l, a) in a.iter_mut().enumerate().take(n) {
            // SAFETY: l < n.
            *a = unsafe { *x.add(l) };
        }
        a
    }

    /// Writes the first `n < L` lanes to `y`.
    ///
    /// # Safety
    /// `y` must be valid for writing `n` elements.
    #[inline(always)]
    unsafe fn store_lanes<const L: usize>(a: [Self; L], y: *mut Self, n: usize) {
        for (l, &a) in a.iter().enumerate().take(n) {
            // SAFETY: l < n.
            unsafe { *y.add(l) = a };
        }
    }
}

impl Lanes for f64 {}

#[cfg(not(target_arch = "x86_64"))]
impl Lanes for f32 {}

#[cfg(target_arch = "x86_64")]
impl Lanes for f32 {
    #[inline(always)]
    fn fma_lanes<const L: usize>(a: [f32; L], b: [f32; L], mut c: [f32; L]) -> [f32; L] {
        // SAFETY: the casts are between arrays and vectors of the same L floats; `Vector`'s contract
        // guarantees the instructions for this L.
        unsafe {
            match L {
                16 => return cast(&_mm512_fmadd_ps(cast(&a), cast(&b), cast(&c))),
                8 => return cast(&_mm256_fmadd_ps(cast(&a), cast(&b), cast(&c))),
                4 => return cast(&_mm_add_ps(_mm_mul_ps(cast(&a), cast(&b)), cast(&c))),
                _ => {}
            }
        }
        for l in 0..L {
            c[l] += a[l] * b[l];
        }
        c
    }

    lanewise! {
        add_lanes + _mm512_add_ps _mm256_add_ps;
        sub_lanes - _mm512_sub_ps _mm256_sub_ps;
        mul_lanes * _mm512_mul_ps _mm256_mul_ps;
    }

    #[inline(always)]
    fn sum_lanes<const L: usize>(a: [f32; L]) -> f32 {
        // SAFETY: as in `fma_lanes`.
        unsafe {
            match L {
                16 => _mm512_reduce_add_ps(cast(&a)),
                8 => {
                    let a: __m256 = cast(&a);
                    sum4(_mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a)))
                }
                4 => sum4(cast(&a)),
                _ => a.iter().sum(),
            }
        }
    }

    #[inline(always)]
    unsafe fn load_lanes<const L: usize>(x: *const f32, n: usize) -> [f32; L] {
        // SAFETY: as in `fma_lanes`; a masked load accesses the first n elements only.
        unsafe {
            match L {
                16 => cast(&_mm512_maskz_loadu_ps((1 << n) - 1, x)),
                8 => cast(&_mm256_maskload_ps(x, first8(n))),
                _ => {
                    let mut a = [0.0; L];
                    std::ptr::copy_nonoverlapping(x, a.as_mut_ptr(), n);
                    a
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn store_lanes<const L: usize>(a: [f32; L], y: *mut f32, n: usize) {
        // SAFETY: as in `load_lanes`.
        unsafe {
            match L {
                16 => _mm512_mask_storeu_ps(y, (1 << n) - 1, cast(&a)),
                8 => _mm256_maskstore_ps(y, first8(n), cast(&a)),
                _ => std::ptr::copy_nonoverlapping(a.as_ptr(), y, n),
            }
        }
    }
}

/// Writes as many lanes of `a` as fit in `y`.
#[inline(always)]
pub fn put_u32<const L: usize>(a: [u32; L], y: &mut [u32]) {
    if let Some(y) = y.first_chunk_mut() {
        *y = a;
    } else {
        let mut lanes = [0.0; L];
        for l in 0..L {
            lanes[l] = f32::from_bits(a[l]);
        }
        // SAFETY: the number and size of elements are the same; lanes are moved, not interpreted.
        unsafe { f32::store_lanes(lanes, y.as_mut_ptr().cast(), y.len()) }
    }
}

/// Loads all of `x`, at most `L` elements, padded with zeros.
#[inline(always)]
pub fn of_u32<const L: usize>(x: &[u32]) -> [u32; L] {
    if let Some(x) = x.first_chunk() {
        *x
    } else {
        // SAFETY: as in `put_u32`.
        let lanes: [f32; L] = unsafe { f32::load_lanes(x.as_ptr().cast(), x.len()) };
        let mut a = [0; L];
        for l in 0..L {
            a[l] = lanes[l].to_bits();
        }
        a
    }
}

/// Returns the mask of the first `n` of 8 lanes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn first8(n: usize) -> __m256i {
    _mm256_cmpgt_epi32(_mm256_set1_epi32(n as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn sum4(a: __m128) -> f32 {
    // SAFETY: SSE is part of x86-64.
    unsafe {
        let a = _mm_add_ps(a, _mm_movehl_ps(a, a));
        _mm_cvtss_f32(_mm_add_ss(a, _mm_shuffle_ps::<1>(a, a)))
    }
}

/// Reinterprets the bits as another type.
///
/// # Safety
/// Both types must have the same size, and any bits must be a `B`.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) unsafe fn cast<A, B>(a: &A) -> B {
    // SAFETY: as the caller guarantees.
    unsafe { std::mem::transmute_copy(a) }
}
