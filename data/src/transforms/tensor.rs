//! Converts bytes to the floats that networks take.

use super::Transform;
use crate::{Error, Image, Result, Rng};
use std::sync::Arc;

/// Turns bytes 0 to 255 into floats 0 to 1, as `torchvision.transforms.ToTensor`; floats stay.
#[derive(Clone, Copy, Debug)]
pub struct ToTensor;

impl Transform for ToTensor {
    fn apply(&self, image: Image, _rng: &mut Rng) -> Result<Image> {
        Ok(image.scale())
    }
}

/// Computes `(x - mean[c]) / std[c]` for every value `x` of channel `c`, as `torchvision.transforms.Normalize`.
///
/// ```
/// use taper_data::{Image, Rng, transforms::{Compose, Normalize, ToTensor, Transform}};
/// let transform = Compose::new((ToTensor, Normalize::new([0.5], [0.25])?));
/// let image = transform.apply(Image::new([1, 1, 2], vec![0, 255])?, &mut Rng::new(0, 0))?;
/// assert_eq!(image.into_floats(), [-2.0, 2.0]);
/// # Ok::<(), taper_data::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Normalize(Arc<[(f32, f32)]>);

impl Normalize {
    /// Makes the transform from the mean and the standard deviation of each channel.
    ///
    /// # Errors
    /// When a deviation is 0 or not finite.
    pub fn new<const C: usize>(mean: [f32; C], std: [f32; C]) -> Result<Self> {
        if let Some(std) = std.iter().find(|std| !std.is_finite() || **std == 0.0) {
            let message = format!("std has an element {std}, expected finite numbers other than 0");
            return Err(Error::invalid("normalize", message));
        }
        Ok(Self(mean.into_iter().zip(std).collect()))
    }
}

impl Transform for Normalize {
    fn apply(&self, image: Image, _rng: &mut Rng) -> Result<Image> {
        image.normalize(&self.0)
    }
}
