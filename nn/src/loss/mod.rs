//! The losses, a file for each family.

mod classes;
pub(crate) mod cross_entropy;
pub(crate) mod nll;
pub(crate) mod probability;
pub(crate) mod regression;
pub(crate) mod similarity;

use taper_autograd::Variable;

use crate::{Error, Result};

/// A broadcast between input and target is nearly always a mistake.
fn same_shape(op: &'static str, input: &Variable, target: &Variable) -> Result<()> {
    let (a, b) = (input.size(), target.size());
    if a == b {
        return Ok(());
    }
    Err(Error::value(op, format!("input has shape {a:?}, target {b:?}, expected the same")))
}
