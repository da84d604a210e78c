//! The optimiser Adadelta.

use taper_autograd::tensor::Tensor;
use taper_autograd::tensor::step::{self, adadelta_};

use crate::settings::optimizer;
use crate::{ParamState, Result, Rule};

optimizer! {
    /// Adadelta (Zeiler, "ADADELTA: an adaptive learning rate method", 2012), as PyTorch's
    /// `torch.optim.Adadelta`; the step is [`taper_autograd::tensor::step::Adadelta`].
    Adadelta = "adadelta", AdadeltaSettings {
        /// Sets the learning rate; default 1.
        lr: f64 = 1.0, NOT_NEGATIVE;
        /// Sets how much of the averages is kept; default 0.9.
        rho: f64 = 0.9, BELOW_1;
        /// Sets what is added to the denominator; default 1e-6.
        eps: f64 = 1e-6, NOT_NEGATIVE;
        /// Sets the factor of the L2 penalty; default 0.
        weight_decay: f64 = 0.0, NOT_NEGATIVE;
        /// Climbs instead of descending; default false.
        maximize: bool = false;
    }
}

impl Rule for AdadeltaSettings {
    fn update(&self, state: &mut ParamState, param: &Tensor, grad: &Tensor) -> Result<()> {
        let &Self { lr, rho, eps, weight_decay, maximize } = self;
        let square_avg = state.tensor("square_avg", param, 0.0)?;
        let acc_delta = state.tensor("acc_delta", param, 0.0)?;
        let step = step::Adadelta { lr, rho, eps, weight_decay, maximize };
        Ok(adadelta_(&step, param, grad, &square_avg, &acc_delta)?)
    }
}
