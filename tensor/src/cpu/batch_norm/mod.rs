//! Batch norm over `[batch, channels, size]`.
//!
//! A channel's values are read from memory once for its statistics, and once more, mostly from the cache, for
//! the normalisation. Statistics are computed in blocks that fit the cache: a block's mean, then its squared
//! deviations from it, merged in f64 (Chan, Golub and LeVeque). So a mean much larger than the deviation does
//! not lose precision.

mod columns;
mod rows;
#[cfg(test)]
mod tests;

pub(super) use rows::{BLOCK, moments_of, sums};
use std::ops::Range;

use super::fresh::overwritten;
use super::parallel::{self, Disjoint};
use super::real::Real;
use super::vector::Lanes;

/// The number of contiguous values below which channels are processed side by side.
const SHORT: usize = 32;

/// `batch` samples of `channels` channels of `size` values each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Samples.
    pub batch: usize,
    /// Channels, each with its own statistics.
    pub channels: usize,
    /// Values of one channel of one sample: pixels.
    pub size: usize,
}

impl Shape {
    /// Returns the number of values of one channel.
    fn count(&self) -> usize {
        self.batch * self.size
    }

    fn len(&self) -> usize {
        self.batch * self.channels * self.size
    }

    fn is_short(&self) -> bool {
        self.size < SHORT
    }

    /// Returns the start of the row of channel `c` of sample `n`.
    #[inline(always)]
    fn row(&self, n: usize, c: usize) -> usize {
        (n * self.channels + c) * self.size
    }

    /// Calls `f` with ranges of channels, over the threads if there is enough work.
    fn each(&self, ns_each: f64, f: impl Fn(Range<usize>) + Sync + Send) {
        if self.len() == 0 {
            return;
        }
        // Short rows are distributed by whole cache lines.
        let least = if self.is_short() { 256_usize.div_ceil(self.size.max(1)) } else { 1 };
        let grain = ((1 << 14) / self.count().max(1)).max(least);
        parallel::for_each_range(self.channels, grain, ns_each * self.count() as f64, f);
    }
}

/// The weight and the bias of each channel; 1 and 0 if missing.
#[derive(Clone, Copy, Debug)]
pub struct Affine<'a, T> {
    /// The factors.
    pub weight: Option<&'a [T]>,
    /// The summands.
    pub bias: Option<&'a [T]>,
}

/// The number of values, their mean, and the sum of their squared deviations from it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moments {
    pub count: f64,
    pub mean: f64,
    pub squares: f64,
}

impl Moments {
    /// Returns the moments of both together.
    #[inline(always)]
    fn join(self, other: Self) -> Self {
        let count = self.count + other.count;
        if count == 0.0 {
            return self;
        }
        let apart = other.mean - self.mean;
        Self {
            count,
            mean: self.mean + apart * other.count / count,
            squares: self.squares + other.squares + apart * apart * self.count * other.count / count,
        }
    }
}

/// The line `y = (x - mean) * scale + bias` of one channel.
#[derive(Clone, Copy, Debug)]
struct Line<T> {
    mean: T,
    scale: T,
    bias: T,
}

impl<T: Real> Line<T> {
    fn new(mean: T, inverse: f64, affine: Affine<'_, T>, channel: usize) -> Self {
        let weight = affine.weight.map_or(1.0, |w| w[channel].f64());
        Self { mean, scale: T::of(inverse * weight), bias: affine.bias.map_or(T::ZERO, |b| b[channel]) }
    }
}

/// The coefficients of `dx = dy * scale - level - (x - mean) * slope` for one channel.
#[derive(Clone, Copy, Debug)]
struct Coefficients<T> {
    mean: T,
    scale: T,
    level: T,
    slope: T,
}

/// Returns 1 / sqrt(variance + eps).
fn inverse_deviation(variance: f64, eps: f64) -> f64 {
    1.0 / (variance + eps).sqrt()
}

/// The normalised batch, and its statistics.
#[derive(Clone, Debug)]
pub struct Normalised<T> {
    /// The values.
    pub y: Vec<T>,
    /// The mean of each channel.
    pub mean: Vec<T>,
    /// The variance of each channel, divided by the number of its values.
    pub var: Vec<T>,
}

/// Normalises by the batch's own statistics: `y = (x - mean) / sqrt(var + eps) * weight + bias`.
///
/// # Panics
/// If the length of a slice does not match `shape`, as in all functions here.
pub fn train<T: Lanes>(shape: &Shape, x: &[T], affine: Affine<'_, T>, eps: f64) -> Normalised<T> {
    assert_eq!(x.len(), shape.len(), "batch_norm: wrong sizes");
    // Without values, both are NaN.
    let (mut mean, mut var) = (vec![T::of(f64::NAN); shape.channels], vec![T::of(f64::NAN); shape.channels]);
    let (means, vars) = (Disjoint::new(&mut mean), Disjoint::new(&mut var));
    let fill = |y: &mut [T]| {
        let y = Disjoint::new(y);
        shape.each(0.5, |range| {
            // SAFETY: the ranges of different calls do not overlap.
            let (mean, var) =
                unsafe { (means.part(range.start, range.len()), vars.part(range.start, range.len())) };
            let mut normalise = |i: usize, moments: Moments| {
                let variance = moments.squares / moments.count;
                (mean[i], var[i]) = (T::of(moments.mean), T::of(variance));
                Line::new(mean[i], inverse_deviation(variance, eps), affine, range.start + i)
            };
            if shape.is_short() {
                let moments = columns::moments(shape, x, range.clone());
                let lines: Vec<_> = moments.into_iter().enumerate().map(|(i, m)| normalise(i, m)).collect();
                columns::normalise(shape, x, range, &lines, y);
            } else {
                for c in range.clone() {
                    let line = normalise(c - range.start, rows::moments(shape, x, c));
                    rows::normalise(shape, x, c, line, y);
                }
            }
        });
    };
    // SAFETY: it writes all channels of all samples.
    let y = unsafe { overwritten(shape.len(), fill) };
    Normalised { y, mean, var }
}

/// Normalises by given statistics: `y = (x - mean) / sqrt(var + eps) * weight + bias`.
pub fn infer<T: Lanes>(
    shape: &Shape,
    x: &[T],
    (mean, var): (&[T], &[T]),
    affine: Affine<'_, T>,
    eps: f64,
) -> Vec<T> {
    assert_eq!(x.len(), shape.len(), "batch_norm: wrong sizes");
    let line = |c: usize| Line::new(mean[c], inverse_deviation(var[c].f64(), eps), affine, c);
    let fill = |y: &mut [T]| {
        let y = Disjoint::new(y);
        shape.each(0.3, |range| {
            if shape.is_short() {
                let lines: Vec<_> = range.clone().map(line).collect();
                columns::normalise(shape, x, range, &lines, y);
            } else {
                range.for_each(|c| rows::normalise(shape, x, c, line(c), y));
            }
        });
    };
    // SAFETY: it writes all channels of all samples.
    unsafe { overwritten(shape.len(), fill) }
}

/// The statistics that a forward pass used.
#[derive(Clone, Copy, Debug)]
pub struct Used<'a, T> {
    /// The mean of each channel.
    pub mean: &'a [T],
    /// The variance of each channel.
    pub var: &'a [T],
    /// The number added to the variance.
    pub eps: f64,
    /// True if they are the batch's own ([`train`]), and so depend on x.
    pub of_batch: bool,
}

/// The gradients of the input, the weight and the bias.
#[derive(Clone, Debug)]
pub struct Gradients<T> {
    /// The gradient of the input.
    pub x: Vec<T>,
    /// The gradient of the weight.
    pub weight: Vec<T>,
    /// The gradient of the bias.
    pub bias: Vec<T>,
}

/// Returns the gradients of [`train`] or [`infer`]:
///
/// ```text
/// dbias = sum dy, dweight = sum dy (x - mean) / d       with d = sqrt(var + eps)
/// dx = dy weight / d                                                             (given statistics)
/// dx = (dy - dbias / count - (x - mean) / d * dweight / count) weight / d        (the batch's own)
/// ```
pub fn backward<T: Lanes>(
    shape: &Shape,
    x: &[T],
    dy: &[T],
    used: Used<'_, T>,
    weight: Option<&[T]>,
) -> Gradients<T> {
    assert_eq!((x.len(), dy.len()), (shape.len(), shape.len()), "batch_norm: wrong sizes");
    let (mut dweight, mut dbias) = (vec![T::ZERO; shape.channels], vec![T::ZERO; shape.channels]);
    let (dweights, dbiases) = (Disjoint::new(&mut dweight), Disjoint::new(&mut dbias));
    let count = shape.count() as f64;
    let fill = |dx: &mut [T]| {
        let dx = Disjoint::new(dx);
        shape.each(0.6, |range| {
            // SAFETY: the ranges of different calls do not overlap.
            let (dweight, dbias) =
                unsafe { (dweights.part(range.start, range.len()), dbiases.part(range.start, range.len())) };
            let mut coefficients = |i: usize, (sum, dot): (f64, f64)| {
                let c = range.start + i;
                let inverse = inverse_deviation(used.var[c].f64(), used.eps);
                (dweight[i], dbias[i]) = (T::of(dot * inverse), T::of(sum));
                let scale = weight.map_or(1.0, |w| w[c].f64()) * inverse;
                let share = if used.of_batch { scale / count } else { 0.0 };
                Coefficients {
                    mean: used.mean[c],
                    scale: T::of(scale),
                    level: T::of(sum * share),
                    slope: T::of(dot * inverse * inverse * share),
                }
            };
            if shape.is_short() {
                let sums = columns::gradient_sums(shape, x, dy, used.mean, range.clone());
                let all: Vec<_> = sums.into_iter().enumerate().map(|(i, s)| coefficients(i, s)).collect();
                columns::gradient(shape, x, dy, range, &all, dx);
            } else {
                for c in range.clone() {
                    let sums = rows::gradient_sums(shape, x, dy, used.mean[c], c);
                    rows::gradient(shape, x, dy, c, coefficients(c - range.start, sums), dx);
                }
            }
        });
    };
    // SAFETY: it writes all channels of all samples.
    let dx = unsafe { overwritten(shape.len(), fill) };
    Gradients { x: dx, weight: dweight, bias: dbias }
}
