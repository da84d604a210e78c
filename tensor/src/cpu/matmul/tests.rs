use super::int::matmul_int;
use super::*;
use crate::cpu::tests::forced::each_isa;
use crate::cpu::tests::given::with_threads;

/// Returns repeatable values in -1..1.
pub(super) fn noise(n: usize, seed: u64) -> Vec<f64> {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

/// Returns the strides of a rows x cols matrix, for each layout that a caller may have.
fn layouts(rows: usize, cols: usize) -> Vec<(&'static str, usize, usize)> {
    vec![
        ("contiguous", cols, 1),
        ("transposed", 1, rows),
        ("padded rows", cols + 3, 1),
        ("padded columns", 1, rows + 5),
        ("both strided", 2 * cols + 1, 2),
        ("one row repeated", 0, 1),
        ("one element repeated", 0, 0),
    ]
}

fn extent(rows: usize, cols: usize, row: usize, col: usize) -> usize {
    if rows * cols == 0 { 0 } else { (rows - 1) * row + (cols - 1) * col + 1 }
}

fn check<T: Element>(m: usize, k: usize, n: usize, a_layout: usize, b_layout: usize, rounding: f64) {
    let (a_name, a_row, a_col) = layouts(m, k)[a_layout];
    let (b_name, b_row, b_col) = layouts(k, n)[b_layout];
    let values = |n, seed| -> Vec<T> { noise(n, seed).into_iter().map(T::of).collect() };
    let a = values(extent(m, k, a_row, a_col), 1);
    let b = values(extent(k, n, b_row, b_col), 2);
    let (before, row) = (values(m * n, 3), values(n, 4));
    for start in [Start::Zero, Start::Row(&row)] {
        let mut c = before.clone();
        let shape = Shape { batch: &[], m, k, n };
        matmul(shape, Operand::new(&a, a_row, a_col), Operand::new(&b, b_row, b_col), start, &mut c);
        for i in 0..m {
            for j in 0..n {
                let terms = (0..k).map(|p| a[i * a_row + p * a_col].f64() * b[p * b_row + j * b_col].f64());
                let first = match start {
                    Start::Zero => 0.0,
                    Start::Row(row) => row[j].f64(),
                };
                let expected = first + terms.clone().sum::<f64>();
                let size = first.abs() + terms.map(f64::abs).sum::<f64>();
                let got = c[i * n + j].f64();
                // The bound on the rounding of any order of summing, here and in the loop above.
                assert!(
                    (got - expected).abs() <= rounding * (2 * k + 4) as f64 * size,
                    "{m}x{k} ({a_name}) by {k}x{n} ({b_name}), {start:?}, at {i} {j}: {got}, not {expected}"
                );
            }
        }
    }
}

#[test]
fn agrees_with_a_plain_loop() {
    let shapes = [
        (1, 1, 1),
        (1, 40, 1),
        (1, 33, 47),
        (29, 70, 1),
        (2, 3, 5),
        (3, 15, 10),
        (4, 16, 16),
        (4, 84, 10),
        (5, 37, 131),
        (7, 100, 64),
        (8, 19, 97),
        (10, 4, 84),
        (13, 2, 3),
        (33, 5, 21),
        (50, 16, 39),
        (50, 23, 8),
        (70, 90, 65),
        (6, 0, 7),
        (0, 3, 4),
        (4, 3, 0),
    ];
    each_isa(|_| {
        for (m, k, n) in shapes {
            for a in 0..7 {
                for b in 0..7 {
                    check::<f32>(m, k, n, a, b, 6e-8);
                    if a == b || b == 1 {
                        check::<f64>(m, k, n, a, b, 1.2e-16);
                    }
                }
            }
        }
    });
}

#[test]
fn large_products_agree_when_spread_over_threads() {
    for (m, k, n) in [(4, 1100, 1300), (1300, 1100, 3), (500, 9, 1700), (200, 300, 150)] {
        for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            check::<f32>(m, k, n, a, b, 6e-8);
        }
    }
}

/// A transposed A is copied in pieces of its terms, and a tall one is multiplied some rows at a time.
#[test]
fn far_columns_and_many_rows_agree() {
    check::<f32>(FAR, COPIED + 3, FAR + 1, 1, 0, 6e-8);
    check::<f32>(2 * ROWS + 5, 20, 260, 0, 0, 6e-8);
    check::<f32>(2 * ROWS + 5, 20, 260, 1, 1, 6e-8);
    check::<f32>(2 * ROWS + 5, FAR, FAR, 1, 0, 6e-8);
}

#[test]
fn threads_do_not_change_a_bit() {
    each_isa(|_| {
        for (m, k, n) in [(4, 900, 1500), (600, 8, 1000), (300, 700, 300), (2100, 20, 300)] {
            let a: Vec<f32> = noise(m * k, 1).into_iter().map(|x| x as f32).collect();
            let b: Vec<f32> = noise(k * n, 2).into_iter().map(|x| x as f32).collect();
            for b in [Operand::new(&b, n, 1), Operand::new(&b, 1, k)] {
                let run = |threads: usize| {
                    let mut c = vec![0f32; m * n];
                    let shape = Shape { batch: &[], m, k, n };
                    with_threads(threads, || matmul(shape, Operand::new(&a, k, 1), b, Start::Zero, &mut c));
                    c
                };
                let one = run(1);
                assert_eq!(one, run(2));
                assert_eq!(one, run(5));
            }
        }
    });
}

#[test]
fn batches_broadcast_each_dimension() {
    let (m, k, n) = (3, 6, 4);
    let a: Vec<f32> = noise(2 * m * k, 1).into_iter().map(|x| x as f32).collect();
    let b: Vec<f32> = noise(3 * k * n, 2).into_iter().map(|x| x as f32).collect();
    let mut c = vec![0f32; 6 * m * n];
    let shape = Shape { batch: &[2, 3], m, k, n };
    let left = Operand { data: &a, row: k, col: 1, batch: &[m * k, 0] };
    let right = Operand { data: &b, row: n, col: 1, batch: &[0, k * n] };
    matmul(shape, left, right, Start::Zero, &mut c);
    for (i, c) in c.chunks(m * n).enumerate() {
        let (a, b) = (&a[i / 3 * m * k..], &b[i % 3 * k * n..]);
        for (at, c) in c.iter().enumerate() {
            let expected: f32 = (0..k).map(|p| a[at / n * k + p] * b[p * n + at % n]).sum();
            assert!((c - expected).abs() < 1e-6);
        }
    }
}

#[test]
fn nan_and_infinity_reach_only_their_own_elements() {
    let (m, k, n) = (4, 21, 9);
    let mut a = vec![1f32; m * k];
    let mut b = vec![1f32; k * n];
    a[k - 1] = f32::NAN; // row 0
    b[2 * k + 3] = f32::INFINITY; // column 2, B transposed
    let mut c = vec![0f32; m * n];
    matmul(
        Shape { batch: &[], m, k, n },
        Operand::new(&a, k, 1),
        Operand::new(&b, 1, k),
        Start::Zero,
        &mut c,
    );
    for (at, c) in c.iter().enumerate() {
        match (at / n, at % n) {
            (0, _) => assert!(c.is_nan()),
            (_, 2) => assert_eq!(*c, f32::INFINITY),
            _ => assert_eq!(*c, k as f32),
        }
    }
}

#[test]
fn integers_wrap() {
    let a = [1u8, 2, 3, 200, 5, 6];
    let b = [1u8, 0, 2, 1, 0, 3];
    let mut c = [1u8; 4];
    let shape = Shape { batch: &[], m: 2, k: 3, n: 2 };
    matmul_int(shape, Operand::new(&a, 3, 1), Operand::new(&b, 2, 1), Start::Zero, &mut c);
    assert_eq!(c, [5, 11, 210, 23]);
    matmul_int(shape, Operand::new(&a, 3, 1), Operand::new(&b, 1, 3), Start::Row(&[7, 0]), &mut c);
    assert_eq!(c, [7 + 7, 10, 7 + 212, 218]);
    let (a, b) = ([i64::MAX, 2], [3i64, 5, 7, 11]);
    let mut c = [0i64; 4];
    let shape = Shape { batch: &[2], m: 1, k: 1, n: 2 };
    let right = Operand { data: &b, row: 2, col: 1, batch: &[2] };
    matmul_int(shape, Operand { data: &a, row: 1, col: 1, batch: &[1] }, right, Start::Zero, &mut c);
    assert_eq!(c, [i64::MAX.wrapping_mul(3), i64::MAX.wrapping_mul(5), 14, 22]);
}

#[test]
fn blocks_of_columns_agree_with_a_plain_loop() {
    for (m, k, n) in
        [(1, 1, 1), (6, 3, 64), (7, 40, 16), (13, 5, 30), (12, 513, 47), (25, 1030, 65), (5, 20, 129)]
    {
        let (a, b) = (noise(m * k, 1), noise(k * n, 2));
        let [a, b] = [a, b].map(|x| x.into_iter().map(|x| x as f32).collect::<Vec<_>>());
        let term = |i: usize, l: usize, j: usize| f64::from(a[i * k + l]) * f64::from(b[l * n + j]);
        let turned = |x: &[f32], rows: usize, columns: usize| -> Vec<f32> {
            (0..rows * columns).map(|i| x[i % rows * columns + i / rows]).collect()
        };
        let (at, bt) = (turned(&a, m, k), turned(&b, k, n));
        let matrix = |data, down, across| blocked::Matrix { data, down, across };
        each_isa(|isa| {
            for (a, b) in
                [(&a, true), (&at, false)].into_iter().flat_map(|a| [(a, (&b, true)), (a, (&bt, false))])
            {
                let left = if a.1 { matrix(a.0, k, 1) } else { matrix(a.0, 1, m) };
                let right = if b.1 { matrix(b.0, n, 1) } else { matrix(b.0, 1, k) };
                for keep in [false, true] {
                    // Between the rows of C, and before and behind it, nothing is touched.
                    let (start, stride) = (3, n + 5);
                    let mut c = vec![0.5f32; start + m * stride];
                    let to = blocked::Target { all: Disjoint::new(&mut c), start, stride };
                    blocked::multiply((m, n, k), left, right, to, keep);
                    for (at, &got) in c.iter().enumerate() {
                        let (i, j) = (at.wrapping_sub(start) / stride, at.wrapping_sub(start) % stride);
                        if at < start || j >= n {
                            assert_eq!(got, 0.5);
                            continue;
                        }
                        let before = if keep { 0.5 } else { 0.0 };
                        let expected = (0..k).map(|l| term(i, l, j)).sum::<f64>() + before;
                        // The bound for any order of summation; roundings of opposite signs mostly
                        // cancel.
                        let size = (0..k).map(|l| term(i, l, j).abs()).sum::<f64>() + before;
                        let bound = 4.0 * ((k + 1) as f64).sqrt() * f64::from(f32::EPSILON) * size;
                        assert!(
                            (f64::from(got) - expected).abs() < bound,
                            "{m} {k} {n} {isa:?}: {got} {expected}"
                        );
                    }
                }
            }
        });
    }
}
