use super::super::tests::Random;
use super::super::tests::forced::each_isa;
use super::*;

fn check<T: Float>(eps: f64) {
    for (seed, (outer, n, inner)) in [
        (1, 1, 1),
        (3, 10, 1),
        (64, 10, 1),
        (2, 1111, 1),
        (40, 700, 1),
        (2, 1, 3),
        (3, 5, 2),
        (7, 10, 64),
        (1, 9, 129),
    ]
    .into_iter()
    .enumerate()
    {
        let random = &mut Random(seed as u64);
        let y: Vec<T> = (0..outer * n * inner).map(|_| T::of(-4.0 * random.unit().abs())).collect();
        let classes: Vec<i64> = (0..outer * inner).map(|_| random.below(n) as i64).collect();
        let factors: Vec<T> = (0..outer * inner)
            .map(|_| if random.below(4) == 0 { T::ZERO } else { T::of(random.unit()) })
            .collect();
        let got = gradient(&y, &classes, &factors, n, inner);
        for (i, got) in got.iter().enumerate() {
            let (sample, class) = (i / (n * inner) * inner + i % inner, i / inner % n);
            let onehot = f64::from(classes[sample] == class as i64);
            let expected = (y[i].to_f64().exp() - onehot) * factors[sample].to_f64();
            assert!(
                (got.to_f64() - expected).abs() <= eps,
                "{outer} {n} {inner} at {i}: {got:?}, {expected}"
            );
        }
    }
}

#[test]
fn gradients_are_the_formulas() {
    each_isa(|_| {
        check::<f32>(4e-7);
        check::<f64>(1e-15);
    });
}

#[test]
fn what_does_not_count_has_no_gradient() {
    let y = [f32::NEG_INFINITY, f32::NAN, 0.0, f32::INFINITY];
    assert_eq!(gradient(&y, &[0, 1], &[0.0, 0.0], 2, 1), [0.0; 4]);
}
