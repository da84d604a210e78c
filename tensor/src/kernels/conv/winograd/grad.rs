//! The weight's gradient: the products of the transformed tiles of the input and of the output's
//! gradient, summed, and transformed back.

use super::products::gradient;
use super::tiles::{Layout, POSITIONS, Tiles, adjoint, windows};
use super::weights::Weights;
use super::{NS, PIECES, tiles_at_once};
use crate::kernels::conv::channels::{BLOCK, lanes};
use crate::kernels::conv::{Conv2dShape, scratch};
use crate::kernels::parallel::{self, Disjoint};

/// Elements that all partial sums may have.
const MAX_SUMS: usize = 1 << 22;

/// See [`crate::kernels::conv::weight_grad`].
pub fn weight_grad(s: &Conv2dShape, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let (inputs, outs) = (s.group_in(), s.group_out());
    let (image, area) = ((s.height, s.width), (s.out_height(), s.out_width()));
    let tiles = Tiles::new(s.batch, image, area, s.padding, tiles_at_once(inputs, outs));
    let weights = Weights { inputs, results: outs, backward: false };
    let len = weights.len();
    let ns = s.products() as f64 * NS;
    let blocks = outs.div_ceil(BLOCK);
    // How many sums there are, and what each adds in which order, follows from the shape alone.
    let sums = (PIECES / (s.groups * blocks)).min(MAX_SUMS / (s.groups * len)).clamp(1, tiles.chunks());
    let shares = if parallel::worth(ns) { blocks } else { 1 };
    let pieces = sums * s.groups * shares;
    let v_layout = Layout::new(tiles.count(), lanes(inputs));
    let (area, image) = (area.0 * area.1, image.0 * image.1);
    scratch::with(sums * s.groups * len, |du: &mut [f32]| {
        // The sums of a group lie one behind the other.
        let all = Disjoint::new(du);
        parallel::for_each(pieces, ns / pieces as f64, |piece| {
            let (share, group, sum) = (piece % shares, piece / shares % s.groups, piece / shares / s.groups);
            let blocks = share * blocks / shares..(share + 1) * blocks / shares;
            let z_len = Layout::new(tiles.count(), BLOCK).len();
            let turned_len = tiles.turned_len(lanes(inputs).max(BLOCK));
            // SAFETY: this piece alone writes its blocks of its sum.
            let part = |block, position| unsafe {
                let part = weights.part(block, position);
                all.part((group * sums + sum) * len + part.start, part.len())
            };
            blocks
                .clone()
                .for_each(|block| (0..POSITIONS).for_each(|position| part(block, position).fill(0.0)));
            scratch::with(v_layout.len() + z_len + turned_len, |room: &mut [f32]| {
                let (v, room) = room.split_at_mut(v_layout.len());
                let (z, turned) = room.split_at_mut(z_len);
                for chunk in sum * tiles.chunks() / sums..(sum + 1) * tiles.chunks() / sums {
                    let (chunk, count) = tiles.chunk(chunk);
                    for strips in &chunk {
                        let x = &x[(strips.image * s.groups + group) * inputs * image..][..inputs * image];
                        windows(&tiles, strips, x, inputs, turned, v_layout, v);
                    }
                    for block in blocks.clone() {
                        let first = block * BLOCK;
                        let channels = BLOCK.min(outs - first);
                        let width = lanes(channels);
                        let layout = Layout::new(tiles.count(), width);
                        for strips in &chunk {
                            let at = ((strips.image * s.groups + group) * outs + first) * area;
                            adjoint(
                                &tiles,
                                strips,
                                &dy[at..][..channels * area],
                                channels,
                                turned,
                                layout,
                                z,
                            );
                        }
                        for position in 0..POSITIONS {
                            let v = &v[position * v_layout.step..];
                            let z = &z[position * layout.step..];
                            gradient(count, inputs, v, v_layout.width, z, part(block, position), width);
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
