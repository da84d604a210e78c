//! The fully connected layer.

use taper_autograd::Variable;

use super::uniform_parameter;
use crate::builder::builder;
use crate::module::{enter, named};
use crate::{Forward, Module, Result};

/// Computes `x weightᵀ + bias` over the last dimension; PyTorch's `nn.Linear`.
///
/// # Shapes
/// Input `[..., in_features]`, output `[..., out_features]`.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::{Forward, Linear};
/// use taper_tensor::Tensor;
///
/// let layer = Linear::new(20, 30)?;
/// let y = layer.forward(&Variable::new(Tensor::ones((128, 20))?))?;
/// assert_eq!(y.size(), [128, 30]);
/// assert_eq!(layer.to_string(), "Linear(in_features=20, out_features=30, bias=True)");
/// # Ok::<(), taper_nn::Error>(())
/// ```
#[derive(Module, Debug)]
#[module(extra_repr = "Self::describe")]
pub struct Linear {
    /// `[out_features, in_features]`.
    pub weight: Variable,
    /// `[out_features]`.
    pub bias: Option<Variable>,
}

builder! {
    Linear, LinearBuilder;
    /// Makes a layer with a bias. Weight and bias begin uniform within `±1 / sqrt(in_features)`, as in PyTorch.
    ///
    /// # Errors
    /// When the weight's size overflows.
    new(in_features: usize, out_features: usize) -> Result;
    /// Adds a bias; default true.
    bias: bool = true;
}

impl LinearBuilder {
    /// Makes the layer and draws its weights.
    ///
    /// # Errors
    /// When the weight's size overflows.
    pub fn build(self) -> Result<Linear> {
        let Self { in_features, out_features, bias } = self;
        Ok(Linear {
            weight: uniform_parameter(&[out_features, in_features], in_features)?,
            bias: bias.then(|| uniform_parameter(&[out_features], in_features)).transpose()?,
        })
    }
}

impl Linear {
    fn describe(&self) -> String {
        let bias = if self.bias.is_some() { "True" } else { "False" };
        match self.weight.size()[..] {
            [out, features] => format!("in_features={features}, out_features={out}, bias={bias}"),
            _ => format!("bias={bias}"),
        }
    }
}

impl Forward for Linear {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let _scope = enter(&self.weight);
        named(&self.weight, x.linear(&self.weight, self.bias.as_ref()))
    }
}
