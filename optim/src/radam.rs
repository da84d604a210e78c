//! RAdam.

use taper_autograd::tensor::Tensor;
use taper_autograd::tensor::step::{self, radam_};

use crate::Result;
use crate::group::{ParamGroup, ParamState};
use crate::optimizer::{PerParameter, Rule, fraction, not_negative};

/// RAdam (Liu et al., "On the variance of the adaptive learning rate and beyond", 2020), as PyTorch's
/// `torch.optim.RAdam`; the step is [`taper_autograd::tensor::step::RAdam`].
pub type RAdam = PerParameter<RAdamRule>;

/// The rule of [`RAdam`].
#[derive(Debug)]
pub struct RAdamRule;

impl RAdam {
    /// How much of the averages is kept; default 0.9 and 0.999.
    pub fn betas(self, beta1: f64, beta2: f64) -> Self {
        self.with("beta1", beta1).with("beta2", beta2)
    }

    /// Added to the denominator; default 1e-8.
    pub fn eps(self, eps: f64) -> Self {
        self.with("eps", eps)
    }

    /// The factor of the L2 penalty; default 0.
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        self.with("weight_decay", weight_decay)
    }

    /// Keeps the decay of the weights apart from the gradient, as AdamW does.
    pub fn decoupled_weight_decay(self, decoupled: bool) -> Self {
        self.with("decoupled_weight_decay", decoupled.into())
    }

    /// Climbs instead of descending.
    pub fn maximize(self, maximize: bool) -> Self {
        self.with("maximize", maximize.into())
    }
}

impl Rule for RAdamRule {
    const NAME: &'static str = "radam";
    const DEFAULTS: &'static [(&'static str, f64)] = &[
        ("beta1", 0.9),
        ("beta2", 0.999),
        ("eps", 1e-8),
        ("weight_decay", 0.0),
        ("decoupled_weight_decay", 0.0),
        ("maximize", 0.0),
    ];

    type Settings = step::RAdam;

    fn settings(group: &ParamGroup) -> Result<Self::Settings> {
        Ok(step::RAdam {
            lr: group.value("lr"),
            betas: (fraction(Self::NAME, "beta1", group)?, fraction(Self::NAME, "beta2", group)?),
            eps: not_negative(Self::NAME, "eps", group)?,
            weight_decay: not_negative(Self::NAME, "weight_decay", group)?,
            decoupled: group.switch("decoupled_weight_decay"),
            maximize: group.switch("maximize"),
        })
    }

    fn update(s: &Self::Settings, state: &mut ParamState, param: &Tensor, grad: &Tensor) -> Result<()> {
        let exp_avg = state.tensor("exp_avg", param, 0.0)?;
        let exp_avg_sq = state.tensor("exp_avg_sq", param, 0.0)?;
        Ok(radam_(s, state.step, param, grad, &exp_avg, &exp_avg_sq)?)
    }
}
