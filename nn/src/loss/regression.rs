//! Losses between numbers.

use taper_autograd::{Reduction, Variable};

use crate::{Module, Result};

/// `(input - target)²`, by default their mean; PyTorch's `nn.MSELoss`.
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
#[derive(Module, Debug, Default)]
#[module(rename = "MSELoss")]
pub struct MseLoss {
    #[module(skip)]
    reduction: Reduction,
}

impl MseLoss {
    /// The mean of the squares.
    pub fn new() -> Self {
        Self::default()
    }

    /// How the elements' losses become one number.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// The loss of `input` against a target of the same shape.
    ///
    /// # Errors
    /// When the shapes differ.
    #[track_caller]
    pub fn forward(&self, input: &Variable, target: impl Into<Variable>) -> Result<Variable> {
        Ok(input.mse_loss(&target.into(), self.reduction)?)
    }
}
