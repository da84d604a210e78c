//! The choice of a pass's algorithm by its shape.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{Conv2dShape, winograd};

static EXACT: AtomicBool = AtomicBool::new(false);

/// Sets if convolutions in f32 avoid algorithms with a larger rounding error than a direct sum: Winograd's.
/// The default is false.
pub fn set_exact(exact: bool) {
    EXACT.store(exact, Ordering::Relaxed);
}

/// Returns the setting of [`set_exact`].
pub fn exact() -> bool {
    EXACT.load(Ordering::Relaxed)
}

/// The three passes of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// The output, from the input and the weight.
    Forward,
    /// The gradient of the input, from the gradient of the output and the weight.
    InputGrad,
    /// The gradient of the weight, from the input and the gradient of the output.
    WeightGrad,
}

/// An algorithm of a pass in f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Direct, from zero-padded copies, with channels in the lanes of a vector.
    Channels,
    /// Direct, from zero-padded copies, with neighbouring pixels in the lanes of a vector.
    Pixels,
    /// Winograd's F(4x4, 3x3), or its variant for stride 2, with channels in the lanes of a vector.
    Winograd,
}

/// The number of channels below which Winograd's transforms cost as much as its products save.
const WINOGRAD_CHANNELS: usize = 32;
/// The number of tiles of 4 by 4 results for which transforming the weights pays off.
const WINOGRAD_TILES: usize = 16;

/// Returns the fastest algorithm of a pass in f32.
pub fn plan(s: &Conv2dShape, pass: Pass) -> Algorithm {
    let tiles = s.batch * s.out_height().div_ceil(4) * s.out_width().div_ceil(4);
    let channels = s.group_in().min(s.group_out());
    if !exact() && winograd::applies(s, pass) && channels >= WINOGRAD_CHANNELS && tiles >= WINOGRAD_TILES {
        Algorithm::Winograd
    } else {
        direct(s, pass)
    }
}

/// Returns the direct algorithm with fewer instructions.
fn direct(s: &Conv2dShape, pass: Pass) -> Algorithm {
    // The results, and the share of lanes that pixels at the ends of rows and of the image leave unused.
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

/// Returns the time of vector instructions per multiplication with channels in the lanes. A tile of few
/// vectors waits for its loads. Measured with 16 lanes.
fn in_channels(results: usize) -> f64 {
    let rest = [0.0, 1.2, 1.5, 1.8, 2.3][(results % 64).div_ceil(16)];
    (results / 64) as f64 * 2.3 + rest
}

/// Returns the same with pixels in the lanes.
fn in_pixels(results: usize, pass: Pass) -> f64 {
    let rest = [0.0, 0.1, 0.14, 0.18, 0.2, 0.25, 0.25, 0.29][results % 8];
    let all = (results / 8) as f64 * 0.29 + rest;
    // Dot products load twice as much.
    if pass == Pass::WeightGrad { 1.5 * all } else { all }
}
