//! The optimiser Lion.

use taper_autograd::tensor::Tensor;
use taper_autograd::tensor::step::{self, lion_};

use crate::settings::{betas, optimizer};
use crate::{ParamState, Result, Rule};

optimizer! {
    /// Lion (Chen et al., "Symbolic discovery of optimization algorithms", 2023), with the paper's defaults, as
    /// PyTorch has none; the step is [`taper_autograd::tensor::step::Lion`].
    Lion = "lion", LionSettings {
        /// Sets the learning rate; default 0.0001.
        lr: f64 = 1e-4, NOT_NEGATIVE;
        /// Sets how much of the average counts in the direction; default 0.9.
        beta1: f64 = 0.9, BELOW_1;
        /// Sets how much of the average is kept; default 0.99.
        beta2: f64 = 0.99, BELOW_1;
        /// Sets the decay of the weights, apart from the gradient; default 0.
        weight_decay: f64 = 0.0, NOT_NEGATIVE;
        /// Climbs instead of descending; default false.
        maximize: bool = false;
    }
}
betas!(LionSettings);

impl Rule for LionSettings {
    fn update(&self, state: &mut ParamState, param: &Tensor, grad: &Tensor) -> Result<()> {
        let &Self { lr, beta1, beta2, weight_decay, maximize } = self;
        let exp_avg = state.tensor("exp_avg", param, 0.0)?;
        let step = step::Lion { lr, betas: (beta1, beta2), weight_decay, maximize };
        Ok(lion_(&step, param, grad, &exp_avg)?)
    }
}
