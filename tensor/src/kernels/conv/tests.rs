//! Every algorithm against a plain loop in f64, over shapes that hit its remainders.

use super::*;

/// What a plain loop says, in f64: the output, and the sum of the absolute values of each
/// element's terms, which its rounding error is proportional to.
struct Sums {
    value: Vec<f64>,
    size: Vec<f64>,
}

impl Sums {
    fn new(len: usize) -> Self {
        Self { value: vec![0.0; len], size: vec![0.0; len] }
    }

    fn add(&mut self, i: usize, v: f64) {
        self.value[i] += v;
        self.size[i] += v.abs();
    }

    /// Asserts that each element of `got` is within `ulps` roundings of its terms.
    #[track_caller]
    fn assert_close<T: Element>(&self, got: &[T], epsilon: f64, ulps: f64, what: &str) {
        assert_eq!(got.len(), self.value.len(), "{what}");
        for (i, (&v, &size)) in self.value.iter().zip(&self.size).enumerate() {
            let got = got[i].to_f64();
            let bound = ulps * epsilon * size;
            assert!((got - v).abs() <= bound, "{what}: element {i} is {got}, expected {v} within {bound:e}");
        }
    }
}

/// Calls `f(y, x, w)` with the indices of every product in the convolution.
fn each_product(s: &Conv2dShape, mut f: impl FnMut(usize, usize, usize)) {
    let (height, width) = (s.out_height(), s.out_width());
    for n in 0..s.batch {
        for o in 0..s.out_channels {
            for c in 0..s.group_in() {
                let channel = o / s.group_out() * s.group_in() + c;
                for (i, j) in (0..height).flat_map(|i| (0..width).map(move |j| (i, j))) {
                    for (k, l) in (0..s.kernel.0).flat_map(|k| (0..s.kernel.1).map(move |l| (k, l))) {
                        let row = (i * s.stride.0 + k * s.dilation.0).wrapping_sub(s.padding.0);
                        let column = (j * s.stride.1 + l * s.dilation.1).wrapping_sub(s.padding.1);
                        if row < s.height && column < s.width {
                            f(
                                ((n * s.out_channels + o) * height + i) * width + j,
                                ((n * s.in_channels + channel) * s.height + row) * s.width + column,
                                ((o * s.group_in() + c) * s.kernel.0 + k) * s.kernel.1 + l,
                            );
                        }
                    }
                }
            }
        }
    }
}

/// Numbers in -1..1 that look random, the same every time.
fn numbers<T: Element>(len: usize, seed: u64) -> Vec<T> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        T::from_f64((state >> 40) as f64 / (1u64 << 23) as f64 - 1.0)
    };
    (0..len).map(|_| next()).collect()
}

/// A shape from its numbers.
#[allow(clippy::too_many_arguments)]
fn shape(
    batch: usize,
    (in_channels, out_channels): (usize, usize),
    (height, width): (usize, usize),
    kernel: (usize, usize),
    stride: (usize, usize),
    padding: (usize, usize),
    dilation: (usize, usize),
    groups: usize,
) -> Conv2dShape {
    Conv2dShape { batch, in_channels, height, width, out_channels, kernel, stride, padding, dilation, groups }
}

/// All passes of `s` against the plain loop. An element that is a sum of `n` products in any order
/// is within `n` roundings of the sum of their sizes; the bound takes the square root of it, which
/// random signs give, four times over.
fn check_all<T: Element>(s: &Conv2dShape, epsilon: f64) {
    let (x, w) = (numbers::<T>(s.input_len(), 1), numbers::<T>(s.weight_len(), 2));
    let (bias, dy) = (numbers::<T>(s.out_channels, 3), numbers::<T>(s.output_len(), 4));
    let (mut y, mut dx, mut dw) = (Sums::new(y_len(s)), Sums::new(x.len()), Sums::new(w.len()));
    let (mut plain, mut db) = (Sums::new(y_len(s)), Sums::new(bias.len()));
    each_product(s, |i, j, k| {
        let (dyi, xj, wk) = (dy[i].to_f64(), x[j].to_f64(), w[k].to_f64());
        y.add(i, xj * wk);
        plain.add(i, xj * wk);
        dx.add(j, dyi * wk);
        dw.add(k, dyi * xj);
    });
    for i in 0..y.value.len() {
        let o = i / s.out_pixels() % s.out_channels;
        y.add(i, bias[o].to_f64());
        db.add(o, dy[i].to_f64());
    }
    let dirty = |len: usize| vec![T::from_f64(f64::NAN); len];
    let close = |sums: &Sums, got: &[T], terms: usize, what: &str| {
        let ulps = 4.0 * (terms as f64 + 1.0).sqrt();
        sums.assert_close(got, epsilon, ulps, &format!("{what} of {s:?}"));
    };
    let mut out = dirty(s.output_len());
    forward(s, &x, &w, Some(&bias), &mut out);
    close(&y, &out, s.depth() + 1, "forward with bias");
    out.fill(T::from_f64(f64::NAN));
    forward(s, &x, &w, None, &mut out);
    close(&plain, &out, s.depth(), "forward");
    let mut out = dirty(s.input_len());
    input_grad(s, &dy, &w, &mut out);
    close(&dx, &out, s.group_out() * s.taps(), "input gradient");
    let mut out = dirty(s.weight_len());
    weight_grad(s, &x, &dy, &mut out);
    close(&dw, &out, s.batch * s.out_pixels(), "weight gradient");
    let mut out = dirty(s.out_channels);
    bias_grad(s, &dy, &mut out);
    close(&db, &out, s.batch * s.out_pixels(), "bias gradient");
}

fn y_len(s: &Conv2dShape) -> usize {
    s.output_len()
}

/// Shapes for any algorithm: edge cases, and each feature of a convolution with remainders.
fn shapes() -> Vec<Conv2dShape> {
    let one = (1, 1);
    let mut shapes = vec![
        // the tutorial's
        shape(4, (3, 6), (32, 32), (5, 5), one, (0, 0), one, 1),
        shape(4, (6, 16), (14, 14), (5, 5), one, (0, 0), one, 1),
        // one pixel, one channel, one image
        shape(1, (1, 1), (1, 1), (1, 1), one, (0, 0), one, 1),
        shape(2, (3, 2), (1, 1), (3, 3), one, one, one, 1),
        shape(1, (1, 1), (5, 7), (5, 7), one, (0, 0), one, 1),
        // more padding than image, and windows that see nothing but padding
        shape(1, (2, 3), (2, 3), (3, 2), one, (5, 4), one, 1),
        shape(2, (2, 3), (2, 2), (2, 2), (3, 3), (7, 8), one, 1),
        shape(1, (20, 33), (2, 3), (3, 3), one, (4, 6), one, 1),
        // no images, no outputs
        shape(0, (3, 4), (5, 5), (3, 3), one, one, one, 1),
        shape(2, (3, 4), (2, 5), (3, 3), one, (0, 0), one, 1),
        // 1-d
        shape(3, (5, 7), (1, 37), (1, 4), (1, 3), (0, 2), (1, 2), 1),
        // 1x1, in place, with few pixels, with stride, with padding
        shape(2, (17, 19), (9, 11), (1, 1), one, (0, 0), one, 1),
        shape(7, (64, 48), (3, 3), (1, 1), one, (0, 0), one, 1),
        shape(3, (33, 35), (9, 8), (1, 1), (2, 2), (0, 0), one, 1),
        shape(1, (3, 5), (4, 4), (1, 1), (2, 3), (2, 1), one, 1),
        // many pixels, and many channels
        shape(1, (4, 5), (97, 101), (3, 3), one, one, one, 1),
        shape(2, (150, 9), (7, 5), (3, 3), one, one, one, 1),
        shape(9, (150, 70), (3, 4), (3, 3), one, one, one, 1),
        // stride that skips pixels, dilation beyond the image
        shape(2, (3, 4), (11, 10), (2, 2), (4, 3), (0, 0), one, 1),
        shape(1, (2, 3), (6, 6), (3, 3), one, (4, 4), (4, 4), 1),
        // groups, depthwise, depthwise with several outputs
        shape(2, (6, 9), (8, 9), (3, 3), one, one, one, 3),
        shape(2, (40, 80), (6, 5), (3, 3), (2, 2), one, one, 2),
        shape(3, (19, 19), (9, 13), (3, 3), one, one, one, 19),
        shape(2, (5, 10), (12, 9), (3, 5), (2, 2), (1, 2), one, 5),
        shape(2, (5, 5), (12, 9), (3, 3), (2, 1), (2, 3), (2, 3), 5),
        // ResNet's stem and stride-2 layers, small
        shape(2, (3, 64), (23, 24), (7, 7), (2, 2), (3, 3), one, 1),
        shape(2, (32, 64), (9, 8), (3, 3), (2, 2), one, one, 1),
    ];
    for stride in [(1, 1), (2, 1), (2, 3)] {
        for padding in [(0, 0), (1, 2)] {
            for dilation in [(1, 1), (2, 1)] {
                shapes.push(shape(2, (3, 5), (12, 11), (3, 4), stride, padding, dilation, 1));
                shapes.push(shape(2, (18, 34), (12, 11), (3, 3), stride, padding, dilation, 2));
            }
        }
    }
    shapes
}

#[test]
fn all_passes_in_f64() {
    shapes().iter().for_each(|s| check_all::<f64>(s, f64::EPSILON));
}

#[test]
fn all_passes_in_f32() {
    shapes().iter().for_each(|s| check_all::<f32>(s, f64::from(f32::EPSILON)));
}
