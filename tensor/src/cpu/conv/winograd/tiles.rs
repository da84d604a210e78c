//! The tiles of images, and their transforms from images to matrices and back.
//!
//! The channels of a strip of an image are transposed so that those of one pixel are contiguous. A vector is
//! then several channels of one pixel, and no transform shuffles its lanes.

use std::ops::Range;

use super::halved;
use super::transform::{Input, Map, Output, OutputAdjoint, Square, both_ways};
use crate::cpu::conv::transpose::{transpose_body, transpose_to};
use crate::cpu::conv::vector::Register;
use crate::cpu::parallel::Share;
use crate::cpu::simd::simd;

/// The tiles of a batch of images, 4 by 4 output pixels each.
///
/// A row of tiles across an image is a strip. A chunk is several strips, of one image or more.
#[derive(Clone, Copy)]
pub struct Tiles {
    pub batch: usize,
    /// The numbers of rows and columns of the input image, and of the results.
    pub image: (usize, usize),
    pub results: (usize, usize),
    pub padding: (usize, usize),
    /// The stride of both rows and columns, 1 or 2.
    pub stride: usize,
    /// The number of strips of a chunk.
    pub strips: usize,
}

/// Strips of one image.
#[derive(Clone)]
pub struct Strips {
    pub image: usize,
    pub strips: Range<usize>,
    /// The index of their first tile in the chunk.
    pub tile: usize,
}

impl Tiles {
    /// Returns tiles in chunks of about `count`.
    pub fn new(
        batch: usize,
        image: (usize, usize),
        results: (usize, usize),
        padding: (usize, usize),
        stride: usize,
        count: usize,
    ) -> Self {
        let tiles = Self { batch, image, results, padding, stride, strips: 1 };
        let strips = (count / tiles.across()).clamp(1, batch * tiles.down());
        Self { strips, ..tiles }
    }

    fn across(&self) -> usize {
        self.results.1.div_ceil(4)
    }

    fn down(&self) -> usize {
        self.results.0.div_ceil(4)
    }

    /// Returns the number of chunks.
    pub fn chunks(&self) -> usize {
        (self.batch * self.down()).div_ceil(self.strips)
    }

    /// Returns the maximum number of tiles of a chunk.
    pub fn count(&self) -> usize {
        self.strips * self.across()
    }

    /// Returns the strips of a chunk, image by image, and the number of their tiles.
    pub fn chunk(&self, i: usize) -> (Vec<Strips>, usize) {
        let down = self.down();
        let all = i * self.strips..((i + 1) * self.strips).min(self.batch * down);
        let images = all.start / down..all.end.div_ceil(down);
        let strips = images.map(|image| {
            let first = all.start.max(image * down);
            let strips = first - image * down..(all.end - image * down).min(down);
            Strips { image, strips, tile: (first - all.start) * self.across() }
        });
        (strips.collect(), all.len() * self.across())
    }

    /// Returns the rows of the image in the windows of some strips.
    fn seen(&self, strips: &Range<usize>) -> Range<usize> {
        let (start, end) = (strips.start * 4 * self.stride, self.window(strips.end));
        let last = end.saturating_sub(self.padding.0).min(self.image.0);
        start.saturating_sub(self.padding.0).min(last)..last
    }

    /// Returns the number of rows in the windows of `strips` neighbouring strips.
    fn window(&self, strips: usize) -> usize {
        (strips * 4 - 1) * self.stride + 3
    }

    /// Returns the rows of the results in some strips.
    fn rows(&self, strips: &Range<usize>) -> Range<usize> {
        strips.start * 4..(strips.end * 4).min(self.results.0)
    }

    /// Returns the number of elements for transposing a chunk's images with this many channels.
    pub fn turned_len(&self, channels: usize) -> usize {
        let strips = self.strips.min(self.down());
        let seen = self.window(strips).min(self.image.0) * self.image.1;
        (seen.max(strips * 4 * self.results.1) + 1) * channels
    }
}

/// The layout of a matrix for each position: rows of `width` elements, matrices `step` apart.
#[derive(Clone, Copy)]
pub struct Layout {
    positions: usize,
    pub width: usize,
    pub step: usize,
}

impl Layout {
    /// Returns the layout of matrices with this many rows. Their distance is not a power of two, so that the
    /// elements of a tile are in different sets of a cache.
    pub fn new(positions: usize, rows: usize, width: usize) -> Self {
        Self { positions, width, step: rows * width + 16 }
    }

    /// Returns the number of elements of all matrices.
    pub fn len(&self) -> usize {
        self.positions * self.step
    }
}

simd!(
    /// Computes `Bᵀ d B` of the windows of some strips, of `channels` channels, into matrices that start at
    /// `at`.
    pub fn windows<const L: usize>(
        tiles: &Tiles,
        strips: &Strips,
        x: &[f32],
        channels: usize,
        turned: &mut [f32],
        to: Layout,
        at: usize,
        v: &mut Share<'_, f32>,
    ) {
        let rows = tiles.seen(&strips.strips);
        let top = 4 * tiles.stride * strips.strips.start;
        let first = (top as isize - tiles.padding.0 as isize, -(tiles.padding.1 as isize));
        let v = v.matrix(at, 1, to.len(), to.len());
        let squares = Squares { image: tiles.image, rows, first, step: 4 * tiles.stride };
        // SAFETY: `v` is a matrix of the share; this call writes its tiles in it.
        unsafe {
            if tiles.stride == 1 {
                transform::<Input, L, 6, 6>(tiles, strips, &squares, x, channels, turned, to, v);
            } else {
                transform::<halved::Input, L, 9, 9>(tiles, strips, &squares, x, channels, turned, to, v);
            }
        }
    }
);

simd!(
    /// Computes `A y Aᵀ` of the result tiles of some strips in the same way.
    pub fn adjoint<const L: usize>(
        tiles: &Tiles,
        strips: &Strips,
        y: &[f32],
        channels: usize,
        turned: &mut [f32],
        to: Layout,
        z: &mut Share<'_, f32>,
    ) {
        let rows = tiles.rows(&strips.strips);
        let first = (rows.start as isize, 0);
        let z = z.matrix(0, 1, to.len(), to.len());
        let squares = Squares { image: tiles.results, rows, first, step: 4 };
        // SAFETY: as in `windows`.
        unsafe { transform::<OutputAdjoint, L, 4, 6>(tiles, strips, &squares, y, channels, turned, to, z) }
    }
);

/// The squares of pixels to transform. The first one starts at row and column `first`, and each next one
/// `step` later. Pixels outside the image, which has only the given `rows`, are zeros.
struct Squares {
    image: (usize, usize),
    rows: Range<usize>,
    first: (isize, isize),
    step: usize,
}

/// Transforms squares of `N` by `N` pixels into `M` by `M` values.
///
/// # Safety
/// The matrices at `v`, as `to` says, must be writable in the rows of the strips' tiles.
#[inline(always)]
unsafe fn transform<T: Map<L, N, M>, const L: usize, const N: usize, const M: usize>(
    tiles: &Tiles,
    strips: &Strips,
    squares: &Squares,
    x: &[f32],
    channels: usize,
    turned: &mut [f32],
    to: Layout,
    v: *mut f32,
) {
    let (rows, image, first) = (&squares.rows, squares.image, squares.first);
    let pixels = rows.len() * image.1;
    let turned = &mut turned[..(pixels + 1) * to.width];
    turn::<L>(x, image.0 * image.1, channels, rows.start * image.1, pixels, turned, to.width);
    let count = strips.strips.len() * tiles.across();
    assert!(
        to.positions == M * M && (strips.tile + count) * to.width <= to.step,
        "tiles beyond their matrix"
    );
    for t in 0..count {
        let (down, across) = (t / tiles.across() * squares.step, t % tiles.across() * squares.step);
        // The positions of the pixels; the last one is the zeros.
        let mut places = [[pixels * to.width; N]; N];
        for (i, places) in places.iter_mut().enumerate() {
            let row = first.0 + (down + i) as isize;
            for (j, place) in places.iter_mut().enumerate() {
                let column = first.1 + (across + j) as isize;
                let inside = (rows.start as isize..rows.end as isize).contains(&row);
                if inside && (0..image.1 as isize).contains(&column) {
                    *place = ((row as usize - rows.start) * image.1 + column as usize) * to.width;
                }
            }
        }
        for c in (0..to.width).step_by(L) {
            let mut square: Square<L, N> = [[Register::<L>::splat(0.0); N]; N];
            for i in 0..N {
                for j in 0..N {
                    // SAFETY: a pixel of `turned`, which has `width` channels.
                    square[i][j] = unsafe { Register::<L>::load(turned.as_ptr().add(places[i][j] + c)) };
                }
            }
            let square = both_ways::<T, L, N, M>(&square);
            let at = (strips.tile + t) * to.width + c;
            for (position, &value) in square.as_flattened().iter().enumerate() {
                // SAFETY: row `strips.tile + t` of the matrix of the position, as asserted.
                unsafe { value.store(v.add(position * to.step + at)) };
            }
        }
    }
}

/// Transposes `pixels` pixels from `first` on of planes of `area` elements to rows of `width` channels, with
/// 0 beyond `channels`, and adds a row of zeros.
#[inline(always)]
fn turn<const L: usize>(
    x: &[f32],
    area: usize,
    channels: usize,
    first: usize,
    pixels: usize,
    turned: &mut [f32],
    width: usize,
) {
    if width > channels {
        turned.fill(0.0);
    }
    turned[pixels * width..].fill(0.0);
    transpose_body::<L>((channels, pixels), (&x[first.min(x.len())..], area), (turned, width));
}

simd!(
    /// Computes `Aᵀ m A` and the bias of the tiles of some strips into `channels` channels of the results
    /// from `at` on.
    pub fn results<const L: usize>(
        tiles: &Tiles,
        strips: &Strips,
        from: Layout,
        m: &[f32],
        bias: &[f32],
        channels: usize,
        turned: &mut [f32],
        at: usize,
        y: &mut Share<'_, f32>,
    ) {
        let rows = tiles.rows(&strips.strips);
        let (columns, area) = (tiles.results.1, tiles.results.0 * tiles.results.1);
        let turned = &mut turned[..rows.len() * columns * from.width];
        if tiles.stride == 1 {
            back::<Output, L, 6>(tiles, strips, from, m, bias, turned);
        } else {
            back::<halved::Output, L, 5>(tiles, strips, from, m, bias, turned);
        }
        let pixels = rows.len() * columns;
        let to = y.matrix(at + rows.start * columns, channels, pixels, area);
        // SAFETY: `to` is a matrix of this share.
        unsafe { transpose_to::<L>((pixels, channels), (turned, from.width), (to, area)) };
    }
);

/// Computes the results of some strips, with the channels of a pixel contiguous.
#[inline(always)]
fn back<T: Map<L, N, 4>, const L: usize, const N: usize>(
    tiles: &Tiles,
    strips: &Strips,
    from: Layout,
    m: &[f32],
    bias: &[f32],
    turned: &mut [f32],
) {
    let (rows, columns) = (tiles.rows(&strips.strips), tiles.results.1);
    let count = strips.strips.len() * tiles.across();
    assert!(
        from.positions == N * N && m.len() >= from.len() && (strips.tile + count) * from.width <= from.step,
        "tiles beyond their matrix"
    );
    for t in 0..count {
        let (down, across) = (t / tiles.across() * 4, t % tiles.across() * 4);
        let (height, width) = ((rows.len() - down).min(4), (columns - across).min(4));
        for c in (0..from.width).step_by(L) {
            let mut square: Square<L, N> = [[Register::<L>::splat(0.0); N]; N];
            for (position, value) in square.as_flattened_mut().iter_mut().enumerate() {
                let at = position * from.step + (strips.tile + t) * from.width + c;
                // SAFETY: row `strips.tile + t` of the matrix of the position, as asserted.
                *value = unsafe { Register::<L>::load(m.as_ptr().add(at)) };
            }
            // SAFETY: sliced to L elements.
            let bias = unsafe { Register::<L>::load(bias[c..c + L].as_ptr()) };
            let square = both_ways::<T, L, N, 4>(&square);
            for (i, row) in square.iter().enumerate().take(height) {
                for (j, value) in row.iter().enumerate().take(width) {
                    let place = ((down + i) * columns + across + j) * from.width + c;
                    // SAFETY: sliced to L elements.
                    unsafe { value.add(bias).store(turned[place..place + L].as_mut_ptr()) };
                }
            }
        }
    }
}
