//! Winograd's F(4x4, 3x3): 3 by 3 convolutions with stride 1 with a quarter of the multiplications, and the
//! forward pass with stride 2 with 9 in 16.
//!
//! The transformed tiles of a chunk form 36 matrices of tiles by channels, and so do the weights. Their
//! products, transformed back, are the results. A chunk's matrices stay in the cache.
//!
//! The input's gradient is the convolution of the output's gradient with the rotated weights. The weight's
//! gradient is the adjoint of the forward pass: `Gᵀ (sum of (A dy Aᵀ)(Bᵀ d B)) G`.
//!
//! The rounding error is larger than that of a direct sum: for random numbers, about 2e-6 of the largest
//! value at 256 channels with either stride, instead of 3e-7. [`super::set_exact`] disables the algorithm.

mod grad;
mod halved;
mod products;
mod tiles;
mod transform;
mod weights;

use super::channels::{BLOCK, lanes, packed_len};
use super::{Conv2dShape, Pass, scratch};
use crate::cpu::parallel::{self, Disjoint, Share};
pub use grad::weight_grad;
use products::multiply;
use tiles::{Layout, Strips, Tiles, results, windows};
use weights::{POSITIONS, Weights};

/// The cost of a multiplication of the direct sum on one thread, in nanoseconds.
const NS: f64 = 0.006;
/// The same with stride 2.
const NS_HALVED: f64 = 0.012;
/// The cost per element of the transformed tiles, in nanoseconds.
const NS_TILES: f64 = 0.3;
/// The number of partial sums of a gradient, which keep every thread busy.
const PIECES: usize = 16;
/// The number of pieces of work for each thread, so that all finish at about the same time.
const PIECES_EACH: usize = 4;
/// The maximum number of elements of all images' transformed tiles for them to be kept: 32 MiB.
const MAX_SHARED: usize = 1 << 23;

/// Returns true if the algorithm supports a pass of this shape.
pub fn applies(s: &Conv2dShape, pass: Pass) -> bool {
    let strides = s.stride == (1, 1) || s.stride == (2, 2) && pass == Pass::Forward;
    s.kernel == (3, 3) && strides && s.dilation == (1, 1) && s.padding.0 <= 2 && s.padding.1 <= 2
}

/// Returns the number of tiles of a chunk: few enough for its matrices to stay in the cache, and enough for
/// reading the weights to pay off. More weights need more tiles.
fn tiles_at_once(inputs: usize, results: usize) -> usize {
    match inputs.max(results) {
        0..=96 => 48,
        97..=192 => 72,
        _ => 128,
    }
}

/// A product of a transformed tile and kernel, by their positions and that of the result. The products of one
/// result are neighbours; all but the first are added to it.
struct Product {
    tile: usize,
    weight: usize,
    result: usize,
    add: bool,
}

/// Returns the number of positions of a transformed tile and of a result, and the products.
fn products(stride: usize) -> (usize, usize, Vec<Product>) {
    if stride == 1 {
        let same = |i| Product { tile: i, weight: i, result: i, add: false };
        return (POSITIONS, POSITIONS, (0..POSITIONS).map(same).collect());
    }
    let mut products: Vec<Product> = (0..81)
        .map(|tile| {
            let ((i, k), (j, l)) = (halved::partners(tile / 9), halved::partners(tile % 9));
            Product { tile, weight: k * 6 + l, result: i * 5 + j, add: k == 5 || l == 5 }
        })
        .collect();
    products.sort_by_key(|p| (p.result, p.add));
    (81, 25, products)
}

/// Returns the number of pieces that share the sums over the same tiles, each with some of `blocks`, if there
/// are `n` such sums. It does not affect results, so it may depend on the number of threads.
fn shares(ns: f64, n: usize, blocks: usize) -> usize {
    let wanted = PIECES_EACH * parallel::num_threads();
    if parallel::worth(ns) { wanted.div_ceil(n).min(blocks) } else { 1 }
}

/// Returns `len`, the number of elements, if pieces that share tiles should find them transformed, or 0 if
/// that is too large.
fn shared_len(shares: usize, len: usize) -> usize {
    if shares > 1 && len <= MAX_SHARED { len } else { 0 }
}

/// Calls `transform(strips, group, turned, at, v)` for the strips of all chunks. Those of a chunk and group
/// are `len` elements of `v`, from `at` on. It does nothing if `v` is empty.
fn transform_all(
    tiles: &Tiles,
    groups: usize,
    turned_len: usize,
    len: usize,
    v: &mut [f32],
    transform: impl Fn(&Strips, usize, &mut [f32], usize, &mut Share<'_, f32>) + Sync + Send,
) {
    if v.is_empty() {
        return;
    }
    let strips: Vec<(usize, Strips)> = (0..tiles.chunks())
        .flat_map(|chunk| tiles.chunk(chunk).0.into_iter().map(move |strips| (chunk, strips)))
        .collect();
    let (ns, all) = (NS_TILES * (v.len() / strips.len() / groups) as f64, Disjoint::new(v));
    parallel::for_each(strips.len() * groups, ns, |i| {
        let ((chunk, strips), group) = (&strips[i / groups], i % groups);
        // SAFETY: only this call writes the strips' tiles.
        let mut v = unsafe { all.share() };
        scratch::with(turned_len, |turned: &mut [f32]| {
            transform(strips, group, turned, (chunk * groups + group) * len, &mut v);
        });
    });
}

/// Computes the forward pass, or the input's gradient (then `x` is the output's and `y` the input's).
pub fn correlate(s: &Conv2dShape, pass: Pass, x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
    let (backward, stride) = (pass == Pass::InputGrad, s.stride.0);
    let (input, output) = ((s.height, s.width), (s.out_height(), s.out_width()));
    let (image, area, padding) = match backward {
        false => (input, output, s.padding),
        true => (output, input, (2 - s.padding.0, 2 - s.padding.1)),
    };
    let (inputs, outs) = if backward { (s.group_out(), s.group_in()) } else { (s.group_in(), s.group_out()) };
    let tiles = Tiles::new(s.batch, image, area, padding, stride, tiles_at_once(inputs, outs) / stride);
    let weights = Weights { inputs, results: outs, backward, stride };
    let ns = s.products() as f64 * if stride == 1 { NS } else { NS_HALVED };
    let blocks = outs.div_ceil(BLOCK);
    let shares = shares(ns, tiles.chunks() * s.groups, blocks);
    let pieces = tiles.chunks() * s.groups * shares;
    let (v_positions, m_positions, products) = products(stride);
    let v_layout = Layout::new(v_positions, tiles.count(), lanes(inputs));
    let (area, image) = (area.0 * area.1, image.0 * image.1);
    let transform = |strips: &Strips, group: usize, turned: &mut [f32], at: usize, v: &mut Share<'_, f32>| {
        let x = &x[(strips.image * s.groups + group) * inputs * image..][..inputs * image];
        windows(&tiles, strips, x, inputs, turned, v_layout, at, v);
    };
    let turned_len = tiles.turned_len(lanes(inputs).max(BLOCK));
    let shared_len = shared_len(shares, tiles.chunks() * s.groups * v_layout.len());
    let room = s.groups * weights.len() + packed_len(outs, s.groups) + shared_len;
    scratch::with(room, |room: &mut [f32]| {
        let (shared, room) = room.split_at_mut(shared_len);
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
        transform_all(&tiles, s.groups, turned_len, v_layout.len(), shared, transform);
        let shared = &*shared;
        let y = Disjoint::new(y);
        parallel::for_each(pieces, ns / pieces as f64, |piece| {
            let (share, group, number) =
                (piece % shares, piece / shares % s.groups, piece / shares / s.groups);
            let (chunk, count) = tiles.chunk(number);
            // SAFETY: only this piece writes its share of the results, in its chunk's tiles.
            let mut y = unsafe { y.share() };
            let m_len = Layout::new(m_positions, tiles.count(), BLOCK).len();
            let own_len = if shared.is_empty() { v_layout.len() } else { 0 };
            scratch::with(own_len + m_len + turned_len, |room: &mut [f32]| {
                let (own, room) = room.split_at_mut(own_len);
                let (m, turned) = room.split_at_mut(m_len);
                if shared.is_empty() {
                    for strips in &chunk {
                        // SAFETY: nothing else uses `own` meanwhile.
                        let mut v = unsafe { Disjoint::new(own).share() };
                        transform(strips, group, turned, 0, &mut v);
                    }
                }
                let at = (number * s.groups + group) * v_layout.len();
                let v = if shared.is_empty() { &*own } else { &shared[at..][..v_layout.len()] };
                for block in share * blocks / shares..(share + 1) * blocks / shares {
                    let first = block * BLOCK;
                    let channels = BLOCK.min(outs - first);
                    let width = lanes(channels);
                    let layout = Layout::new(m_positions, tiles.count(), width);
                    for p in &products {
                        let v = &v[p.tile * v_layout.step..];
                        let u = &u[group * weights.len()..][weights.part(block, p.weight)];
                        let m = &mut m[p.result * layout.step..];
                        multiply((count, inputs), (v, (v_layout.width, 1)), u, m, width, p.add);
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
