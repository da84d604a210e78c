//! The checks that the builders of samplers and transforms make.

use std::ops::RangeInclusive;

use crate::{Error, Result};

pub(crate) use taper_tensor::builder;

/// Checks that a number is within a range.
pub(crate) fn within(op: &'static str, setting: &str, value: f32, range: RangeInclusive<f32>) -> Result<()> {
    if range.contains(&value) && value.is_finite() {
        return Ok(());
    }
    let (least, most) = range.into_inner();
    let expected = match most {
        f32::INFINITY => format!("a finite number, at least {least}"),
        _ => format!("a number from {least} to {most}"),
    };
    Err(Error::invalid(op, format!("{setting} is {value}, expected {expected}")))
}

/// Checks that the ends of a range ascend within another one.
pub(crate) fn ascending(
    op: &'static str,
    setting: &str,
    ends: [f32; 2],
    all: RangeInclusive<f32>,
) -> Result<()> {
    within(op, setting, ends[0], all.clone())?;
    within(op, setting, ends[1], all)?;
    if ends[0] <= ends[1] {
        return Ok(());
    }
    Err(Error::invalid(op, format!("{setting} is {ends:?}, expected the smaller number first")))
}
