//! Normalisation by the root of the mean square.

use taper_autograd::Variable;

use super::norm::{ones, python, scientific, tuple};
use crate::module::{enter, named};
use crate::{Forward, Module, Place, Result};

/// `x / sqrt(mean(x²) + eps) · weight` over the last dimensions; PyTorch's `nn.RMSNorm`.
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
    /// Of the shape that is normalised over, at first ones.
    pub weight: Option<Variable>,
    #[module(skip)]
    shape: Vec<usize>,
    #[module(skip)]
    eps: Option<f64>,
    place: Place,
}

impl RmsNorm {
    /// A layer over the last dimensions, which have the sizes `normalized_shape`.
    ///
    /// # Errors
    /// When memory does not suffice.
    pub fn new(normalized_shape: &[usize]) -> Result<Self> {
        Ok(Self {
            weight: ones(normalized_shape)?,
            shape: normalized_shape.to_vec(),
            eps: None,
            place: Place::new(),
        })
    }

    /// What is added to the mean square; by default the distance from 1 to the next number of the
    /// input's dtype.
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = Some(eps);
        self
    }

    /// Whether there is a weight; by default there is.
    pub fn elementwise_affine(mut self, affine: bool) -> Self {
        self.weight = self.weight.filter(|_| affine);
        self
    }

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
