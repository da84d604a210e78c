//! Every algorithm against a plain loop in f64, over shapes that hit its remainders.

use super::*;
use crate::cpu::tests::forced::each_isa;
use crate::cpu::tests::given::with_threads;

/// The sums of a plain loop in f64, and the sums of the absolute values of each element's terms, which the
/// rounding error is proportional to.
struct Sums {
    value: Vec<f64>,
    size: Vec<f64>,
}

impl Sums {
    fn add(&mut self, i: usize, v: f64) {
        self.value[i] += v;
        self.size[i] += v.abs();
    }

    /// Asserts that each element of `got` is within `ulps` roundings of its terms.
    #[track_caller]
    fn assert_close<T: Element>(&self, got: &[T], epsilon: f64, ulps: f64, what: &str) {
        assert_eq!(got.len(), self.value.len(), "{what}");
        for (i, (&v, &size)) in self.value.iter().zip(&self.size).enumerate() {
            let got = got[i].f64();
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
        T::of((state >> 40) as f64 / (1u64 << 23) as f64 - 1.0)
    };
    (0..len).map(|_| next()).collect()
}

/// Makes a shape of its numbers.
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

/// One pass's inputs and what the plain loop makes of them.
struct Case<T> {
    x: Vec<T>,
    w: Vec<T>,
    bias: Vec<T>,
    dy: Vec<T>,
    y: Sums,
    y_bias: Sums,
    dx: Sums,
    dw: Sums,
}

impl<T: Element> Case<T> {
    fn new(s: &Conv2dShape) -> Self {
        let sums = |len| Sums { value: vec![0.0; len], size: vec![0.0; len] };
        let mut case = Self {
            x: numbers(s.input_len(), 1),
            w: numbers(s.weight_len(), 2),
            bias: numbers(s.out_channels, 3),
            dy: numbers(s.output_len(), 4),
            y: sums(s.output_len()),
            y_bias: sums(s.output_len()),
            dx: sums(s.input_len()),
            dw: sums(s.weight_len()),
        };
        each_product(s, |i, j, k| {
            let (dy, x, w) = (case.dy[i].f64(), case.x[j].f64(), case.w[k].f64());
            case.y.add(i, x * w);
            case.y_bias.add(i, x * w);
            case.dx.add(j, dy * w);
            case.dw.add(k, dy * x);
        });
        for i in 0..case.dy.len() {
            let o = i / s.out_pixels() % s.out_channels;
            case.y_bias.add(i, case.bias[o].f64());
        }
        case
    }
}

/// Asserts that what `f` writes over NaNs is close to `sums` of about `terms` terms each.
///
/// A sum of `n` products in any order is within `n` roundings of the sum of their sizes; the bound
/// takes four times the square root, as roundings of either sign mostly cancel.
#[track_caller]
fn close<T: Element>(sums: &Sums, terms: usize, what: &str, f: impl FnOnce(&mut [T])) {
    let mut got = vec![T::of(f64::NAN); sums.value.len()];
    f(&mut got);
    let epsilon = if size_of::<T>() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON };
    sums.assert_close(&got, epsilon, 4.0 * (terms as f64 + 1.0).sqrt(), what);
}

impl<T: Element> Case<T> {
    /// Replaces each bound by that of the largest element: Winograd's sums mix the pixels of a tile, so an
    /// element's error is proportional to the sizes of its neighbours' terms.
    fn even(mut self) -> Self {
        for sums in [&mut self.y, &mut self.y_bias, &mut self.dx, &mut self.dw] {
            let largest = sums.size.iter().copied().fold(0.0, f64::max);
            sums.size.fill(largest);
        }
        self
    }
}

/// Compares the public functions with the plain loop.
fn all_passes<T: Element>(s: &Conv2dShape) {
    let mut case = Case::<T>::new(s);
    if plan(s, Pass::Forward) == Algorithm::Winograd {
        case = case.even();
    }
    let (x, w, dy) = (&case.x, &case.w, &case.dy);
    close(&case.y_bias, s.depth() + 1, &format!("forward with bias of {s:?}"), |y| {
        forward(s, x, w, Some(&case.bias), y)
    });
    close(&case.y, s.depth(), &format!("forward of {s:?}"), |y| forward(s, x, w, None, y));
    let terms = s.group_out() * s.taps();
    close(&case.dx, terms, &format!("input gradient of {s:?}"), |dx| input_grad(s, dy, w, dx));
    let terms = s.batch * s.out_pixels();
    close(&case.dw, terms, &format!("weight gradient of {s:?}"), |dw| weight_grad(s, x, dy, dw));
}

/// Compares the passes of one algorithm in f32 with the plain loop, on each instruction set.
fn fast_passes(s: &Conv2dShape, algorithm: Algorithm) {
    if s.output_len() == 0 || s.depth() == 0 {
        return;
    }
    let mut case = Case::<f32>::new(s);
    if algorithm == Algorithm::Winograd {
        case = case.even();
    }
    each_isa(|isa| {
        let what = |pass| format!("{pass:?} of {s:?} by {algorithm:?} on {isa:?}");
        let (x, w, dy) = (&case.x, &case.w, &case.dy);
        let bias = Some(&case.bias[..]);
        close(&case.y_bias, s.depth() + 1, &what(Pass::Forward), |y| {
            fast::correlate(algorithm, s, Pass::Forward, x, w, bias, y)
        });
        close(&case.y, s.depth(), &what(Pass::Forward), |y| {
            fast::correlate(algorithm, s, Pass::Forward, x, w, None, y)
        });
        let terms = s.group_out() * s.taps();
        close(&case.dx, terms, &what(Pass::InputGrad), |dx| {
            fast::correlate(algorithm, s, Pass::InputGrad, dy, w, None, dx)
        });
        let terms = s.batch * s.out_pixels();
        close(&case.dw, terms, &what(Pass::WeightGrad), |dw| fast::weight_grad(algorithm, s, x, dy, dw));
    });
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
        shape(2, (32, 64), (8, 32), (1, 1), (2, 2), (0, 0), one, 1),
        shape(2, (6, 10), (5, 7), (1, 1), (3, 1), (0, 0), (2, 2), 2),
        shape(2, (5, 4), (7, 9), (1, 1), (3, 4), (0, 0), one, 1),
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
    shapes().iter().for_each(all_passes::<f64>);
}

#[test]
fn all_passes_in_f32() {
    shapes().iter().for_each(all_passes::<f32>);
}

#[test]
fn direct_with_channels_in_lanes() {
    shapes().iter().for_each(|s| fast_passes(s, Algorithm::Channels));
}

#[test]
fn direct_with_pixels_in_lanes() {
    shapes().iter().for_each(|s| fast_passes(s, Algorithm::Pixels));
}

/// Sums are cut by the shape, and the pieces' results do not depend on who computes them.
#[test]
fn threads_change_no_bit() {
    let one = (1, 1);
    for s in [
        shape(16, (6, 16), (30, 30), (5, 5), one, (0, 0), one, 1),
        shape(16, (64, 96), (14, 14), (3, 3), one, one, one, 1),
        shape(2, (96, 192), (15, 15), (3, 3), (2, 2), one, one, 1),
        // few tiles, which several pieces share
        shape(5, (96, 192), (15, 15), (3, 3), (2, 2), one, one, 1),
        shape(17, (70, 130), (4, 5), (3, 3), one, one, one, 1),
        shape(8, (32, 32), (30, 30), (3, 3), one, one, one, 32),
        shape(1, (3, 10), (130, 130), (3, 3), one, one, one, 1),
    ] {
        let run = |threads| {
            let (x, w, dy) =
                (numbers(s.input_len(), 1), numbers(s.weight_len(), 2), numbers(s.output_len(), 3));
            let [mut y, mut dx, mut dw] =
                [s.output_len(), s.input_len(), s.weight_len()].map(|len| vec![0.0f32; len]);
            with_threads(threads, || {
                forward(&s, &x, &w, None, &mut y);
                input_grad(&s, &dy, &w, &mut dx);
                weight_grad(&s, &x, &dy, &mut dw);
            });
            [y, dx, dw].map(|v| v.into_iter().map(f32::to_bits).collect::<Vec<_>>())
        };
        // Holding the instruction set, which other tests change.
        each_isa(|isa| {
            let [one, three] = [run(1), run(3)];
            for (pass, (one, three)) in ["y", "dx", "dw"].iter().zip(one.iter().zip(&three)) {
                assert!(one == three, "{pass} of {s:?} on {isa:?}");
            }
        });
    }
}

#[test]
fn winograd() {
    let one = (1, 1);
    let mut shapes = Vec::new();
    for padding in [(0, 0), (1, 1), (2, 1), (0, 2)] {
        // whole tiles; a remainder of each size; fewer rows than a tile; one pixel
        for size in [(8, 12), (9, 10), (11, 7), (3, 5), (5, 34), (1, 1)] {
            if size.0 + 2 * padding.0 >= 3 && size.1 + 2 * padding.1 >= 3 {
                shapes.push(shape(2, (20, 18), size, (3, 3), one, padding, one, 1));
            }
        }
    }
    shapes.push(shape(70, (16, 70), (4, 4), (3, 3), one, one, one, 1));
    shapes.push(shape(3, (130, 33), (9, 8), (3, 3), one, one, one, 1));
    shapes.push(shape(2, (34, 6), (9, 8), (3, 3), one, one, one, 2));
    shapes.push(shape(3, (1, 1), (6, 7), (3, 3), one, one, one, 1));
    shapes.iter().for_each(|s| fast_passes(s, Algorithm::Winograd));
}

/// With stride 2, the forward pass alone.
#[test]
fn winograd_with_stride() {
    let (one, two) = ((1, 1), (2, 2));
    let mut shapes = Vec::new();
    for padding in [(0, 0), (1, 1), (2, 1), (0, 2)] {
        // whole tiles; a remainder of each size; fewer rows than a tile; one result
        for size in [(16, 24), (17, 19), (22, 13), (7, 10), (5, 37), (3, 3)] {
            shapes.push(shape(2, (20, 18), size, (3, 3), two, padding, one, 1));
        }
    }
    shapes.push(shape(70, (16, 70), (8, 8), (3, 3), two, one, one, 1));
    shapes.push(shape(3, (130, 33), (18, 15), (3, 3), two, one, one, 1));
    shapes.push(shape(2, (34, 6), (18, 15), (3, 3), two, one, one, 2));
    shapes.push(shape(3, (1, 1), (11, 14), (3, 3), two, one, one, 1));
    for s in &shapes {
        assert!(winograd::applies(s, Pass::Forward) && !winograd::applies(s, Pass::WeightGrad));
        let case = Case::<f32>::new(s).even();
        each_isa(|isa| {
            for threads in [1, 3] {
                with_threads(threads, || {
                    let what = format!("forward of {s:?} on {isa:?}");
                    close(&case.y_bias, s.depth() + 1, &what, |y| {
                        fast::correlate(
                            Algorithm::Winograd,
                            s,
                            Pass::Forward,
                            &case.x,
                            &case.w,
                            Some(&case.bias),
                            y,
                        )
                    });
                });
            }
        });
    }
}
