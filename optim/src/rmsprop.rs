//! RMSprop.

use taper_autograd::tensor::Tensor;
use taper_autograd::tensor::step::{self, rmsprop_};

use crate::Result;
use crate::group::{ParamGroup, ParamState};
use crate::optimizer::{PerParameter, Rule, not_negative};

/// RMSprop (Hinton, "Neural networks for machine learning", lecture 6, 2012), as PyTorch's
/// `torch.optim.RMSprop`; the step is [`taper_autograd::tensor::step::RmsProp`].
pub type RmsProp = PerParameter<RmsPropRule>;

/// The rule of [`RmsProp`].
#[derive(Debug)]
pub struct RmsPropRule;

impl RmsProp {
    /// How much of the average of the squares is kept; default 0.99.
    pub fn alpha(self, alpha: f64) -> Self {
        self.with("alpha", alpha)
    }

    /// Added to the denominator; default 1e-8.
    pub fn eps(self, eps: f64) -> Self {
        self.with("eps", eps)
    }

    /// The factor of the L2 penalty; default 0.
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        self.with("weight_decay", weight_decay)
    }

    /// How much of the earlier steps' direction is kept; default 0.
    pub fn momentum(self, momentum: f64) -> Self {
        self.with("momentum", momentum)
    }

    /// Divides by an estimate of the variance instead of the square.
    pub fn centered(self, centered: bool) -> Self {
        self.with("centered", centered.into())
    }

    /// Climbs instead of descending.
    pub fn maximize(self, maximize: bool) -> Self {
        self.with("maximize", maximize.into())
    }
}

impl Rule for RmsPropRule {
    const NAME: &'static str = "rmsprop";
    const DEFAULTS: &'static [(&'static str, f64)] = &[
        ("alpha", 0.99),
        ("eps", 1e-8),
        ("weight_decay", 0.0),
        ("momentum", 0.0),
        ("centered", 0.0),
        ("maximize", 0.0),
    ];

    /// The step, and whether it is centred.
    type Settings = (step::RmsProp, bool);

    fn settings(group: &ParamGroup) -> Result<Self::Settings> {
        let s = step::RmsProp {
            lr: group.value("lr"),
            alpha: not_negative(Self::NAME, "alpha", group)?,
            eps: not_negative(Self::NAME, "eps", group)?,
            weight_decay: not_negative(Self::NAME, "weight_decay", group)?,
            momentum: not_negative(Self::NAME, "momentum", group)?,
            maximize: group.switch("maximize"),
        };
        Ok((s, group.switch("centered")))
    }

    fn update(
        (s, centered): &Self::Settings,
        state: &mut ParamState,
        param: &Tensor,
        grad: &Tensor,
    ) -> Result<()> {
        let square_avg = state.tensor("square_avg", param, 0.0)?;
        let grad_avg = if *centered { Some(state.tensor("grad_avg", param, 0.0)?) } else { None };
        let buffer =
            if s.momentum != 0.0 { Some(state.tensor("momentum_buffer", param, 0.0)?) } else { None };
        Ok(rmsprop_(s, param, grad, &square_avg, grad_avg.as_ref(), buffer.as_ref())?)
    }
}
