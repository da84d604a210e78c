//! The gradient of the weight: the products of the transformed tiles of the input and of the output's
//! gradient, summed and transformed back.

use super::products::multiply;
use super::tiles::{Layout, Strips, Tiles, adjoint, windows};
use super::weights::{POSITIONS, Weights};
use super::{NS, PIECES, shared_len, shares, tiles_at_once, transform_all};
use crate::cpu::conv::channels::{BLOCK, lanes};
use crate::cpu::conv::{Conv2dShape, scratch};
use crate::cpu::parallel::{self, Disjoint, Share};

/// The maximum number of elements of all partial sums.
const MAX_SUMS: usize = 1 << 22;

/// Computes the gradient; see [`crate::cpu::conv::weight_grad`].
pub fn weight_grad(s: &Conv2dShape, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let (inputs, outs) = (s.group_in(), s.group_out());
    let (image, area) = ((s.height, s.width), (s.out_height(), s.out_width()));
    let tiles = Tiles::new(s.batch, image, area, s.padding, 1, tiles_at_once(inputs, outs));
    let weights = Weights { inputs, results: outs, backward: false, stride: 1 };
    let len = weights.len();
    let ns = s.products() as f64 * NS;
    let blocks = outs.div_ceil(BLOCK);
    // The number of sums, and the terms and order of each, follow from the shape alone.
    let sums = (PIECES / (s.groups * blocks)).min(MAX_SUMS / (s.groups * len)).clamp(1, tiles.chunks());
    let shares = shares(ns, sums * s.groups, blocks);
    let pieces = sums * s.groups * shares;
    let v_layout = Layout::new(POSITIONS, tiles.count(), lanes(inputs));
    let (area, image) = (area.0 * area.1, image.0 * image.1);
    let transform = |strips: &Strips, group: usize, turned: &mut [f32], at: usize, v: &mut Share<'_, f32>| {
        let x = &x[(strips.image * s.groups + group) * inputs * image..][..inputs * image];
        windows(&tiles, strips, x, inputs, turned, v_layout, at, v);
    };
    let turned_len = tiles.turned_len(lanes(inputs).max(BLOCK));
    let shared_len = shared_len(shares, tiles.chunks() * s.groups * v_layout.len());
    scratch::with(sums * s.groups * len + shared_len, |room: &mut [f32]| {
        let (shared, du) = room.split_at_mut(shared_len);
        transform_all(&tiles, s.groups, turned_len, v_layout.len(), shared, transform);
        let shared = &*shared;
        // The sums of a group are contiguous.
        let all = Disjoint::new(du);
        parallel::for_each(pieces, ns / pieces as f64, |piece| {
            let (share, group, sum) = (piece % shares, piece / shares % s.groups, piece / shares / s.groups);
            let blocks = share * blocks / shares..(share + 1) * blocks / shares;
            let z_len = Layout::new(POSITIONS, tiles.count(), BLOCK).len();
            // SAFETY: only this piece writes its blocks of its sum.
            let part = |block, position| unsafe {
                let part = weights.part(block, position);
                all.part((group * sums + sum) * len + part.start, part.len())
            };
            blocks
                .clone()
                .for_each(|block| (0..POSITIONS).for_each(|position| part(block, position).fill(0.0)));
            let own_len = if shared.is_empty() { v_layout.len() } else { 0 };
            scratch::with(own_len + z_len + turned_len, |room: &mut [f32]| {
                let (own, room) = room.split_at_mut(own_len);
                let (z, turned) = room.split_at_mut(z_len);
                for number in sum * tiles.chunks() / sums..(sum + 1) * tiles.chunks() / sums {
                    let (chunk, count) = tiles.chunk(number);
                    if shared.is_empty() {
                        for strips in &chunk {
                            // SAFETY: nothing else uses `own` meanwhile.
                            let mut v = unsafe { Disjoint::new(own).share() };
                            transform(strips, group, turned, 0, &mut v);
                        }
                    }
                    let at = (number * s.groups + group) * v_layout.len();
                    let v = if shared.is_empty() { &*own } else { &shared[at..][..v_layout.len()] };
                    for block in blocks.clone() {
                        let first = block * BLOCK;
                        let channels = BLOCK.min(outs - first);
                        let width = lanes(channels);
                        let layout = Layout::new(POSITIONS, tiles.count(), width);
                        for strips in &chunk {
                            let at = ((strips.image * s.groups + group) * outs + first) * area;
                            let dy = &dy[at..][..channels * area];
                            // SAFETY: nothing else uses `z` meanwhile.
                            let mut z = unsafe { Disjoint::new(z).share() };
                            adjoint(&tiles, strips, dy, channels, turned, layout, &mut z);
                        }
                        for position in 0..POSITIONS {
                            let v = &v[position * v_layout.step..];
                            let z = &z[position * layout.step..];
                            let du = part(block, position);
                            multiply((inputs, count), (v, (1, v_layout.width)), z, du, width, true);
                        }
                    }
                }
            });
        });
        for (du, dw) in du.chunks_mut(sums * len).zip(dw.chunks_mut(s.weight_len() / s.groups)) {
            weights.gradient(du, dw);
        }
    });
}
