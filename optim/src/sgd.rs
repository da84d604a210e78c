//! Stochastic gradient descent.

use taper_autograd::tensor::Tensor;
use taper_autograd::tensor::step::{self, SgdStep, sgd_, sgd_all_};

use crate::settings::optimizer;
use crate::{Error, ParamState, Result, Rule, Update};

optimizer! {
    /// Stochastic gradient descent, PyTorch's `torch.optim.SGD`. A step goes against the gradient:
    ///
    /// ```text
    /// weight = weight - learning_rate * gradient
    /// ```
    ///
    /// The tutorial writes the same step by hand:
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
    /// `maximize` negates the gradient.
    Sgd = "sgd", SgdSettings {
        /// Sets the learning rate; default 0.001.
        lr: f64 = 1e-3, NOT_NEGATIVE;
        /// Sets how much of the earlier steps' direction is kept; default 0.
        momentum: f64 = 0.0, NOT_NEGATIVE;
        /// Sets how much of the gradient does not enter the direction; default 0.
        dampening: f64 = 0.0, FINITE;
        /// Sets the factor of the L2 penalty; default 0.
        weight_decay: f64 = 0.0, NOT_NEGATIVE;
        /// Looks ahead along the direction; needs momentum and no dampening; default false.
        nesterov: bool = false;
        /// Climbs instead of descending; default false.
        maximize: bool = false;
    } check SgdSettings::check_nesterov
}

impl SgdSettings {
    fn check_nesterov(&self) -> Result<()> {
        let (setting, value, expected) = match *self {
            Self { nesterov: true, momentum: 0.0, .. } => ("momentum", 0.0, "more than 0 with nesterov"),
            Self { nesterov: true, dampening, .. } if dampening != 0.0 => {
                ("dampening", dampening, "0 with nesterov")
            }
            _ => return Ok(()),
        };
        Err(Error::Setting { optimizer: "sgd", setting, value, expected })
    }

    fn step(&self) -> step::Sgd {
        let &Self { lr, momentum, dampening, weight_decay, nesterov, maximize } = self;
        step::Sgd { lr, momentum, dampening, weight_decay, nesterov, maximize }
    }

    /// Returns the buffer of a parameter, and whether it holds nothing yet; without momentum there is none.
    fn buffer(&self, state: &mut ParamState, param: &Tensor) -> Result<(Option<Tensor>, bool)> {
        if self.momentum == 0.0 {
            return Ok((None, false));
        }
        let first = !state.tensors.contains_key("momentum_buffer");
        Ok((Some(state.tensor("momentum_buffer", param, 0.0)?), first))
    }
}

impl Rule for SgdSettings {
    fn update(&self, state: &mut ParamState, param: &Tensor, grad: &Tensor) -> Result<()> {
        let (buffer, first) = self.buffer(state, param)?;
        Ok(sgd_(&self.step(), param, grad, buffer.as_ref(), first)?)
    }

    fn update_all(&self, all: &mut [Update<'_>]) -> Result<()> {
        let buffers = all.iter_mut().map(|u| self.buffer(u.state, &u.param)).collect::<Result<Vec<_>>>()?;
        let mut steps: Vec<SgdStep<'_>> = Vec::with_capacity(all.len());
        for (u, (buffer, first)) in all.iter().zip(&buffers) {
            let (momentum_buffer, first) = (buffer.as_ref(), *first);
            steps.push(SgdStep { param: &u.param, grad: &u.grad, momentum_buffer, first });
        }
        // One call takes neighbours that are alike: sort those that make their first step together.
        steps.sort_by_key(|p| p.first);
        Ok(sgd_all_(&self.step(), &steps)?)
    }
}
