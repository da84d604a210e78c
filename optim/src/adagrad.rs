//! Adagrad.

use taper_autograd::tensor::Tensor;
use taper_autograd::tensor::step::{self, adagrad_};

use crate::Result;
use crate::group::{ParamGroup, ParamState};
use crate::optimizer::{PerParameter, Rule, not_negative};

/// Adagrad (Duchi, Hazan and Singer, "Adaptive subgradient methods", 2011), as PyTorch's
/// `torch.optim.Adagrad`; the step is [`taper_autograd::tensor::step::Adagrad`].
pub type Adagrad = PerParameter<AdagradRule>;

/// The rule of [`Adagrad`].
#[derive(Debug)]
pub struct AdagradRule;

impl Adagrad {
    /// How the learning rate falls: `lr / (1 + (step - 1) · lr_decay)`; default 0.
    pub fn lr_decay(self, lr_decay: f64) -> Self {
        self.with("lr_decay", lr_decay)
    }

    /// The factor of the L2 penalty; default 0.
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        self.with("weight_decay", weight_decay)
    }

    /// What the sums of squares start from; default 0.
    pub fn initial_accumulator_value(self, initial_accumulator_value: f64) -> Self {
        self.with("initial_accumulator_value", initial_accumulator_value)
    }

    /// Added to the denominator; default 1e-10.
    pub fn eps(self, eps: f64) -> Self {
        self.with("eps", eps)
    }

    /// Climbs instead of descending.
    pub fn maximize(self, maximize: bool) -> Self {
        self.with("maximize", maximize.into())
    }
}

impl Rule for AdagradRule {
    const NAME: &'static str = "adagrad";
    const DEFAULTS: &'static [(&'static str, f64)] = &[
        ("lr_decay", 0.0),
        ("weight_decay", 0.0),
        ("initial_accumulator_value", 0.0),
        ("eps", 1e-10),
        ("maximize", 0.0),
    ];

    /// The step, and what the sums start from.
    type Settings = (step::Adagrad, f64);

    fn settings(group: &ParamGroup) -> Result<Self::Settings> {
        let s = step::Adagrad {
            lr: group.value("lr"),
            lr_decay: not_negative(Self::NAME, "lr_decay", group)?,
            weight_decay: not_negative(Self::NAME, "weight_decay", group)?,
            eps: not_negative(Self::NAME, "eps", group)?,
            maximize: group.switch("maximize"),
        };
        Ok((s, not_negative(Self::NAME, "initial_accumulator_value", group)?))
    }

    fn update(
        (s, start): &Self::Settings,
        state: &mut ParamState,
        param: &Tensor,
        grad: &Tensor,
    ) -> Result<()> {
        let sum = state.tensor("sum", param, *start)?;
        Ok(adagrad_(s, state.step, param, grad, &sum)?)
    }
}
