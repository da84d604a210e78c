//! The products of the transformed tiles and weights: one matrix product a position.

use crate::cpu::conv::outer::outer;
use crate::cpu::conv::vector::Register;
use crate::cpu::simd::simd;

/// Terms that are summed for all rows before the next: those of the right matrix, 32 KiB, then stay in
/// the level-1 cache.
const TERMS: usize = 128;

simd!(
    /// `m[t][r] = sum over k of v[t][k] * u[k][r]` at one position, or `m[t][r] +=` it, for `tiles` tiles
    /// and `terms` terms; rows of `v` are `v_width` long, those of `u` and `m` `width`, a block of results.
    pub fn product<const L: usize>(
        tiles: usize,
        terms: usize,
        v: &[f32],
        v_width: usize,
        u: &[f32],
        m: &mut [f32],
        width: usize,
        accumulate: bool,
    ) {
        multiply::<L>(tiles, terms, v, (v_width, 1), u, m, width, accumulate);
    }
);

simd!(
    /// `du[k][r] += sum over t of v[t][k] * z[t][r]`, likewise.
    pub fn gradient<const L: usize>(
        tiles: usize,
        terms: usize,
        v: &[f32],
        v_width: usize,
        z: &[f32],
        du: &mut [f32],
        width: usize,
    ) {
        multiply::<L>(terms, tiles, v, (1, v_width), z, du, width, true);
    }
);

/// `c = a b` or `c += a b`: `a` is `rows` by `terms` with the given strides, `b` and `c` have rows of `width`.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn multiply<const L: usize>(
    rows: usize,
    terms: usize,
    a: &[f32],
    strides: (usize, usize),
    b: &[f32],
    c: &mut [f32],
    width: usize,
    accumulate: bool,
) {
    assert!((rows - 1) * strides.0 + (terms - 1) * strides.1 < a.len(), "the left matrix is too short");
    assert!(
        terms * width <= b.len() && rows * width <= c.len(),
        "the right matrix or the result is too short"
    );
    let step = if L == 16 { width } else { 2 * L };
    for lane in (0..width).step_by(step) {
        for first in (0..terms).step_by(TERMS) {
            let (terms, accumulate) = (TERMS.min(terms - first), accumulate || first > 0);
            let (a, b, c) = (&a[first * strides.1..], &b[first * width + lane..], &mut c[lane..]);
            // SAFETY: as asserted.
            unsafe {
                match (L, width) {
                    (16, 64) => strip::<L, 4, 6>(rows, terms, a, strides, b, c, width, accumulate),
                    (16, 48) => strip::<L, 3, 8>(rows, terms, a, strides, b, c, width, accumulate),
                    (16, 32) => strip::<L, 2, 8>(rows, terms, a, strides, b, c, width, accumulate),
                    (16, _) => strip::<L, 1, 12>(rows, terms, a, strides, b, c, width, accumulate),
                    (8, _) => strip::<L, 2, 6>(rows, terms, a, strides, b, c, width, accumulate),
                    _ => strip::<L, 2, 4>(rows, terms, a, strides, b, c, width, accumulate),
                }
            }
        }
    }
}

/// [`multiply`] for `V * L` columns, `P` rows at a time.
///
/// # Safety
/// The matrices must have the elements that their sizes and strides say.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
unsafe fn strip<const L: usize, const V: usize, const P: usize>(
    rows: usize,
    terms: usize,
    a: &[f32],
    strides: (usize, usize),
    b: &[f32],
    c: &mut [f32],
    width: usize,
    accumulate: bool,
) {
    for row in (0..rows).step_by(P) {
        let count = P.min(rows - row);
        let mut starts = [a.as_ptr(); P];
        let mut sums = [[Register::<L>::splat(0.0); V]; P];
        for p in 0..P {
            let row = row + p.min(count - 1);
            // SAFETY: a row of `a`, as the caller vouches.
            starts[p] = unsafe { starts[p].add(row * strides.0) };
            for v in 0..if accumulate { V } else { 0 } {
                // SAFETY: a row of `c`, as the caller vouches.
                sums[p][v] = unsafe { Register::<L>::load(c.as_ptr().add(row * width + v * L)) };
            }
        }
        let steps = (0..terms).map(|k| (k * strides.1, k * width));
        // SAFETY: the caller vouches for `a` and `b`.
        unsafe { outer(&mut sums, starts, b.as_ptr(), steps) };
        for (p, sums) in sums.iter().enumerate().take(count) {
            for (v, sum) in sums.iter().enumerate() {
                // SAFETY: a row of `c`, as the caller vouches.
                unsafe { sum.store(c.as_mut_ptr().add((row + p) * width + v * L)) };
            }
        }
    }
}
