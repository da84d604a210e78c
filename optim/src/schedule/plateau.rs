//! A learning rate that falls when a measure stops getting better.

use std::collections::BTreeMap;

use crate::settings::BELOW_1;
use crate::{Error, Optimizer, Result};

/// Multiplies the learning rate by `factor` when a measure has not got better for `patience` steps.
///
/// ```
/// # use taper_autograd::{Variable, tensor::Tensor};
/// use taper_optim::schedule::ReduceLrOnPlateau;
/// use taper_optim::{Optimizer, Sgd};
/// # let parameters = vec![Variable::requires_grad(Tensor::zeros(1)?)];
/// let mut optimizer = Sgd::new(parameters, 1.0)?;
/// let mut scheduler = ReduceLrOnPlateau::new().factor(0.5)?.patience(2);
/// for loss in [3.0, 2.0, 2.0, 2.0, 2.0] {
///     scheduler.step(loss, &mut optimizer);
/// }
/// assert_eq!(optimizer.param_groups()[0].get("lr"), Some(0.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ReduceLrOnPlateau {
    maximize: bool,
    factor: f64,
    patience: u64,
    threshold: f64,
    cooldown: u64,
    min_lr: f64,
    best: f64,
    bad: u64,
    cooling: u64,
}

impl Default for ReduceLrOnPlateau {
    fn default() -> Self {
        Self {
            maximize: false,
            factor: 0.1,
            patience: 10,
            threshold: 1e-4,
            cooldown: 0,
            min_lr: 0.0,
            best: f64::INFINITY,
            bad: 0,
            cooling: 0,
        }
    }
}

impl ReduceLrOnPlateau {
    /// PyTorch's defaults: a measure that should fall, factor 0.1, patience 10, a relative
    /// threshold of 1e-4, no cooldown.
    pub fn new() -> Self {
        Self::default()
    }

    /// For a measure that should rise, such as an accuracy.
    pub fn maximize(mut self) -> Self {
        (self.maximize, self.best) = (true, f64::NEG_INFINITY);
        self
    }

    /// What the learning rate is multiplied by, below 1.
    ///
    /// # Errors
    /// When it is not.
    pub fn factor(mut self, factor: f64) -> Result<Self> {
        self.factor = BELOW_1.check("reduce_lr_on_plateau", "factor", factor)?;
        Ok(self)
    }

    /// How many steps without an improvement are borne.
    pub fn patience(mut self, steps: u64) -> Self {
        self.patience = steps;
        self
    }

    /// How much better, relatively, counts as better.
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// For how many steps after a fall nothing is counted.
    pub fn cooldown(mut self, steps: u64) -> Self {
        self.cooldown = steps;
        self
    }

    /// The least learning rate.
    pub fn min_lr(mut self, lr: f64) -> Self {
        self.min_lr = lr;
        self
    }

    /// Takes the measure of another epoch.
    pub fn step(&mut self, measure: f64, optimizer: &mut dyn Optimizer) {
        let better = if self.maximize {
            measure > self.best * (1.0 + self.threshold)
        } else {
            measure < self.best * (1.0 - self.threshold)
        };
        if better {
            (self.best, self.bad) = (measure, 0);
        } else {
            self.bad += 1;
        }
        if self.cooling > 0 {
            (self.cooling, self.bad) = (self.cooling - 1, 0);
        }
        if self.bad > self.patience {
            for group in optimizer.param_groups_mut() {
                let lr = group.get("lr").unwrap_or(0.0);
                group.change("lr", (lr * self.factor).max(self.min_lr));
            }
            (self.cooling, self.bad) = (self.cooldown, 0);
        }
    }
    /// What is needed to go on from here, by PyTorch's names.
    pub fn state_dict(&self) -> BTreeMap<String, f64> {
        let state = [
            ("best", self.best),
            ("num_bad_epochs", self.bad as f64),
            ("cooldown_counter", self.cooling as f64),
        ];
        state.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
    }

    /// Goes on from a saved state.
    ///
    /// # Errors
    /// When something is missing in it.
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
