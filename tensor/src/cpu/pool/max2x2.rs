//! Max pooling over 2 x 2 windows, 2 apart, unpadded: a vector of windows at a time.

use super::Pool2d;
use crate::cpu::simd::simd;
use crate::cpu::vector::{Lanes, Vector, of_u32, put_u32};

/// Returns true if this module supports these windows.
pub fn applies(pool: &Pool2d) -> bool {
    let inside = (0..2).all(|d| 2 * pool.output[d] <= pool.input[d]);
    pool.out_size() > 0
        && pool.kernel == [2, 2]
        && pool.stride == [2, 2]
        && pool.padding == [0, 0]
        && pool.dilation == [1, 1]
        && inside
}

// Rows are processed from the first to the last, in whole vectors if the memory continues behind them. The
// lanes beyond a row are ignored, and overwritten by the next row.

simd!(
    /// Pools whole planes; see `max_pool2d`.
    pub fn forward<const L: usize, T: Lanes>(pool: &Pool2d, x: &[T], y: &mut [T], index: &mut [u32]) {
        let (width, [rows, columns]) = (pool.input[1], pool.output);
        for row in 0..y.len() / columns {
            let (plane, o) = (row / rows * pool.in_size(), row % rows);
            for j in (0..columns).step_by(L) {
                let (first, at) = (2 * (o * width + j), row * columns + j);
                if let (Some([top, bottom]), Some(y), Some(index)) = (
                    two_rows(x, plane + first, width),
                    y[at..].first_chunk_mut(),
                    index[at..].first_chunk_mut(),
                ) {
                    (*y, *index) = maxima::<L, T>(top, bottom, first as u32, width as u32);
                } else {
                    let n = L.min(columns - j);
                    let part = |first: usize| split::<L, T>(&x[plane + first..][..2 * n]);
                    let (max, place) = maxima(part(first), part(first + width), first as u32, width as u32);
                    Vector(max).put(&mut y[at..][..n]);
                    put_u32(place, &mut index[at..][..n]);
                }
            }
        }
    }
);

/// Returns two rows of `2 L` elements, `width` apart, split, if `x` has them.
#[inline(always)]
fn two_rows<const L: usize, T: Lanes>(x: &[T], first: usize, width: usize) -> Option<[[[T; L]; 2]; 2]> {
    let x = x.get(first..first + width + 2 * L)?;
    let row = |at: usize| {
        // SAFETY: `x` has `width + 2 L` elements, and `at` is 0 or `width`.
        unsafe { deal([Vector::load(x.as_ptr().add(at)).0, Vector::load(x.as_ptr().add(at + L)).0]) }
    };
    Some([row(0), row(width)])
}

/// Returns the maximum of each window and its index in its plane. The first window is at `first`.
#[inline(always)]
fn maxima<const L: usize, T: Lanes>(
    top: [[T; L]; 2],
    bottom: [[T; L]; 2],
    first: u32,
    width: u32,
) -> ([T; L], [u32; L]) {
    let (mut max, mut at) = (top[0], [0; L]);
    for l in 0..L {
        let first = first + 2 * l as u32;
        at[l] = first;
        for (x, at_x) in
            [(top[1][l], first + 1), (bottom[0][l], first + width), (bottom[1][l], first + width + 1)]
        {
            let take = x > max[l] || x.is_nan();
            max[l] = if take { x } else { max[l] };
            at[l] = if take { at_x } else { at[l] };
        }
    }
    (max, at)
}

/// Returns the elements at even and at odd positions of `x`, at most `2 L`, padded with zeros.
#[inline(always)]
pub fn split<const L: usize, T: Lanes>(x: &[T]) -> [[T; L]; 2] {
    let (low, high) = x.split_at(x.len().min(L));
    deal([Vector::of(low).0, Vector::of(high).0])
}

/// Returns the lanes at even and at odd positions of two vectors.
#[inline(always)]
fn deal<const L: usize, T: Lanes>(pair: [[T; L]; 2]) -> [[T; L]; 2] {
    let mut split = [[T::ZERO; L]; 2];
    for l in 0..L {
        for s in 0..2 {
            split[s][l] = pair[(2 * l + s) / L][(2 * l + s) % L];
        }
    }
    split
}

/// Interleaves the lanes of `split[0]` and `split[1]`.
#[inline(always)]
fn join<const L: usize, T: Lanes>(split: [[T; L]; 2]) -> [[T; L]; 2] {
    let mut pair = [[T::ZERO; L]; 2];
    for l in 0..L {
        for s in 0..2 {
            pair[(2 * l + s) / L][(2 * l + s) % L] = split[s][l];
        }
    }
    pair
}

simd!(
    /// Computes the gradient of whole planes; see `max_pool2d_grad`.
    pub fn backward<const L: usize, T: Lanes>(pool: &Pool2d, dy: &[T], index: &[u32], dx: &mut [T]) {
        let (width, [rows, columns], size) = (pool.input[1], pool.output, pool.in_size());
        for row in 0..dy.len() / columns {
            let (plane, o) = (row / rows * size, row % rows);
            for start in [2 * o * width, (2 * o + 1) * width] {
                for j in (0..columns).step_by(L) {
                    let (first, at) = (start + 2 * j, row * columns + j);
                    if let (Some(dy), Some(index), Some(dx)) = (
                        dy[at..].first_chunk(),
                        index[at..].first_chunk(),
                        dx.get_mut(plane + first..plane + first + 2 * L),
                    ) {
                        let [low, high] = scattered::<L, T>(*dy, *index, first as u32);
                        Vector(low).put(dx);
                        Vector(high).put(&mut dx[L..]);
                    } else {
                        let n = L.min(columns - j);
                        let dy = Vector::of(&dy[at..][..n]).0;
                        let [low, high] = scattered::<L, T>(dy, of_u32(&index[at..][..n]), first as u32);
                        let (to_low, to_high) = dx[plane + first..][..2 * n].split_at_mut(L.min(2 * n));
                        Vector(low).put(to_low);
                        Vector(high).put(to_high);
                    }
                }
                dx[plane + start + 2 * columns..plane + start + width].fill(T::ZERO);
            }
            if o + 1 == rows {
                dx[plane + 2 * rows * width..plane + size].fill(T::ZERO); // a row that no window covers
            }
        }
    }
);

/// Returns the `2 L` elements of a plane from `first` on: the gradients at the maxima, else 0. It takes
/// values, and 32-bit indices, because otherwise the compiler processes the lanes one by one.
#[inline(always)]
fn scattered<const L: usize, T: Lanes>(dy: [T; L], index: [u32; L], first: u32) -> [[T; L]; 2] {
    let mut out = [[T::ZERO; L]; 2];
    for l in 0..L {
        let at = first + 2 * l as u32;
        out[0][l] = if index[l] == at { dy[l] } else { T::ZERO };
        out[1][l] = if index[l] == at + 1 { dy[l] } else { T::ZERO };
    }
    join(out)
}
