//! The products of the transformed tiles and weights: one matrix product per position.

use crate::cpu::conv::outer::block;
use crate::cpu::simd::simd;

/// The number of terms that are summed for all rows before the next terms: those of the right matrix, 32 KiB,
/// then stay in the level-1 cache.
const TERMS: usize = 128;

simd!(
    /// Computes `c = a b` or `c += a b` for the rows and terms of `shape`. `a` has strides between rows and
    /// between terms; `b` and `c` have rows of `width`, a block of results.
    pub fn multiply<const L: usize>(
        shape: (usize, usize),
        a: (&[f32], (usize, usize)),
        b: &[f32],
        c: &mut [f32],
        width: usize,
        accumulate: bool,
    ) {
        let ((rows, terms), (a, (down, across))) = (shape, a);
        assert!((rows - 1) * down + (terms - 1) * across < a.len(), "the left matrix is too short");
        assert!(
            terms * width <= b.len() && rows * width <= c.len(),
            "the right matrix or the result is too short"
        );
        let c = (c.as_mut_ptr(), width);
        for first in (0..terms).step_by(TERMS) {
            let shape = (rows, TERMS.min(terms - first), width);
            let a = (a[first * across..].as_ptr(), |row| row * down, |term| term * across);
            let start = (accumulate || first > 0).then_some((c.0.cast_const(), width));
            // SAFETY: as asserted.
            unsafe { block::<L>(shape, a, b[first * width..].as_ptr(), c, start) };
        }
    }
);
