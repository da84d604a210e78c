//! The passes in f32 by a given algorithm.

use super::{
    Algorithm, Conv2dShape, Pass, channels, channels_grad, pixels, pixels_grad, pointwise, winograd,
};

/// See [`super::forward`].
pub fn forward(by: Algorithm, s: &Conv2dShape, x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
    match by {
        Algorithm::Channels => channels::correlate(s, Pass::Forward, x, w, bias, y),
        Algorithm::Pixels => pixels::correlate(s, Pass::Forward, x, w, bias, y),
        Algorithm::Winograd => winograd::correlate(s, Pass::Forward, x, w, bias, y),
    }
}

/// See [`super::input_grad`].
pub fn input_grad(by: Algorithm, s: &Conv2dShape, dy: &[f32], w: &[f32], dx: &mut [f32]) {
    if pointwise::applies(s) {
        return pointwise::write_seen(s, dx, |s, dx| input_grad(by, s, dy, w, dx));
    }
    match by {
        Algorithm::Channels => channels::correlate(s, Pass::InputGrad, dy, w, None, dx),
        Algorithm::Pixels => pixels::correlate(s, Pass::InputGrad, dy, w, None, dx),
        Algorithm::Winograd => winograd::correlate(s, Pass::InputGrad, dy, w, None, dx),
    }
}

/// See [`super::weight_grad`].
pub fn weight_grad(by: Algorithm, s: &Conv2dShape, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    match by {
        Algorithm::Channels => channels_grad::weight_grad(s, x, dy, dw),
        Algorithm::Pixels => pixels_grad::weight_grad(s, x, dy, dw),
        Algorithm::Winograd => winograd::weight_grad(s, x, dy, dw),
    }
}
