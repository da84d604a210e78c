//! Stochastic gradient descent.

use taper_autograd::Variable;
use taper_autograd::tensor::Tensor;
use taper_autograd::tensor::step::{SgdStep, sgd_};

use crate::optimizer::{Optimizer, check_parameters, not_negative};
use crate::{Error, Result};

/// Stochastic gradient descent, `weight = weight - learning_rate · gradient`, with momentum as
/// PyTorch's `torch.optim.SGD` (Sutskever et al., "On the importance of initialization and momentum
/// in deep learning", 2013, in PyTorch's form):
///
/// `g = gradient + weight_decay · weight`, `b = momentum · b + (1 - dampening) · g` (at the first
/// step `b = g`), `weight = weight - lr · b`; with Nesterov's look-ahead `weight - lr · (g + momentum · b)`.
#[derive(Debug)]
pub struct Sgd {
    parameters: Vec<Variable>,
    buffers: Vec<Option<Tensor>>,
    lr: f64,
    momentum: f64,
    dampening: f64,
    weight_decay: f64,
    nesterov: bool,
    maximize: bool,
}

impl Sgd {
    /// Plain descent with the learning rate `lr`.
    ///
    /// # Errors
    /// When there is no parameter, one is given twice or is no leaf, or `lr` is negative.
    pub fn new(parameters: Vec<Variable>, lr: f64) -> Result<Self> {
        check_parameters("sgd", &parameters)?;
        let buffers = vec![None; parameters.len()];
        let lr = not_negative("sgd", "lr", lr)?;
        Ok(Self {
            parameters,
            buffers,
            lr,
            momentum: 0.0,
            dampening: 0.0,
            weight_decay: 0.0,
            nesterov: false,
            maximize: false,
        })
    }

    /// How much of the earlier steps' direction is kept.
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// How much of the gradient does not enter the direction.
    pub fn dampening(mut self, dampening: f64) -> Self {
        self.dampening = dampening;
        self
    }

    /// The factor of the L2 penalty.
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    /// Looks ahead along the direction; needs momentum and no dampening.
    pub fn nesterov(mut self, nesterov: bool) -> Self {
        self.nesterov = nesterov;
        self
    }

    /// Climbs instead of descending.
    pub fn maximize(mut self, maximize: bool) -> Self {
        self.maximize = maximize;
        self
    }

    fn check(&self) -> Result<()> {
        not_negative("sgd", "momentum", self.momentum)?;
        not_negative("sgd", "weight_decay", self.weight_decay)?;
        if self.nesterov && (self.momentum == 0.0 || self.dampening != 0.0) {
            let (setting, value, expected) = match self.momentum {
                0.0 => ("momentum", 0.0, "a momentum above 0 for nesterov"),
                _ => ("dampening", self.dampening, "0 for nesterov"),
            };
            return Err(Error::Setting { optimizer: "sgd", setting, value, expected });
        }
        Ok(())
    }
}

impl Optimizer for Sgd {
    fn parameters(&self) -> &[Variable] {
        &self.parameters
    }

    fn step(&mut self) -> Result<()> {
        self.check()?;
        for (parameter, buffer) in self.parameters.iter().zip(&mut self.buffers) {
            let Some(grad) = parameter.grad() else { continue };
            let data = parameter.data();
            let first = buffer.is_none();
            if first && self.momentum != 0.0 {
                *buffer = Some(data.zeros_like()?);
            }
            let step = SgdStep {
                lr: self.lr,
                momentum: self.momentum,
                dampening: self.dampening,
                weight_decay: self.weight_decay,
                nesterov: self.nesterov,
                maximize: self.maximize,
                first,
            };
            sgd_(&data, &grad, buffer.as_ref().filter(|_| self.momentum != 0.0), step)?;
        }
        Ok(())
    }

    fn lr(&self) -> f64 {
        self.lr
    }

    fn set_lr(&mut self, lr: f64) {
        self.lr = lr;
    }
}
