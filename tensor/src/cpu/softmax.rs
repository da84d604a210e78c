//! Softmax and log-softmax along one dimension of contiguous memory, and their gradients.
//!
//! Memory is seen as slabs of `n` rows of `inner` neighbours, where the dimension is that of the rows. Along
//! the last dimension (`inner` 1) a whole slab is processed at a time, else a block of columns, so that
//! values that are read again are still in the cache. Sums are accumulated in `f64`, or in `f32` over at most
//! 16 elements per lane.

use super::element::{Float, Number};
use super::fresh::overwritten;
use super::parallel::{self, Disjoint, Share};
use super::simd::{Simd, dispatch};

/// The number of columns that are processed together.
const COLUMNS: usize = 128;
/// The number of elements of a task.
const TASK: usize = 16_384;
/// The number of lanes of a sum.
const LANES: usize = 32;

/// The function to compute and its operands: `x` is the argument, `y` the function's result for a gradient.
#[derive(Clone, Copy)]
enum Job<'a, T> {
    Softmax { x: &'a [T] },
    LogSoftmax { x: &'a [T] },
    SoftmaxGrad { y: &'a [T], dy: &'a [T] },
    LogSoftmaxGrad { y: &'a [T], dy: &'a [T] },
}

/// Returns `e^x / sum(e^x)` over each `n` elements that are `inner` apart.
///
/// # Panics
/// If the operands are not whole slabs of `n * inner` elements, all of one length, as in all functions here.
pub fn softmax<T: Float>(x: &[T], n: usize, inner: usize) -> Vec<T> {
    run(Job::Softmax { x }, x.len(), n, inner)
}

/// Returns `x - ln(sum(e^x))`.
pub fn log_softmax<T: Float>(x: &[T], n: usize, inner: usize) -> Vec<T> {
    run(Job::LogSoftmax { x }, x.len(), n, inner)
}

/// Returns the gradient of softmax from its result: `y (dy - sum(y dy))`.
pub fn softmax_grad<T: Float>(y: &[T], dy: &[T], n: usize, inner: usize) -> Vec<T> {
    assert_eq!(y.len(), dy.len());
    run(Job::SoftmaxGrad { y, dy }, y.len(), n, inner)
}

/// Returns the gradient of log-softmax from its result: `dy - e^y sum(dy)`.
pub fn log_softmax_grad<T: Float>(y: &[T], dy: &[T], n: usize, inner: usize) -> Vec<T> {
    assert_eq!(y.len(), dy.len());
    run(Job::LogSoftmaxGrad { y, dy }, y.len(), n, inner)
}

fn run<T: Float>(job: Job<'_, T>, len: usize, n: usize, inner: usize) -> Vec<T> {
    let slab = n * inner;
    if len == 0 {
        return Vec::new();
    }
    assert_eq!(len % slab, 0, "whole slabs");
    let fill = |y: &mut [T]| fill(job, y, n, inner);
    // SAFETY: the rows, or the columns of all slabs, cover all elements, and each is written before it is
    // read.
    unsafe { overwritten(len, fill) }
}

fn fill<T: Float>(job: Job<'_, T>, y: &mut [T], n: usize, inner: usize) {
    let (len, slab, y) = (y.len(), n * inner, Disjoint::new(y));
    if inner == 1 {
        let rows = TASK.div_ceil(n);
        parallel::for_each_range(len / n, rows, n as f64, |range| {
            // SAFETY: the ranges of different calls do not overlap.
            let out = unsafe { y.part(range.start * n, range.len() * n) };
            compile(Rows { job, first: range.start, n, out });
        });
    } else {
        let blocks = inner.div_ceil(COLUMNS);
        let units = len / slab * blocks;
        let grain = (TASK / (n * inner.min(COLUMNS))).max(1);
        parallel::for_each_range(units, grain, (n * inner.min(COLUMNS)) as f64, |range| {
            for unit in range {
                let column = unit % blocks * COLUMNS;
                let (start, width) = (unit / blocks * slab + column, COLUMNS.min(inner - column));
                // SAFETY: a unit uses the elements of its own columns only.
                let out = unsafe { y.share() };
                compile(Columns { job, start, n, inner, width, out });
            }
        });
    }
}

/// Runs the job compiled for each instruction set, for types that gain from it.
fn compile<T: Float>(s: impl Simd<Out = ()> + Of<T>) {
    if T::SIMD { dispatch(s) } else { s.run::<4>() }
}

/// A job on elements of type `T`.
trait Of<T> {}
impl<T> Of<T> for Rows<'_, T> {}
impl<T> Of<T> for Columns<'_, '_, T> {}

struct Rows<'a, T> {
    job: Job<'a, T>,
    first: usize,
    n: usize,
    out: &'a mut [T],
}

impl<T: Float> Simd for Rows<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run<const L: usize>(self) {
        let n = self.n;
        for (i, out) in self.out.chunks_exact_mut(n).enumerate() {
            let row = (self.first + i) * n..(self.first + i + 1) * n;
            let out = &mut out[..n];
            match self.job {
                Job::Softmax { x } => {
                    let (_, sum) = exponentials::<L, T>(&x[row], out);
                    let share = T::of(1.0 / sum);
                    for y in out {
                        *y = y.mul(share);
                    }
                }
                Job::LogSoftmax { x } => {
                    let x = &x[row];
                    let (max, sum) = exponentials::<L, T>(x, out);
                    let log = T::of(sum.ln());
                    for (y, x) in out.iter_mut().zip(x) {
                        *y = x.sub(max).sub(log);
                    }
                }
                Job::SoftmaxGrad { y, dy } => {
                    let (y, dy) = (&y[row.clone()][..n], &dy[row][..n]);
                    for i in 0..n {
                        out[i] = y[i].mul(dy[i]);
                    }
                    let sum = T::of(sum(out));
                    for i in 0..n {
                        out[i] = y[i].mul(dy[i].sub(sum));
                    }
                }
                Job::LogSoftmaxGrad { y, dy } => {
                    let (y, dy) = (&y[row.clone()][..n], &dy[row][..n]);
                    let sum = T::of(sum(dy));
                    for i in 0..n {
                        out[i] = dy[i].sub(y[i].exp::<L>().mul(sum));
                    }
                }
            }
        }
    }
}

/// Writes `e^(x - greatest)`. Returns the greatest element and the sum.
#[inline(always)]
fn exponentials<const L: usize, T: Float>(x: &[T], out: &mut [T]) -> (T, f64) {
    let mut lanes = [T::LOWEST; LANES];
    let (blocks, rest) = x.as_chunks::<LANES>();
    for block in blocks {
        for l in 0..LANES {
            lanes[l] = if block[l] > lanes[l] { block[l] } else { lanes[l] };
        }
    }
    let mut max = T::LOWEST;
    for &x in lanes.iter().chain(rest) {
        max = if x > max { x } else { max };
    }
    let x = &x[..out.len()];
    for i in 0..out.len() {
        out[i] = x[i].sub(max).exp::<L>();
    }
    (max, sum(out))
}

/// Returns the sum of all elements.
#[inline(always)]
fn sum<T: Float>(x: &[T]) -> f64 {
    let mut total = 0.0;
    for part in x.chunks(16 * LANES) {
        let (blocks, rest) = part.as_chunks::<LANES>();
        let mut lanes = [T::ZERO; LANES];
        for block in blocks {
            for l in 0..LANES {
                lanes[l] = lanes[l].add(block[l]);
            }
        }
        let mut half = LANES / 2;
        while half > 0 {
            for l in 0..half {
                lanes[l] = lanes[l].add(lanes[l + half]);
            }
            half /= 2;
        }
        total += lanes[0].to_f64();
        for x in rest {
            total += x.to_f64();
        }
    }
    total
}

/// `width` neighbouring columns of a slab, from the element `start` on.
struct Columns<'a, 'b, T> {
    job: Job<'a, T>,
    start: usize,
    n: usize,
    inner: usize,
    width: usize,
    out: Share<'b, T>,
}

impl<T: Float> Simd for Columns<'_, '_, T> {
    type Out = ();
    #[inline(always)]
    fn run<const L: usize>(mut self) {
        let (w, inner) = (self.width, self.inner);
        let rows = (0..self.n).map(|r| self.start + r * inner);
        let (mut max, mut sums) = ([T::LOWEST; COLUMNS], [0.0; COLUMNS]);
        match self.job {
            Job::Softmax { x } | Job::LogSoftmax { x } => {
                for at in rows.clone() {
                    for (max, &x) in max[..w].iter_mut().zip(&x[at..at + w]) {
                        *max = if x > *max { x } else { *max };
                    }
                }
                for at in rows.clone() {
                    let (x, out) = (&x[at..at + w], self.out.part(at, w));
                    let (max, sums) = (&max[..w], &mut sums[..w]);
                    for c in 0..w {
                        let e = x[c].sub(max[c]).exp::<L>();
                        sums[c] += e.to_f64();
                        out[c] = e;
                    }
                }
            }
            Job::SoftmaxGrad { y, dy } => {
                for at in rows.clone() {
                    for ((sum, y), dy) in sums[..w].iter_mut().zip(&y[at..at + w]).zip(&dy[at..at + w]) {
                        *sum += y.mul(*dy).to_f64();
                    }
                }
            }
            Job::LogSoftmaxGrad { dy, .. } => {
                for at in rows.clone() {
                    for (sum, dy) in sums[..w].iter_mut().zip(&dy[at..at + w]) {
                        *sum += dy.to_f64();
                    }
                }
            }
        }
        let mut of_sum = [T::ZERO; COLUMNS];
        for (of_sum, sum) in of_sum.iter_mut().zip(sums) {
            *of_sum = T::of(match self.job {
                Job::Softmax { .. } => 1.0 / sum,
                Job::LogSoftmax { .. } => sum.ln(),
                _ => sum,
            });
        }
        let (max, sum) = (&max[..w], &of_sum[..w]);
        for at in rows {
            let out = self.out.part(at, w);
            match self.job {
                Job::Softmax { .. } => {
                    for c in 0..w {
                        out[c] = out[c].mul(sum[c]);
                    }
                }
                Job::LogSoftmax { x } => {
                    let x = &x[at..at + w];
                    for c in 0..w {
                        out[c] = x[c].sub(max[c]).sub(sum[c]);
                    }
                }
                Job::SoftmaxGrad { y, dy } => {
                    let (y, dy) = (&y[at..at + w], &dy[at..at + w]);
                    for c in 0..w {
                        out[c] = y[c].mul(dy[c].sub(sum[c]));
                    }
                }
                Job::LogSoftmaxGrad { y, dy } => {
                    let (y, dy) = (&y[at..at + w], &dy[at..at + w]);
                    for c in 0..w {
                        out[c] = dy[c].sub(y[c].exp::<L>().mul(sum[c]));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
