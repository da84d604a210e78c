//! A layer that is linear in each of two inputs.

use taper_autograd::Variable;

use super::norm::python;
use super::uniform_parameter;
use crate::builder::builder;
use crate::{Error, Module, Result, in_layer};

/// Computes `y_k = x1ᵀ weight_k x2 + bias_k` over the last dimensions of two inputs; PyTorch's `nn.Bilinear`.
///
/// # Shapes
/// Inputs `[..., in1_features]` and `[..., in2_features]`, output `[..., out_features]`.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::Bilinear;
/// use taper_tensor::Tensor;
///
/// let layer = Bilinear::new(20, 30, 40)?;
/// let (a, b) = (Variable::new(Tensor::ones((8, 20))?), Variable::new(Tensor::ones((8, 30))?));
/// assert_eq!(layer.forward(&a, &b)?.size(), [8, 40]);
/// # Ok::<(), taper_nn::Error>(())
/// ```
#[derive(Module, Debug)]
#[module(extra_repr = "Self::describe")]
pub struct Bilinear {
    /// `[out_features, in1_features, in2_features]`.
    pub weight: Variable,
    /// `[out_features]`.
    pub bias: Option<Variable>,
}

builder! {
    Bilinear, BilinearBuilder;
    /// Makes a layer with a bias. Weight and bias begin uniform within `±1 / sqrt(in1_features)`, as in PyTorch.
    ///
    /// # Errors
    /// When the weight's size overflows.
    new(in1_features: usize, in2_features: usize, out_features: usize) -> Result;
    /// Adds a bias; default true.
    bias: bool = true;
}

impl BilinearBuilder {
    /// Makes the layer and draws its weights.
    ///
    /// # Errors
    /// When the weight's size overflows.
    pub fn build(self) -> Result<Bilinear> {
        let Self { in1_features, in2_features, out_features, bias } = self;
        Ok(Bilinear {
            weight: uniform_parameter(&[out_features, in1_features, in2_features], in1_features)?,
            bias: bias.then(|| uniform_parameter(&[out_features], in1_features)).transpose()?,
        })
    }
}

impl Bilinear {
    /// Returns the outputs `[..., out_features]` for inputs `[..., in1_features]` and `[..., in2_features]`.
    ///
    /// # Errors
    /// When the inputs do not have these features, or differ in other dimensions.
    pub fn forward(&self, x1: &Variable, x2: &Variable) -> Result<Variable> {
        in_layer(&self.weight, || {
            let (a, b, weight) = (x1.size(), x2.size(), self.weight.size());
            let (outputs, first, second) = (weight[0], weight[1], weight[2]);
            let rows = match (&a[..], &b[..]) {
                ([rows @ .., x], [others @ .., y]) if rows == others && (*x, *y) == (first, second) => rows,
                _ => {
                    let message = format!(
                        "inputs have shapes {a:?} and {b:?}, expected [..., {first}] and [..., {second}], else the same"
                    );
                    return Err(Error::value("bilinear", message));
                }
            };
            // x1 with each of the matrices, [rows, outputs, second], then the dot products with x2.
            let count = rows.iter().product::<usize>();
            let matrices = self.weight.permute([1, 0, 2])?.reshape([first, outputs * second])?;
            let left = x1.reshape([count, first])?.matmul(&matrices)?.reshape([count, outputs, second])?;
            let y = left.matmul(&x2.reshape([count, second, 1])?)?.reshape([rows, &[outputs]].concat())?;
            Ok(match &self.bias {
                Some(bias) => y.add(bias)?,
                None => y,
            })
        })
    }

    fn describe(&self) -> String {
        let bias = python(self.bias.is_some());
        match self.weight.size()[..] {
            [out, first, second] => {
                format!("in1_features={first}, in2_features={second}, out_features={out}, bias={bias}")
            }
            _ => format!("bias={bias}"),
        }
    }
}
