//! Losses between probabilities.

use taper_autograd::{Reduction, Variable};

use super::{loss, same_shape};
use crate::{Error, Module, Place, Result};

loss! {
    /// Computes `-(t ln(p) + (1 - t) ln(1 - p))` for probabilities `p`; PyTorch's `nn.BCELoss`. For the
    /// probabilities of a sigmoid, [`BceWithLogitsLoss`] is more exact.
    ///
    /// # Shapes
    /// Input and target `[...]`; the loss has no dimension, or with `Reduction::None` `[...]`.
    BceLoss = "BCELoss", BceLossBuilder, over "element";
    weights {
        /// Sets how much each element counts; it broadcasts; default 1.
        weight;
    }
    /// Returns the loss of probabilities against targets of the same shape, from 0 to 1.
    ///
    /// # Errors
    /// When the shapes differ, or a value is out of range.
    forward(input; target)
}

impl BceLoss {
    #[track_caller]
    fn compute(&self, input: &Variable, target: &Variable) -> Result<Variable> {
        let losses = input.binary_cross_entropy(target)?;
        Ok(weighted("binary_cross_entropy", losses, &self.weight)?.reduce(self.reduction)?)
    }
}

/// Multiplies losses by weights that broadcast to them.
#[track_caller]
fn weighted(op: &'static str, losses: Variable, weight: &Option<Variable>) -> Result<Variable> {
    let Some(weight) = weight else { return Ok(losses) };
    let products = losses.mul(weight)?;
    if products.size() != losses.size() {
        let message =
            format!("weight has shape {:?}, which does not broadcast to {:?}", weight.size(), losses.size());
        return Err(Error::value(op, message));
    }
    Ok(products)
}

loss! {
    /// Computes the binary cross entropy of logits, `-(w t ln(σ(x)) + (1 - t) ln(1 - σ(x)))`, without
    /// overflow; PyTorch's `nn.BCEWithLogitsLoss`.
    ///
    /// # Shapes
    /// Input and target `[...]`; the loss has no dimension, or with `Reduction::None` `[...]`.
    ///
    /// ```
    /// use taper_autograd::Variable;
    /// use taper_nn::BceWithLogitsLoss;
    /// use taper_tensor::Tensor;
    ///
    /// let logits = Variable::requires_grad(Tensor::new(&[1e4f32, -1e4])?);
    /// let loss = BceWithLogitsLoss::new().forward(&logits, Tensor::new(&[1.0f32, 1.0])?)?;
    /// assert_eq!(loss.item::<f32>()?, 5e3);
    /// # Ok::<(), taper_nn::Error>(())
    /// ```
    BceWithLogitsLoss = "BCEWithLogitsLoss", BceWithLogitsLossBuilder, over "element";
    weights {
        /// Sets how much each element counts; it broadcasts; default 1.
        weight;
        /// Sets how much more the target 1 counts than 0; it broadcasts; default 1.
        pos_weight;
    }
    /// Returns the loss of logits against targets of the same shape, from 0 to 1.
    ///
    /// # Errors
    /// When the shapes differ.
    forward(logits; target)
}

impl BceWithLogitsLoss {
    #[track_caller]
    fn compute(&self, logits: &Variable, t: &Variable) -> Result<Variable> {
        same_shape("binary_cross_entropy_with_logits", logits, t)?;
        // ln σ(x) and ln σ(-x) are the log-softmax of x and 0, which neither overflows.
        let zero = Variable::new(logits.data().zeros_like()?);
        let pair = Variable::stack(&[&zero, logits], -1)?.log_softmax(-1)?;
        let (negative, positive) = (pair.select(-1, 0)?, pair.select(-1, 1)?);
        let positive = match &self.pos_weight {
            Some(weight) => positive.mul(weight)?,
            None => positive,
        };
        // t · positive + (1 - t) · negative, negated
        let losses = t.mul(positive)?.add(negative.sub(t.mul(&negative)?)?)?.neg()?;
        let losses = weighted("binary_cross_entropy_with_logits", losses, &self.weight)?;
        Ok(losses.reduce(self.reduction)?)
    }
}

loss! {
    /// Computes the Kullback-Leibler divergence of log-probabilities from a target distribution,
    /// `t (ln(t) - input)`; PyTorch's `nn.KLDivLoss`, whose mean too is over all elements.
    ///
    /// # Shapes
    /// Input and target `[...]`; the loss has no dimension, or with `Reduction::None` `[...]`.
    KLDivLoss = "KLDivLoss", KLDivLossBuilder, over "element";
    options {
        /// Divides the sum by the number of samples, which gives the divergence itself, in place of
        /// [`reduction`](Self::reduction); PyTorch's `reduction="batchmean"`. Default false.
        batchmean: bool = false;
        /// Takes targets that are logarithms of probabilities; default false.
        log_target: bool = false;
    }
    /// Returns the loss of log-probabilities against a target of the same shape.
    ///
    /// # Errors
    /// When the shapes differ.
    forward(input; target)
}

impl KLDivLoss {
    #[track_caller]
    fn compute(&self, input: &Variable, t: &Variable) -> Result<Variable> {
        same_shape("kl_div", input, t)?;
        if !t.dtype().is_float() {
            let message = format!("target has dtype {}, expected probabilities", t.dtype());
            return Err(Error::value("kl_div", message));
        }
        let losses = if self.log_target {
            t.exp()?.mul(t.sub(input)?)?
        } else {
            // t ln(t) is 0 at t = 0: there the logarithm's argument is 1.
            let zero = t.eq(0)?.to_dtype(t.dtype())?;
            t.mul(t.add(zero)?.log()?.sub(input)?)?
        };
        if self.batchmean {
            return Ok(losses.sum()?.div(input.size().first().copied().unwrap_or(1) as f64)?);
        }
        Ok(losses.reduce(self.reduction)?)
    }
}
