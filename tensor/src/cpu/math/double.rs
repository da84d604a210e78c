//! Functions of `f64`: the standard library's, and those that it lacks.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

macro_rules! functions {
    ($($name:ident($x:ident $(, $y:ident)?) = $e:expr;)*) => {$(
        #[inline(always)]
        pub fn $name($x: f64 $(, $y: f64)?) -> f64 {
            $e
        }
    )*};
}
functions! {
    exp(x) = x.exp();
    expm1(x) = x.exp_m1();
    ln(x) = x.ln();
    log1p(x) = x.ln_1p();
    sqrt(x) = x.sqrt();
    tanh(x) = x.tanh();
    sin(x) = x.sin();
    cos(x) = x.cos();
    pow(x, y) = x.powf(y);
    floor(x) = x.floor();
    ceil(x) = x.ceil();
    round(x) = x.round_ties_even();
    trunc(x) = x.trunc();
    erf(x) = if x.abs() < 1.0 { erf_series(x) } else { (1.0 - erfc_tail(x.abs())).copysign(x) };
    normal_cdf(x) = 0.5 * erfc(-x * FRAC_1_SQRT_2);
}

pub fn sigmoid(x: f64) -> f64 {
    let z = (-x.abs()).exp();
    (if x < 0.0 { z } else { 1.0 }) / (1.0 + z)
}

pub fn erfc(x: f64) -> f64 {
    if x.abs() < 1.0 {
        1.0 - erf_series(x)
    } else if x < 0.0 {
        2.0 - erfc_tail(-x)
    } else {
        erfc_tail(x)
    }
}

/// Returns 2/√π x e^(-x²) (1 + 2x²/3 (1 + 2x²/5 (1 + …))), all terms positive, for |x| < 1 (Abramowitz and
/// Stegun 7.1.6).
fn erf_series(x: f64) -> f64 {
    let square = x * x;
    let sum = (1..=24).rev().fold(1.0, |sum, k| 1.0 + 2.0 * square / (2 * k + 1) as f64 * sum);
    FRAC_2_SQRT_PI * x * (-square).exp() * sum
}

/// Returns e^(-x²)/√π · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …)))) for x ≥ 1 (7.1.14).
fn erfc_tail(x: f64) -> f64 {
    if x > 27.5 {
        return 0.0;
    }
    let levels = 6 + (220.0 / (x * x)) as i32;
    let fraction = (1..=levels).rev().fold(x, |f, k| x + 0.5 * k as f64 / f);
    let square = x * x;
    let lost = x.mul_add(x, -square);
    0.5 * FRAC_2_SQRT_PI * (-square).exp() * (1.0 - lost) / fraction
}
