//! The error function and what is made of it.

use crate::arithmetic::real;
use crate::dtype::with_real;
use crate::{Element, Result, Tensor};

/// `2/√π` times the integral of `e^(-t²)` from x ≥ 0 to infinity: near 0 by erf's series
/// `2/√π · e^(-x²) · Σ 2^n x^(2n+1) / (2n+1)!!`, further out by Laplace's continued fraction
/// (Abramowitz and Stegun, 7.1.6 and 7.1.14).
fn erfc(x: f64) -> f64 {
    let scale = (-x * x).exp() / std::f64::consts::PI.sqrt();
    if x.is_nan() {
        x
    } else if x < 2.5 {
        1.0 - 2.0 * scale * series(x)
    } else if x < 27.0 {
        scale / (1..60).rev().fold(x, |rest, n| x + f64::from(n) / 2.0 / rest)
    } else {
        0.0
    }
}

fn series(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..60 {
        term *= 2.0 * x * x / f64::from(2 * n + 1);
        sum += term;
    }
    sum
}

fn erf(x: f64) -> f64 {
    if x.abs() < 2.5 {
        2.0 * (-x * x).exp() / std::f64::consts::PI.sqrt() * series(x)
    } else {
        (1.0 - erfc(x.abs())).copysign(x)
    }
}

/// The standard normal distribution function.
fn normal_cdf(x: f64) -> f64 {
    let z = x.abs() / std::f64::consts::SQRT_2;
    if x < 0.0 { 0.5 * erfc(z) } else { 1.0 - 0.5 * erfc(z) }
}

// Of f32, and of f64, for which the conversion is none.
#[allow(clippy::useless_conversion)]
impl Tensor {
    /// The error function: `2/√π` times the integral of `e^(-t²)` from 0 to x.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn erf(&self) -> Result<Self> {
        with_real!(self.dtype, T => {
            self.in_dtype(T::TYPE)?.unary("erf", |x: T| erf(f64::from(x)) as T)?.cast(real(self.dtype))
        })
    }

    /// `1 - erf(x)`, exact also where that is small.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn erfc(&self) -> Result<Self> {
        let f = |x: f64| if x < 0.0 { 2.0 - erfc(-x) } else { erfc(x) };
        with_real!(self.dtype, T => {
            self.in_dtype(T::TYPE)?.unary("erfc", |x: T| f(f64::from(x)) as T)?.cast(real(self.dtype))
        })
    }

    /// `x · Φ(x)`, where Φ is the standard normal distribution function.
    pub(crate) fn gelu_exact(&self) -> Result<Self> {
        let f = |x: f64| if x == f64::NEG_INFINITY { 0.0 } else { x * normal_cdf(x) };
        with_real!(self.dtype, T => {
            self.in_dtype(T::TYPE)?.unary("gelu", |x: T| f(f64::from(x)) as T)?.cast(real(self.dtype))
        })
    }
}
