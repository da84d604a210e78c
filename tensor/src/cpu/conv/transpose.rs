//! Transposition of matrices by squares in registers.

use super::vector::Register;
use crate::cpu::simd::simd;

simd!(
    /// Computes `to[c * stride + r] = from[r * stride + c]` for the rows and columns of `shape`. Each slice
    /// has its own stride.
    pub fn transpose<const L: usize>(shape: (usize, usize), from: (&[f32], usize), to: (&mut [f32], usize)) {
        transpose_body::<L>(shape, from, to);
    }
);

/// Computes [`transpose`] inside the body of another kernel.
#[inline(always)]
pub fn transpose_body<const L: usize>(
    (rows, columns): (usize, usize),
    from: (&[f32], usize),
    (to, to_stride): (&mut [f32], usize),
) {
    assert!(rows == 0 || columns == 0 || (columns - 1) * to_stride + rows <= to.len(), "columns beyond");
    // SAFETY: as asserted.
    unsafe { transpose_to::<L>((rows, columns), from, (to.as_mut_ptr(), to_stride)) }
}

/// Computes [`transpose_body`] into a matrix between whose rows others may write.
///
/// # Safety
/// `columns` runs of `rows` elements, `to_stride` apart from `to` on, must be writable.
#[inline(always)]
pub unsafe fn transpose_to<const L: usize>(
    (rows, columns): (usize, usize),
    (from, from_stride): (&[f32], usize),
    (to, to_stride): (*mut f32, usize),
) {
    if rows == 0 || columns == 0 {
        return;
    }
    assert!((rows - 1) * from_stride + columns <= from.len(), "rows beyond their slice");
    let whole_rows = rows / L * L;
    // A last square with fewer columns is read whole if the slice continues into the next row.
    let squares = |r: usize| {
        let over = (r + L - 1) * from_stride + columns.next_multiple_of(L) <= from.len();
        if over { columns.next_multiple_of(L) } else { columns / L * L }
    };
    for r in (0..whole_rows).step_by(L) {
        for c in (0..squares(r)).step_by(L) {
            let mut square = [Register::<L>::splat(0.0); L];
            for (i, row) in square.iter_mut().enumerate() {
                // SAFETY: row r + i has the columns c to c + L - 1, or the slice continues behind it.
                *row = unsafe { Register::<L>::load(from.as_ptr().add((r + i) * from_stride + c)) };
            }
            for (i, row) in Register::<L>::transpose(square).into_iter().enumerate().take(columns - c) {
                // SAFETY: the caller guarantees `to`.
                unsafe { row.store(to.add((c + i) * to_stride + r)) };
            }
        }
    }
    for r in 0..rows {
        for c in if r < whole_rows { squares(r / L * L) } else { 0 }..columns {
            // SAFETY: the caller guarantees `to`.
            unsafe { *to.add(c * to_stride + r) = from[r * from_stride + c] };
        }
    }
}
