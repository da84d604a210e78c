//! The transformed weights, `G g Gᵀ`, and the adjoint transform to a gradient.

use std::ops::Range;

use super::halved;
use super::transform::{Weight, WeightAdjoint, both_ways};
use crate::cpu::conv::channels::{BLOCK, lanes, packed_len};
use crate::cpu::conv::scratch;
use crate::cpu::conv::transpose::transpose;
use crate::cpu::conv::vector::Register;
use crate::cpu::parallel::{self, Disjoint};
use crate::cpu::simd::simd;

/// The number of taps of a kernel.
const TAPS: usize = 9;
/// The number of positions of a transformed kernel.
pub const POSITIONS: usize = 36;
/// The number of elements between the matrices of two positions. Their distance is not a power of two, so
/// that the elements of a kernel are in different sets of a cache.
const GAP: usize = 16;

/// The weights of one group, transformed: `[block of results][position][input][result]`.
pub struct Weights {
    /// The numbers of input channels and results.
    pub inputs: usize,
    pub results: usize,
    /// True for the input's gradient: the weights are `[input][result][tap]`, with the taps reversed.
    pub backward: bool,
    /// The stride of the convolution.
    pub stride: usize,
}

impl Weights {
    /// Returns the number of elements.
    pub fn len(&self) -> usize {
        packed_len(self.results, POSITIONS * self.inputs) + self.results.div_ceil(BLOCK) * POSITIONS * GAP
    }

    /// Returns the number of elements of a block, except for the last one.
    fn block_len(&self) -> usize {
        POSITIONS * (BLOCK * self.inputs + GAP)
    }

    /// Returns the results of a block.
    fn block(&self, block: usize) -> Range<usize> {
        block * BLOCK..self.results.min((block + 1) * BLOCK)
    }

    /// Returns the range of the matrix of a block and a position.
    pub fn part(&self, block: usize, position: usize) -> Range<usize> {
        let len = self.inputs * lanes(self.block(block).len());
        let start = block * self.block_len() + position * (len + GAP);
        start..start + len
    }

    /// Transforms the weights of a group.
    pub fn transform(&self, w: &[f32], u: &mut [f32]) {
        parallel::for_each_chunk(u, self.block_len(), 0.5, |block, u| {
            let results = self.block(block);
            let width = lanes(results.len());
            scratch::with(self.inputs * TAPS * width, |turned: &mut [f32]| {
                if width > results.len() {
                    turned.fill(0.0);
                }
                if self.backward {
                    for (i, turned) in turned.chunks_exact_mut(TAPS * width).enumerate() {
                        let w = &w[(i * self.results + results.start) * TAPS..];
                        transpose((results.len(), TAPS), (w, TAPS), (turned, width));
                    }
                } else {
                    let depth = self.inputs * TAPS;
                    transpose((results.len(), depth), (&w[results.start * depth..], depth), (turned, width));
                }
                forward(turned, self.inputs, width, self.backward, self.stride, u);
            });
        });
    }

    /// Computes the gradient of the weights of a group from the gradient of the transformed ones, which is
    /// the sum of `sums` gradients.
    pub fn gradient(&self, sums: &mut [f32], dw: &mut [f32]) {
        let depth = self.inputs * TAPS;
        let count = sums.len() / self.len();
        let all = Disjoint::new(sums);
        parallel::for_each_chunk(dw, BLOCK * depth, 0.5 * (1 + count) as f64, |block, dw| {
            let results = self.block(block);
            let width = lanes(results.len());
            let at = self.part(block, 0).start;
            // SAFETY: only this task uses this block of each sum.
            let part = |sum: usize| unsafe {
                all.part(sum * self.len() + at, POSITIONS * (self.inputs * width + GAP))
            };
            let du = part(0);
            for other in (1..count).map(part) {
                du.iter_mut().zip(other).for_each(|(du, v)| *du += *v);
            }
            scratch::with(depth * width, |turned: &mut [f32]| {
                adjoint(du, self.inputs, width, turned);
                transpose((depth, results.len()), (turned, width), (dw, depth));
            });
        });
    }
}

simd!(
    /// Transforms `[input][tap][result]` to `[position][input][result]`.
    fn forward<const L: usize>(
        g: &[f32],
        inputs: usize,
        width: usize,
        turn: bool,
        stride: usize,
        u: &mut [f32],
    ) {
        let step = inputs * width + GAP;
        assert!(g.len() >= inputs * TAPS * width && u.len() >= POSITIONS * step);
        for input in 0..inputs {
            for lane in (0..width).step_by(L) {
                let mut square = [[Register::<L>::splat(0.0); 3]; 3];
                for (tap, value) in square.as_flattened_mut().iter_mut().enumerate() {
                    let tap = if turn { TAPS - 1 - tap } else { tap };
                    // SAFETY: as asserted.
                    *value =
                        unsafe { Register::<L>::load(g.as_ptr().add((input * TAPS + tap) * width + lane)) };
                }
                let square = if stride == 1 {
                    both_ways::<Weight, L, 3, 6>(&square)
                } else {
                    both_ways::<halved::Weight, L, 3, 6>(&square)
                };
                for (position, &value) in square.as_flattened().iter().enumerate() {
                    // SAFETY: as asserted.
                    unsafe { value.store(u.as_mut_ptr().add(position * step + input * width + lane)) };
                }
            }
        }
    }
);

simd!(
    /// Transforms `[position][input][result]` to `[input][tap][result]`, by the adjoint of [`forward`].
    fn adjoint<const L: usize>(u: &[f32], inputs: usize, width: usize, g: &mut [f32]) {
        let step = inputs * width + GAP;
        assert!(g.len() >= inputs * TAPS * width && u.len() >= POSITIONS * step);
        for input in 0..inputs {
            for lane in (0..width).step_by(L) {
                let mut square = [[Register::<L>::splat(0.0); 6]; 6];
                for (position, value) in square.as_flattened_mut().iter_mut().enumerate() {
                    // SAFETY: as asserted.
                    *value = unsafe {
                        Register::<L>::load(u.as_ptr().add(position * step + input * width + lane))
                    };
                }
                let square = both_ways::<WeightAdjoint, L, 6, 3>(&square);
                for (tap, &value) in square.as_flattened().iter().enumerate() {
                    // SAFETY: as asserted.
                    unsafe { value.store(g.as_mut_ptr().add((input * TAPS + tap) * width + lane)) };
                }
            }
        }
    }
);
