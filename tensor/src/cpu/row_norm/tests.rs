use super::*;
use crate::cpu::tests::forced::each_isa;

/// Returns repeatable values around `mean`, with a deviation of about 0.6.
fn noise<T: Lanes>(n: usize, seed: u64, mean: f64) -> Vec<T> {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..n).map(|_| T::of(mean + next())).collect()
}

/// Returns the result and the three gradients by the textbook formulae.
fn plain(s: &Rows, x: &[f64], dy: &[f64], w: &[f64], b: &[f64]) -> [Vec<f64>; 4] {
    let (mut y, mut dx, mut dw, mut db) = (vec![], vec![], vec![0.0; w.len()], vec![0.0; w.len()]);
    let n = s.size();
    for r in 0..s.rows {
        let (x, dy) = (&x[r * n..][..n], &dy[r * n..][..n]);
        let at = |i: usize| s.set(r) + i / s.inner;
        let mean = |f: &dyn Fn(usize) -> f64| (0..n).map(f).sum::<f64>() / n as f64;
        let centre = if s.centre == Centre::Mean { mean(&|i| x[i]) } else { 0.0 };
        let d = (mean(&|i| (x[i] - centre).powi(2)) + s.eps).sqrt();
        let h = |i: usize| (x[i] - centre) / d;
        let level = if s.centre == Centre::Mean { mean(&|i| dy[i] * w[at(i)]) } else { 0.0 };
        let slope = mean(&|i| dy[i] * w[at(i)] * h(i));
        for i in 0..n {
            y.push(h(i) * w[at(i)] + b[at(i)]);
            dx.push((dy[i] * w[at(i)] - level - h(i) * slope) / d);
            dw[at(i)] += dy[i] * h(i);
            db[at(i)] += dy[i];
        }
    }
    [y, dx, dw, db]
}

fn check<T: Lanes>(tolerance: f64) {
    // Rows, sets, parameters, inner.
    let shapes = [
        (1, 1, 1, 1),
        (5, 1, 7, 1),
        (300, 1, 40, 1),
        (3, 1, 4099, 1),
        (6, 3, 2, 1),
        (6, 2, 3, 5),
        (4, 4, 1, 4100),
        (8, 2, 2, 33),
    ];
    for (i, (rows, sets, parameters, inner)) in shapes.into_iter().enumerate() {
        for (centre, mean) in [(Centre::Mean, 100.0), (Centre::Zero, 0.5)] {
            let s = Rows { rows, sets, parameters, inner, centre, eps: 1e-3 };
            let x = noise::<T>(s.len(), i as u64 + 1, mean);
            let dy = noise::<T>(s.len(), i as u64 + 20, 0.0);
            let [w, b] = [0.5, 0.0].map(|mean| noise::<T>(sets * parameters, 7, mean));
            let wide = |v: &[T]| v.iter().map(|x| x.f64()).collect::<Vec<_>>();
            let expected = plain(&s, &wide(&x), &wide(&dy), &wide(&w), &wide(&b));
            let [dx, dw, db] = backward(&s, &x, &dy, &w, true);
            let got = [forward(&s, &x, &w, &b), dx, dw, db];
            for (part, (got, expected)) in got.iter().zip(&expected).enumerate() {
                assert_eq!(got.len(), expected.len());
                for (got, expected) in got.iter().zip(expected) {
                    let bound = tolerance * expected.abs().max(1.0);
                    assert!((got.f64() - expected).abs() <= bound, "{s:?}, {part}: {got:?}, not {expected}");
                }
            }
            assert_eq!(backward(&s, &x, &dy, &w, false)[0], got[1]);
        }
    }
}

#[test]
fn rows_are_normalised_as_in_a_textbook() {
    each_isa(|_| {
        check::<f32>(2e-4);
        check::<f64>(1e-9);
    });
}

#[test]
fn no_rows_have_gradients_of_zero() {
    let s = Rows { rows: 0, sets: 1, parameters: 3, inner: 1, centre: Centre::Mean, eps: 0.1 };
    assert!(forward::<f32>(&s, &[], &[1.0; 3], &[0.0; 3]).is_empty());
    assert_eq!(backward::<f32>(&s, &[], &[], &[1.0; 3], true), [vec![], vec![0.0; 3], vec![0.0; 3]]);
}
