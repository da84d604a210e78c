//! From bytes to the floats that networks take.

use super::Transform;
use crate::{Image, Result, Rng};
use std::sync::Arc;

/// Bytes 0 to 255 become floats 0 to 1, as `torchvision.transforms.ToTensor`; floats stay what they are.
#[derive(Clone, Copy, Debug)]
pub struct ToTensor;

impl Transform for ToTensor {
    fn apply(&self, image: Image, _rng: &mut Rng) -> Result<Image> {
        Ok(image.scale())
    }
}

/// `(x - mean[c]) / std[c]` for every value `x` of channel `c`, as `torchvision.transforms.Normalize`.
///
/// ```
/// use taper_data::{Image, Rng, transforms::{Compose, Normalize, ToTensor, Transform}};
/// let transform = Compose::new((ToTensor, Normalize::new([0.5], [0.25])));
/// let image = transform.apply(Image::new([1, 1, 2], vec![0, 255])?, &mut Rng::new(0, 0))?;
/// assert_eq!(image.into_floats(), [-2.0, 2.0]);
/// # Ok::<(), taper_data::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Normalize(Arc<[(f32, f32)]>);

impl Normalize {
    /// The mean and the deviation of each channel; a deviation of 0 is an error of the first picture.
    pub fn new<const C: usize>(mean: [f32; C], std: [f32; C]) -> Self {
        Self(mean.into_iter().zip(std).collect())
    }
}

impl Transform for Normalize {
    fn apply(&self, image: Image, _rng: &mut Rng) -> Result<Image> {
        image.normalize(&self.0)
    }
}
