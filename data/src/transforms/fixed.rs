//! Transforms that do the same to every picture.

use super::{PadMode, Transform};
use crate::{Image, Result, Rng};

/// A height and a width: a pair, or one number for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl From<usize> for Size {
    fn from(side: usize) -> Self {
        Self { height: side, width: side }
    }
}

impl From<(usize, usize)> for Size {
    fn from((height, width): (usize, usize)) -> Self {
        Self { height, width }
    }
}

impl From<[usize; 2]> for Size {
    fn from([height, width]: [usize; 2]) -> Self {
        Self { height, width }
    }
}

/// The middle of the picture, as `torchvision.transforms.CenterCrop`; a smaller picture is padded with 0.
///
/// ```
/// use taper_data::{Image, Rng, transforms::{CenterCrop, Transform}};
/// let image = Image::new([1, 1, 5], vec![1, 2, 3, 4, 5])?;
/// assert_eq!(CenterCrop::new((1, 3)).apply(image, &mut Rng::new(0, 0))?.bytes(), Some(&[2, 3, 4][..]));
/// # Ok::<(), taper_data::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CenterCrop(Size);

impl CenterCrop {
    /// The size of the part: a side, or `(height, width)`.
    pub fn new(size: impl Into<Size>) -> Self {
        Self(size.into())
    }
}

impl Transform for CenterCrop {
    fn apply(&self, image: Image, _rng: &mut Rng) -> Result<Image> {
        // Where half a pixel is to be given, torchvision rounds to even; where it pads, down.
        let start = |len: usize, part: usize| match len.checked_sub(part) {
            Some(more) => (more as f64 / 2.0).round_ties_even() as isize,
            None => -(((part - len) / 2) as isize),
        };
        let (top, left) = (start(image.height(), self.0.height), start(image.width(), self.0.width));
        image.crop(top, left, self.0.height, self.0.width)
    }
}

/// More pixels around the picture, as `torchvision.transforms.Pad`.
#[derive(Clone, Copy, Debug)]
pub struct Pad {
    sides: [usize; 4],
    fill: f32,
    mode: PadMode,
}

impl Pad {
    /// As many on each side; 0s.
    pub fn new(padding: usize) -> Self {
        Self::sides([padding; 4])
    }

    /// So many on the `[left, top, right, bottom]`; 0s.
    pub fn sides(sides: [usize; 4]) -> Self {
        Self { sides, fill: 0.0, mode: PadMode::Constant }
    }

    /// The value of the pixels that are added.
    pub fn fill(mut self, fill: f32) -> Self {
        self.fill = fill;
        self
    }

    /// What is added.
    pub fn mode(mut self, mode: PadMode) -> Self {
        self.mode = mode;
        self
    }
}

impl Transform for Pad {
    fn apply(&self, image: Image, _rng: &mut Rng) -> Result<Image> {
        image.pad(self.sides, self.fill, self.mode)
    }
}

/// Grey pictures of 1 channel, or of 3 equal ones, as `torchvision.transforms.Grayscale`.
#[derive(Clone, Copy, Debug)]
pub struct Grayscale(usize);

impl Grayscale {
    /// The number of channels of the result, 1 or 3.
    pub fn new(output_channels: usize) -> Self {
        Self(output_channels)
    }
}

impl Transform for Grayscale {
    fn apply(&self, image: Image, _rng: &mut Rng) -> Result<Image> {
        image.grayscale(self.0)
    }
}
