//! Transforms that do something else to every picture: where it lies.

use super::{Affine, Interpolation, PadMode, Size, Transform, shift};
use crate::{Error, Image, Result, Rng};

/// Left and right exchanged with a probability, as `torchvision.transforms.RandomHorizontalFlip`.
#[derive(Clone, Copy, Debug)]
pub struct RandomHorizontalFlip(pub f32);

/// Each picture with probability one half.
impl Default for RandomHorizontalFlip {
    fn default() -> Self {
        Self(0.5)
    }
}

impl Transform for RandomHorizontalFlip {
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
        Ok(if rng.chance(self.0) { image.hflip() } else { image })
    }
}

/// Top and bottom exchanged with a probability, as `torchvision.transforms.RandomVerticalFlip`.
#[derive(Clone, Copy, Debug)]
pub struct RandomVerticalFlip(pub f32);

/// Each picture with probability one half.
impl Default for RandomVerticalFlip {
    fn default() -> Self {
        Self(0.5)
    }
}

impl Transform for RandomVerticalFlip {
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
        Ok(if rng.chance(self.0) { image.vflip() } else { image })
    }
}

/// A part at a random place, as `torchvision.transforms.RandomCrop`.
///
/// ```
/// use taper_data::{Image, Rng, transforms::{RandomCrop, Transform}};
/// let augment = RandomCrop::new(32).padding(4); // the usual for CIFAR-10
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

impl RandomCrop {
    /// The size of the part: a side, or `(height, width)`.
    pub fn new(size: impl Into<Size>) -> Self {
        Self { size: size.into(), padding: 0, if_needed: false, fill: 0.0, mode: PadMode::Constant }
    }

    /// Pixels added on each side before.
    pub fn padding(mut self, padding: usize) -> Self {
        self.padding = padding;
        self
    }

    /// Whether a picture that is too small is padded until it is not.
    pub fn pad_if_needed(mut self, if_needed: bool) -> Self {
        self.if_needed = if_needed;
        self
    }

    /// The value of the pixels that are added.
    pub fn fill(mut self, fill: f32) -> Self {
        self.fill = fill;
        self
    }

    /// What is added.
    pub fn padding_mode(mut self, mode: PadMode) -> Self {
        self.mode = mode;
        self
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
        // Padding and cropping in one go.
        let rows = shift::Axis::Shift { by: top as isize - above as isize };
        let columns = shift::Axis::Shift { by: left as isize - beside as isize };
        Ok(image.moved([height, width], &rows, &columns, self.fill))
    }
}

/// A part of random size, proportions and place, resized, as `torchvision.transforms.RandomResizedCrop`.
#[derive(Clone, Copy, Debug)]
pub struct RandomResizedCrop {
    size: Size,
    scale: [f32; 2],
    ratio: [f32; 2],
    interpolation: Interpolation,
}

impl RandomResizedCrop {
    /// The size of the result: a side, or `(height, width)`. The part has 8 to 100 % of the picture's
    /// area, and a width of 3/4 to 4/3 of its height.
    pub fn new(size: impl Into<Size>) -> Self {
        let (scale, ratio) = ([0.08, 1.0], [3.0 / 4.0, 4.0 / 3.0]);
        Self { size: size.into(), scale, ratio, interpolation: Interpolation::Bilinear }
    }

    /// The smallest and the largest share of the picture's area.
    pub fn scale(mut self, min: f32, max: f32) -> Self {
        self.scale = [min, max];
        self
    }

    /// The smallest and the largest width in units of the height.
    pub fn ratio(mut self, min: f32, max: f32) -> Self {
        self.ratio = [min, max];
        self
    }

    /// How values between pixels are found.
    pub fn interpolation(mut self, interpolation: Interpolation) -> Self {
        self.interpolation = interpolation;
        self
    }

    /// The part: top, left, height, width.
    fn part(&self, [_, h, w]: [usize; 3], rng: &mut Rng) -> [usize; 4] {
        for _ in 0..10 {
            let [width, height] = drawn_sides([h, w], self.scale, self.ratio, rng);
            if (1..=w).contains(&width) && (1..=h).contains(&height) {
                return [rng.below(h - height + 1), rng.below(w - width + 1), height, width];
            }
        }
        // No luck: the middle, in proportions as near as they go.
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
        part.resize(self.size.height, self.size.width, self.interpolation, true)
    }
}

/// Draws the sides of a part of the picture: its share of the area lies within `scale`, and the first side over
/// the second within `ratio`.
pub(super) fn drawn_sides([h, w]: [usize; 2], scale: [f32; 2], ratio: [f32; 2], rng: &mut Rng) -> [usize; 2] {
    let area = (h * w) as f32 * rng.range(scale[0], scale[1]);
    let ratio = rng.range(ratio[0].ln(), ratio[1].ln()).exp();
    [area * ratio, area / ratio].map(|square| square.sqrt().round() as usize)
}

/// Turned by a random angle, as `torchvision.transforms.RandomRotation`.
#[derive(Clone, Copy, Debug)]
pub struct RandomRotation {
    degrees: [f32; 2],
    interpolation: Interpolation,
    expand: bool,
    fill: f32,
}

impl RandomRotation {
    /// By up to so many degrees to either side.
    pub fn new(degrees: f32) -> Self {
        Self { degrees: [-degrees, degrees], interpolation: Interpolation::Nearest, expand: false, fill: 0.0 }
    }

    /// By an angle between the two, counter-clockwise.
    pub fn between(mut self, min: f32, max: f32) -> Self {
        self.degrees = [min, max];
        self
    }

    /// How values between pixels are found; nearest unless told otherwise.
    pub fn interpolation(mut self, interpolation: Interpolation) -> Self {
        self.interpolation = interpolation;
        self
    }

    /// Whether the picture grows to hold all of what it held.
    pub fn expand(mut self, expand: bool) -> Self {
        self.expand = expand;
        self
    }

    /// What is beyond the edge.
    pub fn fill(mut self, fill: f32) -> Self {
        self.fill = fill;
        self
    }
}

impl Transform for RandomRotation {
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
        let angle = rng.range(self.degrees[0], self.degrees[1]);
        Ok(image.rotate(angle, self.interpolation, self.expand, self.fill))
    }
}

/// Turned, moved, scaled and sheared at random, as `torchvision.transforms.RandomAffine`.
#[derive(Clone, Copy, Debug)]
pub struct RandomAffine {
    degrees: f32,
    translate: [f32; 2],
    scale: [f32; 2],
    shear: [f32; 4],
    interpolation: Interpolation,
    fill: f32,
}

impl RandomAffine {
    /// Turned by up to so many degrees to either side; nothing else unless told so.
    pub fn new(degrees: f32) -> Self {
        let interpolation = Interpolation::Nearest;
        Self { degrees, translate: [0.0; 2], scale: [1.0; 2], shear: [0.0; 4], interpolation, fill: 0.0 }
    }

    /// Moved by up to these shares of the width and the height.
    pub fn translate(mut self, horizontal: f32, vertical: f32) -> Self {
        self.translate = [horizontal, vertical];
        self
    }

    /// Scaled by a factor between the two.
    pub fn scale(mut self, min: f32, max: f32) -> Self {
        self.scale = [min, max];
        self
    }

    /// Sheared along x by an angle between the first two, along y between the last two, in degrees.
    pub fn shear(mut self, degrees: [f32; 4]) -> Self {
        self.shear = degrees;
        self
    }

    /// How values between pixels are found; nearest unless told otherwise.
    pub fn interpolation(mut self, interpolation: Interpolation) -> Self {
        self.interpolation = interpolation;
        self
    }

    /// What is beyond the edge.
    pub fn fill(mut self, fill: f32) -> Self {
        self.fill = fill;
        self
    }
}

impl Transform for RandomAffine {
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
        let [_, height, width] = image.size();
        let angle = rng.range(-self.degrees, self.degrees);
        let translate = [width, height].map(|len| len as f32);
        let translate = [0, 1].map(|axis| {
            let most = self.translate[axis] * translate[axis];
            rng.range(-most, most).round()
        });
        let scale = rng.range(self.scale[0], self.scale[1]);
        let shear = [rng.range(self.shear[0], self.shear[1]), rng.range(self.shear[2], self.shear[3])];
        let (interpolation, fill) = (self.interpolation, self.fill);
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
