//! Channels with few values per sample, processed side by side. Each sample's values of a range of channels
//! form one row, and sums have an element for each of the row's values. Sums are in f64.

use std::ops::Range;

use super::{Coefficients, Line, Moments, Shape};
use crate::cpu::parallel::Disjoint;
use crate::cpu::simd::simd;
use crate::cpu::vector::Lanes;

/// Returns the positions in memory of the row of sample `n`.
#[inline(always)]
fn row(shape: &Shape, n: usize, range: &Range<usize>) -> Range<usize> {
    shape.row(n, range.start)..shape.row(n, range.end)
}

/// Returns the sum of each channel's elements.
fn of_channels<'a>(shape: &Shape, places: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
    places.chunks_exact(shape.size).map(|places| places.iter().fold(0.0, |sum, place| sum + place))
}

/// Repeats each channel's value for each of its elements.
fn at_places<T: Copy>(shape: &Shape, values: impl Iterator<Item = T>) -> Vec<T> {
    values.flat_map(|value| std::iter::repeat_n(value, shape.size)).collect()
}

simd!(
    /// Returns the moments of the channels `range`.
    pub fn moments<const L: usize, T: Lanes>(shape: &Shape, x: &[T], range: Range<usize>) -> Vec<Moments> {
        let (count, width) = (shape.count() as f64, range.len() * shape.size);
        let mut sums = vec![0.0; width];
        for n in 0..shape.batch {
            let x = &x[row(shape, n, &range)][..width];
            for i in 0..width {
                sums[i] += x[i].f64();
            }
        }
        let means: Vec<f64> = of_channels(shape, &sums).map(|sum| sum / count).collect();
        let mean = at_places(shape, means.iter().copied());
        sums.fill(0.0);
        for n in 0..shape.batch {
            let (x, mean) = (&x[row(shape, n, &range)][..width], &mean[..width]);
            for i in 0..width {
                let d = x[i].f64() - mean[i];
                sums[i] += d * d;
            }
        }
        let moments = means.into_iter().zip(of_channels(shape, &sums));
        moments.map(|(mean, squares)| Moments { count, mean, squares }).collect()
    }
);

simd!(
    /// Returns the sums of dy and of dy (x - mean) over the channels `range`.
    pub fn gradient_sums<const L: usize, T: Lanes>(
        shape: &Shape,
        x: &[T],
        dy: &[T],
        mean: &[T],
        range: Range<usize>,
    ) -> Vec<(f64, f64)> {
        let width = range.len() * shape.size;
        let means = at_places(shape, mean[range.clone()].iter().map(|mean| mean.f64()));
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
        of_channels(shape, &sum).zip(of_channels(shape, &dot)).collect()
    }
);

simd!(
    /// Normalises the channels `range`. Nothing else may use those channels of `y`.
    pub fn normalise<const L: usize, T: Lanes>(
        shape: &Shape,
        x: &[T],
        range: Range<usize>,
        lines: &[Line<T>],
        y: Disjoint<'_, T>,
    ) {
        let width = range.len() * shape.size;
        let mean = at_places(shape, lines.iter().map(|line| line.mean));
        let scale = at_places(shape, lines.iter().map(|line| line.scale));
        let bias = at_places(shape, lines.iter().map(|line| line.bias));
        let (mean, scale, bias) = (&mean[..width], &scale[..width], &bias[..width]);
        for n in 0..shape.batch {
            let row = row(shape, n, &range);
            // SAFETY: nothing else uses these channels.
            let y = unsafe { y.part(row.start, width) };
            let x = &x[row][..width];
            for i in 0..width {
                y[i] = (x[i] - mean[i]).fma::<L>(scale[i], bias[i]);
            }
        }
    }
);

simd!(
    /// Computes the gradient of the channels `range`. Nothing else may use those channels of `dx`.
    pub fn gradient<const L: usize, T: Lanes>(
        shape: &Shape,
        x: &[T],
        dy: &[T],
        range: Range<usize>,
        k: &[Coefficients<T>],
        dx: Disjoint<'_, T>,
    ) {
        let width = range.len() * shape.size;
        let mean = at_places(shape, k.iter().map(|k| k.mean));
        let scale = at_places(shape, k.iter().map(|k| k.scale));
        let level = at_places(shape, k.iter().map(|k| -k.level));
        let slope = at_places(shape, k.iter().map(|k| k.slope));
        let (mean, scale) = (&mean[..width], &scale[..width]);
        let (level, slope) = (&level[..width], &slope[..width]);
        for n in 0..shape.batch {
            let row = row(shape, n, &range);
            // SAFETY: nothing else uses these channels.
            let dx = unsafe { dx.part(row.start, width) };
            let (x, dy) = (&x[row.clone()][..width], &dy[row][..width]);
            for i in 0..width {
                dx[i] = dy[i].fma::<L>(scale[i], (mean[i] - x[i]).fma::<L>(slope[i], level[i]));
            }
        }
    }
);
