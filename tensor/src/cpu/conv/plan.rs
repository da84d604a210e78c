//! Which algorithm computes a pass, from its shape.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{Conv2dShape, winograd};

static EXACT: AtomicBool = AtomicBool::new(false);

/// Whether convolutions in f32 do without algorithms whose rounding error is larger than a direct
/// sum's, which is Winograd's. Off at first.
pub fn set_exact(exact: bool) {
    EXACT.store(exact, Ordering::Relaxed);
}

/// What [`set_exact`] chose.
pub fn exact() -> bool {
    EXACT.load(Ordering::Relaxed)
}

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

/// How a pass in f32 is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Direct, from zero-padded copies, with channels in the lanes of a vector.
    Channels,
    /// Direct, from zero-padded copies, with neighbouring pixels in the lanes of a vector.
    Pixels,
    /// Winograd's F(4x4, 3x3), or its likes for stride 2, with channels in the lanes of a vector.
    Winograd,
}

/// Channels below which Winograd's transforms cost what its products save.
const WINOGRAD_CHANNELS: usize = 32;
/// Tiles of 4 by 4 results that are worth transforming the weights.
const WINOGRAD_TILES: usize = 16;

/// The algorithm of a pass in f32: the one that takes less time.
pub fn plan(s: &Conv2dShape, pass: Pass) -> Algorithm {
    let tiles = s.batch * s.out_height().div_ceil(4) * s.out_width().div_ceil(4);
    let channels = s.group_in().min(s.group_out());
    if !exact() && winograd::applies(s, pass) && channels >= WINOGRAD_CHANNELS && tiles >= WINOGRAD_TILES {
        Algorithm::Winograd
    } else {
        direct(s, pass)
    }
}

/// The direct algorithm that takes fewer instructions.
fn direct(s: &Conv2dShape, pass: Pass) -> Algorithm {
    // The results, and how far pixels at the ends of rows and of the image leave lanes unused.
    let (results, height, width) = match pass {
        Pass::Forward | Pass::WeightGrad => (s.group_out(), s.out_height(), s.out_width()),
        Pass::InputGrad => (s.group_in(), s.height.div_ceil(s.stride.0), s.width.div_ceil(s.stride.1)),
    };
    let padded = width + s.padding.1.div_ceil(s.stride.1).max((s.kernel.1 - 1) * s.dilation.1 / s.stride.1);
    let places = (height * padded).next_multiple_of(48);
    let unused = places as f64 / (height * width).max(1) as f64;
    if in_channels(results) <= unused * in_pixels(results, pass) {
        Algorithm::Channels
    } else {
        Algorithm::Pixels
    }
}

/// Vector instructions per multiplication with channels in the lanes, in time: a tile of few
/// vectors waits for its loads. Measured with 16 lanes.
fn in_channels(results: usize) -> f64 {
    let rest = [0.0, 1.2, 1.5, 1.8, 2.3][(results % 64).div_ceil(16)];
    (results / 64) as f64 * 2.3 + rest
}

/// Likewise with pixels in the lanes.
fn in_pixels(results: usize, pass: Pass) -> f64 {
    let rest = [0.0, 0.1, 0.14, 0.18, 0.2, 0.25, 0.25, 0.29][results % 8];
    let all = (results / 8) as f64 * 0.29 + rest;
    // Dot products load twice as much.
    if pass == Pass::WeightGrad { 1.5 * all } else { all }
}
