//! The optimiser RMSprop.

use taper_autograd::tensor::Tensor;
use taper_autograd::tensor::step::{self, rmsprop_};

use crate::settings::optimizer;
use crate::{ParamState, Result, Rule};

optimizer! {
    /// RMSprop (Hinton, "Neural networks for machine learning", lecture 6, 2012), as PyTorch's
    /// `torch.optim.RMSprop`; the step is [`taper_autograd::tensor::step::RmsProp`].
    RmsProp = "rmsprop", RmsPropSettings {
        /// Sets the learning rate; default 0.01.
        lr: f64 = 0.01, NOT_NEGATIVE;
        /// Sets how much of the average of the squares is kept; default 0.99.
        alpha: f64 = 0.99, NOT_NEGATIVE;
        /// Sets what is added to the denominator; default 1e-8.
        eps: f64 = 1e-8, NOT_NEGATIVE;
        /// Sets the factor of the L2 penalty; default 0.
        weight_decay: f64 = 0.0, NOT_NEGATIVE;
        /// Sets how much of the earlier steps' direction is kept; default 0.
        momentum: f64 = 0.0, NOT_NEGATIVE;
        /// Divides by an estimate of the variance instead of the square; default false.
        centered: bool = false;
        /// Climbs instead of descending; default false.
        maximize: bool = false;
    }
}

impl Rule for RmsPropSettings {
    fn update(&self, state: &mut ParamState, param: &Tensor, grad: &Tensor) -> Result<()> {
        let &Self { lr, alpha, eps, weight_decay, momentum, centered, maximize } = self;
        let square_avg = state.tensor("square_avg", param, 0.0)?;
        let mut optional = |name, on: bool| on.then(|| state.tensor(name, param, 0.0)).transpose();
        let grad_avg = optional("grad_avg", centered)?;
        let buffer = optional("momentum_buffer", momentum != 0.0)?;
        let step = step::RmsProp { lr, alpha, eps, weight_decay, momentum, maximize };
        Ok(rmsprop_(&step, param, grad, &square_avg, grad_avg.as_ref(), buffer.as_ref())?)
    }
}
