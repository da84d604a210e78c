//! Convolutions in f64 as matrix products: the windows of an image's output pixels become the columns of a
//! matrix (im2col), which is multiplied by the weights.

use super::{Conv2dShape, scratch};
use crate::cpu::matmul::{Operand, Shape, Start, matmul};
use crate::cpu::parallel;

/// Computes `c = a b`: `a` is `m` by `k` and `b` `k` by `n`, with the strides between rows and columns; `c`
/// is contiguous.
fn product(
    (m, k, n): (usize, usize, usize),
    (a, [a_row, a_col]): (&[f64], [usize; 2]),
    (b, [b_row, b_col]): (&[f64], [usize; 2]),
    c: &mut [f64],
) {
    let operand = |data, row, col| Operand { data, row, col, batch: &[] };
    let shape = Shape { batch: &[], m, k, n };
    matmul(shape, operand(a, a_row, a_col), operand(b, b_row, b_col), Start::Zero, c);
}

/// Returns the sizes of a group's part of an input image, of the weights, and of an output image.
fn sizes(s: &Conv2dShape) -> (usize, usize, usize) {
    (s.group_in() * s.in_pixels(), s.group_out() * s.depth(), s.group_out() * s.out_pixels())
}

/// Computes [`super::forward`].
pub fn forward(s: &Conv2dShape, x: &[f64], w: &[f64], bias: Option<&[f64]>, y: &mut [f64]) {
    let (depth, outs, pixels) = (s.depth(), s.group_out(), s.out_pixels());
    let (input, weights, output) = sizes(s);
    parallel::for_each_chunk(y, output, depth as f64, |i, y| {
        let group = i % s.groups;
        with_windows(s, &x[i * input..][..input], |windows| {
            product((outs, depth, pixels), (&w[group * weights..], [depth, 1]), (windows, [pixels, 1]), y);
        });
        if let Some(bias) = bias {
            for (y, bias) in y.chunks_exact_mut(pixels).zip(&bias[group * outs..]) {
                y.iter_mut().for_each(|y| *y += bias);
            }
        }
    });
}

/// Computes [`super::input_grad`].
pub fn input_grad(s: &Conv2dShape, dy: &[f64], w: &[f64], dx: &mut [f64]) {
    let (depth, outs, pixels, taps) = (s.depth(), s.group_out(), s.out_pixels(), s.taps());
    let (input, weights, output) = sizes(s);
    let ns = (output * depth / input) as f64;
    parallel::for_each_chunk(dx, input, ns, |i, dx| {
        let (w, dy) = (&w[i % s.groups * weights..], &dy[i * output..][..output]);
        scratch::with(depth * pixels, |windows: &mut [f64]| {
            product((depth, outs, pixels), (w, [1, depth]), (dy, [pixels, 1]), windows);
            dx.fill(0.0);
            for (row, windows) in windows.chunks_exact(pixels).enumerate() {
                let plane = &mut dx[row / taps * s.in_pixels()..][..s.in_pixels()];
                runs(s, row % taps, |out, at, len| {
                    let to = plane[at..].iter_mut().step_by(s.stride.1);
                    to.zip(&windows[out..out + len]).for_each(|(x, v)| *x += v);
                });
            }
        });
    });
}

/// Computes [`super::weight_grad`].
pub fn weight_grad(s: &Conv2dShape, x: &[f64], dy: &[f64], dw: &mut [f64]) {
    let (depth, outs, pixels) = (s.depth(), s.group_out(), s.out_pixels());
    let (input, weights, output) = sizes(s);
    parallel::for_each_chunk(dw, weights, (s.batch * pixels) as f64, |group, dw| {
        dw.fill(0.0);
        scratch::with(weights, |part: &mut [f64]| {
            for i in (group..s.batch * s.groups).step_by(s.groups) {
                let dy = (&dy[i * output..][..output], [pixels, 1]);
                with_windows(s, &x[i * input..][..input], |windows| {
                    product((outs, pixels, depth), dy, (windows, [1, pixels]), part);
                });
                dw.iter_mut().zip(&*part).for_each(|(dw, part)| *dw += part);
            }
        });
    });
}

/// Calls `f` with the windows of an image's pixels: a row for each tap of each channel, a column for each
/// pixel.
fn with_windows(s: &Conv2dShape, x: &[f64], f: impl FnOnce(&[f64])) {
    let (taps, pixels) = (s.taps(), s.out_pixels());
    scratch::with(s.depth() * pixels, |windows: &mut [f64]| {
        windows.fill(0.0);
        for (row, to) in windows.chunks_exact_mut(pixels).enumerate() {
            let plane = &x[row / taps * s.in_pixels()..][..s.in_pixels()];
            runs(s, row % taps, |out, at, len| {
                let from = plane[at..].iter().step_by(s.stride.1);
                to[out..out + len].iter_mut().zip(from).for_each(|(to, x)| *to = *x);
            });
        }
        f(windows);
    });
}

/// Calls `f(out, at, len)` for each row of output pixels for which `tap` lies inside the image: for the `len`
/// output pixels from `out` on. The first one reads the input pixel `at`, and each following one the pixel a
/// stride later.
fn runs(s: &Conv2dShape, tap: usize, mut f: impl FnMut(usize, usize, usize)) {
    let (ky, kx) = (tap / s.kernel.1, tap % s.kernel.1);
    let columns = s.columns_of(kx);
    if columns.is_empty() {
        return;
    }
    let x = columns.start * s.stride.1 + kx * s.dilation.1 - s.padding.1;
    for row in s.rows_of(ky) {
        let y = row * s.stride.0 + ky * s.dilation.0 - s.padding.0;
        f(row * s.out_width() + columns.start, y * s.width + x, columns.len());
    }
}
