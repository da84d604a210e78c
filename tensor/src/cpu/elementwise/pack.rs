//! The rows of a tile, in place or copied to the thread's scratch memory.

use std::cell::UnsafeCell;

use super::super::strided::{OPERANDS, TILE, Tile};

/// Returns the pointer to operand `k` of the tile with contiguous columns, and its row stride: in place, or
/// copied to the thread's scratch memory.
///
/// # Safety
/// The tile's indices must be in bounds of the memory at `base`. Part `k` of the scratch memory is
/// overwritten.
pub(super) unsafe fn operand<T: Copy>(tile: &Tile, k: usize, base: *mut T, flat: bool) -> (*mut T, usize) {
    if size_of::<T>() == 0 {
        return (base, tile.cols);
    }
    // SAFETY: in bounds, as the caller guarantees; a part of the scratch memory holds `TILE` elements of up
    // to 8 bytes, aligned for them, and `tile` has no more.
    unsafe {
        let at = base.add(tile.at[k]);
        let in_row = tile.col[k] == 1 && !(flat && k > 0 && tile.row[k] != tile.cols);
        if in_row {
            return (at, if tile.rows == 1 { tile.cols } else { tile.row[k] });
        }
        let packed = SCRATCH.with(|scratch| {
            const { assert!(size_of::<T>() <= 8) };
            let scratch = &mut *scratch.get();
            if scratch.is_empty() {
                scratch.resize(OPERANDS * TILE, 0);
            }
            scratch.as_mut_ptr().add(k * TILE).cast::<T>()
        });
        copy_2d(tile.rows, tile.cols, at, [tile.row[k], tile.col[k]], packed, [tile.cols, 1]);
        (packed, tile.cols)
    }
}

thread_local! {
    /// A packed tile for each operand; 128 KiB, allocated at the first use.
    static SCRATCH: UnsafeCell<Vec<u64>> = const { UnsafeCell::new(Vec::new()) };
}

/// Copies elements `(r, c)` at `r * stride[0] + c * stride[1]` of `src` to those of `dst`.
///
/// # Safety
/// All of them must be in bounds, and the two must not overlap.
pub(super) unsafe fn copy_2d<T: Copy>(
    rows: usize,
    cols: usize,
    src: *const T,
    [sr, sc]: [usize; 2],
    dst: *mut T,
    [dr, dc]: [usize; 2],
) {
    // SAFETY: as the caller guarantees.
    unsafe {
        match (sc, dc) {
            (1, 1) => {
                for r in 0..rows {
                    std::ptr::copy_nonoverlapping(src.add(r * sr), dst.add(r * dr), cols);
                }
            }
            (0, 1) => {
                for r in 0..rows {
                    std::slice::from_raw_parts_mut(dst.add(r * dr), cols).fill(*src.add(r * sr));
                }
            }
            // Along the source's rows if that is the order of its memory.
            _ if sr < sc => copy_2d(cols, rows, src, [sc, sr], dst, [dc, dr]),
            _ => {
                for r in 0..rows {
                    for c in 0..cols {
                        *dst.add(r * dr + c * dc) = *src.add(r * sr + c * sc);
                    }
                }
            }
        }
    }
}
