//! Channels of few values a sample, side by side: each sample's values of a range of channels are
//! one row, and what is gathered has a place for each of the row's values. Sums are in f64.

use std::mem::MaybeUninit;
use std::ops::Range;

use super::{Coefficients, Line, Moments, Shape};
use crate::cpu::parallel::Disjoint;
use crate::cpu::simd::simd;
use crate::cpu::vector::Lanes;

/// The places in memory of the row of sample `n`.
#[inline(always)]
fn row(shape: &Shape, n: usize, range: &Range<usize>) -> Range<usize> {
    shape.row(n, range.start)..shape.row(n, range.end)
}

/// The sum of each channel's places.
#[inline(always)]
fn of_channels(shape: &Shape, places: &[f64], mut f: impl FnMut(f64)) {
    for places in places.chunks_exact(shape.size) {
        let mut sum = 0.0;
        for place in places {
            sum += place;
        }
        f(sum);
    }
}

simd!(
    /// The moments of the channels `range`.
    pub fn moments<const L: usize, T: Lanes>(shape: &Shape, x: &[T], range: Range<usize>) -> Vec<Moments> {
        let (count, width) = (shape.count() as f64, range.len() * shape.size);
        let mut sums = vec![0.0; width];
        for n in 0..shape.batch {
            let x = &x[row(shape, n, &range)][..width];
            for i in 0..width {
                sums[i] += x[i].f64();
            }
        }
        let mut moments = Vec::with_capacity(range.len());
        of_channels(shape, &sums, |sum| moments.push(Moments { count, mean: sum / count, squares: 0.0 }));
        let mut mean = Vec::with_capacity(width);
        for moments in &moments {
            mean.resize(mean.len() + shape.size, moments.mean);
        }
        sums.fill(0.0);
        for n in 0..shape.batch {
            let (x, mean) = (&x[row(shape, n, &range)][..width], &mean[..width]);
            for i in 0..width {
                let d = x[i].f64() - mean[i];
                sums[i] += d * d;
            }
        }
        let mut c = 0;
        of_channels(shape, &sums, |sum| {
            moments[c].squares = sum;
            c += 1;
        });
        moments
    }
);

simd!(
    /// The sums of dy and of dy (x - mean) over the channels `range`.
    pub fn gradient_sums<const L: usize, T: Lanes>(
        shape: &Shape,
        x: &[T],
        dy: &[T],
        mean: &[T],
        range: Range<usize>,
    ) -> Vec<(f64, f64)> {
        let width = range.len() * shape.size;
        let mut means = Vec::with_capacity(width);
        for mean in &mean[range.clone()] {
            means.resize(means.len() + shape.size, mean.f64());
        }
        let (mut sum, mut dot) = (vec![0.0; width], vec![0.0; width]);
        for n in 0..shape.batch {
            let row = row(shape, n, &range);
            let (x, dy, means) = (&x[row.clone()][..width], &dy[row][..width], &means[..width]);
            for i in 0..width {
                sum[i] += dy[i].f64();
            }
            for i in 0..width {
                dot[i] += dy[i].f64() * (x[i].f64() - means[i]);
            }
        }
        let mut sums = Vec::with_capacity(range.len());
        of_channels(shape, &sum, |sum| sums.push((sum, 0.0)));
        let mut c = 0;
        of_channels(shape, &dot, |dot| {
            sums[c].1 = dot;
            c += 1;
        });
        sums
    }
);

simd!(
    /// Normalises the channels `range`; the caller alone uses those channels of `y`.
    pub fn normalise<const L: usize, T: Lanes>(
        shape: &Shape,
        x: &[T],
        range: Range<usize>,
        lines: &[Line<T>],
        y: Disjoint<'_, MaybeUninit<T>>,
    ) {
        let width = range.len() * shape.size;
        let [mut mean, mut scale, mut bias] = [const { Vec::new() }; 3];
        for line in lines {
            mean.resize(mean.len() + shape.size, line.mean);
            scale.resize(scale.len() + shape.size, line.scale);
            bias.resize(bias.len() + shape.size, line.bias);
        }
        let (mean, scale, bias) = (&mean[..width], &scale[..width], &bias[..width]);
        for n in 0..shape.batch {
            let row = row(shape, n, &range);
            // SAFETY: the caller alone uses these channels.
            let y = unsafe { y.part(row.start, width) };
            let x = &x[row][..width];
            for i in 0..width {
                y[i].write((x[i] - mean[i]).fma::<L>(scale[i], bias[i]));
            }
        }
    }
);

simd!(
    /// The gradient of the channels `range`; the caller alone uses those channels of `dx`.
    pub fn gradient<const L: usize, T: Lanes>(
        shape: &Shape,
        x: &[T],
        dy: &[T],
        range: Range<usize>,
        k: &[Coefficients<T>],
        dx: Disjoint<'_, MaybeUninit<T>>,
    ) {
        let width = range.len() * shape.size;
        let [mut mean, mut scale, mut level, mut slope] = [const { Vec::new() }; 4];
        for k in k {
            mean.resize(mean.len() + shape.size, k.mean);
            scale.resize(scale.len() + shape.size, k.scale);
            level.resize(level.len() + shape.size, -k.level);
            slope.resize(slope.len() + shape.size, k.slope);
        }
        let (mean, scale) = (&mean[..width], &scale[..width]);
        let (level, slope) = (&level[..width], &slope[..width]);
        for n in 0..shape.batch {
            let row = row(shape, n, &range);
            // SAFETY: the caller alone uses these channels.
            let dx = unsafe { dx.part(row.start, width) };
            let (x, dy) = (&x[row.clone()][..width], &dy[row][..width]);
            for i in 0..width {
                dx[i].write(dy[i].fma::<L>(scale[i], (mean[i] - x[i]).fma::<L>(slope[i], level[i])));
            }
        }
    }
);
