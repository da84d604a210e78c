//! Adadelta.

use taper_autograd::tensor::Tensor;
use taper_autograd::tensor::step::{self, adadelta_};

use crate::Result;
use crate::group::{ParamGroup, ParamState};
use crate::optimizer::{PerParameter, Rule, fraction, not_negative};

/// Adadelta (Zeiler, "ADADELTA: an adaptive learning rate method", 2012), as PyTorch's
/// `torch.optim.Adadelta`; the step is [`taper_autograd::tensor::step::Adadelta`].
pub type Adadelta = PerParameter<AdadeltaRule>;

/// The rule of [`Adadelta`].
#[derive(Debug)]
pub struct AdadeltaRule;

impl Adadelta {
    /// How much of the averages is kept; default 0.9.
    pub fn rho(self, rho: f64) -> Self {
        self.with("rho", rho)
    }

    /// Added to the denominator; default 1e-6.
    pub fn eps(self, eps: f64) -> Self {
        self.with("eps", eps)
    }

    /// The factor of the L2 penalty; default 0.
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        self.with("weight_decay", weight_decay)
    }

    /// Climbs instead of descending.
    pub fn maximize(self, maximize: bool) -> Self {
        self.with("maximize", maximize.into())
    }
}

impl Rule for AdadeltaRule {
    const NAME: &'static str = "adadelta";
    const DEFAULTS: &'static [(&'static str, f64)] =
        &[("rho", 0.9), ("eps", 1e-6), ("weight_decay", 0.0), ("maximize", 0.0)];

    type Settings = step::Adadelta;

    fn settings(group: &ParamGroup) -> Result<Self::Settings> {
        Ok(step::Adadelta {
            lr: group.value("lr"),
            rho: fraction(Self::NAME, "rho", group)?,
            eps: not_negative(Self::NAME, "eps", group)?,
            weight_decay: not_negative(Self::NAME, "weight_decay", group)?,
            maximize: group.switch("maximize"),
        })
    }

    fn update(s: &Self::Settings, state: &mut ParamState, param: &Tensor, grad: &Tensor) -> Result<()> {
        let square_avg = state.tensor("square_avg", param, 0.0)?;
        let acc_delta = state.tensor("acc_delta", param, 0.0)?;
        Ok(adadelta_(s, param, grad, &square_avg, &acc_delta)?)
    }
}
