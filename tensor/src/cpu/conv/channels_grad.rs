//! The gradient of the weight with the output channels in the lanes of a vector.
//!
//! A tile of sums is `V` vectors of channels by `P` weights of each. Each pixel adds the product of its
//! output gradients, transposed so that channels are side by side, and one value per weight from the padded
//! planes.

use std::ops::Range;

use super::channels::{BLOCK, lanes, packed_len, places};
use super::outer::block;
use super::transpose::{transpose, transpose_body};
use super::units::Units;
use super::{Conv2dShape, Pass, scratch};
use crate::cpu::parallel::{self, Disjoint};
use crate::cpu::simd::simd;

/// The cost of a multiplication on one thread, in nanoseconds.
const NS: f64 = 0.012;
/// The number of independent pieces of work that keeps every thread busy.
const PIECES: usize = 16;
/// The maximum number of elements of all partial sums.
const MAX_SUMS: usize = 1 << 21;
/// The maximum number of elements of all images' padded planes for them to be kept: 32 MiB.
const MAX_FILLED: usize = 1 << 23;
/// The number of pixels that are summed for all weights before the next pixels: their gradients stay in the
/// level-1 cache.
const PIXELS: usize = 128;

/// Computes the gradient; see [`super::weight_grad`].
pub fn weight_grad(s: &Conv2dShape, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let units = Units::new(s, Pass::WeightGrad);
    let (c, class) = (&units.correlation, &units.correlation.classes[0]);
    let ns = s.products() as f64 * NS;
    let blocks = c.results.div_ceil(BLOCK);
    let terms = class.offsets.len();
    let len = packed_len(c.results, terms);
    // The number of sums, and the terms and order of each, follow from the shape alone.
    let sums = (PIECES / (s.groups * blocks)).min(MAX_SUMS / (s.groups * len)).clamp(1, units.count());
    let shares = if parallel::worth(ns) { blocks } else { 1 };
    let pieces = sums * s.groups * shares;
    // Pieces that share units find their planes filled, if these are not too large.
    let filled = units.count() * s.groups * units.len();
    let filled = if shares > 1 && filled <= MAX_FILLED { filled } else { 0 };
    scratch::with(sums * s.groups * len + filled, |room: &mut [f32]| {
        let (packed, filled) = room.split_at_mut(sums * s.groups * len);
        units.fill_all(x, s.groups, filled);
        let (all, filled) = (Disjoint::new(packed), &*filled);
        parallel::for_each(pieces, ns / pieces as f64, |piece| {
            let (share, group, sum) = (piece % shares, piece / shares % s.groups, piece / shares / s.groups);
            let blocks = share * blocks / shares..(share + 1) * blocks / shares;
            let start = blocks.start * BLOCK * terms;
            let end = len.min(blocks.end * BLOCK * terms);
            // SAFETY: only this piece writes its blocks of its sum.
            let packed = unsafe { all.part((sum * s.groups + group) * len + start, end - start) };
            packed.fill(0.0);
            for number in sum * units.count() / sums..(sum + 1) * units.count() / sums {
                let unit = units.get(number);
                let mut compute = |planes: &[f32]| {
                    let pixels = places(c, class, &unit, |n| (n * s.groups + group) * c.results * c.areas.1);
                    for pixels in pixels.chunks(PIXELS) {
                        for (block, packed) in blocks.clone().zip(packed.chunks_mut(BLOCK * terms)) {
                            let results = block * BLOCK..c.results.min((block + 1) * BLOCK);
                            add(planes, &class.offsets, pixels, dy, c.areas.1, results, packed);
                        }
                    }
                };
                if !filled.is_empty() {
                    compute(&filled[(number * s.groups + group) * units.len()..][..units.len()]);
                    continue;
                }
                scratch::with(units.len(), |planes: &mut [f32]| {
                    units.fill(&unit, x, (group, s.groups), planes);
                    compute(planes);
                });
            }
        });
        // The sums of each block are added up, and transposed to its rows of weights.
        let dw = Disjoint::new(dw);
        parallel::for_each(s.groups * blocks, (sums + 1) as f64 * (BLOCK * terms) as f64 * 0.2, |piece| {
            let (group, block) = (piece / blocks, piece % blocks);
            let results = block * BLOCK..c.results.min((block + 1) * BLOCK);
            let (at, size) = (group * len + block * BLOCK * terms, lanes(results.len()) * terms);
            // SAFETY: only this piece uses its block of each sum, and its rows of weights.
            let block = |sum: usize| unsafe { all.part(sum * s.groups * len + at, size) };
            // SAFETY: likewise.
            let dw = unsafe { dw.part((group * c.results + results.start) * terms, results.len() * terms) };
            let total = block(0);
            for other in (1..sums).map(block) {
                total.iter_mut().zip(other).for_each(|(t, o)| *t += *o);
            }
            transpose((terms, results.len()), (total, lanes(results.len())), (dw, terms));
        });
    });
}

simd!(
    /// Adds the products of some pixels to the sums of a block of results, `[term][result]`.
    fn add<const L: usize>(
        planes: &[f32],
        offsets: &[usize],
        pixels: &[(usize, usize)],
        dy: &[f32],
        area: usize,
        results: Range<usize>,
        sums: &mut [f32],
    ) {
        let width = lanes(results.len());
        assert!(sums.len() >= width * offsets.len(), "sums of {} terms", offsets.len());
        let reach = offsets.iter().max().unwrap_or(&0);
        assert!(pixels.iter().all(|(place, _)| place + reach < planes.len()), "pixels beyond the planes");
        let mut turned = [0.0; PIXELS * BLOCK];
        let mut start = 0;
        while start < pixels.len() {
            // A run of pixels that are also neighbours in the gradient.
            let first = pixels[start].1;
            let run =
                pixels[start..].iter().enumerate().take_while(|(i, pixel)| pixel.1 == first + i).count();
            let from = &dy[first + results.start * area..];
            transpose_body::<L>((results.len(), run), (from, area), (&mut turned[start * width..], width));
            start += run;
        }
        let a = (planes.as_ptr(), |term: usize| offsets[term], |pixel: usize| pixels[pixel].0);
        let (shape, sums) = ((offsets.len(), pixels.len(), width), sums.as_mut_ptr());
        // SAFETY: as asserted.
        unsafe { block::<L>(shape, a, turned.as_ptr(), (sums, width), Some((sums.cast_const(), width))) };
    }
);
