//! Max pooling, forward with indices and backward from them.
//!
//! PyTorch's rules: the first of equal values is chosen, and NaN is larger than all numbers (the last NaN, if
//! there are several). The index of a maximum is its position in its plane, height * width. It is stored as
//! `u32`, which needs half the memory of PyTorch's i64, is as wide as an f32 lane, and suffices for any plane
//! that fits in memory.

use std::sync::atomic::{AtomicU32, Ordering};

use super::max2x2;
use super::{Pool2d, Window};
use crate::cpu::fresh::overwritten;
use crate::cpu::parallel::{self, Disjoint};
use crate::cpu::simd::simd;
use crate::cpu::vector::{Lanes, Vector, put_u32};

/// The index of a window that has no tap in the input; such a window's maximum is -infinity.
pub const NOWHERE: u32 = u32::MAX;

/// The cost per element of a window, in nanoseconds.
const NS_PER_TAP: f64 = 0.3;

/// Computes the maximum of each window and its index.
///
/// `x` is `[planes, height, width]`, `y` and `index` are `[planes, out_height, out_width]`.
pub fn max_pool2d<T: Lanes>(pool: &Pool2d, x: &[T], y: &mut [T], index: &mut [u32]) {
    let (size, out) = (pool.in_size(), pool.out_size());
    assert_eq!((x.len(), y.len(), index.len()), (pool.planes * size, pool.planes * out, pool.planes * out));
    assert!(size < NOWHERE as usize, "max_pool2d: a plane has too many elements");
    let (y, index) = (Disjoint::new(y), Disjoint::new(index));
    let fast = max2x2::applies(pool);
    let ns = out as f64 * (pool.kernel[0] * pool.kernel[1]) as f64 * NS_PER_TAP;
    parallel::for_each_range(pool.planes, together(size), ns, |planes| {
        let (at, n) = (planes.start, planes.len());
        let x = &x[at * size..][..n * size];
        // SAFETY: each call has its own planes.
        let (y, index) = unsafe { (y.part(at * out, n * out), index.part(at * out, n * out)) };
        if fast {
            return max2x2::forward(pool, x, y, index);
        }
        for p in 0..n {
            plane(pool, &x[p * size..][..size], &mut y[p * out..][..out], &mut index[p * out..][..out]);
        }
    });
}

/// Returns the number of planes of a task: distributing small ones singly costs more than pooling them.
fn together(size: usize) -> usize {
    (8192 / size.max(1)).max(1)
}

/// Computes [`max_pool2d`] into new memory.
pub fn maxima<T: Lanes>(pool: &Pool2d, x: &[T]) -> (Vec<T>, Vec<u32>) {
    let len = pool.planes * pool.out_size();
    let mut index = Vec::new();
    // SAFETY: `max_pool2d` overwrites both.
    let y = unsafe { overwritten(len, |y| index = overwritten(len, |index| max_pool2d(pool, x, y, index))) };
    (y, index)
}

simd!(
    /// Pools a plane with any windows, a vector of them at a time.
    fn plane<const L: usize, T: Lanes>(pool: &Pool2d, x: &[T], y: &mut [T], index: &mut [u32]) {
        match pool.stride[1] {
            1 => strided::<L, 1, T>(pool, x, y, index),
            2 => strided::<L, 2, T>(pool, x, y, index),
            _ => strided::<L, 0, T>(pool, x, y, index),
        }
    }
);

/// Returns `L` elements of `x`, `stride` apart. `S` is the stride, or 0 for any.
#[inline(always)]
fn every<const L: usize, const S: usize, T: Lanes>(x: &[T], stride: usize) -> [T; L] {
    match S {
        1 => Vector::of(&x[..L]).0,
        2 => max2x2::split(&x[..2 * L])[0],
        _ => {
            let mut lanes = [T::ZERO; L];
            for (lane, &x) in lanes.iter_mut().zip(x.iter().step_by(stride)) {
                *lane = x;
            }
            lanes
        }
    }
}

#[inline(always)]
fn strided<const L: usize, const S: usize, T: Lanes>(pool: &Pool2d, x: &[T], y: &mut [T], index: &mut [u32]) {
    let (width, columns, stride) = (pool.input[1], pool.output[1], pool.stride[1]);
    if columns == 0 {
        return;
    }
    // A copy of x surrounded by -infinity, up to the end of the last vector's elements.
    let reach = (pool.kernel[1] - 1) * pool.dilation[1];
    let padded = columns.next_multiple_of(L) * stride + reach;
    let padded = padded.max(pool.padding[1] + width);
    let mut copy = vec![T::NEG_INFINITY; pool.input[0] * padded];
    for (copy, x) in copy.chunks_exact_mut(padded).zip(x.chunks_exact(width)) {
        copy[pool.padding[1]..][..width].copy_from_slice(x);
    }
    // The position of the first element of each window that is in the input.
    let first = |o: usize, d: usize| (0..pool.kernel[d]).find_map(|k| pool.tap(d, o, k).map(|at| (k, at)));
    let first_columns: Vec<u32> =
        (0..columns.next_multiple_of(L)).map(|o| first(o, 1).map_or(NOWHERE, |(_, at)| at as u32)).collect();
    let outputs = y.chunks_exact_mut(columns).zip(index.chunks_exact_mut(columns));
    for (o, (y, index)) in outputs.enumerate() {
        let Some((first_tap, first_row)) = first(o, 0) else {
            y.fill(T::NEG_INFINITY);
            index.fill(NOWHERE);
            continue;
        };
        for (j, (y, index)) in y.chunks_mut(L).zip(index.chunks_mut(L)).enumerate() {
            let mut max = [T::NEG_INFINITY; L];
            let mut at = [0; L];
            let row = first_row * width;
            for l in 0..L {
                let column = first_columns[j * L + l];
                at[l] = if column == NOWHERE { NOWHERE } else { row as u32 + column };
            }
            for kh in first_tap..pool.kernel[0] {
                let Some(row) = pool.tap(0, o, kh) else { break };
                for kw in 0..pool.kernel[1] {
                    let column = j * L * stride + kw * pool.dilation[1];
                    let x: [T; L] = every::<L, S, T>(&copy[row * padded + column..][..L * stride], stride);
                    let first = (row * width + column).wrapping_sub(pool.padding[1]) as u32;
                    for l in 0..L {
                        let take = x[l] > max[l] || x[l].is_nan();
                        max[l] = if take { x[l] } else { max[l] };
                        at[l] = if take { first.wrapping_add((l * stride) as u32) } else { at[l] };
                    }
                }
            }
            Vector(max).put(y);
            put_u32(at, index);
        }
    }
}

/// Computes the gradient with respect to x: each `dy` is added at its window's maximum.
///
/// `dy` and `index` are `[planes, out_height, out_width]`, `dx` is `[planes, height, width]` and
/// overwritten.
pub fn max_pool2d_grad<T: Lanes>(pool: &Pool2d, dy: &[T], index: &[u32], dx: &mut [T]) {
    let (size, out) = (pool.in_size(), pool.out_size());
    assert_eq!((dx.len(), dy.len(), index.len()), (pool.planes * size, pool.planes * out, pool.planes * out));
    if size == 0 {
        return;
    }
    let fast = max2x2::applies(pool);
    let chunk = together(size);
    parallel::for_each_chunk(dx, chunk * size, NS_PER_TAP, |i, dx| {
        let part = i * chunk * out..i * chunk * out + dx.len() / size * out;
        let (dy, index) = (&dy[part.clone()], &index[part]);
        if fast {
            return max2x2::backward(pool, dy, index, dx);
        }
        dx.fill(T::ZERO);
        for (i, (&dy, &at)) in dy.iter().zip(index).enumerate() {
            if at != NOWHERE {
                dx[i / out * size + at as usize] += dy;
            }
        }
    });
}

/// Returns the largest index, if there is one.
pub fn largest(index: &[u32]) -> Option<u32> {
    let largest = AtomicU32::new(0);
    parallel::for_each_range(index.len(), 1 << 14, 0.1, |range| {
        let last = index[range].iter().fold(0, |last, &i| last.max(i));
        largest.fetch_max(last, Ordering::Relaxed);
    });
    (!index.is_empty()).then(|| largest.into_inner())
}

/// Computes [`max_pool2d_grad`] into new memory.
pub fn gradient<T: Lanes>(pool: &Pool2d, dy: &[T], index: &[u32]) -> Vec<T> {
    // SAFETY: `max_pool2d_grad` overwrites `dx`.
    unsafe { overwritten(pool.planes * pool.in_size(), |dx| max_pool2d_grad(pool, dy, index, dx)) }
}

/// Computes adaptive max pooling: the maximum of each of `rows` by `cols` windows and its index.
///
/// `x` is `[planes, height, width]`, `y` and `index` are `[planes, rows, cols]`. [`max_pool2d_grad`] computes
/// the gradient, for any windows of these sizes.
pub fn adaptive_max_pool2d<T: Lanes>(
    input: [usize; 2],
    rows: &[Window],
    cols: &[Window],
    x: &[T],
    y: &mut [T],
    index: &mut [u32],
) {
    let (size, out) = (input[0] * input[1], rows.len() * cols.len());
    if out == 0 || size == 0 {
        return;
    }
    assert_eq!((y.len(), index.len()), (x.len() / size * out, y.len()));
    assert!(size < NOWHERE as usize, "adaptive_max_pool2d: a plane has too many elements");
    let (y, index) = (Disjoint::new(y), Disjoint::new(index));
    parallel::for_each(x.len() / size, size as f64, |p| {
        let x = &x[p * size..][..size];
        // SAFETY: each call has its own plane.
        let (y, index) = unsafe { (y.part(p * out, out), index.part(p * out, out)) };
        let windows = rows.iter().flat_map(|r| cols.iter().map(move |c| (r, c)));
        for ((y, index), (r, c)) in y.iter_mut().zip(index).zip(windows) {
            (*y, *index) = (T::NEG_INFINITY, NOWHERE);
            for at in (r.start..r.end).flat_map(|i| i * input[1] + c.start..i * input[1] + c.end) {
                if x[at] > *y || x[at].is_nan() || *index == NOWHERE {
                    (*y, *index) = (x[at], at as u32);
                }
            }
        }
    });
}
