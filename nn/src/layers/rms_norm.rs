//! Normalisation by the root of the mean square.

use taper_autograd::Variable;
use taper_tensor::DType;

use super::norm::{ones, python, scientific, tuple};
use crate::module::{enter, named};
use crate::{Error, Forward, Module, Place, Result};

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

impl RmsNorm {
    #[track_caller]
    fn normalise(&self, x: &Variable) -> Result<Variable> {
        let size = x.size();
        if self.shape.is_empty() || !size.ends_with(&self.shape) {
            let message = format!("input has shape {size:?}, expected it to end in {:?}", self.shape);
            return Err(Error::value("rms_norm", message));
        }
        let eps = self.eps.unwrap_or(match x.dtype() {
            DType::F64 => f64::EPSILON,
            DType::F16 => 2f64.powi(-10),
            DType::BF16 => 2f64.powi(-7),
            _ => f32::EPSILON.into(),
        });
        let dims: Vec<i64> = (1..=self.shape.len() as i64).map(|d| -d).collect();
        let y = x.mul(x.square()?.mean_dim(&dims, true)?.add(eps)?.rsqrt()?)?;
        Ok(match &self.weight {
            Some(weight) => y.mul(weight)?,
            None => y,
        })
    }
}

impl Forward for RmsNorm {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let _scope = enter(&self.place);
        named(&self.place, self.normalise(x))
    }
}
