//! Reducing the learning rate when a measure stops getting better.

use std::collections::BTreeMap;

use crate::settings::{BELOW_1, NOT_NEGATIVE};
use crate::{Error, Optimizer, Result};
use taper_autograd::tensor::builder;

/// Multiplies the learning rate by `factor` when a measure has not improved for `patience` steps.
///
/// ```
/// # use taper_autograd::{Variable, tensor::Tensor};
/// use taper_optim::schedule::ReduceLrOnPlateau;
/// use taper_optim::{Optimizer, Sgd};
/// # let parameters = vec![Variable::requires_grad(Tensor::zeros(1)?)];
/// let mut optimizer = Sgd::new(parameters, 1.0)?;
/// let mut scheduler = ReduceLrOnPlateau::builder().factor(0.5).patience(2).build()?;
/// for loss in [3.0, 2.0, 2.0, 2.0, 2.0] {
///     scheduler.step(loss, &mut optimizer)?;
/// }
/// assert_eq!(optimizer.param_groups()[0].get("lr"), Some(0.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ReduceLrOnPlateau {
    settings: ReduceLrOnPlateauBuilder,
    best: f64,
    bad: u64,
    cooling: u64,
}

builder! {
    ReduceLrOnPlateau, ReduceLrOnPlateauBuilder;
    /// Makes a scheduler with PyTorch's defaults.
    new() -> Self;
    /// Expects a measure that rises, such as an accuracy, instead of one that falls; default false.
    maximize: bool = false;
    /// Sets what the learning rate is multiplied by, below 1; default 0.1.
    factor: f64 = 0.1;
    /// Sets how many steps without an improvement are accepted; default 10.
    patience: u64 = 10;
    /// Sets the relative change that counts as an improvement; default 1e-4.
    threshold: f64 = 1e-4;
    /// Sets for how many steps after a reduction none is counted; default 0.
    cooldown: u64 = 0;
    /// Sets the least learning rate; default 0.
    min_lr: f64 = 0.0;
}

impl ReduceLrOnPlateauBuilder {
    /// Makes the scheduler.
    ///
    /// # Errors
    /// When `factor` is not from 0 to below 1, or `threshold` or `min_lr` is negative.
    pub fn build(self) -> Result<ReduceLrOnPlateau> {
        BELOW_1.check("reduce_lr_on_plateau", "factor", self.factor)?;
        NOT_NEGATIVE.check("reduce_lr_on_plateau", "threshold", self.threshold)?;
        NOT_NEGATIVE.check("reduce_lr_on_plateau", "min_lr", self.min_lr)?;
        Ok(self.make())
    }

    fn make(self) -> ReduceLrOnPlateau {
        let best = if self.maximize { f64::NEG_INFINITY } else { f64::INFINITY };
        ReduceLrOnPlateau { settings: self, best, bad: 0, cooling: 0 }
    }
}

impl ReduceLrOnPlateau {
    /// Takes the measure of another epoch, and reduces the learning rates when it is time.
    ///
    /// # Errors
    /// When a group has no learning rate.
    pub fn step(&mut self, measure: f64, optimizer: &mut dyn Optimizer) -> Result<()> {
        let &ReduceLrOnPlateauBuilder { maximize, factor, patience, threshold, cooldown, min_lr } =
            &self.settings;
        let better = if maximize {
            measure > self.best * (1.0 + threshold)
        } else {
            measure < self.best * (1.0 - threshold)
        };
        if better {
            (self.best, self.bad) = (measure, 0);
        } else {
            self.bad += 1;
        }
        if self.cooling > 0 {
            (self.cooling, self.bad) = (self.cooling - 1, 0);
        }
        if self.bad > patience {
            for group in optimizer.param_groups_mut() {
                let lr = group.get("lr").unwrap_or(0.0);
                group.change("lr", (lr * factor).max(min_lr))?;
            }
            (self.cooling, self.bad) = (cooldown, 0);
        }
        Ok(())
    }

    /// Returns what a resumed training needs, by PyTorch's names.
    pub fn state_dict(&self) -> BTreeMap<String, f64> {
        let state = [
            ("best", self.best),
            ("num_bad_epochs", self.bad as f64),
            ("cooldown_counter", self.cooling as f64),
        ];
        state.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
    }

    /// Continues from a saved state.
    ///
    /// # Errors
    /// When a number is missing in it.
    pub fn load_state_dict(&mut self, state: &BTreeMap<String, f64>) -> Result<()> {
        let number = |name: &str| {
            state.get(name).copied().ok_or_else(|| Error::Parameters {
                optimizer: "reduce_lr_on_plateau",
                message: format!("the state {state:?} has no {name}"),
            })
        };
        let (bad, cooling) = (number("num_bad_epochs")? as u64, number("cooldown_counter")? as u64);
        (self.best, self.bad, self.cooling) = (number("best")?, bad, cooling);
        Ok(())
    }
}
