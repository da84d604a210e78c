//! The optimiser NAdam.

use taper_autograd::tensor::Tensor;
use taper_autograd::tensor::step::{self, nadam_};

use crate::settings::{betas, optimizer};
use crate::{ParamState, Result, Rule};

optimizer! {
    /// NAdam (Dozat, "Incorporating Nesterov momentum into Adam", 2016), as PyTorch's `torch.optim.NAdam`;
    /// the step is [`taper_autograd::tensor::step::NAdam`].
    NAdam = "nadam", NAdamSettings {
        /// Sets the learning rate; default 0.002.
        lr: f64 = 2e-3, NOT_NEGATIVE;
        /// Sets how much of the average of the gradient is kept; default 0.9.
        beta1: f64 = 0.9, BELOW_1;
        /// Sets how much of the average of its square is kept; default 0.999.
        beta2: f64 = 0.999, BELOW_1;
        /// Sets what is added to the denominator; default 1e-8.
        eps: f64 = 1e-8, NOT_NEGATIVE;
        /// Sets the factor of the L2 penalty; default 0.
        weight_decay: f64 = 0.0, NOT_NEGATIVE;
        /// Sets how the momentum approaches beta1; default 0.004.
        momentum_decay: f64 = 4e-3, NOT_NEGATIVE;
        /// Keeps the decay of the weights apart from the gradient, as AdamW does; default false.
        decoupled_weight_decay: bool = false;
        /// Climbs instead of descending; default false.
        maximize: bool = false;
    }
}
betas!(NAdamSettings);

impl Rule for NAdamSettings {
    fn update(&self, state: &mut ParamState, param: &Tensor, grad: &Tensor) -> Result<()> {
        let &Self { lr, eps, weight_decay, momentum_decay, maximize, .. } = self;
        let (betas, decoupled) = ((self.beta1, self.beta2), self.decoupled_weight_decay);
        let exp_avg = state.tensor("exp_avg", param, 0.0)?;
        let exp_avg_sq = state.tensor("exp_avg_sq", param, 0.0)?;
        let mut mu_product = state.numbers.get("mu_product").copied().unwrap_or(1.0);
        let step = step::NAdam { lr, betas, eps, weight_decay, momentum_decay, decoupled, maximize };
        nadam_(&step, state.step, &mut mu_product, param, grad, &exp_avg, &exp_avg_sq)?;
        state.numbers.insert("mu_product".into(), mu_product);
        Ok(())
    }
}
