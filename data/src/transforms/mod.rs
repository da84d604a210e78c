//! Transforms of pictures between the file and the batch, under torchvision's names.

mod augment;
mod color;
mod compose;
mod fixed;
mod jitter;
mod mix;
mod random;
mod resize;
mod shift;
mod tensor;
mod warp;

pub use augment::{RandAugment, RandAugmentBuilder, TrivialAugmentWide};
pub use compose::{Compose, Lambda, RandomApply, RandomChoice};
pub use fixed::{CenterCrop, Grayscale, GrayscaleBuilder, Pad, PadBuilder, Sides, Size};
pub use jitter::{
    ColorJitter, ColorJitterBuilder, Erase, RandomErasing, RandomErasingBuilder, RandomGrayscale,
    RandomGrayscaleBuilder,
};
pub use mix::{CutMix, CutMixBuilder, Mixup, MixupBuilder};
pub use random::{
    Degrees, RandomAffine, RandomAffineBuilder, RandomCrop, RandomCropBuilder, RandomHorizontalFlip,
    RandomHorizontalFlipBuilder, RandomResizedCrop, RandomResizedCropBuilder, RandomRotation,
    RandomRotationBuilder, RandomVerticalFlip, RandomVerticalFlipBuilder,
};
pub use resize::{Interpolation, Resize, ResizeBuilder, ResizeOptions, Target};
pub use shift::PadMode;
pub use tensor::{Normalize, ToTensor};
pub use warp::{Affine, RotateOptions};

use crate::{Image, Result, Rng};
use std::sync::Arc;

/// Transforms a picture. A tuple of transforms, or a `Vec` of boxed ones, is a transform too.
///
/// ```
/// use taper_data::{Image, Result, Rng, transforms::Transform};
///
/// /// Turns dark into bright.
/// struct Negative;
///
/// impl Transform for Negative {
///     fn apply(&self, image: Image, _rng: &mut Rng) -> Result<Image> {
///         let size = image.size();
///         Image::new(size, image.into_floats().into_iter().map(|x| 255 - x as u8).collect())
///     }
/// }
///
/// let image = Negative.apply(Image::new([1, 1, 2], vec![0, 250])?, &mut Rng::new(0, 0))?;
/// assert_eq!(image.bytes(), Some(&[255, 5][..]));
/// # Ok::<(), taper_data::Error>(())
/// ```
pub trait Transform: Send + Sync {
    /// Returns the transformed picture. Draw random numbers from `rng` alone.
    ///
    /// # Errors
    /// When the picture does not fit the transform.
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image>;
}

/// Forwards to the transform behind a pointer.
macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<T: Transform + ?Sized> Transform for $pointer {
            fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
                (**self).apply(image, rng)
            }
        }
    )*};
}
forward!(&T, Box<T>, Arc<T>);
