//! The passes in f32 by a given algorithm.

use super::{
    Algorithm, Conv2dShape, Pass, channels, channels_grad, pixels, pixels_grad, pointwise, winograd,
};

/// Computes [`super::element::Passes::correlate`] by the algorithm `by`.
pub fn correlate(
    by: Algorithm,
    s: &Conv2dShape,
    pass: Pass,
    x: &[f32],
    w: &[f32],
    bias: Option<&[f32]>,
    y: &mut [f32],
) {
    if pass == Pass::InputGrad && pointwise::applies(s) {
        return pointwise::write_seen(s, y, |s, y| correlate(by, s, pass, x, w, bias, y));
    }
    let correlate = match by {
        Algorithm::Channels => channels::correlate,
        Algorithm::Pixels => pixels::correlate,
        Algorithm::Winograd => winograd::correlate,
    };
    correlate(s, pass, x, w, bias, y);
}

/// Computes [`super::weight_grad`] by the algorithm `by`.
pub fn weight_grad(by: Algorithm, s: &Conv2dShape, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let weight_grad = match by {
        Algorithm::Channels => channels_grad::weight_grad,
        Algorithm::Pixels => pixels_grad::weight_grad,
        Algorithm::Winograd => winograd::weight_grad,
    };
    weight_grad(s, x, dy, dw);
}
