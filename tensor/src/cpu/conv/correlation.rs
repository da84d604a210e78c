//! The forward pass and the input's gradient as one algorithm: sums over the taps of a window that slides
//! over zero-padded planes, one pixel at a time.
//!
//! A stride is removed by splitting the padded planes into phases: the pixels of each residue of the row and
//! of the column modulo the stride form a plane. A tap of the forward pass is then a fixed offset from the
//! output pixel's position in a plane. In the input's gradient it is the result that splits into phases,
//! called classes here. The pixels of a class have the same taps, again at fixed offsets in the padded output
//! gradient.

use std::ops::Range;

use super::Conv2dShape;
use super::planes::Planes;

/// The number of zeros behind the planes, so that whole vectors can be read past the end.
pub const SLACK: usize = 256;

/// Output pixels with the same taps.
#[derive(Clone, Debug)]
pub struct Class {
    /// The offset of each term of the sum in the planes, from the position of the output pixel.
    pub offsets: Vec<usize>,
    /// The position of the weight of each term, for the first of the group's results.
    pub weights: Vec<usize>,
    /// The rows and columns of the planes that are output pixels.
    pub rows: Range<usize>,
    pub columns: Range<usize>,
    /// The output pixel at row 0, column 0 of the planes, which may be outside the image.
    origin: isize,
}

/// A sliding sum over the channels of one group.
#[derive(Clone, Debug)]
pub struct Correlation {
    pub planes: Planes,
    pub classes: Vec<Class>,
    /// The numbers of input channels and results of a group.
    pub inputs: usize,
    pub results: usize,
    /// The number of elements between the weights of neighbouring results.
    pub weight_step: usize,
    /// The numbers of elements between output pixels of neighbouring rows, and columns, of the planes.
    pub steps: (usize, usize),
    /// The numbers of pixels of an input channel, and of a result.
    pub areas: (usize, usize),
    /// The rows of the planes in any class.
    pub rows: Range<usize>,
}

impl Correlation {
    /// Returns the forward pass, with at most `band` output rows at a time.
    pub fn forward(s: &Conv2dShape, band: usize) -> Self {
        let (rows, columns) = (0..s.out_height(), 0..s.out_width());
        // the (phase, position) of a tap
        let place =
            |tap: usize, dilation: usize, stride: usize| (tap * dilation % stride, tap * dilation / stride);
        let reach = |k: usize, dilation: usize, stride: usize| (k - 1) * dilation / stride;
        let phases = |kernel: usize, dilation: usize, stride: usize| {
            let seen = |&phase: &usize| (0..kernel).any(|tap| tap * dilation % stride == phase);
            (0..stride).filter(seen).collect()
        };
        let planes = Planes::new(
            (s.height, s.width),
            (s.padding.0 as isize, s.padding.1 as isize),
            s.stride,
            (phases(s.kernel.0, s.dilation.0, s.stride.0), phases(s.kernel.1, s.dilation.1, s.stride.1)),
            band.min(rows.end) + reach(s.kernel.0, s.dilation.0, s.stride.0),
            columns.end,
            reach(s.kernel.1, s.dilation.1, s.stride.1),
        );
        let mut offsets = Vec::with_capacity(s.depth());
        for ky in 0..s.kernel.0 {
            for kx in 0..s.kernel.1 {
                let (y, x) = (place(ky, s.dilation.0, s.stride.0), place(kx, s.dilation.1, s.stride.1));
                offsets.push(planes.at((y.0, x.0), y.1, x.1));
            }
        }
        // The other channels have the same taps.
        for i in s.taps()..s.depth() {
            offsets.push(offsets[i - s.taps()] + planes.channel_len());
        }
        let weights = (0..s.depth()).collect();
        Self {
            planes,
            classes: vec![Class { offsets, weights, rows: rows.clone(), columns, origin: 0 }],
            inputs: s.group_in(),
            results: s.group_out(),
            weight_step: s.depth(),
            steps: (s.out_width(), 1),
            areas: (s.in_pixels(), s.out_pixels()),
            rows,
        }
    }

    /// Returns the input's gradient, with at most `band` rows of a class at a time.
    pub fn input_grad(s: &Conv2dShape, band: usize) -> Self {
        // The tap t of output i is input pixel i * stride + t * dilation - padding. It is in class t *
        // dilation % stride, t * dilation / stride positions after i.
        let reach = |k: usize, dilation: usize, stride: usize| (k - 1) * dilation / stride;
        let (down, across) =
            (reach(s.kernel.0, s.dilation.0, s.stride.0), reach(s.kernel.1, s.dilation.1, s.stride.1));
        // Position p of class f is input pixel p * stride + f - padding. Positions are counted from the first
        // one in the image in any class.
        let first = |padding: usize, stride: usize| padding / stride;
        let places = |size: usize, padding: usize, stride: usize, class: usize| {
            let start = padding.saturating_sub(class).div_ceil(stride);
            let end = (size + padding).saturating_sub(class).div_ceil(stride);
            start - first(padding, stride)..end.max(start) - first(padding, stride)
        };
        let skipped = (first(s.padding.0, s.stride.0), first(s.padding.1, s.stride.1));
        let all = |size, padding, stride| {
            (0..stride).map(|f| places(size, padding, stride, f).end).max().unwrap_or(0)
        };
        let rows = 0..all(s.height, s.padding.0, s.stride.0);
        let planes = Planes::new(
            (s.out_height(), s.out_width()),
            (down as isize - skipped.0 as isize, across as isize - skipped.1 as isize),
            (1, 1),
            (vec![0], vec![0]),
            band.min(rows.end) + down,
            all(s.width, s.padding.1, s.stride.1),
            across,
        );
        let mut classes = Vec::with_capacity(s.stride.0 * s.stride.1);
        for (fy, fx) in (0..s.stride.0).flat_map(|fy| (0..s.stride.1).map(move |fx| (fy, fx))) {
            let (mut offsets, mut weights) = (Vec::new(), Vec::new());
            for (y, ky) in
                (0..s.kernel.0).map(|ky| (ky * s.dilation.0, ky)).filter(|y| y.0 % s.stride.0 == fy)
            {
                for (x, kx) in
                    (0..s.kernel.1).map(|kx| (kx * s.dilation.1, kx)).filter(|x| x.0 % s.stride.1 == fx)
                {
                    offsets.push(planes.at((0, 0), down - y / s.stride.0, across - x / s.stride.1));
                    weights.push(ky * s.kernel.1 + kx);
                }
            }
            // The other channels have the same taps.
            let taps = offsets.len();
            for i in taps..taps * s.group_out() {
                offsets.push(offsets[i - taps] + planes.channel_len());
                weights.push(weights[i - taps] + s.depth());
            }
            let (y, x) = (skipped.0 * s.stride.0 + fy, skipped.1 * s.stride.1 + fx);
            classes.push(Class {
                offsets,
                weights,
                rows: places(s.height, s.padding.0, s.stride.0, fy),
                columns: places(s.width, s.padding.1, s.stride.1, fx),
                origin: (y as isize - s.padding.0 as isize) * s.width as isize + x as isize
                    - s.padding.1 as isize,
            });
        }
        Self {
            planes,
            classes,
            inputs: s.group_out(),
            results: s.group_in(),
            weight_step: s.taps(),
            steps: (s.stride.0 * s.width, s.stride.1),
            areas: (s.out_pixels(), s.in_pixels()),
            rows,
        }
    }

    /// Returns the output pixel at a row and column of the planes.
    pub fn output(&self, class: &Class, row: usize, column: usize) -> usize {
        (class.origin + (row * self.steps.0 + column * self.steps.1) as isize) as usize
    }

    /// Returns the number of elements of the planes of one image's channels of a group.
    pub fn len(&self) -> usize {
        self.inputs * self.planes.channel_len()
    }
}
