//! Random transforms of places.

use super::{Affine, Interpolation, PadMode, ResizeOptions, RotateOptions, Size, Transform, shift};
use crate::{
    Error, Image, Result, Rng,
    builder::{ascending, builder, within},
};

/// Exchanges left and right with a probability, as `torchvision.transforms.RandomHorizontalFlip`.
#[derive(Clone, Copy, Debug)]
pub struct RandomHorizontalFlip(f32);

builder! {
    RandomHorizontalFlip, RandomHorizontalFlipBuilder;
    /// Makes a transform with the probability one half.
    new() -> Self;
    /// Sets the probability; default 0.5.
    p: f32 = 0.5;
}

impl RandomHorizontalFlipBuilder {
    /// Makes the transform.
    ///
    /// # Errors
    /// When `p` is not from 0 to 1.
    pub fn build(self) -> Result<RandomHorizontalFlip> {
        within("random_horizontal_flip", "p", self.p, 0.0..=1.0)?;
        Ok(self.make())
    }

    fn make(self) -> RandomHorizontalFlip {
        RandomHorizontalFlip(self.p)
    }
}

impl Transform for RandomHorizontalFlip {
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
        Ok(if rng.chance(self.0) { image.hflip() } else { image })
    }
}

/// Exchanges top and bottom with a probability, as `torchvision.transforms.RandomVerticalFlip`.
#[derive(Clone, Copy, Debug)]
pub struct RandomVerticalFlip(f32);

builder! {
    RandomVerticalFlip, RandomVerticalFlipBuilder;
    /// Makes a transform with the probability one half.
    new() -> Self;
    /// Sets the probability; default 0.5.
    p: f32 = 0.5;
}

impl RandomVerticalFlipBuilder {
    /// Makes the transform.
    ///
    /// # Errors
    /// When `p` is not from 0 to 1.
    pub fn build(self) -> Result<RandomVerticalFlip> {
        within("random_vertical_flip", "p", self.p, 0.0..=1.0)?;
        Ok(self.make())
    }

    fn make(self) -> RandomVerticalFlip {
        RandomVerticalFlip(self.p)
    }
}

impl Transform for RandomVerticalFlip {
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
        Ok(if rng.chance(self.0) { image.vflip() } else { image })
    }
}

/// Cuts out a part at a random place, as `torchvision.transforms.RandomCrop`.
///
/// ```
/// use taper_data::{Image, Rng, transforms::{RandomCrop, Transform}};
/// let augment = RandomCrop::builder(32).padding(4).build()?; // the usual for CIFAR-10
/// let image = augment.apply(Image::new([3, 32, 32], vec![9; 3072])?, &mut Rng::new(0, 0))?;
/// assert_eq!(image.size(), [3, 32, 32]);
/// # Ok::<(), taper_data::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RandomCrop {
    size: Size,
    padding: usize,
    if_needed: bool,
    fill: f32,
    mode: PadMode,
}

builder! {
    RandomCrop, RandomCropBuilder;
    /// Makes a transform; the size of the part is a side, or `(height, width)`.
    ///
    /// # Errors
    /// When a side is 0.
    new(; size: Size as impl Into<Size> => Into::into) -> Result;
    /// Sets the number of pixels added on each side before; default 0.
    padding: usize = 0;
    /// Pads a picture that is too small until it is not; default false.
    pad_if_needed: bool = false;
    /// Sets the value of the pixels that are added; default 0.
    fill: f32 = 0.0;
    /// Sets what is added; default the value of `fill`.
    padding_mode: PadMode = PadMode::Constant;
}

impl RandomCropBuilder {
    /// Makes the transform.
    ///
    /// # Errors
    /// When a side is 0 or `fill` is not finite.
    pub fn build(self) -> Result<RandomCrop> {
        let Self { size, padding, pad_if_needed: if_needed, fill, padding_mode: mode } = self;
        within("random_crop", "fill", fill, f32::MIN..=f32::MAX)?;
        Ok(RandomCrop { size: size.check("random_crop")?, padding, if_needed, fill, mode })
    }
}

impl Transform for RandomCrop {
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
        let Size { height, width } = self.size;
        let needed = |len: usize, part: usize| {
            let missing = part.saturating_sub(len + 2 * self.padding);
            self.padding + if self.if_needed { missing } else { 0 }
        };
        let [_, h, w] = image.size();
        let (above, beside) = (needed(h, height), needed(w, width));
        let (tall, wide) = (h + 2 * above, w + 2 * beside);
        if height > tall || width > wide || height * width == 0 {
            let message = format!("cannot cut {height}x{width} out of {tall}x{wide}");
            return Err(Error::invalid("random_crop", message));
        }
        let (top, left) = (rng.below(tall - height + 1), rng.below(wide - width + 1));
        if self.mode != PadMode::Constant {
            let padded = image.pad([beside, above, beside, above], self.fill, self.mode)?;
            return padded.crop(top as isize, left as isize, height, width);
        }
        // Pads and crops in one pass.
        let rows = shift::Axis::Shift { by: top as isize - above as isize };
        let columns = shift::Axis::Shift { by: left as isize - beside as isize };
        Ok(image.moved([height, width], &rows, &columns, self.fill))
    }
}

/// Cuts out a part of random size, proportions and place, and resizes it, as
/// `torchvision.transforms.RandomResizedCrop`.
#[derive(Clone, Copy, Debug)]
pub struct RandomResizedCrop {
    size: Size,
    scale: [f32; 2],
    ratio: [f32; 2],
    interpolation: Interpolation,
}

builder! {
    RandomResizedCrop, RandomResizedCropBuilder;
    /// Makes a transform with torchvision's defaults; the size of the result is a side, or
    /// `(height, width)`.
    ///
    /// # Errors
    /// When a side is 0.
    new(; size: Size as impl Into<Size> => Into::into) -> Result;
    /// Sets the smallest and the largest share of the picture's area; default (0.08, 1).
    scale: [f32; 2] = [0.08, 1.0], (f32, f32) => Into::into;
    /// Sets the smallest and the largest width in units of the height; default (3/4, 4/3).
    ratio: [f32; 2] = [3.0 / 4.0, 4.0 / 3.0], (f32, f32) => Into::into;
    /// Sets how a value between the pixels is found; default [`Interpolation::Bilinear`].
    interpolation: Interpolation = Interpolation::Bilinear;
}

impl RandomResizedCropBuilder {
    /// Makes the transform.
    ///
    /// # Errors
    /// When a side is 0, `scale` or `ratio` is not above 0, or does not ascend.
    pub fn build(self) -> Result<RandomResizedCrop> {
        let Self { size, scale, ratio, interpolation } = self;
        ascending("random_resized_crop", "scale", scale, 0.0..=f32::INFINITY)?;
        ascending("random_resized_crop", "ratio", ratio, f32::MIN_POSITIVE..=f32::MAX)?;
        Ok(RandomResizedCrop { size: size.check("random_resized_crop")?, scale, ratio, interpolation })
    }
}

impl RandomResizedCrop {
    /// Draws the part: top, left, height, width.
    fn part(&self, [_, h, w]: [usize; 3], rng: &mut Rng) -> [usize; 4] {
        for _ in 0..10 {
            let [width, height] = drawn_sides([h, w], self.scale, self.ratio, rng);
            if (1..=w).contains(&width) && (1..=h).contains(&height) {
                return [rng.below(h - height + 1), rng.below(w - width + 1), height, width];
            }
        }
        // After 10 failures: the middle, in proportions as close as possible.
        let ratio = w as f32 / h.max(1) as f32;
        let (height, width) = match ratio {
            _ if ratio < self.ratio[0] => (((w as f32 / self.ratio[0]).round() as usize).min(h), w),
            _ if ratio > self.ratio[1] => (h, ((h as f32 * self.ratio[1]).round() as usize).min(w)),
            _ => (h, w),
        };
        [(h - height) / 2, (w - width) / 2, height, width]
    }
}

impl Transform for RandomResizedCrop {
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
        let [top, left, height, width] = self.part(image.size(), rng);
        let part = image.crop(top as isize, left as isize, height, width)?;
        let options = ResizeOptions::default().interpolation(self.interpolation);
        part.resize(self.size.height, self.size.width, options)
    }
}

/// Draws the sides of a part of the picture: its share of the area lies within `scale`, and the first side over
/// the second within `ratio`.
pub(super) fn drawn_sides([h, w]: [usize; 2], scale: [f32; 2], ratio: [f32; 2], rng: &mut Rng) -> [usize; 2] {
    let area = (h * w) as f32 * rng.range(scale[0], scale[1]);
    let ratio = rng.range(ratio[0].ln(), ratio[1].ln()).exp();
    [area * ratio, area / ratio].map(|square| square.sqrt().round() as usize)
}

/// A range of angles in degrees: from a pair, or to either side from one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Degrees {
    /// The smallest angle.
    pub min: f32,
    /// The largest angle.
    pub max: f32,
}

impl From<f32> for Degrees {
    fn from(most: f32) -> Self {
        Self { min: -most, max: most }
    }
}

impl From<(f32, f32)> for Degrees {
    fn from((min, max): (f32, f32)) -> Self {
        Self { min, max }
    }
}

impl Degrees {
    fn check(self, op: &'static str) -> Result<Self> {
        ascending(op, "degrees", [self.min, self.max], f32::MIN..=f32::MAX)?;
        Ok(self)
    }

    fn draw(self, rng: &mut Rng) -> f32 {
        rng.range(self.min, self.max)
    }
}

/// Turns pictures by a random angle, counter-clockwise, as `torchvision.transforms.RandomRotation`.
#[derive(Clone, Copy, Debug)]
pub struct RandomRotation {
    degrees: Degrees,
    options: RotateOptions,
}

builder! {
    RandomRotation, RandomRotationBuilder;
    /// Makes a transform with torchvision's defaults.
    ///
    /// # Errors
    /// When the angles are not finite or do not ascend.
    new(; degrees: Degrees as impl Into<Degrees> => Into::into) -> Result;
    /// Sets how a value between the pixels is found; default [`Interpolation::Nearest`].
    interpolation: Interpolation = Interpolation::Nearest;
    /// Enlarges the picture to hold all of what it held; default false.
    expand: bool = false;
    /// Sets the value beyond the edge; default 0.
    fill: f32 = 0.0;
}

impl RandomRotationBuilder {
    /// Makes the transform.
    ///
    /// # Errors
    /// When the angles or `fill` are not finite, or the angles do not ascend.
    pub fn build(self) -> Result<RandomRotation> {
        within("random_rotation", "fill", self.fill, f32::MIN..=f32::MAX)?;
        let options = RotateOptions::default().interpolation(self.interpolation);
        let options = options.expand(self.expand).fill(self.fill);
        Ok(RandomRotation { degrees: self.degrees.check("random_rotation")?, options })
    }
}

impl Transform for RandomRotation {
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
        Ok(image.rotate(self.degrees.draw(rng), self.options))
    }
}

/// Turns, moves, scales and shears pictures at random, as `torchvision.transforms.RandomAffine`.
#[derive(Clone, Debug)]
pub struct RandomAffine(RandomAffineBuilder);

builder! {
    RandomAffine, RandomAffineBuilder;
    /// Makes a transform that turns, and nothing else.
    ///
    /// # Errors
    /// When the angles are not finite or do not ascend.
    new(; degrees: Degrees as impl Into<Degrees> => Into::into) -> Result;
    /// Moves by up to these shares of the width and the height, from 0 to 1; default (0, 0).
    translate: [f32; 2] = [0.0; 2], (f32, f32) => Into::into;
    /// Scales by a factor between the two; default (1, 1).
    scale: [f32; 2] = [1.0; 2], (f32, f32) => Into::into;
    /// Shears along x by an angle between the first two, along y between the last two, in degrees; default 0.
    shear: [f32; 4] = [0.0; 4];
    /// Sets how a value between the pixels is found; default [`Interpolation::Nearest`].
    interpolation: Interpolation = Interpolation::Nearest;
    /// Sets the value beyond the edge; default 0.
    fill: f32 = 0.0;
}

impl RandomAffineBuilder {
    /// Makes the transform.
    ///
    /// # Errors
    /// When a number is out of its range, or a range does not ascend.
    pub fn build(self) -> Result<RandomAffine> {
        const OP: &str = "random_affine";
        self.degrees.check(OP)?;
        self.translate.iter().try_for_each(|&share| within(OP, "translate", share, 0.0..=1.0))?;
        ascending(OP, "scale", self.scale, f32::MIN_POSITIVE..=f32::MAX)?;
        let [x_min, x_max, y_min, y_max] = self.shear;
        ascending(OP, "shear", [x_min, x_max], f32::MIN..=f32::MAX)?;
        ascending(OP, "shear", [y_min, y_max], f32::MIN..=f32::MAX)?;
        within(OP, "fill", self.fill, f32::MIN..=f32::MAX)?;
        Ok(RandomAffine(self))
    }
}

impl Transform for RandomAffine {
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
        let Self(options) = self;
        let [_, height, width] = image.size();
        let angle = options.degrees.draw(rng);
        let translate = [width, height].map(|len| len as f32);
        let translate = [0, 1].map(|axis| {
            let most = options.translate[axis] * translate[axis];
            rng.range(-most, most).round()
        });
        let scale = rng.range(options.scale[0], options.scale[1]);
        let shear =
            [rng.range(options.shear[0], options.shear[1]), rng.range(options.shear[2], options.shear[3])];
        let (interpolation, fill) = (options.interpolation, options.fill);
        Ok(image.affine(&Affine {
            angle,
            translate,
            scale,
            shear,
            interpolation,
            fill: Some(fill),
            center: None,
        }))
    }
}
