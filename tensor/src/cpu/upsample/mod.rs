//! Resizing of contiguous planes, nearest and bilinear, forward and backward.
//!
//! Both are separable: rows are interpolated first, whole rows at a time, then the columns of the result. A
//! 1-d signal is a plane of height 1.

use crate::cpu::parallel;
use crate::cpu::real::Real;
use crate::cpu::simd::simd;

/// Nanoseconds for one output.
const NS_EACH: f64 = 2.0;

/// The inputs of an output along one dimension: `near` times the element at `at`, plus `1 - near` times the
/// next one.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tap<T> {
    at: usize,
    next: usize,
    near: T,
}

/// The mapping from positions of the output to the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The input at `floor(position * input / output)`.
    Nearest,
    /// Linear interpolation between the centres of elements; with `align_corners` between the first and the
    /// last element, which keep their positions.
    Linear {
        /// True if the corners are the centres of the outermost elements, false if they are their outer
        /// edges.
        align_corners: bool,
    },
}

/// A resampling of planes, as PyTorch's `interpolate`.
#[derive(Clone, Debug, PartialEq)]
pub struct Upsample<T> {
    input: [usize; 2],
    rows: Vec<Tap<T>>,
    cols: Vec<Tap<T>>,
    linear: bool,
}

impl<T: Real> Upsample<T> {
    /// Returns a resampling from `input` to `output` (height and width). `scale` is a factor that replaces
    /// the ratio of the sizes, as in PyTorch without `recompute_scale_factor`.
    pub fn new(mode: Mode, input: [usize; 2], output: [usize; 2], scale: [Option<f64>; 2]) -> Self {
        let taps = |d: usize| taps(mode, input[d], output[d], scale[d]);
        Self { input, rows: taps(0), cols: taps(1), linear: mode != Mode::Nearest }
    }

    /// Resamples `x` `[planes, height, width]` to `y` `[planes, out_height, out_width]`.
    pub fn forward(&self, x: &[T], y: &mut [T]) {
        let (size, out) = (self.input[0] * self.input[1], self.rows.len() * self.cols.len());
        if out == 0 || size == 0 {
            return;
        }
        assert_eq!(x.len(), y.len() / out * size);
        parallel::for_each_chunk(y, out, NS_EACH, |p, y| forward(self, &x[p * size..][..size], y));
    }

    /// Computes the gradient with respect to x, which is overwritten: the transpose of `forward`.
    pub fn gradient(&self, dy: &[T], dx: &mut [T]) {
        let (size, out) = (self.input[0] * self.input[1], self.rows.len() * self.cols.len());
        if out == 0 || size == 0 {
            return dx.fill(T::ZERO);
        }
        assert_eq!(dy.len(), dx.len() / size * out);
        let ns = NS_EACH * out as f64 / size as f64;
        parallel::for_each_chunk(dx, size, ns, |p, dx| backward(self, &dy[p * out..][..out], dx));
    }
}

/// Returns the taps along one dimension, computed in `T` as in PyTorch.
fn taps<T: Real>(mode: Mode, input: usize, output: usize, scale: Option<f64>) -> Vec<Tap<T>> {
    let size = |n: usize| T::of(n as f64);
    let ratio = match (mode, scale) {
        (Mode::Linear { align_corners: true }, _) if output < 2 => T::ZERO,
        (Mode::Linear { align_corners: true }, _) => size(input - 1) / size(output - 1),
        (_, Some(scale)) if scale > 0.0 => T::of(1.0 / scale),
        _ => size(input) / size(output),
    };
    let half = T::of(0.5);
    let tap = |o: usize| {
        let position = match mode {
            Mode::Nearest if output == input => size(o),
            Mode::Nearest | Mode::Linear { align_corners: true } => size(o) * ratio,
            Mode::Linear { align_corners: false } => {
                let position = (size(o) + half) * ratio - half;
                if position < T::ZERO { T::ZERO } else { position }
            }
        };
        let at = (position.f64() as usize).min(input - 1);
        let beyond = position - size(at);
        let far = if mode == Mode::Nearest {
            T::ZERO
        } else if beyond > T::ONE {
            T::ONE
        } else {
            beyond
        };
        Tap { at, next: (at + 1).min(input - 1), near: T::ONE - far }
    };
    (0..if input == 0 { 0 } else { output }).map(tap).collect()
}

simd!(
    /// Resamples one plane.
    fn forward<const L: usize, T: Real>(up: &Upsample<T>, x: &[T], y: &mut [T]) {
        let width = up.input[1];
        let mut mixed = vec![T::ZERO; width];
        for (row, y) in up.rows.iter().zip(y.chunks_exact_mut(up.cols.len())) {
            let (at, next) = (&x[row.at * width..][..width], &x[row.next * width..][..width]);
            if !up.linear {
                for (y, col) in y.iter_mut().zip(&up.cols) {
                    *y = at[col.at];
                }
                continue;
            }
            let far = T::ONE - row.near;
            for i in 0..width {
                mixed[i] = row.near * at[i] + far * next[i];
            }
            for (y, col) in y.iter_mut().zip(&up.cols) {
                *y = col.near * mixed[col.at] + (T::ONE - col.near) * mixed[col.next];
            }
        }
    }
);

simd!(
    /// Computes the gradient of one plane.
    fn backward<const L: usize, T: Real>(up: &Upsample<T>, dy: &[T], dx: &mut [T]) {
        let width = up.input[1];
        dx.fill(T::ZERO);
        let mut mixed = vec![T::ZERO; width];
        for (row, dy) in up.rows.iter().zip(dy.chunks_exact(up.cols.len())) {
            mixed.fill(T::ZERO);
            for (&dy, col) in dy.iter().zip(&up.cols) {
                if up.linear {
                    mixed[col.at] += col.near * dy;
                    mixed[col.next] += (T::ONE - col.near) * dy;
                } else {
                    mixed[col.at] += dy;
                }
            }
            let shares = [(row.at, row.near), (row.next, T::ONE - row.near)];
            for (at, share) in shares.into_iter().take(if up.linear { 2 } else { 1 }) {
                for (dx, &mixed) in dx[at * width..][..width].iter_mut().zip(&mixed) {
                    *dx += share * mixed;
                }
            }
        }
    }
);

#[cfg(test)]
mod tests;
