//! The logarithm of the gamma function, its derivatives, and the inverse of the error function, of `f64`.

use std::f64::consts::{FRAC_2_SQRT_PI, PI};

use super::math::double::{erf, erfc};

/// Bernoulli's numbers B₂, B₄, …, B₁₆.
const BERNOULLI: [f64; 8] = [
    1.0 / 6.0,
    -1.0 / 30.0,
    1.0 / 42.0,
    -1.0 / 30.0,
    5.0 / 66.0,
    -691.0 / 2730.0,
    7.0 / 6.0,
    -3617.0 / 510.0,
];

/// The least argument whose asymptotic series are exact to the last digits. A larger one would take more
/// steps of the recurrence, whose rounding error grows.
const FAR: f64 = 8.0;

/// Returns true if x is 0 or a negative integer, the poles of the gamma function.
fn pole(x: f64) -> bool {
    x <= 0.0 && x == x.floor()
}

/// Returns ln |Γ(x)|, to 4e-15 absolutely, or relatively if it is large. It uses Stirling's series
/// (Abramowitz and Stegun 6.1.41) for x ≥ 8, Γ(x + 1) = x Γ(x) (6.1.15) below, and Γ(x) Γ(1 - x) = π / sin πx
/// (6.1.17) for x < 0.
pub fn lgamma(x: f64) -> f64 {
    if pole(x) || x.is_infinite() {
        return f64::INFINITY;
    }
    if x == 1.0 || x == 2.0 {
        return 0.0;
    }
    if x < 0.0 {
        return (PI / (PI * (x - x.round())).sin().abs()).ln() - lgamma(1.0 - x);
    }
    let (mut x, mut product) = (x, 1.0);
    while x < FAR {
        product *= x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = (1..=8).rev().fold(0.0, |sum, k| {
        let n = 2.0 * f64::from(k);
        sum * square + BERNOULLI[k as usize - 1] / (n * (n - 1.0))
    });
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * PI).ln() + series / x - product.ln()
}

/// Returns ψ(x), the derivative of ln Γ(x) (6.3.18, 6.3.5, 6.3.7): infinite at 0, NaN at negative integers.
pub fn digamma(x: f64) -> f64 {
    if x == 0.0 {
        return f64::INFINITY.copysign(-x);
    }
    if pole(x) {
        return f64::NAN;
    }
    if x < 0.0 {
        return digamma(1.0 - x) - PI / (PI * (x - x.round())).tan();
    }
    let (mut x, mut sum) = (x, 0.0);
    while x < FAR {
        sum -= 1.0 / x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series =
        (1..=8).rev().fold(0.0, |sum, k| sum * square + BERNOULLI[k as usize - 1] / (2.0 * f64::from(k)));
    sum + x.ln() - 0.5 / x - series * square
}

/// Returns the n-th derivative of ψ (6.4.11, 6.4.6, and for n = 1 6.4.7); NaN for x below -10,000 and n > 1.
pub fn polygamma(n: u32, x: f64) -> f64 {
    let order = f64::from(n);
    match n {
        0 => return digamma(x),
        1 if x < 0.0 && !pole(x) => {
            let sine = (PI * (x - x.round())).sin();
            return (PI / sine) * (PI / sine) - polygamma(1, 1.0 - x);
        }
        _ if pole(x) => return if n % 2 == 1 { f64::INFINITY } else { f64::NEG_INFINITY },
        _ if x < -1e4 || x.is_nan() => return f64::NAN,
        _ => {}
    }
    // In units of (-1)^(n+1) n!: a sum of 1 / (x + k)^(n+1), then the rest as a series.
    let (mut x, mut sum) = (x, 0.0);
    while x < FAR + 4.0 + order {
        sum += x.powf(-order - 1.0);
        x += 1.0;
    }
    let power = x.powf(-order);
    // (n + 2k - 1)! / ((2k)! n!) / x^(n + 2k), for k = 1 first.
    let (mut term, mut series) = (0.5 * (order + 1.0) * power / (x * x), 0.0);
    for (k, b) in (1..).zip(BERNOULLI) {
        series += b * term;
        let m = 2.0 * f64::from(k);
        term *= (order + m) * (order + m + 1.0) / ((m + 1.0) * (m + 2.0) * x * x);
    }
    let total = sum + power / order + 0.5 * power / x + series;
    let factorial = lgamma(order + 1.0).exp();
    // The factorial is exact if it is small.
    let factorial = if n < 20 { factorial.round() } else { factorial };
    if n % 2 == 1 { factorial * total } else { -factorial * total }
}

/// Returns the x with erf(x) = y; infinite at 1 and -1, NaN beyond. It starts with an approximation with an
/// error of 2e-3 (S. Winitzki, "A handy approximation for the error function and its inverse", 2008), and
/// applies steps of Halley's method. Each step triples the digits.
pub fn erfinv(y: f64) -> f64 {
    if y == 0.0 {
        return y;
    }
    if y.abs() >= 1.0 {
        return if y.abs() == 1.0 { f64::INFINITY.copysign(y) } else { f64::NAN };
    }
    let a = y.abs();
    let log = (-a * a).ln_1p();
    let half = 2.0 / (PI * 0.147) + 0.5 * log;
    let mut x = ((half * half - log / 0.147).sqrt() - half).sqrt();
    for _ in 0..3 {
        // Subtracting two numbers near 1 would lose digits.
        let error = if a < 0.5 { erf(x) - a } else { (1.0 - a) - erfc(x) };
        let step = error / (FRAC_2_SQRT_PI * (-x * x).exp());
        x -= step / (1.0 + x * step);
    }
    x.copysign(y)
}

#[cfg(test)]
mod tests;
