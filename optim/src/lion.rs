//! Lion.

use taper_autograd::tensor::Tensor;
use taper_autograd::tensor::step::{self, lion_};

use crate::Result;
use crate::group::{ParamGroup, ParamState};
use crate::optimizer::{PerParameter, Rule, fraction, not_negative};

/// Lion (Chen et al., "Symbolic discovery of optimization algorithms", 2023); PyTorch has none; the step is [`taper_autograd::tensor::step::Lion`].
pub type Lion = PerParameter<LionRule>;

/// The rule of [`Lion`].
#[derive(Debug)]
pub struct LionRule;

impl Lion {
    /// How much of the averages is kept; default 0.9 and 0.99.
    pub fn betas(self, beta1: f64, beta2: f64) -> Self {
        self.with("beta1", beta1).with("beta2", beta2)
    }

    /// The decay of the weights, apart from the gradient; default 0.
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        self.with("weight_decay", weight_decay)
    }

    /// Climbs instead of descending.
    pub fn maximize(self, maximize: bool) -> Self {
        self.with("maximize", maximize.into())
    }
}

impl Rule for LionRule {
    const NAME: &'static str = "lion";
    const DEFAULTS: &'static [(&'static str, f64)] =
        &[("beta1", 0.9), ("beta2", 0.99), ("weight_decay", 0.0), ("maximize", 0.0)];

    type Settings = step::Lion;

    fn settings(group: &ParamGroup) -> Result<Self::Settings> {
        Ok(step::Lion {
            lr: group.value("lr"),
            betas: (fraction(Self::NAME, "beta1", group)?, fraction(Self::NAME, "beta2", group)?),
            weight_decay: not_negative(Self::NAME, "weight_decay", group)?,
            maximize: group.switch("maximize"),
        })
    }

    fn update(s: &Self::Settings, state: &mut ParamState, param: &Tensor, grad: &Tensor) -> Result<()> {
        let exp_avg = state.tensor("exp_avg", param, 0.0)?;
        Ok(lion_(s, param, grad, &exp_avg)?)
    }
}
