//! Transforms that combine others.

use super::Transform;
use crate::{Error, Image, Result, Rng, builder::within};

/// Applies one transform after the other, as `torchvision.transforms.Compose`.
///
/// ```
/// use taper_data::transforms::{Compose, Normalize, ToTensor, Transform};
/// let fixed = Compose::new((ToTensor, Normalize::new([0.5; 3], [0.5; 3])?));
/// let mut steps: Vec<Box<dyn Transform>> = vec![Box::new(ToTensor)];
/// steps.push(Box::new(Normalize::new([0.5; 3], [0.5; 3])?));
/// let chosen_at_run_time = Compose::new(steps);
/// # Ok::<(), taper_data::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Compose<T>(T);

impl<T: Transform> Compose<T> {
    /// Makes a transform of others in order: a tuple of up to 12, or a `Vec`.
    pub fn new(transforms: T) -> Self {
        Self(transforms)
    }
}

impl<T: Transform> Transform for Compose<T> {
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
        self.0.apply(image, rng)
    }
}

impl<T: Transform> Transform for Vec<T> {
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
        self.iter().try_fold(image, |image, transform| transform.apply(image, rng))
    }
}

macro_rules! tuple {
    ($($name:ident)*) => {
        impl<$($name: Transform),*> Transform for ($($name,)*) {
            #[allow(non_snake_case)]
            fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
                let ($($name,)*) = self;
                $(let image = $name.apply(image, rng)?;)*
                Ok(image)
            }
        }
    };
}
tuple!(A);
tuple!(A B);
tuple!(A B C);
tuple!(A B C D);
tuple!(A B C D E);
tuple!(A B C D E F);
tuple!(A B C D E F G);
tuple!(A B C D E F G H);
tuple!(A B C D E F G H I);
tuple!(A B C D E F G H I J);
tuple!(A B C D E F G H I J K);
tuple!(A B C D E F G H I J K L);

/// Applies a function, as `torchvision.transforms.Lambda`.
///
/// ```
/// use taper_data::{Image, Rng, transforms::{Lambda, Transform}};
/// let twice = Lambda::new(|image: Image, _: &mut Rng| {
///     let size = image.size();
///     Image::from_floats(size, image.into_floats().into_iter().map(|x| 2.0 * x).collect())
/// });
/// let image = twice.apply(Image::from_floats([1, 1, 1], vec![1.5])?, &mut Rng::new(0, 0))?;
/// assert_eq!(image.pixel(0, 0, 0), 3.0);
/// # Ok::<(), taper_data::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Lambda<F>(F);

impl<F: Fn(Image, &mut Rng) -> Result<Image> + Send + Sync> Lambda<F> {
    /// Makes a transform of a function.
    pub fn new(f: F) -> Self {
        Self(f)
    }
}

impl<F: Fn(Image, &mut Rng) -> Result<Image> + Send + Sync> Transform for Lambda<F> {
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
        (self.0)(image, rng)
    }
}

/// Applies a transform with a probability, as `torchvision.transforms.RandomApply`.
#[derive(Clone, Debug)]
pub struct RandomApply<T> {
    transform: T,
    p: f32,
}

impl<T: Transform> RandomApply<T> {
    /// Makes a transform that applies another one, or a tuple of them together, with probability `p`;
    /// torchvision's default is 0.5.
    ///
    /// # Errors
    /// When `p` is not from 0 to 1.
    pub fn new(transform: T, p: f32) -> Result<Self> {
        within("random_apply", "p", p, 0.0..=1.0)?;
        Ok(Self { transform, p })
    }
}

impl<T: Transform> Transform for RandomApply<T> {
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
        if rng.chance(self.p) { self.transform.apply(image, rng) } else { Ok(image) }
    }
}

/// Applies one of several transforms, each as likely, as `torchvision.transforms.RandomChoice`.
pub struct RandomChoice(Vec<Box<dyn Transform>>);

impl RandomChoice {
    /// Makes the transform.
    ///
    /// # Errors
    /// When there is nothing to choose from.
    pub fn new(transforms: Vec<Box<dyn Transform>>) -> Result<Self> {
        if transforms.is_empty() {
            return Err(Error::invalid("random_choice", "got no transforms, expected at least 1"));
        }
        Ok(Self(transforms))
    }
}

impl Transform for RandomChoice {
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
        self.0[rng.below(self.0.len())].apply(image, rng)
    }
}
