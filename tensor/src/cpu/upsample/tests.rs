use super::*;
use crate::cpu::tests::forced::each_isa;

fn noise<T: Real>(n: usize) -> Vec<T> {
    (0..n).map(|i| T::of(((i * 7919 + 13) % 101) as f64 / 50.0 - 1.0)).collect()
}

/// Returns the weight of input `i` in output `o`, from the definition in real arithmetic.
fn weight(mode: Mode, input: usize, output: usize, scale: Option<f64>, i: usize, o: usize) -> f64 {
    let ratio = scale.map_or(input as f64 / output as f64, |s| 1.0 / s);
    let position = match mode {
        Mode::Nearest => {
            return f64::from(u8::from(((o as f64 * ratio + 1e-9) as usize).min(input - 1) == i));
        }
        Mode::Linear { align_corners: true } if output == 1 => 0.0,
        Mode::Linear { align_corners: true } => o as f64 * (input - 1) as f64 / (output - 1) as f64,
        Mode::Linear { align_corners: false } => ((o as f64 + 0.5) * ratio - 0.5).max(0.0),
    };
    (1.0 - (position.min((input - 1) as f64) - i as f64).abs()).max(0.0)
}

fn check<T: Real>(
    mode: Mode,
    input: [usize; 2],
    output: [usize; 2],
    scale: [Option<f64>; 2],
    tolerance: f64,
) {
    let planes = 3;
    let (size, out) = (input[0] * input[1], output[0] * output[1]);
    let (x, dy) = (noise::<T>(planes * size), noise::<T>(planes * out));
    let (mut y, mut dx) = (vec![T::ONE; planes * out], vec![T::ONE; planes * size]);
    let up = Upsample::new(mode, input, output, scale);
    up.forward(&x, &mut y);
    up.gradient(&dy, &mut dx);
    let weight = |i: usize, o: usize| {
        weight(mode, input[0], output[0], scale[0], i / input[1], o / output[1])
            * weight(mode, input[1], output[1], scale[1], i % input[1], o % output[1])
    };
    for p in 0..planes {
        for o in 0..out {
            let expected: f64 = (0..size).map(|i| weight(i, o) * x[p * size + i].f64()).sum();
            let got = y[p * out + o].f64();
            assert!((got - expected).abs() < tolerance, "{up:?} output {o}: {got}, not {expected}");
        }
        for i in 0..size {
            let expected: f64 = (0..out).map(|o| weight(i, o) * dy[p * out + o].f64()).sum();
            let got = dx[p * size + i].f64();
            assert!((got - expected).abs() < 8.0 * tolerance, "{up:?} dx {i}: {got}, not {expected}");
        }
    }
}

#[test]
fn agrees_with_the_definition() {
    for mode in [Mode::Nearest, Mode::Linear { align_corners: false }, Mode::Linear { align_corners: true }] {
        for (input, output) in [
            ([1, 1], [1, 1]),
            ([1, 1], [3, 2]),
            ([2, 3], [4, 6]),
            ([4, 5], [4, 5]),
            ([3, 5], [7, 8]),
            ([5, 7], [3, 2]),
            ([1, 9], [1, 20]),
            ([4, 4], [1, 1]),
        ] {
            each_isa(|_| {
                check::<f32>(mode, input, output, [None; 2], 1e-5);
                check::<f64>(mode, input, output, [None; 2], 1e-12);
            });
        }
        check::<f64>(mode, [3, 4], [7, 9], [Some(2.5), Some(2.3)], 1e-12);
    }
}

#[test]
fn nearest_copies_whatever_is_there() {
    let x = [f32::NAN, f32::INFINITY, -1.0, 0.0];
    let mut y = [0.0; 16];
    Upsample::new(Mode::Nearest, [2, 2], [4, 4], [Some(2.0); 2]).forward(&x, &mut y);
    for (i, y) in y.iter().enumerate() {
        assert_eq!(y.to_bits(), x[i / 8 * 2 + i % 4 / 2].to_bits());
    }
}
