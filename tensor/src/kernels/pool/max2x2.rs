//! Max pooling over 2 x 2 windows, 2 apart, unpadded: a vector of windows at a time.

use super::Pool2d;
use crate::kernels::simd::simd;
use crate::kernels::vector::{Lanes, Vector, of_u32, put_u32};

/// Whether this module pools these windows.
pub fn applies(pool: &Pool2d) -> bool {
    let inside = (0..2).all(|d| 2 * pool.output[d] <= pool.input[d]);
    pool.kernel == [2, 2]
        && pool.stride == [2, 2]
        && pool.padding == [0, 0]
        && pool.dilation == [1, 1]
        && inside
}

simd! {
    /// One plane forward, as `max_pool2d`.
    pub fn forward<T: Lanes>(
        width: usize, output: [usize; 2], x: &[T], y: &mut [T], index: &mut [u32], relu: bool,
    ) = forward_body;

    /// One plane backward, as `max_pool2d_grad`.
    pub fn backward<T: Lanes>(
        width: usize, output: [usize; 2], dy: &[T], index: &[u32], y: Option<&[T]>, dx: &mut [T],
    ) = backward_body;
}

#[inline(always)]
fn forward_body<const L: usize, T: Lanes>(
    width: usize,
    output: [usize; 2],
    x: &[T],
    y: &mut [T],
    index: &mut [u32],
    relu: bool,
) {
    for o in 0..output[0] {
        let row = o * output[1]..(o + 1) * output[1];
        let (y, index) = (&mut y[row.clone()], &mut index[row]);
        for (j, (y, index)) in y.chunks_mut(L).zip(index.chunks_mut(L)).enumerate() {
            let first = 2 * o * width + 2 * j * L;
            let top = split::<L, T>(&x[first..][..2 * y.len()]);
            let bottom = split::<L, T>(&x[first + width..][..2 * y.len()]);
            let (mut max, mut at) = ([T::ZERO; L], [0; L]);
            for l in 0..L {
                let first = (first + 2 * l) as u32;
                (max[l], at[l]) = (top[0][l], first);
                let width = width as u32;
                for (x, at_x) in
                    [(top[1][l], first + 1), (bottom[0][l], first + width), (bottom[1][l], first + width + 1)]
                {
                    let take = x > max[l] || x.is_nan();
                    max[l] = if take { x } else { max[l] };
                    at[l] = if take { at_x } else { at[l] };
                }
                max[l] = if relu && max[l] < T::ZERO { T::ZERO } else { max[l] };
            }
            Vector(max).put(y);
            put_u32(at, index);
        }
    }
}

/// The elements at even and at odd positions of `x`, at most `2 L`, then zeros.
#[inline(always)]
pub fn split<const L: usize, T: Lanes>(x: &[T]) -> [[T; L]; 2] {
    let (low, high) = x.split_at(x.len().min(L));
    let pair = [Vector::<T, L>::of(low).0, Vector::<T, L>::of(high).0];
    let mut split = [[T::ZERO; L]; 2];
    for l in 0..L {
        for s in 0..2 {
            split[s][l] = pair[(2 * l + s) / L][(2 * l + s) % L];
        }
    }
    split
}

/// Writes the elements of `split[0]` and `split[1]` in turn, as many as `y` has room for.
#[inline(always)]
fn join<const L: usize, T: Lanes>(split: [[T; L]; 2], y: &mut [T]) {
    let mut pair = [[T::ZERO; L]; 2];
    for l in 0..L {
        for s in 0..2 {
            pair[(2 * l + s) / L][(2 * l + s) % L] = split[s][l];
        }
    }
    let (low, high) = y.split_at_mut(y.len().min(L));
    Vector(pair[0]).put(low);
    Vector(pair[1]).put(high);
}

#[inline(always)]
fn backward_body<const L: usize, T: Lanes>(
    width: usize,
    output: [usize; 2],
    dy: &[T],
    index: &[u32],
    y: Option<&[T]>,
    dx: &mut [T],
) {
    let n = output[1];
    for (o, dx) in dx.chunks_mut(2 * width).enumerate() {
        if o == output[0] {
            dx.fill(T::ZERO); // the remainder row
            continue;
        }
        let (top, bottom) = dx.split_at_mut(width);
        top[2 * n..].fill(T::ZERO);
        bottom[2 * n..].fill(T::ZERO);
        for j in (0..n).step_by(L) {
            let part = o * n + j..o * n + (j + L).min(n);
            let mut d = Vector::<T, L>::of(&dy[part.clone()]).0;
            if let Some(y) = y {
                let y = Vector::<T, L>::of(&y[part.clone()]).0;
                for l in 0..L {
                    d[l] = if y[l] <= T::ZERO { T::ZERO } else { d[l] };
                }
            }
            let at: [u32; L] = of_u32(&index[part.clone()]);
            let mut out = [[[T::ZERO; L]; 2]; 2];
            for l in 0..L {
                let first = (2 * o * width + 2 * (j + l)) as u32;
                for s in 0..2 {
                    out[0][s][l] = if at[l] == first + s as u32 { d[l] } else { T::ZERO };
                    out[1][s][l] = if at[l] == first + (width + s) as u32 { d[l] } else { T::ZERO };
                }
            }
            join(out[0], &mut top[2 * j..][..2 * part.len()]);
            join(out[1], &mut bottom[2 * j..][..2 * part.len()]);
        }
    }
}
