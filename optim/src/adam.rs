//! Adam, and AdamW.

use taper_autograd::tensor::Tensor;
use taper_autograd::tensor::step::{self, AdamStep, adam_, adam_all_};

use crate::group::{ParamGroup, ParamState};
use crate::optimizer::{PerParameter, Rule, Update, fraction, not_negative};
use crate::{Error, Result};

/// Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2015), as PyTorch's
/// `torch.optim.Adam`; the step is [`taper_autograd::tensor::step::Adam`].
pub type Adam = PerParameter<AdamRule<false>>;

/// Adam with the decay of the weights apart from the gradient (Loshchilov and Hutter, "Decoupled
/// weight decay regularization", 2019), as PyTorch's `torch.optim.AdamW`. `weight_decay` is 0.01
/// unless told otherwise.
pub type AdamW = PerParameter<AdamRule<true>>;

/// The rule of [`Adam`], or where `DECOUPLED` of [`AdamW`].
#[derive(Debug)]
pub struct AdamRule<const DECOUPLED: bool>;

impl<const DECOUPLED: bool> PerParameter<AdamRule<DECOUPLED>> {
    /// How much of the averages of the gradient and of its square is kept; default 0.9 and 0.999.
    pub fn betas(self, beta1: f64, beta2: f64) -> Self {
        self.with("beta1", beta1).with("beta2", beta2)
    }

    /// Added to the denominator; default 1e-8.
    pub fn eps(self, eps: f64) -> Self {
        self.with("eps", eps)
    }

    /// The factor of the L2 penalty, or of the decay of the weights.
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        self.with("weight_decay", weight_decay)
    }

    /// Divides by the greatest average so far (Reddi et al., "On the convergence of Adam and
    /// beyond", 2018).
    pub fn amsgrad(self, amsgrad: bool) -> Self {
        self.with("amsgrad", amsgrad.into())
    }

    /// Climbs instead of descending.
    pub fn maximize(self, maximize: bool) -> Self {
        self.with("maximize", maximize.into())
    }
}

impl<const DECOUPLED: bool> Rule for AdamRule<DECOUPLED> {
    const NAME: &'static str = if DECOUPLED { "adamw" } else { "adam" };
    const DEFAULTS: &'static [(&'static str, f64)] = &[
        ("beta1", 0.9),
        ("beta2", 0.999),
        ("eps", 1e-8),
        ("weight_decay", if DECOUPLED { 0.01 } else { 0.0 }),
        ("amsgrad", 0.0),
        ("maximize", 0.0),
    ];

    /// The step, and whether it is amsgrad's.
    type Settings = (step::Adam, bool);

    fn settings(group: &ParamGroup) -> Result<Self::Settings> {
        let s = step::Adam {
            lr: group.value("lr"),
            betas: (fraction(Self::NAME, "beta1", group)?, fraction(Self::NAME, "beta2", group)?),
            eps: not_negative(Self::NAME, "eps", group)?,
            weight_decay: not_negative(Self::NAME, "weight_decay", group)?,
            decoupled: DECOUPLED,
            maximize: group.switch("maximize"),
        };
        Ok((s, group.switch("amsgrad")))
    }

    fn update(
        (s, amsgrad): &Self::Settings,
        state: &mut ParamState,
        param: &Tensor,
        grad: &Tensor,
    ) -> Result<()> {
        let exp_avg = state.tensor("exp_avg", param, 0.0)?;
        let exp_avg_sq = state.tensor("exp_avg_sq", param, 0.0)?;
        let max = if *amsgrad { Some(state.tensor("max_exp_avg_sq", param, 0.0)?) } else { None };
        adam_(s, state.step, param, grad, &exp_avg, &exp_avg_sq, max.as_ref()).map_err(Error::from)
    }

    fn update_all((s, amsgrad): &Self::Settings, all: &mut [Update<'_>]) -> Result<()> {
        let mut states = Vec::with_capacity(all.len());
        for u in all.iter_mut() {
            let mut state = |name: &str| u.state.tensor(name, &u.param, 0.0);
            let max = amsgrad.then(|| state("max_exp_avg_sq")).transpose()?;
            states.push((state("exp_avg")?, state("exp_avg_sq")?, max));
        }
        let mut steps: Vec<AdamStep<'_>> = Vec::with_capacity(all.len());
        for (u, (exp_avg, exp_avg_sq, max)) in all.iter().zip(&states) {
            let (step, max_exp_avg_sq) = (u.state.step, max.as_ref());
            steps.push(AdamStep {
                step,
                param: &u.param,
                grad: &u.grad,
                exp_avg,
                exp_avg_sq,
                max_exp_avg_sq,
            });
        }
        // Parameters that made as many steps side by side.
        steps.sort_by_key(|p| p.step);
        Ok(adam_all_(s, &steps)?)
    }
}
