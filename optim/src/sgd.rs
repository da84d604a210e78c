//! Stochastic gradient descent.

use taper_autograd::tensor::Tensor;
use taper_autograd::tensor::step::{self, SgdStep, sgd_, sgd_all_};

use crate::group::{ParamGroup, ParamState};
use crate::optimizer::{PerParameter, Rule, Update, not_negative};
use crate::{Error, Result};

/// Stochastic gradient descent, PyTorch's `torch.optim.SGD`. A step goes against the gradient:
///
/// ```text
/// weight = weight - learning_rate * gradient
/// ```
///
/// which is the tutorial's loop, written by hand beside the optimiser:
///
/// ```
/// # use taper_autograd::{Variable, tensor::Tensor};
/// # use taper_optim::{Optimizer, Sgd};
/// # let leaf = || Variable::requires_grad(Tensor::ones(3).unwrap());
/// # let (a, b) = (leaf(), leaf());
/// # for w in [&a, &b] { w.square()?.sum()?.backward()?; }
/// let learning_rate = 0.01;
/// for f in [&a] {
///     f.data().sub_(&(f.grad().unwrap() * learning_rate)?)?;
/// }
/// Sgd::new(vec![b.clone()], learning_rate)?.step()?;
/// assert!(a.data().equal(&b.data())?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// With all its settings (momentum from Sutskever et al., "On the importance of initialization and
/// momentum in deep learning", 2013, in PyTorch's form):
///
/// ```text
/// g = gradient + weight_decay * weight
/// b = momentum * b + (1 - dampening) * g              at the first step b = g
/// weight = weight - learning_rate * b                 or g + momentum * b in b's place: Nesterov's
/// ```
///
/// `maximize` changes the gradient's sign.
pub type Sgd = PerParameter<SgdRule>;

/// The rule of [`Sgd`].
#[derive(Debug)]
pub struct SgdRule;

impl Sgd {
    /// How much of the earlier steps' direction is kept; default 0.
    pub fn momentum(self, momentum: f64) -> Self {
        self.with("momentum", momentum)
    }

    /// How much of the gradient does not enter the direction; default 0.
    pub fn dampening(self, dampening: f64) -> Self {
        self.with("dampening", dampening)
    }

    /// The factor of the L2 penalty; default 0.
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        self.with("weight_decay", weight_decay)
    }

    /// Looks ahead along the direction; needs momentum and no dampening; default false.
    pub fn nesterov(self, nesterov: bool) -> Self {
        self.with("nesterov", nesterov.into())
    }

    /// Climbs instead of descending; default false.
    pub fn maximize(self, maximize: bool) -> Self {
        self.with("maximize", maximize.into())
    }
}

impl Rule for SgdRule {
    const NAME: &'static str = "sgd";
    const DEFAULTS: &'static [(&'static str, f64)] =
        &[("momentum", 0.0), ("dampening", 0.0), ("weight_decay", 0.0), ("nesterov", 0.0), ("maximize", 0.0)];

    type Settings = step::Sgd;

    fn settings(group: &ParamGroup) -> Result<Self::Settings> {
        let s = step::Sgd {
            lr: group.value("lr"),
            momentum: not_negative(Self::NAME, "momentum", group)?,
            dampening: group.value("dampening"),
            weight_decay: not_negative(Self::NAME, "weight_decay", group)?,
            nesterov: group.switch("nesterov"),
            maximize: group.switch("maximize"),
        };
        let refuse = |setting, value, expected| {
            Err(Error::Setting { optimizer: Self::NAME, setting, value, expected })
        };
        if s.nesterov && s.momentum == 0.0 {
            return refuse("momentum", s.momentum, "more than 0 with nesterov");
        }
        if s.nesterov && s.dampening != 0.0 {
            return refuse("dampening", s.dampening, "0 with nesterov");
        }
        Ok(s)
    }

    fn update(s: &Self::Settings, state: &mut ParamState, param: &Tensor, grad: &Tensor) -> Result<()> {
        if s.momentum == 0.0 {
            return Ok(sgd_(s, param, grad, None, false)?);
        }
        let first = !state.tensors.contains_key("momentum_buffer");
        let buffer = state.tensor("momentum_buffer", param, 0.0)?;
        Ok(sgd_(s, param, grad, Some(&buffer), first)?)
    }

    fn update_all(s: &Self::Settings, all: &mut [Update<'_>]) -> Result<()> {
        let mut buffers = Vec::with_capacity(all.len());
        for u in all.iter_mut() {
            let first = !u.state.tensors.contains_key("momentum_buffer");
            let wanted = s.momentum != 0.0;
            let buffer = wanted.then(|| u.state.tensor("momentum_buffer", &u.param, 0.0)).transpose()?;
            buffers.push((buffer, wanted && first));
        }
        let mut steps: Vec<SgdStep<'_>> = Vec::with_capacity(all.len());
        for (u, (buffer, first)) in all.iter().zip(&buffers) {
            let (momentum_buffer, first) = (buffer.as_ref(), *first);
            steps.push(SgdStep { param: &u.param, grad: &u.grad, momentum_buffer, first });
        }
        // A parameter whose first step it is may stand among others: alike ones side by side.
        steps.sort_by_key(|p| p.first);
        Ok(sgd_all_(s, &steps)?)
    }
}
