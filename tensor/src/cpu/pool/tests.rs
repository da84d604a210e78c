use super::average::Average;
use super::max::{NOWHERE, adaptive_max_pool2d, max_pool2d, max_pool2d_grad};
use super::*;
use crate::cpu::real::Real;
use crate::cpu::tests::forced::each_isa;
use crate::cpu::tests::given::with_threads;
use crate::cpu::vector::Lanes;

/// Returns repeatable values in -1..1 on a coarse grid, so that some are equal.
fn noise<T: Real>(n: usize, seed: u64) -> Vec<T> {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 58) as f64 / 32.0 - 1.0
    };
    (0..n).map(|_| T::of(next())).collect()
}

/// Windows that hit each path and its remainders.
fn pools() -> Vec<Pool2d> {
    let mut pools = vec![];
    for input in [[1, 1], [2, 2], [3, 5], [4, 10], [5, 28], [6, 33], [7, 64], [2, 70]] {
        for (kernel, stride, padding, dilation) in [
            ([2, 2], [2, 2], [0, 0], [1, 1]),
            ([2, 2], [1, 1], [0, 0], [1, 1]),
            ([2, 2], [2, 2], [1, 1], [1, 1]),
            ([3, 3], [2, 2], [1, 1], [1, 1]),
            ([3, 2], [1, 3], [1, 0], [1, 2]),
            ([1, 1], [1, 2], [0, 0], [1, 1]),
            ([2, 3], [3, 2], [1, 1], [2, 1]),
            ([1, 4], [1, 4], [0, 2], [1, 1]),
        ] {
            for ceil_mode in [false, true] {
                pools.push(Pool2d::new(3, input, kernel, stride, padding, dilation, ceil_mode));
            }
        }
    }
    pools
}

/// Returns the positions of a window's elements in its plane, in order.
fn taps(pool: &Pool2d, row: usize, col: usize) -> Vec<usize> {
    let mut taps = vec![];
    for kh in 0..pool.kernel[0] {
        for kw in 0..pool.kernel[1] {
            let at = |d: usize, o: usize, k: usize| {
                (o * pool.stride[d] + k * pool.dilation[d]) as isize - pool.padding[d] as isize
            };
            let (h, w) = (at(0, row, kh), at(1, col, kw));
            if h >= 0 && w >= 0 && h < pool.input[0] as isize && w < pool.input[1] as isize {
                taps.push(h as usize * pool.input[1] + w as usize);
            }
        }
    }
    taps
}

fn check_max<T: Lanes>(pool: &Pool2d, x: &[T]) {
    let (size, out) = (pool.in_size(), pool.out_size());
    let (mut y, mut index) = (vec![T::ONE; pool.planes * out], vec![7; pool.planes * out]);
    max_pool2d(pool, x, &mut y, &mut index);
    let dy: Vec<T> = noise(y.len(), 5);
    let mut expected_dx = vec![0.0; x.len()];
    for p in 0..pool.planes {
        for i in 0..out {
            let (mut max, mut at) = (T::NEG_INFINITY, NOWHERE);
            for t in taps(pool, i / pool.output[1], i % pool.output[1]) {
                let x = x[p * size + t];
                if at == NOWHERE || x > max || x.is_nan() {
                    (max, at) = (x, t as u32);
                }
            }
            let got = (y[p * out + i], index[p * out + i]);
            assert!(
                (got.0 == max || got.0.is_nan() && max.is_nan()) && got.1 == at,
                "{pool:?} plane {p} output {i}: {got:?}, not {:?}",
                (max, at)
            );
            if at != NOWHERE {
                expected_dx[p * size + at as usize] += dy[p * out + i].f64();
            }
        }
    }
    let mut dx = vec![T::ONE; x.len()];
    max_pool2d_grad(pool, &dy, &index, &mut dx);
    for (i, (dx, expected)) in dx.iter().zip(&expected_dx).enumerate() {
        assert!((dx.f64() - expected).abs() < 1e-6, "{pool:?} dx {i}: {dx:?}, not {expected}");
    }
}

#[test]
fn max_agrees_with_a_plain_loop() {
    each_isa(|_| {
        for pool in pools() {
            check_max::<f32>(&pool, &noise(pool.planes * pool.in_size(), 1));
            check_max::<f64>(&pool, &noise(pool.planes * pool.in_size(), 2));
        }
    });
}

#[test]
fn max_keeps_nan_and_minus_infinity() {
    each_isa(|_| {
        for pool in pools() {
            let mut x: Vec<f32> = noise(pool.planes * pool.in_size(), 3);
            for i in (0..x.len()).step_by(5) {
                x[i] = f32::NAN;
            }
            check_max(&pool, &x);
            check_max(&pool, &vec![f32::NEG_INFINITY; x.len()]);
        }
    });
}

#[test]
fn many_planes_agree_when_spread_over_threads() {
    for (kernel, input) in [([2, 2], [28, 28]), ([3, 3], [17, 31])] {
        let pool = Pool2d::new(500, input, kernel, [2, 2], [0, 0], [1, 1], true);
        check_max::<f32>(&pool, &noise(pool.planes * pool.in_size(), 1));
    }
}

#[test]
fn output_sizes_are_pytorchs() {
    let output = |input, kernel, stride, padding, dilation, ceil| {
        Pool2d::new(1, [input; 2], [kernel; 2], [stride; 2], [padding; 2], [dilation; 2], ceil).output[0]
    };
    assert_eq!(output(28, 2, 2, 0, 1, false), 14);
    assert_eq!(output(5, 2, 2, 0, 1, false), 2);
    assert_eq!(output(5, 2, 2, 0, 1, true), 3);
    assert_eq!(output(32, 3, 2, 1, 1, false), 16);
    assert_eq!(output(32, 3, 2, 1, 1, true), 17);
    assert_eq!(output(4, 2, 3, 1, 1, true), 2); // a third window would begin in the padding after
    assert_eq!(output(3, 5, 1, 0, 1, false), 0);
    assert_eq!(output(9, 3, 1, 0, 4, false), 1);
}

fn check_average<T: Lanes>(average: &Average, planes: usize, size: usize, windows: &[(Vec<usize>, usize)]) {
    let out = windows.len();
    let x: Vec<T> = noise(planes * size, 1);
    let dy: Vec<T> = noise(planes * out, 2);
    let (mut y, mut dx) = (vec![T::ONE; planes * out], vec![T::ONE; planes * size]);
    average.forward(&x, &mut y);
    average.gradient(&dy, &mut dx);
    let mut expected_dx = vec![0.0; dx.len()];
    for p in 0..planes {
        for (i, (taps, divisor)) in windows.iter().enumerate() {
            let divisor = (*divisor).max(1) as f64;
            let expected = taps.iter().map(|t| x[p * size + t].f64()).sum::<f64>() / divisor;
            let got = y[p * out + i].f64();
            assert!((got - expected).abs() < 1e-6, "{average:?} output {i}: {got}, not {expected}");
            for t in taps {
                expected_dx[p * size + t] += dy[p * out + i].f64() / divisor;
            }
        }
    }
    for (i, (dx, expected)) in dx.iter().zip(&expected_dx).enumerate() {
        assert!((dx.f64() - expected).abs() < 2e-6, "{average:?} dx {i}: {dx:?}, not {expected}");
    }
}

#[test]
fn average_agrees_with_a_plain_loop() {
    for pool in pools().into_iter().filter(|p| p.dilation == [1, 1]) {
        for include in [false, true] {
            for divisor in [None, Some(3)] {
                let windows: Vec<_> = (0..pool.out_size())
                    .map(|i| {
                        let (row, col) = (i / pool.output[1], i % pool.output[1]);
                        let taps = taps(&pool, row, col);
                        // PyTorch's: the window cut where the padding ends.
                        let length = |d: usize, o: usize| {
                            let start = o * pool.stride[d];
                            (start + pool.kernel[d]).min(pool.input[d] + 2 * pool.padding[d]) - start
                        };
                        let padded = length(0, row) * length(1, col);
                        let count = divisor.unwrap_or(if include { padded } else { taps.len() });
                        (taps, count)
                    })
                    .collect();
                let average = Average::new(&pool, include, divisor);
                check_average::<f32>(&average, pool.planes, pool.in_size(), &windows);
                check_average::<f64>(&average, pool.planes, pool.in_size(), &windows);
            }
        }
    }
}

/// Returns the elements of adaptive windows, by PyTorch's definition.
fn adaptive_taps(input: [usize; 2], output: [usize; 2]) -> Vec<Vec<usize>> {
    let range = |d: usize, o: usize| {
        let ratio = input[d] as f64 / output[d] as f64;
        (o as f64 * ratio).floor() as usize..((o + 1) as f64 * ratio).ceil() as usize
    };
    (0..output[0] * output[1])
        .map(|i| {
            let (rows, cols) = (range(0, i / output[1]), range(1, i % output[1]));
            rows.flat_map(|r| cols.clone().map(move |c| r * input[1] + c)).collect()
        })
        .collect()
}

#[test]
fn adaptive_pools_agree_with_a_plain_loop() {
    for (input, output) in [
        ([1, 1], [1, 1]),
        ([4, 4], [1, 1]),
        ([5, 37], [1, 1]),
        ([5, 7], [2, 3]),
        ([3, 2], [5, 4]),
        ([8, 8], [8, 1]),
    ] {
        let taps = adaptive_taps(input, output);
        let windows: Vec<_> = taps.iter().map(|t| (t.clone(), t.len())).collect();
        let average = Average::adaptive(input, output);
        each_isa(|_| {
            check_average::<f32>(&average, 2, input[0] * input[1], &windows);
            check_average::<f64>(&average, 2, input[0] * input[1], &windows);
        });

        let [rows, cols] = [0, 1].map(|d| adaptive_windows(input[d], output[d]));
        let size = input[0] * input[1];
        let x: Vec<f32> = noise(2 * size, 6);
        let (mut y, mut index) = (vec![0.0; 2 * taps.len()], vec![0; 2 * taps.len()]);
        adaptive_max_pool2d(input, &rows, &cols, &x, &mut y, &mut index);
        for (i, (y, index)) in y.iter().zip(index).enumerate() {
            let plane = &x[i / taps.len() * size..][..size];
            let first =
                taps[i % taps.len()].iter().copied().reduce(|a, b| if plane[b] > plane[a] { b } else { a });
            assert_eq!((*y, Some(index as usize)), (plane[first.unwrap()], first));
        }
    }
}

#[test]
fn the_largest_of_many_indices_is_found() {
    assert_eq!(max::largest(&[]), None);
    assert_eq!(max::largest(&[0]), Some(0));
    for threads in [1, 3] {
        let mut index = vec![3; 1 << 20];
        for at in [0, 777_777, (1 << 20) - 1] {
            index[at] += at as u32 + 1;
            assert_eq!(with_threads(threads, || max::largest(&index)), Some(index[at]));
        }
    }
}
