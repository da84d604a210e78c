use half::{bf16, f16};
use proptest::prelude::*;

use super::super::argmax::{Greatest, Least, extreme};
use super::super::element::{Element, FloatElement};
use super::super::reducers::*;
use super::super::scan::{Scan, scan as gathered};
use super::super::tests::{Random, View, groups};
use super::*;

/// Compares each reduction with sums over the elements in row-major order.
fn check<T: Element>(seed: u64) {
    let random = &mut Random(seed);
    let dims = random.dims();
    let over: Vec<usize> = (0..dims.len()).filter(|_| random.below(2) == 0).collect();
    // Small integers: every sum is exact, whatever its order.
    let x = View::<T>::random(random, &dims, true, |r| r.below(4) as f64);
    let groups = groups(&x.values(), &dims, &over);
    let expect = |f: &dyn Fn(&mut dyn Iterator<Item = f64>) -> f64| -> Vec<f64> {
        groups.iter().map(|g| f(&mut g.iter().map(|x| x.to_f64()))).collect()
    };
    let f64s = |y: Vec<T::Total>| y.into_iter().map(|y| y.to_f64()).collect::<Vec<_>>();
    let total = |x: f64| T::Total::from_f64(x).to_f64();
    let sums = expect(&|g| total(g.sum()));
    assert_eq!(f64s(reduce(x.view(), &over, Sum)), sums);
    if groups.iter().all(|g| g.len() < 30) {
        assert_eq!(f64s(reduce(x.view(), &over, Prod)), expect(&|g| total(g.product())));
    }
    assert_eq!(
        reduce(x.view(), &over, CountNonzero),
        groups.iter().map(|g| g.iter().filter(|x| x.to_f64() != 0.0).count() as i64).collect::<Vec<_>>()
    );
    assert_eq!(
        reduce(x.view(), &over, Any),
        groups.iter().map(|g| g.iter().any(|x| x.to_f64() != 0.0) as u8).collect::<Vec<_>>()
    );
    assert_eq!(
        reduce(x.view(), &over, All),
        groups.iter().map(|g| g.iter().all(|x| x.to_f64() != 0.0) as u8).collect::<Vec<_>>()
    );
    if groups.iter().all(|g| !g.is_empty()) {
        let ends = |y: Vec<T>| y.into_iter().map(|y| y.to_f64()).collect::<Vec<_>>();
        assert_eq!(ends(reduce(x.view(), &over, Max)), expect(&|g| g.fold(f64::MIN, f64::max)));
        assert_eq!(ends(reduce(x.view(), &over, Min)), expect(&|g| g.fold(f64::MAX, f64::min)));
    }
}

/// Compares functions along one dimension: extremes with their indices, and cumulative sums and products.
fn check_along<T: Element>(seed: u64) {
    let random = &mut Random(seed);
    let dims = random.dims();
    if dims.is_empty() {
        return;
    }
    let dim = random.below(dims.len());
    let with_nan = random.below(3) == 0 && T::from_f64(f64::NAN).to_f64().is_nan();
    let value = |r: &mut Random| if with_nan && r.below(40) == 0 { f64::NAN } else { r.below(9) as f64 };
    let x = View::<T>::random(random, &dims, true, value);
    let groups = groups(&x.values(), &dims, &[dim]);
    if dims[dim] > 0 {
        let first = |g: &[T], beats: &dyn Fn(f64, f64) -> bool| {
            let mut best = 0;
            for (i, x) in g.iter().enumerate() {
                let (x, y) = (x.to_f64(), g[best].to_f64());
                if beats(x, y) || (x.is_nan() && !y.is_nan()) {
                    best = i;
                }
            }
            best as i64
        };
        let (value, index) = extreme(x.view(), dim, Greatest);
        assert_eq!(index, groups.iter().map(|g| first(g, &|x, y| x > y)).collect::<Vec<_>>());
        for ((value, index), g) in value.iter().zip(&index).zip(&groups) {
            assert_eq!(value.to_f64().to_bits(), g[*index as usize].to_f64().to_bits());
        }
        let (_, index) = extreme(x.view(), dim, Least);
        assert_eq!(index, groups.iter().map(|g| first(g, &|x, y| x < y)).collect::<Vec<_>>());
    }
    if !with_nan {
        let running = |f: &dyn Fn(f64, f64) -> f64, start: f64| -> Vec<Vec<f64>> {
            let scan = |g: &Vec<T>| {
                let mut acc = start;
                g.iter()
                    .map(|x| {
                        acc = f(acc, x.to_f64());
                        T::Total::from_f64(acc).to_f64()
                    })
                    .collect()
            };
            groups.iter().map(scan).collect()
        };
        let of = |y: Vec<T::Total>| -> Vec<Vec<f64>> {
            super::super::tests::groups(&y, &dims, &[dim])
                .into_iter()
                .map(|g| g.into_iter().map(|y| y.to_f64()).collect())
                .collect()
        };
        assert_eq!(of(gathered(x.view(), dim, Scan::Sum)), running(&|a, b| a + b, 0.0));
        if dims[dim] < 10 {
            assert_eq!(of(gathered(x.view(), dim, Scan::Product)), running(&|a, b| a * b, 1.0));
        }
    }
}

/// Returns the sum with Kahan's compensation; a plain sum would be less exact than the result that it checks.
fn sum(x: impl Iterator<Item = f64>) -> f64 {
    let (sum, _) = x.fold((0.0, 0.0), |(sum, lost): (f64, f64), x| {
        let y = x - lost;
        let next = sum + y;
        (next, next - sum - y)
    });
    sum
}

/// Means and variances of uneven values, to rounding.
fn check_moments<T: FloatElement>(seed: u64, eps: f64, least: f64) {
    let random = &mut Random(seed);
    let dims = random.dims();
    let over: Vec<usize> = (0..dims.len()).filter(|_| random.below(2) == 0).collect();
    let far = [0.0, 3.0, 100.0][random.below(3)];
    let x = View::<T>::random(random, &dims, true, |r| far + r.unit());
    let groups = groups(&x.values(), &dims, &over);
    let means = mean(x.view(), &over);
    let (vars, means2) = var_mean(x.view(), &over, 1.0, |v| v);
    for (i, g) in groups.iter().enumerate() {
        let n = g.len() as f64;
        let m = sum(g.iter().map(|x| x.to_f64())) / n;
        let close = |ours: T, exact: f64, tolerance: f64, what: &str| {
            let ours = ours.to_f64();
            assert!(
                (ours - exact).abs() <= tolerance || (ours.is_nan() && exact.is_nan()) || ours == exact,
                "{what} {ours} {exact} of {n}"
            );
        };
        close(means[i], m, eps * m.abs() + least.max(4e-16 * (far + 1.0)), "mean");
        close(means2[i], m, eps * m.abs() + least.max(4e-16 * (far + 1.0)), "mean");
        let v = sum(g.iter().map(|x| (x.to_f64() - m).powi(2))) / (n - 1.0).max(0.0);
        close(vars[i], v, eps * v + least, "var");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]
    #[test]
    fn any_layout_any_dims(seed: u64) {
        check::<f32>(seed);
        check::<f64>(seed);
        check::<bf16>(seed);
        check::<u8>(seed);
        check::<i64>(seed);
    }

    #[test]
    fn along_a_dimension(seed: u64) {
        check_along::<f32>(seed);
        check_along::<f64>(seed);
        check_along::<bf16>(seed);
        check_along::<u8>(seed);
        check_along::<i64>(seed);
    }

    #[test]
    fn moments(seed: u64) {
        // The last is half the distance of the smallest numbers, which for f16 are 2^-24 apart: a
        // small variance is rounded to a multiple of that.
        check_moments::<f64>(seed, 3e-13, 1e-25);
        check_moments::<f32>(seed, 1.3e-7, 1e-25);
        check_moments::<f16>(seed, 1e-3, 0.5f64.powi(25));
        check_moments::<bf16>(seed, 8e-3, 1e-25);
    }
}

#[test]
fn nan_reaches_the_extremes() {
    for at in [0, 1, 31, 32, 40, 99] {
        let mut x = vec![1.0f32; 100];
        x[at] = f32::NAN;
        for dims in [[1, 100], [100, 1], [10, 10], [50, 2]] {
            let strides = [dims[1], 1];
            let view = Strided::new(&x, &dims, &strides, 0);
            assert!(reduce(view, &[0, 1], Max)[0].is_nan());
            assert!(reduce(view, &[0, 1], Min)[0].is_nan());
            assert!(reduce(view, &[0], Max)[at % dims[1]].is_nan());
            assert!(reduce(view, &[1], Min)[at / dims[1]].is_nan());
        }
    }
}

#[test]
fn edges() {
    let empty = Strided::<f32>::new(&[], &[0, 3], &[3, 1], 0);
    assert_eq!(reduce(empty, &[0], Sum), [0.0; 3]);
    assert_eq!(reduce(empty, &[0], Prod), [1.0; 3]);
    assert_eq!(reduce(empty, &[1], Sum), [0.0; 0]);
    assert!(mean(empty, &[0, 1])[0].is_nan());
    let one = Strided::new(&[1.0f32], &[1], &[1], 0);
    assert!(var_mean(one, &[0], 1.0, |v| v).0[0].is_nan());
    assert_eq!(var_mean(one, &[0], 0.0, |v| v).0, [0.0]);
    // Large, of alternating sign, and far from zero: all that is lost is the last rounding.
    let far: Vec<f32> = (0..300_000).map(|i| 1e6 + (i % 7) as f32).collect();
    let (var, mean) = var_mean(Strided::new(&far, &[300_000], &[1], 0), &[0], 0.0, |v| v);
    assert!((var[0] - 4.0).abs() < 1e-4 && mean[0] == 1_000_003.0, "{var:?} {mean:?}");
}

#[test]
fn sums_of_f64_are_as_good_as_pairwise() {
    // 0.1 a million times: sequential summation is off by 1e-6.
    let x = vec![0.1f64; 1 << 20];
    let exact = 0.1f64 * (1 << 20) as f64;
    for dims in [[1, 1 << 20], [1 << 20, 1]] {
        for view in [Strided::new(&x, &dims, &[1, 1], 0), Strided::new(&x[..1], &dims, &[0, 0], 0)] {
            let sum: f64 = reduce(view, &[0, 1], Sum)[0];
            assert!((sum - exact).abs() < 1e-15 * exact * 20.0, "{}", sum - exact);
        }
    }
}
