//! Direct convolution with the output channels in the lanes of a vector: for many channels.
//!
//! A tile of sums is `V` vectors of channels by `P` pixels. Each term of the sum loads the weights of these
//! channels, packed side by side, and one value per pixel from the padded planes.

use std::ops::Range;

use super::correlation::{Class, Correlation};
use super::outer::block;
use super::transpose::transpose;
use super::units::{Unit, Units};
use super::vector::Register;
use super::{Conv2dShape, Pass, scratch};
use crate::cpu::parallel::{self, Disjoint, Share};
use crate::cpu::simd::simd;

/// The cost of a multiplication on one thread, in nanoseconds.
const NS: f64 = 0.012;
/// The number of independent pieces of work that keeps every thread busy.
const PIECES: usize = 16;
/// The number of results whose weights are packed side by side, except for the last block.
pub const BLOCK: usize = 64;
/// The number of terms that are summed for all pixels of a chunk before the next terms: their weights, 32
/// KiB, then stay in the level-1 cache.
const TERMS: usize = 128;
/// The number of pixels of a chunk that is summed at once, and of one summed in several parts: multiples of
/// the pixels of every tile.
const CHUNKS: [usize; 2] = [48, 240];

/// Computes the forward pass, or the input's gradient (then `x` is the output's and `y` the input's).
pub fn correlate(s: &Conv2dShape, pass: Pass, x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
    let units = Units::new(s, pass);
    let c = &units.correlation;
    let ns = s.products() as f64 * NS;
    let blocks = c.results.div_ceil(BLOCK);
    let shares = if parallel::worth(ns) { PIECES.div_ceil(units.count() * s.groups).min(blocks) } else { 1 };
    let pieces = units.count() * s.groups * shares;
    let lengths: Vec<usize> =
        c.classes.iter().map(|class| packed_len(c.results, class.offsets.len() + 1)).collect();
    let group_len: usize = lengths.iter().sum();
    // Pieces that share a unit find its planes filled. They are few, because then there are few units.
    let shared_len = if shares > 1 { units.count() * s.groups * units.len() } else { 0 };
    scratch::with(s.groups * group_len + shared_len, |room: &mut [f32]| {
        let (packed, shared) = room.split_at_mut(s.groups * group_len);
        for (group, mut packed) in packed.chunks_mut(group_len).enumerate() {
            for (class, &len) in c.classes.iter().zip(&lengths) {
                let (these, rest) = packed.split_at_mut(len);
                let w = &w[group * s.group_out() * s.depth()..];
                pack(c, class, w, bias.map(|b| &b[group * c.results..]), these);
                packed = rest;
            }
        }
        units.fill_all(x, s.groups, shared);
        let (packed, shared) = (&*packed, &*shared);
        let y = Disjoint::new(y);
        parallel::for_each(pieces, ns / pieces as f64, |piece| {
            let (share, group, number) =
                (piece % shares, piece / shares % s.groups, piece / shares / s.groups);
            let unit = units.get(number);
            // SAFETY: only this piece writes its share of the results, at its unit's pixels.
            let mut y = unsafe { y.share() };
            let mut compute = |planes: &[f32]| {
                let mut packed = &packed[group * group_len..];
                for (class, &len) in c.classes.iter().zip(&lengths) {
                    let pixels = places(c, class, &unit, |n| (n * s.groups + group) * c.results * c.areas.1);
                    let chunk = CHUNKS[usize::from(class.offsets.len() > TERMS)];
                    scratch::with(chunk * BLOCK, |sums: &mut [f32]| {
                        for block in share * blocks / shares..(share + 1) * blocks / shares {
                            let results = block * BLOCK..((block + 1) * BLOCK).min(c.results);
                            let at = block * BLOCK * (class.offsets.len() + 1);
                            let to = &mut Target { results, area: c.areas.1, y: &mut y };
                            pixels
                                .chunks(chunk)
                                .for_each(|p| tiles(planes, &class.offsets, &packed[at..len], p, sums, to));
                        }
                    });
                    packed = &packed[len..];
                }
            };
            if shares > 1 {
                return compute(&shared[(number * s.groups + group) * units.len()..][..units.len()]);
            }
            scratch::with(units.len(), |planes: &mut [f32]| {
                units.fill(&unit, x, (group, s.groups), planes);
                compute(planes);
            });
        });
    });
}

/// Returns the number of lanes of a packed block of `results`.
pub fn lanes(results: usize) -> usize {
    results.next_multiple_of(16)
}

/// Returns the number of elements of `terms` values of each of `results`, packed.
pub fn packed_len(results: usize, terms: usize) -> usize {
    (results / BLOCK * BLOCK + lanes(results % BLOCK)) * terms
}

/// Packs, block by block of results, their bias, then their weights for each term, padded with 0.
fn pack(c: &Correlation, class: &Class, w: &[f32], bias: Option<&[f32]>, packed: &mut [f32]) {
    let block_len = BLOCK * (class.offsets.len() + 1);
    parallel::for_each_chunk(packed, block_len, 0.5, |block, packed| {
        let results = block * BLOCK..((block + 1) * BLOCK).min(c.results);
        let lanes = lanes(results.len());
        let (first, terms) = packed.split_at_mut(lanes);
        first.fill(0.0);
        if let Some(bias) = bias {
            first[..results.len()].copy_from_slice(&bias[results.clone()]);
        }
        let w = &w[results.start * c.weight_step..];
        if class.weights.iter().enumerate().all(|(k, &at)| k == at) {
            terms.fill(0.0);
            return transpose((results.len(), class.weights.len()), (w, c.weight_step), (terms, lanes));
        }
        for (term, &at) in terms.chunks_exact_mut(lanes).zip(&class.weights) {
            let (used, rest) = term.split_at_mut(results.len());
            used.iter_mut().zip(w[at..].iter().step_by(c.weight_step)).for_each(|(t, &w)| *t = w);
            rest.fill(0.0);
        }
    });
}

/// Returns the position of each pixel of a class in a unit, in the planes and in the first of the results.
pub fn places(
    c: &Correlation,
    class: &Class,
    unit: &Unit,
    first: impl Fn(usize) -> usize,
) -> Vec<(usize, usize)> {
    let rows = unit.rows.start.max(class.rows.start)..unit.rows.end.min(class.rows.end);
    let mut places = Vec::with_capacity(unit.images.len() * rows.len() * class.columns.len());
    for (i, n) in unit.images.clone().enumerate() {
        for row in rows.clone() {
            let place = i * c.len() + (row - unit.rows.start) * c.planes.stride;
            places.extend(
                class.columns.clone().map(|column| (place + column, first(n) + c.output(class, row, column))),
            );
        }
    }
    places
}

/// The destination of a block of results.
struct Target<'a, 'b> {
    results: Range<usize>,
    /// The number of elements between neighbouring results.
    area: usize,
    y: &'a mut Share<'b, f32>,
}

simd!(
    /// Computes one block of results at all `pixels`; `sums` is memory for them.
    fn tiles<const L: usize>(
        planes: &[f32],
        offsets: &[usize],
        packed: &[f32],
        pixels: &[(usize, usize)],
        sums: &mut [f32],
        to: &mut Target<'_, '_>,
    ) {
        let width = lanes(to.results.len());
        assert!(packed.len() >= width * (offsets.len() + 1), "packed weights of {} terms", offsets.len());
        assert!(sums.len() >= width * pixels.len(), "sums of {} pixels", pixels.len());
        let reach = offsets.iter().max().unwrap_or(&0);
        assert!(pixels.iter().all(|(place, _)| place + reach < planes.len()), "pixels beyond the planes");
        let (bias, weights) = packed.split_at(width);
        let held = sums.as_mut_ptr();
        let mut start = (bias.as_ptr(), 0);
        // There is at least one part, for the bias.
        for part in 0..offsets.len().div_ceil(TERMS).max(1) {
            let offsets = &offsets[part * TERMS..offsets.len().min((part + 1) * TERMS)];
            let a = (planes.as_ptr(), |p: usize| pixels[p].0, |k: usize| offsets[k]);
            let (shape, weights) = ((pixels.len(), offsets.len(), width), &weights[part * TERMS * width..]);
            // SAFETY: as asserted.
            unsafe { block::<L>(shape, a, weights.as_ptr(), (held, width), Some(start)) };
            start = (held.cast_const(), width);
        }
        write::<L>(sums, width, pixels, to);
    }
);

/// Writes the sums of `pixels`, `width` results each, to the planes of the results.
#[inline(always)]
fn write<const L: usize>(sums: &[f32], width: usize, pixels: &[(usize, usize)], to: &mut Target<'_, '_>) {
    let results = to.results.clone();
    for (pixels, sums) in pixels.chunks(L).zip(sums.chunks_exact(L * width)) {
        let first = pixels[0].1;
        // Positions increase, so the last one shows if there is a gap.
        let dense = pixels.len() == L && pixels[L - 1].1 - first == L - 1;
        for v in (0..results.len()).step_by(L) {
            let mut rows = [Register::<L>::splat(0.0); L];
            for (i, row) in rows.iter_mut().enumerate() {
                // SAFETY: `sums` is L rows of `width` results, which include `v` and the following L - 1.
                *row = unsafe { Register::<L>::load(sums.as_ptr().add(i * width + v)) };
            }
            let rows = Register::<L>::transpose(rows);
            for (result, row) in (results.start + v..results.end).zip(rows) {
                if dense {
                    // SAFETY: the part has L elements.
                    unsafe { row.store(to.y.part(first + result * to.area, L).as_mut_ptr()) };
                } else {
                    let mut values = [0.0; L];
                    // SAFETY: `values` has L elements.
                    unsafe { row.store(values.as_mut_ptr()) };
                    for (&(_, at), value) in pixels.iter().zip(values) {
                        to.y.part(at + result * to.area, 1)[0] = value;
                    }
                }
            }
        }
    }
}
