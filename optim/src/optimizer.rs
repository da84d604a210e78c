//! What all optimisers have in common.

use taper_autograd::Variable;

use crate::{Error, Result};

/// Changes parameters by their gradients, after each `backward`.
pub trait Optimizer {
    /// The parameters, in the order in which they were given.
    fn parameters(&self) -> &[Variable];

    /// Changes each parameter that has a gradient; the others stay as they are.
    ///
    /// # Errors
    /// When a gradient has not the dtype or device of its parameter.
    fn step(&mut self) -> Result<()>;

    /// The learning rate.
    fn lr(&self) -> f64;

    /// Sets the learning rate of the steps to come.
    fn set_lr(&mut self, lr: f64);

    /// Forgets the gradients, so that the next `backward` begins afresh.
    fn zero_grad(&self) {
        self.parameters().iter().for_each(Variable::zero_grad);
    }
}

/// Parameters that can be trained: leaves, each given once.
pub(crate) fn check_parameters(optimizer: &'static str, parameters: &[Variable]) -> Result<()> {
    let fail = |message: String| Err(Error::Parameters { optimizer, message });
    if parameters.is_empty() {
        return fail("no parameters were given; pass net.parameters()".into());
    }
    for (i, p) in parameters.iter().enumerate() {
        let name = || p.name().unwrap_or_else(|| format!("{i} of shape {:?}", p.size()));
        if !p.is_leaf() {
            return fail(format!(
                "parameter {} was made by an operation; only leaves can be trained",
                name()
            ));
        }
        if let Some(first) = parameters[..i].iter().position(|q| q.is(p)) {
            return fail(format!("parameter {} is given twice, at {first} and {i}", name()));
        }
    }
    Ok(())
}

/// A setting that must be finite and not negative.
pub(crate) fn not_negative(optimizer: &'static str, setting: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() && value >= 0.0 {
        return Ok(value);
    }
    Err(Error::Setting { optimizer, setting, value, expected: "a finite number, at least 0" })
}
