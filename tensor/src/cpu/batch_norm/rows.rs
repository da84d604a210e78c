//! Statistics and normalisation of one channel: a row of `size` values in each sample.

use super::{Coefficients, Line, Moments, Shape};
use crate::cpu::parallel::Disjoint;
use crate::cpu::row_norm::Centre;
use crate::cpu::simd::simd;
use crate::cpu::vector::{Lanes, Vector};

/// The number of values that are read twice while they are in the level-1 cache.
pub const BLOCK: usize = 4096;

/// Returns the sum of all lanes, in a fixed order.
#[inline(always)]
fn total<const L: usize, T: Lanes>(sums: [Vector<T, L>; 4]) -> T {
    sums[0].add(sums[1]).add(sums[2].add(sums[3])).sum()
}

/// Adds x.
#[inline(always)]
fn add<const L: usize, T: Lanes>(x: &[T], sums: &mut [Vector<T, L>; 4]) {
    let fours = x.chunks_exact(4 * L);
    for part in fours.remainder().chunks(L) {
        sums[0] = sums[0].add(Vector::of(part));
    }
    for x in fours {
        for a in 0..4 {
            sums[a] = sums[a].add(Vector::of(&x[a * L..][..L]));
        }
    }
}

/// Adds x - mean to one sum, and its square to another.
#[inline(always)]
fn add_deviations<const L: usize, T: Lanes>(
    x: &[T],
    mean: T,
    sums: &mut [Vector<T, L>; 4],
    squares: &mut [Vector<T, L>; 4],
) {
    let means = [-mean; L];
    let fours = x.chunks_exact(4 * L);
    for part in fours.remainder().chunks(L) {
        // Lanes beyond the end are 0, so they add 0.
        let d = Vector::of(part).add(Vector::of(&means[..part.len()]));
        sums[0] = sums[0].add(d);
        squares[0] = d.fma(d, squares[0]);
    }
    for x in fours {
        for a in 0..4 {
            let d = Vector::of(&x[a * L..][..L]).add(Vector(means));
            sums[a] = sums[a].add(d);
            squares[a] = d.fma(d, squares[a]);
        }
    }
}

/// Returns the moments of channel `c` of `rows` samples from sample `first` on.
#[inline(always)]
fn block<const L: usize, T: Lanes>(shape: &Shape, x: &[T], c: usize, first: usize, rows: usize) -> Moments {
    let count = (rows * shape.size) as f64;
    let mut sums = [Vector::<T, L>::ZERO; 4];
    for n in first..first + rows {
        add(&x[shape.row(n, c)..][..shape.size], &mut sums);
    }
    let near = T::of(total(sums).f64() / count);
    let (mut sums, mut squares) = ([Vector::<T, L>::ZERO; 4], [Vector::<T, L>::ZERO; 4]);
    for n in first..first + rows {
        add_deviations(&x[shape.row(n, c)..][..shape.size], near, &mut sums, &mut squares);
    }
    // The sum of large values has lost digits, which the sum of their deviations has.
    let off = total(sums).f64() / count;
    Moments { count, mean: near.f64() + off, squares: total(squares).f64() - count * off * off }
}

/// Returns the moments of `x`; with [`Centre::Zero`], its squares and a mean of 0.
#[inline(always)]
pub fn moments_of<const L: usize, T: Lanes>(x: &[T], centre: Centre) -> Moments {
    let mut moments = Moments::default();
    for x in x.chunks(BLOCK) {
        moments = if centre == Centre::Zero {
            let (mut sums, mut squares) = ([Vector::<T, L>::ZERO; 4], [Vector::<T, L>::ZERO; 4]);
            add_deviations(x, T::ZERO, &mut sums, &mut squares);
            moments.join(Moments { count: x.len() as f64, mean: 0.0, squares: total(squares).f64() })
        } else {
            let shape = Shape { batch: 1, channels: 1, size: x.len() };
            moments.join(block::<L, T>(&shape, x, 0, 0, 1))
        };
    }
    moments
}

simd!(
    /// Returns the moments of channel `c`.
    pub fn moments<const L: usize, T: Lanes>(shape: &Shape, x: &[T], c: usize) -> Moments {
        let rows = (BLOCK / shape.size.max(1)).max(1);
        let mut moments = Moments::default();
        for first in (0..shape.batch).step_by(rows) {
            moments = moments.join(block::<L, T>(shape, x, c, first, rows.min(shape.batch - first)));
        }
        moments
    }
);

simd!(
    /// Returns the sums of dy and of dy (x - mean) over channel `c`.
    pub fn gradient_sums<const L: usize, T: Lanes>(
        shape: &Shape,
        x: &[T],
        dy: &[T],
        mean: T,
        c: usize,
    ) -> (f64, f64) {
        let mut total = (0.0, 0.0);
        for n in 0..shape.batch {
            let at = shape.row(n, c);
            let (sum, dot) = sums::<L, T>(&x[at..][..shape.size], &dy[at..][..shape.size], mean);
            total = (total.0 + sum, total.1 + dot);
        }
        total
    }
);

/// Returns the sums of dy and of dy (x - mean), computed a block at a time.
#[inline(always)]
pub fn sums<const L: usize, T: Lanes>(x: &[T], dy: &[T], mean: T) -> (f64, f64) {
    let mut total = (0.0, 0.0);
    for (x, dy) in x.chunks(BLOCK).zip(dy.chunks(BLOCK)) {
        let (sum, dot) = block_sums::<L, T>(x, dy, mean);
        total = (total.0 + sum, total.1 + dot);
    }
    total
}

#[inline(always)]
fn block_sums<const L: usize, T: Lanes>(x: &[T], dy: &[T], mean: T) -> (f64, f64) {
    let means = Vector::<T, L>([-mean; L]);
    let mut sum = [Vector::<T, L>::ZERO; 4];
    let mut dot = [Vector::<T, L>::ZERO; 4];
    let (fours_x, fours_dy) = (x.chunks_exact(4 * L), dy.chunks_exact(4 * L));
    for (x, dy) in fours_x.remainder().chunks(L).zip(fours_dy.remainder().chunks(L)) {
        // Lanes beyond the end have dy = 0.
        let dy = Vector::of(dy);
        sum[0] = sum[0].add(dy);
        dot[0] = dy.fma(Vector::of(x).add(means), dot[0]);
    }
    for (x, dy) in fours_x.zip(fours_dy) {
        for a in 0..4 {
            let dy = Vector::of(&dy[a * L..][..L]);
            sum[a] = sum[a].add(dy);
            dot[a] = dy.fma(Vector::of(&x[a * L..][..L]).add(means), dot[a]);
        }
    }
    (total(sum).f64(), total(dot).f64())
}

simd!(
    /// Normalises channel `c`. Nothing else may use that channel of `y`.
    pub fn normalise<const L: usize, T: Lanes>(
        shape: &Shape,
        x: &[T],
        c: usize,
        line: Line<T>,
        y: Disjoint<'_, T>,
    ) {
        let Line { mean, scale, bias } = line;
        for n in 0..shape.batch {
            let at = shape.row(n, c);
            // SAFETY: nothing else uses this channel.
            let y = unsafe { y.part(at, shape.size) };
            for (y, &x) in y.iter_mut().zip(&x[at..][..shape.size]) {
                *y = (x - mean).fma::<L>(scale, bias);
            }
        }
    }
);

simd!(
    /// Computes the gradient of channel `c`. Nothing else may use that channel of `dx`.
    pub fn gradient<const L: usize, T: Lanes>(
        shape: &Shape,
        x: &[T],
        dy: &[T],
        c: usize,
        k: Coefficients<T>,
        dx: Disjoint<'_, T>,
    ) {
        let Coefficients { mean, scale, level, slope } = k;
        for n in 0..shape.batch {
            let at = shape.row(n, c);
            // SAFETY: nothing else uses this channel.
            let dx = unsafe { dx.part(at, shape.size) };
            let (x, dy) = (&x[at..][..shape.size], &dy[at..][..shape.size]);
            for ((dx, &x), &dy) in dx.iter_mut().zip(x).zip(dy) {
                *dx = dy.fma::<L>(scale, (mean - x).fma::<L>(slope, -level));
            }
        }
    }
);
