//! Transforms that do something else to every picture: how it looks.

use super::{Transform, random::drawn_sides};
use crate::{
    Error, Image, Result, Rng,
    image::{Value, on_values},
};

/// Brightness, contrast, saturation and hue changed at random, in a random order, as
/// `torchvision.transforms.ColorJitter`.
///
/// ```
/// use taper_data::transforms::ColorJitter;
/// let jitter = ColorJitter::new().brightness(0.2).contrast(0.2).saturation(0.2).hue(0.05);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ColorJitter {
    brightness: f32,
    contrast: f32,
    saturation: f32,
    hue: f32,
}

impl ColorJitter {
    /// Nothing is changed unless told so.
    pub fn new() -> Self {
        Self::default()
    }

    /// By a factor from `1 - amount` (not below 0) to `1 + amount`.
    pub fn brightness(mut self, amount: f32) -> Self {
        self.brightness = amount;
        self
    }

    /// By a factor from `1 - amount` (not below 0) to `1 + amount`.
    pub fn contrast(mut self, amount: f32) -> Self {
        self.contrast = amount;
        self
    }

    /// By a factor from `1 - amount` (not below 0) to `1 + amount`.
    pub fn saturation(mut self, amount: f32) -> Self {
        self.saturation = amount;
        self
    }

    /// By up to so much of a full turn to either side, at most 0.5.
    pub fn hue(mut self, amount: f32) -> Self {
        self.hue = amount;
        self
    }
}

impl Transform for ColorJitter {
    fn apply(&self, mut image: Image, rng: &mut Rng) -> Result<Image> {
        let mut order = [0, 1, 2, 3];
        rng.shuffle(&mut order);
        let mut factor = |amount: f32| rng.range((1.0 - amount).max(0.0), 1.0 + amount);
        let (brightness, contrast, saturation) =
            (factor(self.brightness), factor(self.contrast), factor(self.saturation));
        let hue = rng.range(-self.hue, self.hue);
        for what in order {
            image = match what {
                0 if self.brightness > 0.0 => image.adjust_brightness(brightness),
                1 if self.contrast > 0.0 => image.adjust_contrast(contrast)?,
                2 if self.saturation > 0.0 => image.adjust_saturation(saturation)?,
                3 if self.hue > 0.0 => image.adjust_hue(hue)?,
                _ => image,
            };
        }
        Ok(image)
    }
}

/// Grey (in as many channels as before) with a probability, as `torchvision.transforms.RandomGrayscale`.
#[derive(Clone, Copy, Debug)]
pub struct RandomGrayscale(pub f32);

impl Transform for RandomGrayscale {
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
        let channels = image.channels();
        if rng.chance(self.0) { image.grayscale(channels) } else { Ok(image) }
    }
}

/// What [`RandomErasing`] puts in the place of what it erases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Erase {
    /// One value.
    Value(f32),
    /// Another value in each place, normally distributed.
    Random,
}

/// A random rectangle erased with a probability, as `torchvision.transforms.RandomErasing`; usually after
/// `ToTensor` or `Normalize`.
#[derive(Clone, Copy, Debug)]
pub struct RandomErasing {
    p: f32,
    scale: [f32; 2],
    ratio: [f32; 2],
    value: Erase,
}

/// With probability one half, 2 to 33 % of the area, of a height of 0.3 to 3.3 times the width, become 0.
impl Default for RandomErasing {
    fn default() -> Self {
        Self { p: 0.5, scale: [0.02, 0.33], ratio: [0.3, 3.3], value: Erase::Value(0.0) }
    }
}

impl RandomErasing {
    /// With probability `p`; otherwise as the default.
    pub fn new(p: f32) -> Self {
        Self { p, ..Self::default() }
    }

    /// The smallest and the largest share of the picture's area.
    pub fn scale(mut self, min: f32, max: f32) -> Self {
        self.scale = [min, max];
        self
    }

    /// The smallest and the largest height in units of the width.
    pub fn ratio(mut self, min: f32, max: f32) -> Self {
        self.ratio = [min, max];
        self
    }

    /// What comes in the place.
    pub fn value(mut self, value: Erase) -> Self {
        self.value = value;
        self
    }
}

impl Transform for RandomErasing {
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
        if !rng.chance(self.p) {
            return Ok(image);
        }
        let [_, h, w] = image.size();
        for _ in 0..10 {
            let [height, width] = drawn_sides([h, w], self.scale, self.ratio, rng);
            if height < h && width < w {
                let (top, left) = (rng.below(h - height + 1), rng.below(w - width + 1));
                return image.erase([top, left, height, width], self.value, rng);
            }
        }
        Ok(image)
    }
}

impl Image {
    /// The picture with the rectangle `[top, left, height, width]` replaced.
    ///
    /// # Errors
    /// When the rectangle leaves the picture.
    pub fn erase(self, [top, left, height, width]: [usize; 4], value: Erase, rng: &mut Rng) -> Result<Self> {
        let [_, h, w] = self.size();
        let fits =
            |start: usize, part: usize, len: usize| start.checked_add(part).is_some_and(|end| end <= len);
        if !fits(top, height, h) || !fits(left, width, w) {
            let message = format!("{height}x{width} at ({top}, {left}) leaves the picture of {h}x{w}");
            return Err(Error::invalid("erase", message));
        }
        let mut draw = || match value {
            Erase::Value(value) => value,
            Erase::Random => rng.normal(),
        };
        Ok(on_values!(self, size => size, |values| {
            let mut values = values;
            fill(&mut values, size, [top, left, height, width], &mut draw);
            values
        }))
    }
}

fn fill<T: Value>(
    values: &mut [T],
    [_, h, w]: [usize; 3],
    [top, left, height, width]: [usize; 4],
    draw: &mut impl FnMut() -> f32,
) {
    for plane in values.chunks_exact_mut((h * w).max(1)) {
        for row in plane.chunks_exact_mut(w).skip(top).take(height) {
            row[left..left + width].iter_mut().for_each(|x| *x = T::round(draw()));
        }
    }
}
