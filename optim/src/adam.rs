//! The optimisers Adam and AdamW.

use taper_autograd::tensor::Tensor;
use taper_autograd::tensor::step::{self, AdamStep, adam_, adam_all_};

use crate::settings::{betas, optimizer};
use crate::{ParamState, Result, Rule, Update};

/// Declares one of the two; `decoupled` keeps the decay of the weights apart from the gradient.
macro_rules! adam {
    (
        $(#[$doc:meta])*
        $optimizer:ident = $name:literal, $settings:ident, decoupled: $decoupled:literal;
        $(#[$decay:meta])*
        weight_decay: $weight_decay:literal
    ) => {
        optimizer! {
            $(#[$doc])*
            $optimizer = $name, $settings {
                /// Sets the learning rate; default 0.001.
                lr: f64 = 1e-3, NOT_NEGATIVE;
                /// Sets how much of the average of the gradient is kept; default 0.9.
                beta1: f64 = 0.9, BELOW_1;
                /// Sets how much of the average of its square is kept; default 0.999.
                beta2: f64 = 0.999, BELOW_1;
                /// Sets what is added to the denominator; default 1e-8.
                eps: f64 = 1e-8, NOT_NEGATIVE;
                $(#[$decay])*
                weight_decay: f64 = $weight_decay, NOT_NEGATIVE;
                /// Divides by the greatest average so far (Reddi et al., "On the convergence of Adam and
                /// beyond", 2018); default false.
                amsgrad: bool = false;
                /// Climbs instead of descending; default false.
                maximize: bool = false;
            }
        }
        betas!($settings);

        impl $settings {
            fn step(&self) -> step::Adam {
                let &Self { lr, beta1, beta2, eps, weight_decay, maximize, .. } = self;
                step::Adam { lr, betas: (beta1, beta2), eps, weight_decay, decoupled: $decoupled, maximize }
            }
        }

        impl Rule for $settings {
            fn update(&self, state: &mut ParamState, param: &Tensor, grad: &Tensor) -> Result<()> {
                let (a, q, max) = states(state, param, self.amsgrad)?;
                Ok(adam_(&self.step(), state.step, param, grad, &a, &q, max.as_ref())?)
            }

            fn update_all(&self, all: &mut [Update<'_>]) -> Result<()> {
                update_all(&self.step(), self.amsgrad, all)
            }
        }
    };
}

adam! {
    /// Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2015), as PyTorch's
    /// `torch.optim.Adam`; the step is [`taper_autograd::tensor::step::Adam`].
    Adam = "adam", AdamSettings, decoupled: false;
    /// Sets the factor of the L2 penalty; default 0.
    weight_decay: 0.0
}

adam! {
    /// Adam with the decay of the weights apart from the gradient (Loshchilov and Hutter, "Decoupled
    /// weight decay regularization", 2019), as PyTorch's `torch.optim.AdamW`. The default of
    /// `weight_decay` is 0.01.
    AdamW = "adamw", AdamWSettings, decoupled: true;
    /// Sets the decay of the weights; default 0.01.
    weight_decay: 0.01
}

/// The averages of the gradient and of its square; for amsgrad also the largest of the latter so far.
type States = (Tensor, Tensor, Option<Tensor>);

fn states(state: &mut ParamState, param: &Tensor, amsgrad: bool) -> Result<States> {
    let mut tensor = |name| state.tensor(name, param, 0.0);
    let max = amsgrad.then(|| tensor("max_exp_avg_sq")).transpose()?;
    Ok((tensor("exp_avg")?, tensor("exp_avg_sq")?, max))
}

fn update_all(s: &step::Adam, amsgrad: bool, all: &mut [Update<'_>]) -> Result<()> {
    let tensors =
        all.iter_mut().map(|u| states(u.state, &u.param, amsgrad)).collect::<Result<Vec<States>>>()?;
    let mut steps: Vec<AdamStep<'_>> = Vec::with_capacity(all.len());
    for (u, (exp_avg, exp_avg_sq, max)) in all.iter().zip(&tensors) {
        let (step, param, grad, max_exp_avg_sq) = (u.state.step, &u.param, &u.grad, max.as_ref());
        steps.push(AdamStep { step, param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq });
    }
    // One call takes neighbours that made as many steps.
    steps.sort_by_key(|p| p.step);
    Ok(adam_all_(s, &steps)?)
}
