use super::super::tests::Random;
use super::super::tests::forced::each_isa;
use super::*;
use crate::cpu::tests::given::with_threads;

/// Slabs, rows, neighbours: each path, and its remainders.
const SIZES: [(usize, usize, usize); 13] = [
    (1, 1, 1),
    (3, 10, 1),
    (2, 31, 1),
    (5, 32, 1),
    (2, 1111, 1),
    (40, 700, 1),
    (2, 1, 3),
    (3, 5, 2),
    (2, 4, 127),
    (1, 9, 128),
    (2, 3, 129),
    (1, 300, 1000),
    (7, 10, 64),
];

/// Returns softmax, log-softmax and their gradients of each row along the dimension, by the definition.
fn plain(x: &[f64], dy: &[f64], n: usize, inner: usize) -> [Vec<f64>; 4] {
    let mut results = [0; 4].map(|_| vec![0.0; x.len()]);
    for start in (0..x.len()).filter(|i| (i / inner).is_multiple_of(n)) {
        let row: Vec<usize> = (0..n).map(|i| start + i * inner).collect();
        let max = row.iter().map(|&i| x[i]).fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = row.iter().map(|&i| (x[i] - max).exp()).sum();
        let p = |i: usize| (x[i] - max).exp() / sum;
        let along: f64 = row.iter().map(|&i| p(i) * dy[i]).sum();
        let total: f64 = row.iter().map(|&i| dy[i]).sum();
        for &i in &row {
            results[0][i] = p(i);
            results[1][i] = x[i] - max - sum.ln();
            results[2][i] = p(i) * (dy[i] - along);
            results[3][i] = dy[i] - p(i) * total;
        }
    }
    results
}

fn check<T: Float>(eps: f64) {
    for (seed, (outer, n, inner)) in SIZES.into_iter().enumerate() {
        let random = &mut Random(seed as u64);
        let mut values =
            |scale: f64| -> Vec<T> { (0..outer * n * inner).map(|_| T::of(random.unit() * scale)).collect() };
        let (x, dy) = (values(8.0), values(1.0));
        let wide = |x: &[T]| x.iter().map(|x| x.to_f64()).collect::<Vec<_>>();
        let [y, log, dx, log_dx] = plain(&wide(&x), &wide(&dy), n, inner);
        let ours = (softmax(&x, n, inner), log_softmax(&x, n, inner));
        let close = |name: &str, ours: &[T], exact: &[f64], scale: f64| {
            for (i, (ours, exact)) in ours.iter().zip(exact).enumerate() {
                let error = (ours.to_f64() - exact).abs() / (exact.abs() + scale);
                assert!(error <= eps, "{name} {outer}x{n}x{inner} at {i}: {ours:?} not {exact}");
            }
        };
        close("softmax", &ours.0, &y, 0.0);
        close("log_softmax", &ours.1, &log, 16.0);
        close("softmax_grad", &softmax_grad(&ours.0, &dy, n, inner), &dx, 1.0);
        close("log_softmax_grad", &log_softmax_grad(&ours.1, &dy, n, inner), &log_dx, n as f64);
    }
}

#[test]
fn they_agree_with_a_plain_loop() {
    each_isa(|_| check::<f32>(2e-6));
    check::<f64>(1e-14);
}

#[test]
fn special_values() {
    let (nan, inf) = (f32::NAN, f32::INFINITY);
    each_isa(|_| {
        for inner in [1, 2] {
            let x = |row: [f32; 3]| row.into_iter().flat_map(|x| vec![x; inner]).collect::<Vec<_>>();
            let y = |row: [f32; 3]| softmax(&x(row), 3, inner);
            assert_eq!(y([-inf, 0.0, -inf]), x([0.0, 1.0, 0.0]));
            assert_eq!(y([1000.0, -1000.0, 1000.0]), x([0.5, 0.0, 0.5]));
            assert!(y([-inf, -inf, -inf]).iter().all(|y| y.is_nan()));
            assert!(y([0.0, nan, 1.0]).iter().all(|y| y.is_nan()));
            assert!(y([0.0, inf, 1.0])[inner].is_nan());
        }
    });
}

#[test]
fn threads_do_not_change_a_bit() {
    each_isa(|_| {
        for (n, inner) in [(100, 1), (64, 300)] {
            let random = &mut Random(7);
            let x: Vec<f32> = (0..40 * n * inner).map(|_| random.unit() as f32).collect();
            let run = |threads| with_threads(threads, || softmax(&x, n, inner));
            assert!(run(1) == run(3));
        }
    });
}
