//! Losses between numbers.

use taper_autograd::{Reduction, Variable};

use super::{loss, same_shape};
use crate::builder::{not_negative, positive};
use crate::{Module, Place, Result};

loss! {
    /// Computes `(input - target)²`; PyTorch's `nn.MSELoss`.
    ///
    /// # Shapes
    /// Input and target `[...]`; the loss has no dimension, or with `Reduction::None` `[...]`.
    ///
    /// ```
    /// use taper_autograd::Variable;
    /// use taper_nn::MseLoss;
    /// use taper_tensor::Tensor;
    ///
    /// let input = Variable::requires_grad(Tensor::new(&[1.0f32, 2.0])?);
    /// let loss = MseLoss::new().forward(&input, Tensor::new(&[1.0f32, 5.0])?)?;
    /// assert_eq!(loss.item::<f32>()?, 4.5);
    /// # Ok::<(), taper_nn::Error>(())
    /// ```
    MseLoss = "MSELoss", MseLossBuilder, over "element";
    /// Returns the loss of `input` against a target of the same shape.
    ///
    /// # Errors
    /// When the shapes differ.
    forward(input; target)
}

impl MseLoss {
    #[track_caller]
    fn compute(&self, input: &Variable, target: &Variable) -> Result<Variable> {
        Ok(input.mse_loss(target, self.reduction)?)
    }
}

/// Returns `|a - b|` and the part of it up to `limit`.
fn distance(op: &'static str, a: &Variable, b: &Variable, limit: f64) -> Result<(Variable, Variable)> {
    same_shape(op, a, b)?;
    let distance = absolute(&a.sub(b)?)?;
    let near = distance.sub(distance.sub(limit)?.relu()?)?;
    Ok((distance, near))
}

/// Returns `|x|`, with the derivative 0 at 0.
fn absolute(x: &Variable) -> Result<Variable> {
    Ok(x.relu()?.add(x.neg()?.relu()?)?)
}

loss! {
    /// Computes `|input - target|`; PyTorch's `nn.L1Loss`.
    ///
    /// # Shapes
    /// Input and target `[...]`; the loss has no dimension, or with `Reduction::None` `[...]`.
    L1Loss = "L1Loss", L1LossBuilder, over "element";
    /// Returns the loss of `input` against a target of the same shape.
    ///
    /// # Errors
    /// When the shapes differ.
    forward(input; target)
}

impl L1Loss {
    #[track_caller]
    fn compute(&self, input: &Variable, target: &Variable) -> Result<Variable> {
        same_shape("l1_loss", input, target)?;
        Ok(absolute(&input.sub(target)?)?.reduce(self.reduction)?)
    }
}

loss! {
    /// Computes, with `d = |input - target|`, `d² / 2beta` for `d < beta`, else `d - beta / 2`; PyTorch's
    /// `nn.SmoothL1Loss`.
    ///
    /// # Shapes
    /// Input and target `[...]`; the loss has no dimension, or with `Reduction::None` `[...]`.
    SmoothL1Loss = "SmoothL1Loss", SmoothL1LossBuilder, over "element";
    options {
        /// Sets where the square ends and the line begins; 0 gives the [`L1Loss`]. Default 1.
        beta: f64 = 1.0;
    }
    check |loss: &SmoothL1LossBuilder| not_negative("smooth_l1_loss", "beta", loss.beta);
    /// Returns the loss of `input` against a target of the same shape.
    ///
    /// # Errors
    /// When the shapes differ.
    forward(input; target)
}

impl SmoothL1Loss {
    #[track_caller]
    fn compute(&self, input: &Variable, target: &Variable) -> Result<Variable> {
        let (d, near) = distance("smooth_l1_loss", input, target, self.beta)?;
        if self.beta == 0.0 {
            return Ok(d.reduce(self.reduction)?);
        }
        // The near part's square, and the rest on the line.
        let losses = near.square()?.mul(0.5 / self.beta)?.add(d.sub(near)?)?;
        Ok(losses.reduce(self.reduction)?)
    }
}

loss! {
    /// Computes, with `d = |input - target|`, `d² / 2` for `d < delta`, else `delta (d - delta / 2)`; PyTorch's
    /// `nn.HuberLoss`.
    ///
    /// # Shapes
    /// Input and target `[...]`; the loss has no dimension, or with `Reduction::None` `[...]`.
    HuberLoss = "HuberLoss", HuberLossBuilder, over "element";
    options {
        /// Sets where the square ends and the line begins, above 0; default 1.
        delta: f64 = 1.0;
    }
    check |loss: &HuberLossBuilder| positive("huber_loss", "delta", loss.delta);
    /// Returns the loss of `input` against a target of the same shape.
    ///
    /// # Errors
    /// When the shapes differ.
    forward(input; target)
}

impl HuberLoss {
    #[track_caller]
    fn compute(&self, input: &Variable, target: &Variable) -> Result<Variable> {
        let (d, near) = distance("huber_loss", input, target, self.delta)?;
        let losses = near.square()?.mul(0.5)?.add(d.sub(near)?.mul(self.delta)?)?;
        Ok(losses.reduce(self.reduction)?)
    }
}
