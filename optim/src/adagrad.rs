//! The optimiser Adagrad.

use taper_autograd::tensor::Tensor;
use taper_autograd::tensor::step::{self, adagrad_};

use crate::settings::optimizer;
use crate::{ParamState, Result, Rule};

optimizer! {
    /// Adagrad (Duchi, Hazan and Singer, "Adaptive subgradient methods", 2011), as PyTorch's
    /// `torch.optim.Adagrad`; the step is [`taper_autograd::tensor::step::Adagrad`].
    Adagrad = "adagrad", AdagradSettings {
        /// Sets the learning rate; default 0.01.
        lr: f64 = 0.01, NOT_NEGATIVE;
        /// Sets how the learning rate falls, `lr / (1 + (step - 1) · lr_decay)`; default 0.
        lr_decay: f64 = 0.0, NOT_NEGATIVE;
        /// Sets the factor of the L2 penalty; default 0.
        weight_decay: f64 = 0.0, NOT_NEGATIVE;
        /// Sets what the sums of squares start from; default 0.
        initial_accumulator_value: f64 = 0.0, NOT_NEGATIVE;
        /// Sets what is added to the denominator; default 1e-10.
        eps: f64 = 1e-10, NOT_NEGATIVE;
        /// Climbs instead of descending; default false.
        maximize: bool = false;
    }
}

impl Rule for AdagradSettings {
    fn update(&self, state: &mut ParamState, param: &Tensor, grad: &Tensor) -> Result<()> {
        let &Self { lr, lr_decay, weight_decay, eps, maximize, .. } = self;
        let sum = state.tensor("sum", param, self.initial_accumulator_value)?;
        let step = step::Adagrad { lr, lr_decay, weight_decay, eps, maximize };
        Ok(adagrad_(&step, state.step, param, grad, &sum)?)
    }
}
