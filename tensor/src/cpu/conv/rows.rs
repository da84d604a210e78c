//! Copies between images with short contiguous rows and rows with gaps.
//!
//! A call of `memcpy` for each row costs as much as the row. Copying whole vectors does not, if the excess is
//! overwritten later.

use super::vector::Register;
use crate::cpu::simd::simd;

simd!(
    /// Copies rows of `width` elements, with a stride for each slice. The gaps in `to` become 0.
    pub fn copy_rows<const L: usize>(
        rows: usize,
        width: usize,
        from: (&[f32], usize),
        to: (&mut [f32], usize),
    ) {
        let ((from, from_stride), (to, to_stride)) = (from, to);
        assert!(rows > 0 && (rows - 1) * from_stride + width <= from.len(), "{rows} rows beyond their slice");
        assert!(width <= to_stride && rows * to_stride <= to.len(), "{rows} rows beyond their slice");
        for row in 0..rows {
            let (start, at) = (row * from_stride, row * to_stride);
            // Whole vectors, as far as the slices reach. They overwrite the start of the next row, which is
            // written later.
            let mut i = 0;
            while i < width && start + i + L <= from.len() && at + i + L <= to.len() {
                // SAFETY: as compared.
                unsafe {
                    Register::<L>::load(from.as_ptr().add(start + i)).store(to.as_mut_ptr().add(at + i));
                }
                i += L;
            }
            if i < width {
                to[at + i..at + width].copy_from_slice(&from[start + i..start + width]);
            }
            if width < to_stride {
                to[at + width..at + to_stride].fill(0.0);
            }
        }
    }
);
