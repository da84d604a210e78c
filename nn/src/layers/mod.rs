//! The layers, a file for each family.

pub(crate) mod activation;
pub(crate) mod attention;
pub(crate) mod batch_norm;
pub(crate) mod bilinear;
pub(crate) mod conv;
pub(crate) mod conv1d;
pub(crate) mod conv_transpose;
pub(crate) mod dropout;
pub(crate) mod embedding;
pub(crate) mod instance_norm;
pub(crate) mod linear;
pub(crate) mod norm;
pub(crate) mod pool;
pub(crate) mod pool_adaptive;
pub(crate) mod recurrent;
pub(crate) mod rms_norm;
pub(crate) mod sequential;
pub(crate) mod shape;
pub(crate) mod transformer;

use taper_autograd::Variable;
use taper_tensor::Tensor;

use crate::Result;

/// Draws a parameter as PyTorch does those of linear and convolution layers, weights and biases alike: uniform
/// within `±1 / sqrt(fan_in)`, which `kaiming_uniform_` with `a = sqrt(5)` amounts to.
fn uniform_parameter(shape: &[usize], fan_in: usize) -> Result<Variable> {
    let bound = if fan_in == 0 { 0.0 } else { 1.0 / (fan_in as f64).sqrt() };
    Ok(Variable::requires_grad(Tensor::options().uniform(shape, -bound, bound)?))
}

/// One number for both directions, or one for each: (vertical, horizontal).
pub trait IntoPair {
    /// Returns the two numbers.
    fn pair(self) -> (usize, usize);
}

impl IntoPair for usize {
    fn pair(self) -> (usize, usize) {
        (self, self)
    }
}

impl IntoPair for (usize, usize) {
    fn pair(self) -> (usize, usize) {
        self
    }
}
