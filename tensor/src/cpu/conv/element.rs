//! The element types of convolutions.

use super::{Conv2dShape, Pass, fast, general, plan};
use crate::cpu::real::Real;

/// An element type of convolutions: `f32` or `f64`.
pub trait Element: Real + Passes {}

impl Element for f32 {}
impl Element for f64 {}

/// The passes of an element type. It is private, and so seals [`Element`].
pub trait Passes: Sized {
    /// Computes the forward pass, or the input's gradient (then `x` is the output's and `y` the input's). The
    /// output is not empty, and each element has at least one term.
    fn correlate(s: &Conv2dShape, pass: Pass, x: &[Self], w: &[Self], bias: Option<&[Self]>, y: &mut [Self]);

    /// Computes the gradient of the weight, also not empty; see [`super::weight_grad`].
    fn weight_grad(s: &Conv2dShape, x: &[Self], dy: &[Self], dw: &mut [Self]);
}

impl Passes for f32 {
    fn correlate(s: &Conv2dShape, pass: Pass, x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
        fast::correlate(plan(s, pass), s, pass, x, w, bias, y);
    }

    fn weight_grad(s: &Conv2dShape, x: &[f32], dy: &[f32], dw: &mut [f32]) {
        fast::weight_grad(plan(s, Pass::WeightGrad), s, x, dy, dw);
    }
}

impl Passes for f64 {
    fn correlate(s: &Conv2dShape, pass: Pass, x: &[f64], w: &[f64], bias: Option<&[f64]>, y: &mut [f64]) {
        match pass {
            Pass::InputGrad => general::input_grad(s, x, w, y),
            _ => general::forward(s, x, w, bias, y),
        }
    }

    fn weight_grad(s: &Conv2dShape, x: &[f64], dy: &[f64], dw: &mut [f64]) {
        general::weight_grad(s, x, dy, dw);
    }
}
