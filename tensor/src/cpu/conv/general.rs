//! Any convolution as matrix products: the windows of a block of output pixels are gathered into
//! the columns of a matrix (im2col), which the weights multiply.
//!
//! A block is a run of pixels of one image, or several whole images where an image has few pixels,
//! so that the products are large enough and the matrix of columns stays in the cache.

use std::ops::Range;

use super::matrix::{Matrix, product};
use super::scratch;
use super::{Conv2dShape, Element};
use crate::cpu::parallel::{self, Disjoint};

/// Columns that a product should have at least, to be worth packing the weights for.
const MIN_COLUMNS: usize = 192;
/// Elements that the matrix of columns should have at most.
const MAX_ELEMENTS: usize = 1 << 18;
/// Independent pieces of work that give every thread its share.
const PIECES: usize = 16;
/// Nanoseconds a multiplication on one thread.
const NS: f64 = 0.03;

/// The output's pixels, cut into blocks.
struct Blocks {
    batch: usize,
    pixels: usize,
    /// Images of a block.
    images: usize,
    /// Blocks of an image, where a block is one image or less.
    per_image: usize,
}

/// Output pixels: those in `pixels` of each of `images`. Several images come whole.
struct Block {
    images: Range<usize>,
    pixels: Range<usize>,
}

impl Blocks {
    fn new(s: &Conv2dShape) -> Self {
        let pixels = s.out_pixels();
        let columns = (MAX_ELEMENTS / s.depth()).max(MIN_COLUMNS);
        Self {
            batch: s.batch,
            pixels,
            images: (columns / pixels).clamp(1, s.batch),
            per_image: pixels.div_ceil(columns),
        }
    }

    /// How many runs of images.
    fn runs(&self) -> usize {
        self.batch.div_ceil(self.images)
    }

    /// Block `part` of the run `run` of images.
    fn get(&self, run: usize, part: usize) -> Block {
        let step = self.pixels.div_ceil(self.per_image);
        Block {
            images: run * self.images..((run + 1) * self.images).min(self.batch),
            pixels: (part * step).min(self.pixels)..((part + 1) * step).min(self.pixels),
        }
    }
}

impl Block {
    fn columns(&self) -> usize {
        self.images.len() * self.pixels.len()
    }

    /// The one image that the block is part of, unless it spans several.
    fn image(&self) -> Option<usize> {
        (self.images.len() == 1).then_some(self.images.start)
    }
}

/// See [`super::forward`].
pub fn forward<T: Element>(s: &Conv2dShape, x: &[T], w: &[T], bias: Option<&[T]>, y: &mut [T]) {
    let (blocks, pixels, depth, outs) = (Blocks::new(s), s.out_pixels(), s.depth(), s.group_out());
    let y = Disjoint::new(y);
    let pieces = s.groups * blocks.runs() * blocks.per_image;
    parallel::for_each(pieces, (s.products() / pieces) as f64 * NS, |piece| {
        let block = blocks.get(piece / s.groups / blocks.per_image, piece / s.groups % blocks.per_image);
        let (group, columns) = (piece % s.groups, block.columns());
        let weight = Matrix::rows(&w[group * outs * depth..], depth);
        // SAFETY: this piece alone writes this group's rows of its block.
        let row = |n: usize, o: usize| unsafe {
            y.part((n * s.out_channels + group * outs + o) * pixels + block.pixels.start, block.pixels.len())
        };
        let bias = |o: usize| bias.map_or(T::ZERO, |b| b[group * outs + o]);
        with_windows(s, x, &block, group * s.group_in()..(group + 1) * s.group_in(), |windows| {
            match block.image() {
                Some(n) => {
                    (0..outs).for_each(|o| row(n, o).fill(bias(o)));
                    let at = (n * s.out_channels + group * outs) * pixels + block.pixels.start;
                    let c = y.matrix(at, outs, columns, pixels);
                    // SAFETY: the rows just filled, which no slice refers to any more.
                    unsafe { product((outs, columns, depth), (c, pixels), true, weight, windows) };
                }
                None => scratch::with(outs * columns, |c: &mut [T]| {
                    // SAFETY: `c` is this call's own, of that size.
                    unsafe {
                        product((outs, columns, depth), (c.as_mut_ptr(), columns), false, weight, windows)
                    };
                    for (o, c) in c.chunks(columns).enumerate() {
                        for (n, c) in block.images.clone().zip(c.chunks(pixels)) {
                            row(n, o).iter_mut().zip(c).for_each(|(y, &c)| *y = c + bias(o));
                        }
                    }
                }),
            }
        });
    });
}

/// See [`super::input_grad`].
pub fn input_grad<T: Element>(s: &Conv2dShape, dy: &[T], w: &[T], dx: &mut [T]) {
    let (blocks, depth, outs, taps, area) =
        (Blocks::new(s), s.depth(), s.group_out(), s.taps(), s.in_pixels());
    // The blocks of an image add to the same pixels, so a piece of work has them all, for a share of the
    // channels.
    let shares = PIECES.div_ceil(s.groups * blocks.runs()).min(s.group_in());
    let pieces = s.groups * blocks.runs() * shares;
    let dx = Disjoint::new(dx);
    parallel::for_each(pieces, (s.products() / pieces) as f64 * NS, |piece| {
        let (run, group, share) = (piece / s.groups / shares, piece / shares % s.groups, piece % shares);
        let channels = part(s.group_in(), shares, share);
        let rows = channels.len() * taps;
        let weight = Matrix::rows(&w[group * outs * depth + channels.start * taps..], depth).t();
        // SAFETY: this piece alone writes its images' planes of its channels.
        let plane = |n: usize, c: usize| unsafe {
            dx.part((n * s.in_channels + group * s.group_in() + c) * area, area)
        };
        if !s.is_pointwise() {
            blocks.get(run, 0).images.for_each(|n| channels.clone().for_each(|c| plane(n, c).fill(T::ZERO)));
        }
        for block in (0..blocks.per_image).map(|part| blocks.get(run, part)) {
            let columns = block.columns();
            with_rows(s, dy, &block, group, |dy| match block.image() {
                Some(n) if s.is_pointwise() => {
                    let at = (n * s.in_channels + group * s.group_in() + channels.start) * area
                        + block.pixels.start;
                    let c = dx.matrix(at, rows, columns, area);
                    // SAFETY: this piece alone writes these pixels of its channels.
                    unsafe { product((rows, columns, outs), (c, area), false, weight, dy) };
                }
                _ => scratch::with(rows * columns, |c: &mut [T]| {
                    // SAFETY: `c` is this call's own, of that size.
                    unsafe { product((rows, columns, outs), (c.as_mut_ptr(), columns), false, weight, dy) };
                    for (row, c) in c.chunks(columns).enumerate() {
                        for (n, c) in block.images.clone().zip(c.chunks(block.pixels.len())) {
                            let plane = plane(n, channels.start + row / taps);
                            if s.is_pointwise() {
                                plane.copy_from_slice(c);
                            } else {
                                runs(s, row % taps, &block.pixels, |out, at, len| {
                                    let to = plane[at..].iter_mut().step_by(s.stride.1);
                                    to.zip(&c[out..out + len]).for_each(|(x, &c)| *x += c);
                                });
                            }
                        }
                    }
                }),
            });
        }
    });
}

/// See [`super::weight_grad`].
pub fn weight_grad<T: Element>(s: &Conv2dShape, x: &[T], dy: &[T], dw: &mut [T]) {
    let (blocks, depth, outs, taps) = (Blocks::new(s), s.depth(), s.group_out(), s.taps());
    // Shares of the channels write separate weights. Where channels are few, shares of the batch
    // have a sum each, and the sums are added at the end.
    let shares = (s.group_in() / 4).clamp(1, PIECES.div_ceil(s.groups));
    let sums = (PIECES / 2 / (shares * s.groups)).clamp(1, blocks.runs());
    let pieces = s.groups * shares * sums;
    scratch::with((sums - 1) * dw.len(), |rest: &mut [T]| {
        let (first, others) = (Disjoint::new(dw), Disjoint::new(rest));
        parallel::for_each(pieces, (s.products() / pieces) as f64 * NS, |piece| {
            let (sum, group, share) = (piece / shares / s.groups, piece / shares % s.groups, piece % shares);
            let channels = part(s.group_in(), shares, share);
            let rows = channels.len() * taps;
            let at = group * outs * depth + channels.start * taps;
            let c = match sum {
                0 => first.matrix(at, outs, rows, depth),
                _ => others.matrix((sum - 1) * s.weight_len() + at, outs, rows, depth),
            };
            let mut accumulate = false;
            for run in part(blocks.runs(), sums, sum) {
                for block in (0..blocks.per_image).map(|part| blocks.get(run, part)) {
                    let inputs = group * s.group_in() + channels.start..group * s.group_in() + channels.end;
                    with_windows(s, x, &block, inputs, |windows| {
                        with_rows(s, dy, &block, group, |dy| {
                            // SAFETY: this piece alone writes its channels' weights in its sum, and
                            // adds only to what it wrote.
                            unsafe {
                                product(
                                    (outs, rows, block.columns()),
                                    (c, depth),
                                    accumulate,
                                    dy,
                                    windows.t(),
                                )
                            };
                        });
                    });
                    accumulate = true;
                }
            }
        });
        for other in rest.chunks(s.weight_len()) {
            dw.iter_mut().zip(other).for_each(|(dw, &v)| *dw += v);
        }
    });
}

/// The `i`th of `parts` nearly equal ranges that cover `0..n`.
fn part(n: usize, parts: usize, i: usize) -> Range<usize> {
    i * n / parts..(i + 1) * n / parts
}

/// Calls `f` with the windows of a block's pixels: a row for each tap of each of `channels`, a
/// column for each pixel.
fn with_windows<T: Element>(
    s: &Conv2dShape,
    x: &[T],
    block: &Block,
    channels: Range<usize>,
    f: impl FnOnce(Matrix<'_, T>),
) {
    let (taps, area, columns) = (s.taps(), s.in_pixels(), block.columns());
    if let (Some(n), true) = (block.image(), s.is_pointwise()) {
        return f(Matrix::rows(&x[(n * s.in_channels + channels.start) * area + block.pixels.start..], area));
    }
    scratch::with(channels.len() * taps * columns, |windows: &mut [T]| {
        for (row, to) in windows.chunks_mut(columns).enumerate() {
            if s.padding != (0, 0) {
                to.fill(T::ZERO);
            }
            for (n, to) in block.images.clone().zip(to.chunks_mut(block.pixels.len())) {
                let plane = &x[(n * s.in_channels + channels.start + row / taps) * area..][..area];
                runs(s, row % taps, &block.pixels, |out, at, len| {
                    let to = &mut to[out..out + len];
                    if s.stride.1 == 1 {
                        to.copy_from_slice(&plane[at..at + len]);
                    } else {
                        to.iter_mut()
                            .zip(plane[at..].iter().step_by(s.stride.1))
                            .for_each(|(to, &x)| *to = x);
                    }
                });
            }
        }
        f(Matrix::rows(windows, columns));
    });
}

/// Calls `f` with the output gradients of a block's pixels: a row for each output of `group`, a
/// column for each pixel.
fn with_rows<T: Element>(
    s: &Conv2dShape,
    dy: &[T],
    block: &Block,
    group: usize,
    f: impl FnOnce(Matrix<'_, T>),
) {
    let (outs, pixels, columns) = (s.group_out(), s.out_pixels(), block.columns());
    let start = |n: usize| (n * s.out_channels + group * outs) * pixels;
    if let Some(n) = block.image() {
        return f(Matrix::rows(&dy[start(n) + block.pixels.start..], pixels));
    }
    scratch::with(outs * columns, |rows: &mut [T]| {
        for (o, to) in rows.chunks_mut(columns).enumerate() {
            for (n, to) in block.images.clone().zip(to.chunks_mut(pixels)) {
                to.copy_from_slice(&dy[start(n) + o * pixels..][..pixels]);
            }
        }
        f(Matrix::rows(rows, columns));
    });
}

/// Calls `f(out, at, len)` for each run of `pixels` for which `tap` lies inside the image: `len`
/// pixels from the `out`th of `pixels` on, the first seeing the input's pixel `at`, each further
/// one the pixel a stride further on.
fn runs(s: &Conv2dShape, tap: usize, pixels: &Range<usize>, mut f: impl FnMut(usize, usize, usize)) {
    let (width, ky, kx) = (s.out_width(), tap / s.kernel.1, tap % s.kernel.1);
    let (rows, columns) = (s.rows_of(ky), s.columns_of(kx));
    let first = (pixels.start / width).max(rows.start);
    let last = pixels.end.div_ceil(width).min(rows.end);
    for row in first..last {
        let start = (row * width + columns.start).max(pixels.start);
        let end = (row * width + columns.end).min(pixels.end);
        if start < end {
            let y = row * s.stride.0 + ky * s.dilation.0 - s.padding.0;
            let x = (start - row * width) * s.stride.1 + kx * s.dilation.1 - s.padding.1;
            f(start - pixels.start, y * s.width + x, end - start);
        }
    }
}
