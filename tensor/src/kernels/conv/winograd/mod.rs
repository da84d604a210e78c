//! Winograd's F(4x4, 3x3): 3 by 3 convolutions with stride 1 in a quarter of the multiplications.
//!
//! The tiles of a chunk, transformed, are 36 matrices of tiles by channels, and so are the weights;
//! their products, transformed back, are the results. A chunk's matrices stay in the cache.
//!
//! The input's gradient is the convolution of the output's with the weights turned around. The
//! weight's gradient is the adjoint of the forward pass: `Gᵀ (sum of (A dy Aᵀ)(Bᵀ d B)) G`.
//!
//! The rounding error is larger than that of a direct sum: for random numbers, about 2e-6 of the
//! largest value at 256 channels, instead of 3e-7; [`super::set_exact`] does without.

mod grad;
mod products;
mod tiles;
mod transform;
mod weights;

use super::channels::{BLOCK, lanes, packed_len};
use super::{Conv2dShape, Pass, scratch};
use crate::kernels::parallel::{self, Disjoint};
pub use grad::weight_grad;
use products::product;
use tiles::{Layout, POSITIONS, Tiles, results, windows};
use weights::Weights;

/// Nanoseconds a multiplication of the direct sum on one thread.
const NS: f64 = 0.006;
/// Independent pieces of work that give every thread its share.
const PIECES: usize = 16;

/// Whether the algorithm computes this shape.
pub fn applies(s: &Conv2dShape) -> bool {
    s.kernel == (3, 3) && s.stride == (1, 1) && s.dilation == (1, 1) && s.padding.0 <= 2 && s.padding.1 <= 2
}

/// Tiles of a chunk: few enough for its matrices to stay in the cache, and enough to be worth
/// reading the weights, which is more where there are more of these.
fn tiles_at_once(inputs: usize, results: usize) -> usize {
    match inputs.max(results) {
        0..=96 => 48,
        97..=192 => 72,
        _ => 128,
    }
}

/// The forward pass, or the input's gradient (then `x` is the output's and `y` the input's).
pub fn correlate(s: &Conv2dShape, pass: Pass, x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
    let backward = pass == Pass::InputGrad;
    let (input, output) = ((s.height, s.width), (s.out_height(), s.out_width()));
    let (image, area, padding) = match backward {
        false => (input, output, s.padding),
        true => (output, input, (2 - s.padding.0, 2 - s.padding.1)),
    };
    let (inputs, outs) = if backward { (s.group_out(), s.group_in()) } else { (s.group_in(), s.group_out()) };
    let tiles = Tiles::new(s.batch, image, area, padding, tiles_at_once(inputs, outs));
    let weights = Weights { inputs, results: outs, backward };
    let ns = s.products() as f64 * NS;
    let blocks = outs.div_ceil(BLOCK);
    // Pieces that share a chunk each transform its tiles, so there are no more than threads want.
    let shares = if parallel::worth(ns) { PIECES.div_ceil(tiles.chunks() * s.groups).min(blocks) } else { 1 };
    let pieces = tiles.chunks() * s.groups * shares;
    let v_layout = Layout::new(tiles.count(), lanes(inputs));
    let (area, image) = (area.0 * area.1, image.0 * image.1);
    scratch::with(s.groups * weights.len() + packed_len(outs, s.groups), |room: &mut [f32]| {
        let (u, biases) = room.split_at_mut(s.groups * weights.len());
        for (group, (u, biases)) in
            u.chunks_mut(weights.len()).zip(biases.chunks_mut(packed_len(outs, 1))).enumerate()
        {
            weights.transform(&w[group * s.weight_len() / s.groups..][..s.weight_len() / s.groups], u);
            biases.fill(0.0);
            if let Some(bias) = bias {
                biases[..outs].copy_from_slice(&bias[group * outs..][..outs]);
            }
        }
        let (u, biases) = (&*u, &*biases);
        let y = Disjoint::new(y);
        parallel::for_each(pieces, ns / pieces as f64, |piece| {
            let (share, group) = (piece % shares, piece / shares % s.groups);
            let (chunk, count) = tiles.chunk(piece / shares / s.groups);
            // SAFETY: this piece alone writes its share of the results, in its chunk's tiles.
            let mut y = unsafe { y.share() };
            let m_len = Layout::new(tiles.count(), BLOCK).len();
            let turned_len = tiles.turned_len(lanes(inputs).max(BLOCK));
            scratch::with(v_layout.len() + m_len + turned_len, |room: &mut [f32]| {
                let (v, room) = room.split_at_mut(v_layout.len());
                let (m, turned) = room.split_at_mut(m_len);
                for strips in &chunk {
                    let x = &x[(strips.image * s.groups + group) * inputs * image..][..inputs * image];
                    windows(&tiles, strips, x, inputs, turned, v_layout, v);
                }
                for block in share * blocks / shares..(share + 1) * blocks / shares {
                    let first = block * BLOCK;
                    let channels = BLOCK.min(outs - first);
                    let width = lanes(channels);
                    let layout = Layout::new(tiles.count(), width);
                    for position in 0..POSITIONS {
                        let v = &v[position * v_layout.step..];
                        let u = &u[group * weights.len()..][weights.part(block, position)];
                        product(count, inputs, v, v_layout.width, u, &mut m[position * layout.step..], width);
                    }
                    let bias = &biases[group * packed_len(outs, 1) + first..][..width];
                    for strips in &chunk {
                        let at = ((strips.image * s.groups + group) * outs + first) * area;
                        results(&tiles, strips, layout, m, bias, channels, turned, at, &mut y);
                    }
                }
            });
        });
    });
}
