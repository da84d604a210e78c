//! Transforms without random numbers.

use super::{PadMode, Transform};
use crate::{
    Error, Image, Result, Rng,
    builder::{builder, within},
};

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

impl Size {
    /// Checks that no side is 0.
    pub(super) fn check(self, op: &'static str) -> Result<Self> {
        let Self { height, width } = self;
        if height > 0 && width > 0 {
            return Ok(self);
        }
        let message = format!("size is ({height}, {width}), expected at least 1 in each direction");
        Err(Error::invalid(op, message))
    }
}

/// Cuts out the middle of the picture, as `torchvision.transforms.CenterCrop`; a smaller picture is padded with 0.
///
/// ```
/// use taper_data::{Image, Rng, transforms::{CenterCrop, Transform}};
/// let image = Image::new([1, 1, 5], vec![1, 2, 3, 4, 5])?;
/// assert_eq!(CenterCrop::new((1, 3))?.apply(image, &mut Rng::new(0, 0))?.bytes(), Some(&[2, 3, 4][..]));
/// # Ok::<(), taper_data::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CenterCrop(Size);

impl CenterCrop {
    /// Makes the transform; the size of the part is a side, or `(height, width)`.
    ///
    /// # Errors
    /// When a side is 0.
    pub fn new(size: impl Into<Size>) -> Result<Self> {
        Ok(Self(size.into().check("center_crop")?))
    }
}

impl Transform for CenterCrop {
    fn apply(&self, image: Image, _rng: &mut Rng) -> Result<Image> {
        // Of half a pixel, torchvision rounds to even when it crops, and down when it pads.
        let start = |len: usize, part: usize| match len.checked_sub(part) {
            Some(more) => (more as f64 / 2.0).round_ties_even() as isize,
            None => -(((part - len) / 2) as isize),
        };
        let (top, left) = (start(image.height(), self.0.height), start(image.width(), self.0.width));
        image.crop(top, left, self.0.height, self.0.width)
    }
}

/// The number of pixels on each side: one number for all, (left and right, top and bottom), or
/// `[left, top, right, bottom]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sides {
    /// Columns on the left.
    pub left: usize,
    /// Rows at the top.
    pub top: usize,
    /// Columns on the right.
    pub right: usize,
    /// Rows at the bottom.
    pub bottom: usize,
}

impl From<usize> for Sides {
    fn from(all: usize) -> Self {
        [all; 4].into()
    }
}

impl From<(usize, usize)> for Sides {
    fn from((beside, above): (usize, usize)) -> Self {
        [beside, above, beside, above].into()
    }
}

impl From<[usize; 4]> for Sides {
    fn from([left, top, right, bottom]: [usize; 4]) -> Self {
        Self { left, top, right, bottom }
    }
}

/// Adds pixels around the picture, as `torchvision.transforms.Pad`.
#[derive(Clone, Copy, Debug)]
pub struct Pad {
    sides: Sides,
    fill: f32,
    mode: PadMode,
}

builder! {
    Pad, PadBuilder;
    /// Makes a transform that adds zeros.
    new(; padding: Sides as impl Into<Sides> => Into::into) -> Self;
    /// Sets the value of the pixels that are added; default 0.
    fill: f32 = 0.0;
    /// Sets what is added; default the value of `fill`.
    padding_mode: PadMode = PadMode::Constant;
}

impl PadBuilder {
    /// Makes the transform.
    ///
    /// # Errors
    /// When `fill` is not finite.
    pub fn build(self) -> Result<Pad> {
        within("pad", "fill", self.fill, f32::MIN..=f32::MAX)?;
        Ok(self.make())
    }

    fn make(self) -> Pad {
        Pad { sides: self.padding, fill: self.fill, mode: self.padding_mode }
    }
}

impl Transform for Pad {
    fn apply(&self, image: Image, _rng: &mut Rng) -> Result<Image> {
        let Sides { left, top, right, bottom } = self.sides;
        image.pad([left, top, right, bottom], self.fill, self.mode)
    }
}

/// Makes pictures grey, as `torchvision.transforms.Grayscale`.
#[derive(Clone, Copy, Debug)]
pub struct Grayscale(usize);

builder! {
    Grayscale, GrayscaleBuilder;
    /// Makes a transform to pictures of 1 channel.
    new() -> Self;
    /// Sets the number of channels of the result: 1, or 3 equal ones; default 1.
    num_output_channels: usize = 1;
}

impl GrayscaleBuilder {
    /// Makes the transform.
    ///
    /// # Errors
    /// When the number of channels is neither 1 nor 3.
    pub fn build(self) -> Result<Grayscale> {
        if !matches!(self.num_output_channels, 1 | 3) {
            let message = format!("num_output_channels is {}, expected 1 or 3", self.num_output_channels);
            return Err(Error::invalid("grayscale", message));
        }
        Ok(self.make())
    }

    fn make(self) -> Grayscale {
        Grayscale(self.num_output_channels)
    }
}

impl Transform for Grayscale {
    fn apply(&self, image: Image, _rng: &mut Rng) -> Result<Image> {
        image.grayscale(self.0)
    }
}
