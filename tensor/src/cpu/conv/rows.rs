//! Copies between images, whose rows are short and lie one behind the other, and rows with gaps.
//!
//! A call of `memcpy` for each row costs as much as the row; whole vectors do not, if what they
//! write too much is written again.

use super::vector::Register;
use crate::cpu::simd::simd;

simd!(
    /// Copies rows of `width` elements, `stride` apart in `from`, to rows without gaps that fill `to`.
    pub fn gather<const L: usize>(from: &[f32], stride: usize, width: usize, to: &mut [f32]) {
        let rows = to.len() / width;
        assert!(rows > 0 && (rows - 1) * stride + width <= from.len(), "{rows} rows beyond their slice");
        for row in 0..rows {
            let (at, start) = (row * width, row * stride);
            // Whole vectors as far as the slices go; they write into the next row, which comes later.
            let mut i = 0;
            while i < width && at + i + L <= to.len() && start + i + L <= from.len() {
                // SAFETY: as compared.
                unsafe {
                    Register::<L>::load(from.as_ptr().add(start + i)).store(to.as_mut_ptr().add(at + i))
                };
                i += L;
            }
            if i < width {
                to[at + i..at + width].copy_from_slice(&from[start + i..start + width]);
            }
        }
    }
);

simd!(
    /// Copies rows of `width` elements without gaps, which fill `from`, to rows `stride` apart in
    /// `to`; what is between them becomes 0.
    pub fn spread<const L: usize>(from: &[f32], width: usize, to: &mut [f32], stride: usize) {
        let rows = from.len() / width;
        assert!(width <= stride && rows * stride <= to.len(), "{rows} rows beyond their slice");
        for row in 0..rows {
            let (at, start) = (row * width, row * stride);
            let mut i = 0;
            while i < width && at + i + L <= from.len() && start + i + L <= to.len() {
                // SAFETY: as compared.
                unsafe {
                    Register::<L>::load(from.as_ptr().add(at + i)).store(to.as_mut_ptr().add(start + i))
                };
                i += L;
            }
            if i < width {
                to[start + i..start + width].copy_from_slice(&from[at + i..at + width]);
            }
            to[start + width..start + stride].fill(0.0);
        }
    }
);
