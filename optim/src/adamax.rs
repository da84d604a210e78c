//! The optimiser Adamax.

use taper_autograd::tensor::Tensor;
use taper_autograd::tensor::step::{self, adamax_};

use crate::settings::{betas, optimizer};
use crate::{ParamState, Result, Rule};

optimizer! {
    /// Adamax (Kingma and Ba, "Adam: a method for stochastic optimization", 2015, section 7), as
    /// PyTorch's `torch.optim.Adamax`; the step is [`taper_autograd::tensor::step::Adamax`].
    Adamax = "adamax", AdamaxSettings {
        /// Sets the learning rate; default 0.002.
        lr: f64 = 2e-3, NOT_NEGATIVE;
        /// Sets how much of the average of the gradient is kept; default 0.9.
        beta1: f64 = 0.9, BELOW_1;
        /// Sets how much of the largest gradient is kept; default 0.999.
        beta2: f64 = 0.999, BELOW_1;
        /// Sets what is added to the denominator; default 1e-8.
        eps: f64 = 1e-8, NOT_NEGATIVE;
        /// Sets the factor of the L2 penalty; default 0.
        weight_decay: f64 = 0.0, NOT_NEGATIVE;
        /// Climbs instead of descending; default false.
        maximize: bool = false;
    }
}
betas!(AdamaxSettings);

impl Rule for AdamaxSettings {
    fn update(&self, state: &mut ParamState, param: &Tensor, grad: &Tensor) -> Result<()> {
        let &Self { lr, beta1, beta2, eps, weight_decay, maximize } = self;
        let exp_avg = state.tensor("exp_avg", param, 0.0)?;
        let exp_inf = state.tensor("exp_inf", param, 0.0)?;
        let step = step::Adamax { lr, betas: (beta1, beta2), eps, weight_decay, maximize };
        Ok(adamax_(&step, state.step, param, grad, &exp_avg, &exp_inf)?)
    }
}
