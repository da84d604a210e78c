//! Learning rates that change as training goes on.

mod anneal;
mod cycle;
mod plateau;
mod steps;

use std::collections::BTreeMap;

pub use anneal::{
    CosineAnnealingLr, CosineAnnealingLrBuilder, CosineAnnealingWarmRestarts,
    CosineAnnealingWarmRestartsBuilder, PolynomialLr, PolynomialLrBuilder,
};
pub use cycle::{CyclicLr, CyclicLrBuilder, CyclicMode, OneCycleLr, OneCycleLrBuilder};
pub use plateau::{ReduceLrOnPlateau, ReduceLrOnPlateauBuilder};
pub use steps::{
    ConstantLr, ConstantLrBuilder, ExponentialLr, LambdaLr, LinearLr, LinearLrBuilder, MultiStepLr,
    MultiStepLrBuilder, SequentialLr, StepLr, StepLrBuilder,
};

use crate::{Error, Optimizer, Result};

/// A learning rate as a function of the number of steps made.
pub trait Schedule: Send + Sync {
    /// Returns the learning rate after `step` steps, where `base` is the optimiser's own.
    fn lr(&self, base: f64, step: u64) -> f64;

    /// Returns other settings that change along, such as the momentum, by their names in PyTorch.
    fn others(&self, _step: u64) -> Vec<(&'static str, f64)> {
        Vec::new()
    }
}

impl<S: Schedule + ?Sized> Schedule for Box<S> {
    fn lr(&self, base: f64, step: u64) -> f64 {
        (**self).lr(base, step)
    }

    fn others(&self, step: u64) -> Vec<(&'static str, f64)> {
        (**self).others(step)
    }
}

/// Applies a [`Schedule`] to all groups of an optimiser.
///
/// ```
/// # use taper_autograd::{Variable, tensor::Tensor};
/// use taper_optim::schedule::{Scheduler, StepLr};
/// use taper_optim::{Optimizer, Sgd};
/// # let parameters = vec![Variable::requires_grad(Tensor::zeros(1)?)];
/// let mut optimizer = Sgd::new(parameters, 0.1)?;
/// let mut scheduler = Scheduler::new(StepLr::new(30)?, &mut optimizer)?;
/// for _epoch in 0..30 {
///     // … train for an epoch …
///     scheduler.step(&mut optimizer)?;
/// }
/// assert!((optimizer.param_groups()[0].get("lr").unwrap() - 0.01).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scheduler<S> {
    schedule: S,
    base: Vec<f64>,
    step: u64,
}

impl<S: Schedule> Scheduler<S> {
    /// Takes the groups' learning rates as the base, and sets the first ones.
    ///
    /// # Errors
    /// When the schedule gives a value that the optimiser does not take.
    pub fn new(schedule: S, optimizer: &mut dyn Optimizer) -> Result<Self> {
        let base = optimizer.param_groups().iter().map(|g| g.get("lr").unwrap_or(0.0)).collect();
        let scheduler = Self { schedule, base, step: 0 };
        scheduler.apply(optimizer)?;
        Ok(scheduler)
    }

    /// Sets the learning rates of the next step: call it after an epoch, or after each mini-batch, as the
    /// schedule counts.
    ///
    /// # Errors
    /// When the schedule gives a value that the optimiser does not take.
    pub fn step(&mut self, optimizer: &mut dyn Optimizer) -> Result<()> {
        self.step += 1;
        self.apply(optimizer)
    }

    fn apply(&self, optimizer: &mut dyn Optimizer) -> Result<()> {
        let others = self.schedule.others(self.step);
        for (group, &base) in optimizer.param_groups_mut().iter_mut().zip(&self.base) {
            group.change("lr", self.schedule.lr(base, self.step))?;
            for &(setting, value) in &others {
                if group.get(setting).is_some() {
                    group.change(setting, value)?;
                }
            }
        }
        Ok(())
    }

    /// Returns the learning rates now, one for each group.
    pub fn last_lr(&self) -> Vec<f64> {
        self.base.iter().map(|&base| self.schedule.lr(base, self.step)).collect()
    }

    /// Returns what a resumed training needs: `last_epoch`, and `base_lr.N` for each group.
    pub fn state_dict(&self) -> BTreeMap<String, f64> {
        let base = self.base.iter().enumerate().map(|(i, &lr)| (format!("base_lr.{i}"), lr));
        base.chain([("last_epoch".to_owned(), self.step as f64)]).collect()
    }

    /// Continues from a saved state.
    ///
    /// # Errors
    /// When the state is of another number of groups.
    pub fn load_state_dict(&mut self, state: &BTreeMap<String, f64>) -> Result<()> {
        let base: Option<Vec<f64>> =
            (0..self.base.len()).map(|i| state.get(&format!("base_lr.{i}")).copied()).collect();
        match (base, state.get("last_epoch")) {
            (Some(base), Some(&step)) if state.len() == base.len() + 1 => {
                (self.base, self.step) = (base, step as u64);
                Ok(())
            }
            _ => Err(Error::Parameters {
                optimizer: "scheduler",
                message: format!("the state {state:?} is not of {} groups", self.base.len()),
            }),
        }
    }
}

/// Checks that a number of steps is at least 1.
fn count(optimizer: &'static str, setting: &'static str, steps: u64) -> Result<u64> {
    if steps > 0 {
        return Ok(steps);
    }
    Err(Error::Setting { optimizer, setting, value: 0.0, expected: "at least 1" })
}
