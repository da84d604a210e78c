//! Which algorithm computes a pass, from its shape.

use super::Conv2dShape;

/// The three passes of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// The output from the input and the weight.
    Forward,
    /// The input's gradient from the output's and the weight.
    InputGrad,
    /// The weight's gradient from the input and the output's gradient.
    WeightGrad,
}

/// How a pass is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// The windows gathered into a matrix (im2col), times the weights: for any shape and type.
    General,
    /// Direct, from zero-padded copies, with channels in the lanes of a vector.
    Channels,
}

/// The algorithm of a pass in f32.
pub fn plan(s: &Conv2dShape, pass: Pass) -> Algorithm {
    // What is in the lanes should mostly fill a vector.
    let lanes = if pass == Pass::InputGrad { s.group_in() } else { s.group_out() };
    if lanes >= 16 { Algorithm::Channels } else { Algorithm::General }
}
