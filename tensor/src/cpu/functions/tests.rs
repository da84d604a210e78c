use super::super::elementwise::{map_function, map_function2, update_function};
use super::super::strided::{Strided, StridedMut};
use super::super::tests::forced::each_isa;
use super::*;
use crate::elementwise::*;

/// Every function, with parameters for it and the greatest error in units in the last place, over
/// arguments of a moderate size.
const ALL: [(&str, Function, Params, f64); 35] = [
    ("reciprocal", Function::value::<Reciprocal>(), [0.0; 2], 0.5),
    ("sqrt", Function::value::<Sqrt>(), [0.0; 2], 0.5),
    ("rsqrt", Function::value::<Rsqrt>(), [0.0; 2], 1.5),
    ("exp", Function::value::<Exp>(), [0.0; 2], 1.0),
    ("expm1", Function::value::<Expm1>(), [0.0; 2], 1.5),
    ("ln", Function::value::<Log>(), [0.0; 2], 1.0),
    ("log1p", Function::value::<Log1p>(), [0.0; 2], 1.5),
    ("power", POWER, [2.5, 0.0], 1.0),
    ("power", POWER, [-3.0, 0.0], 1.0),
    ("sin", SIN, [0.0; 2], 1.6),
    ("cos", COS, [0.0; 2], 1.6),
    ("tanh", Function::value::<Tanh>(), [0.0; 2], 1.5),
    ("erf", Function::value::<Erf>(), [0.0; 2], 1.2),
    ("erfc", ERFC, [0.0; 2], 0.51),
    ("floor", FLOOR, [0.0; 2], 0.0),
    ("ceil", CEIL, [0.0; 2], 0.0),
    ("round", ROUND, [0.0; 2], 0.0),
    ("trunc", TRUNC, [0.0; 2], 0.0),
    ("sigmoid", Function::value::<Sigmoid>(), [0.0; 2], 2.3),
    ("log_sigmoid", Function::value::<LogSigmoid>(), [0.0; 2], 3.0),
    ("softplus", Function::value::<Softplus>(), [1.0, 20.0], 3.0),
    ("softplus", Function::value::<Softplus>(), [2.0, 10.0], 3.0),
    ("relu6", Function::value::<Relu6>(), [0.0; 2], 0.0),
    ("leaky_relu", Function::value::<LeakyRelu>(), [0.0625, 0.0], 0.0),
    ("elu", Function::value::<Elu>(), [1.5, 0.0], 2.5),
    ("selu", Function::value::<Selu>(), [0.0; 2], 4.0),
    ("silu", Function::value::<Silu>(), [0.0; 2], 3.1),
    ("gelu", Function::value::<Gelu>(), [0.0; 2], 5.0),
    ("gelu_tanh", Function::value::<GeluTanh>(), [0.0; 2], 160.0),
    ("mish", Function::value::<Mish>(), [0.0; 2], 5.0),
    ("softsign", Function::value::<Softsign>(), [0.0; 2], 1.5),
    ("hardtanh", Function::value::<Hardtanh>(), [-0.5, 2.0], 0.0),
    ("hardsigmoid", Function::value::<Hardsigmoid>(), [0.0; 2], 1.0),
    ("hardswish", Function::value::<Hardswish>(), [0.0; 2], 2.0),
    ("threshold", Function::value::<Threshold>(), [0.5, -1.0], 0.0),
];

/// Returns the error in units in the last place of the exact result as an `f32`.
fn ulps(ours: f32, exact: f64) -> f64 {
    if ours == exact as f32 || (ours.is_nan() && exact.is_nan()) {
        return 0.0;
    }
    let exponent = ((exact as f32).abs().to_bits() >> 23).max(1) as i32;
    (f64::from(ours) - exact).abs() / 2f64.powi(exponent - 150)
}

fn arguments() -> Vec<f32> {
    (-30_011..30_011).map(|i| i as f32 * 3.1e-4).collect()
}

#[test]
fn single_agrees_with_double() {
    let mut failures = Vec::new();
    let x = arguments();
    each_isa(|isa| {
        for (name, f, params, limit) in ALL {
            let y = map_function(Strided::new(&x, &[x.len()], &[1], 0), f, params);
            let mut worst = (0.0, 0.0, 0.0);
            for (&x, &y) in x.iter().zip(&y) {
                let error = ulps(y, (f.double)([f64::from(x)], params));
                if error > worst.0 || error.is_nan() {
                    worst = (error, x, y);
                }
            }
            let (error, x, y) = worst;
            if error > limit || error.is_nan() {
                failures.push(format!("{isa:?}: {name}({x:e}) = {y:e} is off by {error} ulp"));
            }
        }
    });
    assert!(failures.is_empty(), "{failures:#?}");
}

/// Those that have tables, or are not the same for each instruction set, at every magnitude, at the ends
/// of the tables and at the special numbers.
#[test]
fn at_every_magnitude() {
    let ends =
        [0.148_437_5f32, 5.6, 5.66, 9.2, 9.35, 14.5, 88.722_84, 103.97, 104.0, f32::INFINITY, f32::NAN];
    let beside = |x: f32| [x.next_down(), x, x.next_up(), -x.next_down(), -x, -x.next_up()];
    let all = (0..1u64 << 32).step_by(4099).map(|bits| f32::from_bits(bits as u32));
    let near = (-200_000..200_000).map(|i| i as f32 * 1e-4);
    let x: Vec<f32> = all.chain(near).chain(ends.into_iter().flat_map(beside)).chain([0.0, -0.0]).collect();
    let mut failures = Vec::new();
    each_isa(|isa| {
        for (name, f, limit) in [
            ("exp", Function::value::<Exp>(), 1.0),
            ("tanh", Function::value::<Tanh>(), 1.5),
            ("gelu", Function::value::<Gelu>(), 5.0),
        ] {
            let y = map_function(Strided::new(&x, &[x.len()], &[1], 0), f, [0.0; 2]);
            for (&x, &y) in x.iter().zip(&y) {
                let exact = (f.double)([f64::from(x)], [0.0; 2]);
                let limit = if name == "gelu" && exact.abs() < 1e-37 { 9.0 } else { limit };
                let error = ulps(y, exact);
                if error > limit || error.is_nan() || (x == 0.0 && exact == 0.0 && y.to_bits() != x.to_bits())
                {
                    failures.push(format!("{isa:?}: {name}({x:e}) = {y:e} is off by {error} ulp"));
                }
            }
        }
    });
    failures.truncate(20);
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn every_length_and_stride_and_place() {
    each_isa(|isa| {
        for n in [0, 1, 7, 15, 16, 17, 33, 100, 257, 5000] {
            let x: Vec<f32> = (0..2 * n).map(|i| (i as f32 - n as f32) * 0.01).collect();
            let expected: Vec<f32> = x.iter().step_by(2).map(|x| f64::from(*x).tanh() as f32).collect();
            let close = |y: &[f32]| y.iter().zip(&expected).all(|(y, e)| (y - e).abs() <= 2e-7 * e.abs());
            let dims = [n];
            let y = map_function(Strided::new(&x, &dims, &[2], 0), Function::value::<Tanh>(), [0.0; 2]);
            assert!(y.len() == n && close(&y), "{isa:?}: {n} strided");
            let packed: Vec<f32> = x.iter().copied().step_by(2).collect();
            assert_eq!(
                map_function(Strided::new(&packed, &dims, &[1], 0), Function::value::<Tanh>(), [0.0; 2]),
                y
            );
            let mut place = x.clone();
            update_function(StridedMut::new(&mut place, &dims, &[2], 0), Function::value::<Tanh>(), [0.0; 2]);
            let changed: Vec<f32> = place.iter().copied().step_by(2).collect();
            assert_eq!(changed, y, "{isa:?}: {n} in place");
            assert!(place.iter().zip(&x).skip(1).step_by(2).all(|(a, b)| a == b));
            let twice = map_function2(
                Strided::new(&x, &dims, &[2], 0),
                Strided::new(&packed, &dims, &[1], 0),
                RELU_GRAD,
                [0.0; 2],
            );
            let relu: Vec<f32> = packed.iter().map(|x| x.max(0.0)).collect();
            assert_eq!(twice, relu, "{isa:?}: {n} of two");
        }
    });
}

#[test]
fn doubles() {
    let x = [-1.5f64, 0.0, 0.25, 3.0];
    let view = Strided::new(&x, &[4], &[1], 0);
    assert_eq!(map_function(view, Function::value::<Exp>(), [0.0; 2]), x.map(f64::exp));
    assert_eq!(map_function(view, POWER, [2.0, 0.0]), x.map(|x| x * x));
    assert_eq!(map_function2(view, view, RELU_GRAD, [0.0; 2]), x.map(|x| x.max(0.0)));
}

#[test]
fn special_values() {
    let (nan, inf) = (f32::NAN, f32::INFINITY);
    each_isa(|_| {
        let at = |f: Function, x: f32| map_function(Strided::new(&[x; 17], &[17], &[1], 0), f, [1.0, 20.0]);
        let all = |f: Function, x: f32, y: f32| {
            let result = at(f, x);
            assert!(result.iter().all(|r| *r == y || (r.is_nan() && y.is_nan())), "{x}: {result:?}");
        };
        all(Function::value::<Gelu>(), -inf, 0.0);
        all(Function::value::<Gelu>(), inf, inf);
        all(Function::value::<Mish>(), inf, inf);
        all(Function::value::<Softplus>(), inf, inf);
        all(Function::value::<Softplus>(), -inf, 0.0);
        all(Function::value::<LogSigmoid>(), -inf, -inf);
        all(Function::value::<LogSigmoid>(), inf, 0.0);
        for x in [1e6f32, 1.1e6, -3e7, 1e30, f32::MAX] {
            assert!((at(SIN, x)[0] - f64::from(x).sin() as f32).abs() < 1e-7);
            assert!((at(COS, x)[16] - f64::from(x).cos() as f32).abs() < 1e-7);
        }
        all(SIN, inf, nan);
        all(COS, -inf, nan);
        all(Function::value::<Log>(), 0.0, -inf);
        all(Function::value::<Log>(), -1.0, nan);
        for (name, f, params, _) in ALL {
            let y = map_function(Strided::new(&[nan; 17], &[17], &[1], 0), f, params);
            assert!(y.iter().all(|y| y.is_nan()), "{name} of NaN: {y:?}");
        }
    });
}
