//! 2-d convolution and its two gradients, over contiguous NCHW slices.
//!
//! # Choice of the algorithm
//!
//! f64, which serves gradient checks, gathers windows into the columns of a matrix and multiplies (im2col).
//! For f32, [`plan`] chooses by the shape of a pass alone, so results depend neither on the number of threads
//! nor on earlier calls. 3x3 kernels with at least 32 channels on both sides use Winograd's transforms: all
//! three passes with stride 1, and the forward pass with stride 2. Everything else is direct, with the output
//! channels in the lanes of a vector, or with neighbouring pixels. The one with fewer instructions is chosen:
//! pixels if there are few channels. The input's gradient of a 1x1 kernel with a stride first removes the
//! stride. [`set_exact`] disables Winograd's transforms, whose rounding error is larger than that of a direct
//! sum.
//! | files | what they do |
//! | --- | --- |
//! | `general.rs` | f64, by im2col and matrix products |
//! | `winograd/` | Winograd's transforms: 36 products of matrices between them |
//! | `channels.rs`, `channels_grad.rs` | direct, channels in the lanes; the weight's gradient |
//! | `pixels.rs`, `pixels_grad.rs` | direct, pixels in the lanes; the weight's gradient |
//! | `pointwise.rs` | the stride of a 1x1 kernel taken out |
//! | `correlation.rs`, `units.rs` | both direct forms: forward and the input's gradient as one sum; its pieces |
//! | `planes.rs`, `rows.rs`, `transpose.rs` | padded and transposed copies |
//! | `outer.rs`, `vector.rs` | the innermost loops, and the registers that they hold |
//! | `plan.rs`, `fast.rs`, `element.rs` | the choice, the calls that follow it, and f32 or f64 |
//! | `shape.rs`, `scratch.rs` | the sizes of a convolution; work memory |

mod channels;
mod channels_grad;
mod correlation;
mod element;
mod fast;
mod general;
pub(super) mod outer;
mod pixels;
mod pixels_grad;
mod plan;
mod planes;
mod pointwise;
mod rows;
pub(super) mod scratch;
mod shape;
#[cfg(test)]
mod tests;
pub(super) mod transpose;
mod units;
pub(super) mod vector;
mod winograd;

pub use element::Element;
pub use plan::{Algorithm, Pass, exact, plan, set_exact};
pub use shape::Conv2dShape;

use super::fresh::overwritten;
use super::parallel;

/// Computes `y = conv2d(x, w) + bias`: `y[n, o, i, j] = bias[o] + sum over c, k, l of w[o, c, k, l] * x[n, c,
/// i * stride + k * dilation - padding, ...]`, where `x` is 0 outside the image.
///
/// `y` is overwritten.
///
/// # Panics
/// If the length of a slice does not match `s`, as in all functions here.
pub fn forward<T: Element>(s: &Conv2dShape, x: &[T], w: &[T], bias: Option<&[T]>, y: &mut [T]) {
    check(s, x, w, y);
    assert!(bias.is_none_or(|b| b.len() == s.out_channels), "conv2d: one bias a channel of the output");
    if y.is_empty() {
        return;
    }
    if s.depth() == 0 {
        let pixels = s.out_pixels();
        y.chunks_mut(pixels)
            .enumerate()
            .for_each(|(i, plane)| plane.fill(bias.map_or(T::ZERO, |b| b[i % s.out_channels])));
        return;
    }
    T::correlate(s, Pass::Forward, x, w, bias, y);
}

/// Computes `dx`, the gradient of the input, from `dy`, the gradient of the output. It is also the forward
/// pass of a transposed convolution with the input `dy`.
///
/// `dx` is overwritten.
pub fn input_grad<T: Element>(s: &Conv2dShape, dy: &[T], w: &[T], dx: &mut [T]) {
    check(s, dx, w, dy);
    if dx.is_empty() || dy.is_empty() {
        return dx.fill(T::ZERO);
    }
    T::correlate(s, Pass::InputGrad, dy, w, None, dx);
}

/// Computes `dw`, the gradient of the weight, from the input `x` and `dy`, the gradient of the output.
///
/// `dw` is overwritten.
pub fn weight_grad<T: Element>(s: &Conv2dShape, x: &[T], dy: &[T], dw: &mut [T]) {
    check(s, x, dw, dy);
    if dw.is_empty() || dy.is_empty() {
        return dw.fill(T::ZERO);
    }
    T::weight_grad(s, x, dy, dw);
}

/// Computes [`forward`] into new memory.
pub fn output<T: Element>(s: &Conv2dShape, x: &[T], w: &[T], bias: Option<&[T]>) -> Vec<T> {
    // SAFETY: it overwrites `y`, and so do all algorithms, whose tests start from NaN.
    unsafe { overwritten(s.output_len(), |y| forward(s, x, w, bias, y)) }
}

/// Computes [`input_grad`] into new memory.
pub fn input_gradient<T: Element>(s: &Conv2dShape, dy: &[T], w: &[T]) -> Vec<T> {
    // SAFETY: as in `output`.
    unsafe { overwritten(s.input_len(), |dx| input_grad(s, dy, w, dx)) }
}

/// Computes [`weight_grad`] into new memory.
pub fn weight_gradient<T: Element>(s: &Conv2dShape, x: &[T], dy: &[T]) -> Vec<T> {
    // SAFETY: as in `output`.
    unsafe { overwritten(s.weight_len(), |dw| weight_grad(s, x, dy, dw)) }
}

fn check<T>(s: &Conv2dShape, x: &[T], w: &[T], y: &[T]) {
    assert_eq!(x.len(), s.input_len(), "conv2d: elements of the input");
    assert_eq!(w.len(), s.weight_len(), "conv2d: elements of the weight");
    assert_eq!(y.len(), s.output_len(), "conv2d: elements of the output");
}
