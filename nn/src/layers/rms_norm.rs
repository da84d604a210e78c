//! Normalisation by the root of the mean square.

use taper_autograd::Variable;
use taper_tensor::IntoShape;

use super::norm::{ones, python, scientific, sizes};
use crate::builder::{builder, not_negative, tuple};
use crate::module::{enter, named};
use crate::{Forward, Module, Place, Result};

/// Computes `x / sqrt(mean(x²) + eps) · weight` over the last dimensions; PyTorch's `nn.RMSNorm`.
///
/// # Shapes
/// Input and output `[..., normalized_shape]`.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::{Forward, RmsNorm};
/// use taper_tensor::Tensor;
///
/// let y = RmsNorm::new(&[2])?.forward(&Variable::new(Tensor::new([[1.0f32, 7.0]])?))?;
/// assert_eq!(y.data().to_vec::<f32>()?, [0.2, 1.4]); // the root of (1 + 49) / 2 is 5
/// # Ok::<(), taper_nn::Error>(())
/// ```
#[derive(Module, Debug)]
#[module(rename = "RMSNorm", extra_repr = "Self::describe")]
pub struct RmsNorm {
    /// `normalized_shape`, initially ones.
    pub weight: Option<Variable>,
    #[module(skip)]
    shape: Vec<usize>,
    #[module(skip)]
    eps: Option<f64>,
    place: Place,
}

builder! {
    RmsNorm, RmsNormBuilder;
    /// Makes a layer over the last dimensions, whose sizes are `normalized_shape`, with PyTorch's defaults: a number,
    /// a tuple, an array, a slice or a vector.
    new(; normalized_shape: Vec<i64> as impl IntoShape => IntoShape::into_sizes) -> Result;
    /// Sets what is added to the mean square before the root; default `None`, the distance from 1 to the
    /// next number of the input's dtype.
    eps: Option<f64> = None, impl Into<Option<f64>> => Into::into;
    /// Adds a weight; default true.
    elementwise_affine: bool = true;
}

impl RmsNormBuilder {
    /// Makes the layer.
    ///
    /// # Errors
    /// When a size or `eps` is negative, or `eps` is not finite.
    pub fn build(self) -> Result<RmsNorm> {
        let Self { normalized_shape, eps, elementwise_affine } = self;
        let shape = sizes("rms_norm", &normalized_shape)?;
        eps.map_or(Ok(()), |eps| not_negative("rms_norm", "eps", eps))?;
        Ok(RmsNorm { weight: ones(elementwise_affine, &shape)?, shape, eps, place: Place::new() })
    }
}

impl RmsNorm {
    fn describe(&self) -> String {
        let eps = self.eps.map_or("None".into(), scientific);
        format!("{}, eps={eps}, elementwise_affine={}", tuple(&self.shape), python(self.weight.is_some()))
    }
}

impl Forward for RmsNorm {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let _scope = enter(&self.place);
        named(&self.place, x.rms_norm(&self.shape, self.weight.as_ref(), self.eps))
    }
}
