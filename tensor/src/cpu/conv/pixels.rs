//! Direct convolution with neighbouring pixels in the lanes of a vector: for few channels.
//!
//! A tile of sums is `O` results by `V` vectors of pixels. The pixels of the padded planes form one long row,
//! so that a vector may span the end of an image's row. The sums at the positions between the rows are
//! meaningless, and are skipped when the rows are written.

use std::ops::Range;

use super::correlation::{Class, Correlation, SLACK};
use super::outer::outer;
use super::rows::copy_rows;
use super::units::Units;
use super::vector::Register;
use super::{Conv2dShape, Pass, scratch};
use crate::cpu::parallel::{self, Disjoint, Share};
use crate::cpu::simd::simd;

/// The cost of a multiplication on one thread, in nanoseconds.
const NS: f64 = 0.015;
/// The numbers of results of a tile.
const TILES: [usize; 5] = [8, 6, 4, 2, 1];

/// Computes the forward pass, or the input's gradient (then `x` is the output's and `y` the input's).
pub fn correlate(s: &Conv2dShape, pass: Pass, x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
    let units = Units::new(s, pass);
    let c = &units.correlation;
    let tiles = tiles(c.results);
    let terms: usize = c.classes.iter().map(|class| class.weights.len() + 1).sum();
    let group_len = terms * tiles.iter().map(|tile| tile.len()).sum::<usize>();
    let sums_len = TILES[0] * row_len(&units);
    scratch::with(s.groups * group_len, |packed: &mut [f32]| {
        for (group, packed) in packed.chunks_mut(group_len).enumerate() {
            let w = &w[group * s.group_out() * s.depth()..];
            pack(c, &tiles, w, bias.map(|b| &b[group * c.results..]), packed);
        }
        let packed = &*packed;
        let y = Disjoint::new(y);
        let pieces = units.count() * s.groups;
        parallel::for_each(pieces, s.products() as f64 * NS / pieces as f64, |piece| {
            let (group, unit) = (piece % s.groups, units.get(piece / s.groups));
            // SAFETY: only this piece writes its group's results at its unit's pixels.
            let mut y = unsafe { y.share() };
            scratch::with(units.len() + sums_len, |room: &mut [f32]| {
                let (planes, sums) = room.split_at_mut(units.len());
                units.fill(&unit, x, (group, s.groups), planes);
                for (i, n) in unit.images.clone().enumerate() {
                    let planes = &planes[i * c.len()..];
                    let mut packed = &packed[group * group_len..];
                    for class in &c.classes {
                        let rows = class.rows.start.max(unit.rows.start)..class.rows.end.min(unit.rows.end);
                        for tile in &tiles {
                            let (these, rest) = packed.split_at(tile.len() * (class.offsets.len() + 1));
                            packed = rest;
                            if rows.is_empty() || class.columns.is_empty() {
                                continue;
                            }
                            // The pixels of the class as one row.
                            let start =
                                (rows.start - unit.rows.start) * c.planes.stride + class.columns.start;
                            let len = (rows.len() - 1) * c.planes.stride + class.columns.len();
                            sum(&planes[start..], &class.offsets, these, tile.len(), len, sums);
                            let first = (n * s.groups + group) * c.results * c.areas.1;
                            write(c, class, &rows, tile, sums, first, &mut y);
                        }
                    }
                }
            });
        });
    });
}

/// Returns the length of a unit's rows of one image as one row, padded by a whole vector.
pub fn row_len(units: &Units) -> usize {
    units.band * units.correlation.planes.stride + SLACK
}

/// Splits `0..n` into tiles. The last one may exceed `n`.
fn tiles(n: usize) -> Vec<Range<usize>> {
    // 6 for multiples such as 6 and 12, else 8.
    let size = if n.is_multiple_of(6) { 6 } else { 8 };
    let mut tiles: Vec<_> = (0..n / size).map(|i| i * size..(i + 1) * size).collect();
    let start = n / size * size;
    if let Some(&size) = TILES.iter().rev().find(|&&size| start < n && size >= n - start) {
        tiles.push(start..start + size);
    }
    tiles
}

/// Packs, class by class and tile by tile, each result's bias, then its weight for each term; 0 for missing
/// results.
fn pack(c: &Correlation, tiles: &[Range<usize>], w: &[f32], bias: Option<&[f32]>, mut packed: &mut [f32]) {
    for class in &c.classes {
        for tile in tiles {
            let (first, rest) = packed.split_at_mut(tile.len());
            let (terms, rest) = rest.split_at_mut(tile.len() * class.weights.len());
            packed = rest;
            for (o, first) in tile.clone().zip(first) {
                *first = bias.filter(|_| o < c.results).map_or(0.0, |b| b[o]);
            }
            for o in tile.clone() {
                let weights = w.get(o * c.weight_step..).filter(|_| o < c.results);
                for (term, &at) in terms.chunks_exact_mut(tile.len()).zip(&class.weights) {
                    term[o - tile.start] = weights.map_or(0.0, |w| w[at]);
                }
            }
        }
    }
}

/// Writes the rows of a tile's sums to the planes of the results. The first one starts at `first`.
fn write(
    c: &Correlation,
    class: &Class,
    rows: &Range<usize>,
    tile: &Range<usize>,
    sums: &[f32],
    first: usize,
    y: &mut Share<'_, f32>,
) {
    let (step, count) = (c.steps.1, class.columns.len());
    for (o, sums) in
        tile.clone().zip(sums.chunks_exact(sums.len() / TILES[0])).take_while(|(o, _)| *o < c.results)
    {
        let at = first + o * c.areas.1 + c.output(class, rows.start, class.columns.start);
        if c.steps == (count, 1) {
            let to = y.part(at, rows.len() * count);
            copy_rows(rows.len(), count, (sums, c.planes.stride), (to, count));
            continue;
        }
        for (row, sums) in sums.chunks(c.planes.stride).take(rows.len()).enumerate() {
            let to = y.part(at + row * c.steps.0, (count - 1) * step + 1);
            to.iter_mut().step_by(step).zip(sums).for_each(|(y, &sum)| *y = sum);
        }
    }
}

simd!(
    /// Computes the sums of a tile of `results` at `len` neighbouring positions. `sums` has a row for each
    /// result of the largest tile.
    fn sum<const L: usize>(
        planes: &[f32],
        offsets: &[usize],
        packed: &[f32],
        results: usize,
        len: usize,
        sums: &mut [f32],
    ) {
        match (L, results) {
            (16, 8) => strip::<L, 3, 8>(planes, offsets, packed, len, sums),
            (16, 6) => strip::<L, 4, 6>(planes, offsets, packed, len, sums),
            (16, 4) => strip::<L, 6, 4>(planes, offsets, packed, len, sums),
            (16, 2) => strip::<L, 8, 2>(planes, offsets, packed, len, sums),
            (16, 1) => strip::<L, 8, 1>(planes, offsets, packed, len, sums),
            (_, 8) => strip::<L, 1, 8>(planes, offsets, packed, len, sums),
            (_, 6) => strip::<L, 2, 6>(planes, offsets, packed, len, sums),
            (_, 4) => strip::<L, 2, 4>(planes, offsets, packed, len, sums),
            (_, 2) => strip::<L, 4, 2>(planes, offsets, packed, len, sums),
            (_, 1) => strip::<L, 8, 1>(planes, offsets, packed, len, sums),
            _ => unreachable!("a tile of {results} results"), // invariant: a size in TILES
        }
    }
);

/// Computes tiles of `O` results by `V` vectors of positions, along `len` positions.
#[inline(always)]
fn strip<const L: usize, const V: usize, const O: usize>(
    planes: &[f32],
    offsets: &[usize],
    packed: &[f32],
    len: usize,
    sums: &mut [f32],
) {
    let row = sums.len() / TILES[0];
    let whole = len.next_multiple_of(V * L);
    let reach = offsets.iter().max().unwrap_or(&0);
    assert!(whole <= row && whole + reach <= planes.len(), "{len} places beyond the planes or the sums");
    assert!(packed.len() >= O * (offsets.len() + 1), "packed weights of {} terms", offsets.len());
    let mut at = 0;
    while at < len {
        // One or two vectors at the end are faster one by one.
        // SAFETY: as asserted.
        at += unsafe {
            if len - at <= 2 * L {
                tile::<L, 1, O>(&planes[at..], offsets, packed, &mut sums[at..], row)
            } else {
                tile::<L, V, O>(&planes[at..], offsets, packed, &mut sums[at..], row)
            }
        };
    }
}

/// Computes one tile at the first positions, and returns their number.
///
/// # Safety
/// `V * L` values must be in `planes` from each offset on, and in `sums` at every `row` for each result;
/// `packed` must have the biases and the weights of each offset.
#[inline(always)]
unsafe fn tile<const L: usize, const V: usize, const O: usize>(
    planes: &[f32],
    offsets: &[usize],
    packed: &[f32],
    sums: &mut [f32],
    row: usize,
) -> usize {
    let mut tile = [[Register::<L>::splat(0.0); V]; O];
    let mut a = [packed.as_ptr(); O];
    for o in 0..O {
        tile[o] = [Register::<L>::splat(packed[o]); V];
        // SAFETY: a bias in `packed`.
        a[o] = unsafe { a[o].add(o) };
    }
    let steps = offsets.iter().enumerate().map(|(k, &offset)| ((k + 1) * O, offset));
    // SAFETY: the caller guarantees `packed` and `planes`.
    unsafe { outer(&mut tile, a, planes.as_ptr(), steps) };
    for (o, tile) in tile.iter().enumerate() {
        for (v, sum) in tile.iter().enumerate() {
            // SAFETY: the caller guarantees `sums`.
            unsafe { sum.store(sums.as_mut_ptr().add(o * row + v * L)) };
        }
    }
    V * L
}
