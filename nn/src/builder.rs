//! The checks that the builders of layers and losses make.

pub(crate) use taper_tensor::builder;

use crate::{Error, Result};

/// Checks that each size is at least 1.
pub(crate) fn at_least_1(op: &'static str, setting: &str, sizes: &[usize]) -> Result<()> {
    if !sizes.contains(&0) {
        return Ok(());
    }
    let (got, all) = match sizes {
        [one] => (one.to_string(), ""),
        _ => (tuple(sizes), " in each direction"),
    };
    Err(Error::value(op, format!("{setting} is {got}, expected at least 1{all}")))
}

/// Checks that a number is from 0 to 1.
pub(crate) fn fraction(op: &'static str, setting: &str, value: f64) -> Result<()> {
    expect(op, setting, value, (0.0..=1.0).contains(&value), "a number from 0 to 1")
}

/// Checks that a number is finite and not negative.
pub(crate) fn not_negative(op: &'static str, setting: &str, value: f64) -> Result<()> {
    expect(op, setting, value, value.is_finite() && value >= 0.0, "a finite number, at least 0")
}

/// Checks that a number is finite and above 0.
pub(crate) fn positive(op: &'static str, setting: &str, value: f64) -> Result<()> {
    expect(op, setting, value, value.is_finite() && value > 0.0, "a finite number above 0")
}

/// Checks that a number is finite.
pub(crate) fn finite(op: &'static str, setting: &str, value: f64) -> Result<()> {
    expect(op, setting, value, value.is_finite(), "a finite number")
}

fn expect(op: &'static str, setting: &str, value: f64, holds: bool, expected: &str) -> Result<()> {
    if holds {
        return Ok(());
    }
    Err(Error::value(op, format!("{setting} is {value}, expected {expected}")))
}

/// Prints sizes as Python prints a tuple: `(3,)`.
pub(crate) fn tuple(sizes: &[usize]) -> String {
    let comma = if sizes.len() == 1 { "," } else { "" };
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    format!("({}{comma})", sizes.join(", "))
}
