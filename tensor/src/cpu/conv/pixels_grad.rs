//! The gradient of the weight with neighbouring pixels in the lanes of a vector: for few channels.
//!
//! A weight's gradient is the dot product of the output's gradient and the input shifted by a tap. The
//! output's gradient is copied to rows as long as those of the padded planes, with zeros between.

use super::outer::dots;
use super::rows::copy_rows;
use super::units::Units;
use super::vector::Register;
use super::{Conv2dShape, Pass, scratch};
use crate::cpu::parallel::{self, Disjoint};
use crate::cpu::simd::simd;

/// The cost of a multiplication on one thread, in nanoseconds.
const NS: f64 = 0.015;
/// The maximum number of partial sums of all gradients: they keep every thread busy.
const SUMS: usize = 16;
/// The number of lanes of the widest vector.
const LANES: usize = 16;

/// Computes the gradient; see [`super::weight_grad`].
pub fn weight_grad(s: &Conv2dShape, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let units = Units::new(s, Pass::WeightGrad);
    let (c, class) = (&units.correlation, &units.correlation.classes[0]);
    let (outs, depth, stride) = (s.group_out(), s.depth(), c.planes.stride);
    let row = (units.band * stride).next_multiple_of(LANES);
    let len = outs * depth;
    // The number of sums, and the terms and order of each, follow from the shape alone.
    let count = SUMS.div_ceil(s.groups).min(units.count());
    let pieces = count * s.groups;
    scratch::with(pieces * len, |sums: &mut [f32]| {
        let all = Disjoint::new(sums);
        parallel::for_each(pieces, s.products() as f64 * NS / pieces as f64, |piece| {
            let (group, sum) = (piece % s.groups, piece / s.groups);
            // SAFETY: only this piece writes these sums.
            let sums = unsafe { all.part(piece * len, len) };
            sums.fill(0.0);
            scratch::with(units.len() + units.images * outs * row, |room: &mut [f32]| {
                let (planes, rows) = room.split_at_mut(units.len());
                for unit in sum * units.count() / count..(sum + 1) * units.count() / count {
                    let unit = units.get(unit);
                    units.fill(&unit, x, (group, s.groups), planes);
                    for (n, rows) in unit.images.clone().zip(rows.chunks_mut(outs * row)) {
                        let channels = (n * s.groups + group) * outs;
                        for (o, row) in rows.chunks_mut(row).enumerate() {
                            let pixels = unit.rows.start * s.out_width()..unit.rows.end * s.out_width();
                            let dy = &dy[(channels + o) * s.out_pixels()..][pixels];
                            copy_rows(unit.rows.len(), s.out_width(), (dy, s.out_width()), (row, stride));
                            row[unit.rows.len() * stride..].fill(0.0);
                        }
                    }
                    let images = Images { count: unit.images.len(), planes: c.len(), row, outs };
                    add(planes, &class.offsets, rows, &images, sums);
                }
            });
        });
        let mut sums = sums.chunks(dw.len());
        // invariant: the caller returns early if there are no terms
        dw.copy_from_slice(sums.next().expect("one sum at least"));
        sums.for_each(|sum| dw.iter_mut().zip(sum).for_each(|(dw, v)| *dw += v));
    });
}

/// Returns the sum of the lanes of each vector, in one lane each.
#[inline(always)]
fn total<const L: usize>(vectors: [Register<L>; L]) -> Register<L> {
    let mut rows = Register::<L>::transpose(vectors);
    let mut n = L;
    while n > 1 {
        n /= 2;
        for i in 0..n {
            rows[i] = rows[i].add(rows[i + n]);
        }
    }
    rows[0]
}

/// Some images and their output gradients, as rows.
struct Images {
    count: usize,
    /// The numbers of elements of an image's planes and of a channel's row.
    planes: usize,
    row: usize,
    outs: usize,
}

simd!(
    /// Adds the dot products of each channel's rows with the planes at each offset to the sums:
    /// `[out][offset]`.
    fn add<const L: usize>(
        planes: &[f32],
        offsets: &[usize],
        rows: &[f32],
        images: &Images,
        sums: &mut [f32],
    ) {
        let reach = offsets.iter().max().unwrap_or(&0);
        assert!(images.row.is_multiple_of(L) && images.count * images.outs * images.row <= rows.len());
        assert!(
            (images.count - 1) * images.planes + reach + images.row <= planes.len(),
            "rows beyond the planes"
        );
        assert!(sums.len() >= images.outs * offsets.len(), "sums of {} terms", offsets.len());
        let mut out = 0;
        while out < images.outs {
            let (rows, sums) = (&rows[out * images.row..], &mut sums[out * offsets.len()..]);
            // SAFETY: as asserted.
            out += unsafe {
                match (L, images.outs - out) {
                    (16, 6..) => tiles::<L, 4, 6>(planes, offsets, rows, images, sums),
                    (16, 4..) => tiles::<L, 6, 4>(planes, offsets, rows, images, sums),
                    (16, 2..) => tiles::<L, 12, 2>(planes, offsets, rows, images, sums),
                    (16, _) => tiles::<L, 16, 1>(planes, offsets, rows, images, sums),
                    (_, 2..) => tiles::<L, 4, 2>(planes, offsets, rows, images, sums),
                    _ => tiles::<L, 8, 1>(planes, offsets, rows, images, sums),
                }
            };
        }
    }
);

/// Computes the first `O` rows of each image with all offsets, `T` at a time, and returns `O`.
///
/// # Safety
/// `rows` must have `O` rows for each image, `planes` a row from each offset on in each image, and `sums` the
/// sums of `O` outputs.
#[inline(always)]
unsafe fn tiles<const L: usize, const T: usize, const O: usize>(
    planes: &[f32],
    offsets: &[usize],
    rows: &[f32],
    images: &Images,
    sums: &mut [f32],
) -> usize {
    for (tile, taps) in offsets.chunks(T).enumerate() {
        let mut held = [[Register::<L>::splat(0.0); T]; O];
        for n in 0..images.count {
            let (mut a, mut b) = ([rows.as_ptr(); O], [planes.as_ptr(); T]);
            for (o, a) in a.iter_mut().enumerate() {
                // SAFETY: the caller guarantees `rows`.
                *a = unsafe { a.add((n * images.outs + o) * images.row) };
            }
            for (b, &offset) in b.iter_mut().zip(taps) {
                // SAFETY: the caller guarantees `planes`.
                *b = unsafe { b.add(n * images.planes + offset) };
            }
            // SAFETY: likewise.
            unsafe { dots(&mut held, a, b, images.row) };
        }
        // The lanes of as many sums as there are lanes are summed at once.
        for first in (0..O * T).step_by(L) {
            let mut some = [Register::<L>::splat(0.0); L];
            for (i, some) in (first..O * T).zip(&mut some) {
                *some = held[i / T][i % T];
            }
            let mut totals = [0.0; L];
            // SAFETY: `totals` has L elements.
            unsafe { total(some).store(totals.as_mut_ptr()) };
            for (i, total) in (first..O * T).zip(totals).filter(|(i, _)| i % T < taps.len()) {
                sums[i / T * offsets.len() + tile * T + i % T] += total;
            }
        }
    }
    O
}
