//! Random transforms of colours and values.

use super::{Transform, random::drawn_sides};
use crate::{
    Error, Image, Result, Rng,
    builder::{ascending, builder, within},
    image::{Value, on_values},
};

/// Changes brightness, contrast, saturation and hue at random, in a random order, as
/// `torchvision.transforms.ColorJitter`.
///
/// ```
/// use taper_data::transforms::ColorJitter;
/// let jitter = ColorJitter::builder().brightness(0.2).contrast(0.2).saturation(0.2).hue(0.05).build()?;
/// # Ok::<(), taper_data::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ColorJitter {
    brightness: f32,
    contrast: f32,
    saturation: f32,
    hue: f32,
}

builder! {
    ColorJitter, ColorJitterBuilder;
    /// Makes a transform that changes nothing: choose what to change with the builder.
    new() -> Self;
    /// Sets the amount `a` of the factor's range, from `1 - a`, not below 0, to `1 + a`; default 0.
    brightness: f32 = 0.0;
    /// Sets the amount `a` of the factor's range, from `1 - a`, not below 0, to `1 + a`; default 0.
    contrast: f32 = 0.0;
    /// Sets the amount `a` of the factor's range, from `1 - a`, not below 0, to `1 + a`; default 0.
    saturation: f32 = 0.0;
    /// Sets the largest part of a full turn to either side, at most 0.5; default 0.
    hue: f32 = 0.0;
}

impl ColorJitterBuilder {
    /// Makes the transform.
    ///
    /// # Errors
    /// When an amount is negative or not finite, or `hue` is above 0.5.
    pub fn build(self) -> Result<ColorJitter> {
        within("color_jitter", "brightness", self.brightness, 0.0..=f32::INFINITY)?;
        within("color_jitter", "contrast", self.contrast, 0.0..=f32::INFINITY)?;
        within("color_jitter", "saturation", self.saturation, 0.0..=f32::INFINITY)?;
        within("color_jitter", "hue", self.hue, 0.0..=0.5)?;
        Ok(self.make())
    }

    fn make(self) -> ColorJitter {
        let Self { brightness, contrast, saturation, hue } = self;
        ColorJitter { brightness, contrast, saturation, hue }
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

/// Makes pictures grey, in as many channels as before, with a probability, as
/// `torchvision.transforms.RandomGrayscale`.
#[derive(Clone, Copy, Debug)]
pub struct RandomGrayscale(f32);

builder! {
    RandomGrayscale, RandomGrayscaleBuilder;
    /// Makes a transform with torchvision's probability, 0.1.
    new() -> Self;
    /// Sets the probability; default 0.1.
    p: f32 = 0.1;
}

impl RandomGrayscaleBuilder {
    /// Makes the transform.
    ///
    /// # Errors
    /// When `p` is not from 0 to 1.
    pub fn build(self) -> Result<RandomGrayscale> {
        within("random_grayscale", "p", self.p, 0.0..=1.0)?;
        Ok(self.make())
    }

    fn make(self) -> RandomGrayscale {
        RandomGrayscale(self.p)
    }
}

impl Transform for RandomGrayscale {
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
        let channels = image.channels();
        if rng.chance(self.0) { image.grayscale(channels) } else { Ok(image) }
    }
}

/// Selects the values that [`RandomErasing`] writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Erase {
    /// One value.
    Value(f32),
    /// Another value in each place, normally distributed.
    Random,
}

/// Erases a random rectangle with a probability, as `torchvision.transforms.RandomErasing`; usually after
/// `ToTensor` or `Normalize`.
#[derive(Clone, Copy, Debug)]
pub struct RandomErasing {
    p: f32,
    scale: [f32; 2],
    ratio: [f32; 2],
    value: Erase,
}

builder! {
    RandomErasing, RandomErasingBuilder;
    /// Makes a transform with torchvision's defaults.
    new() -> Self;
    /// Sets the probability; default 0.5.
    p: f32 = 0.5;
    /// Sets the smallest and the largest share of the picture's area; default (0.02, 0.33).
    scale: [f32; 2] = [0.02, 0.33], (f32, f32) => Into::into;
    /// Sets the smallest and the largest height in units of the width; default (0.3, 3.3).
    ratio: [f32; 2] = [0.3, 3.3], (f32, f32) => Into::into;
    /// Sets what is written; default zeros.
    value: Erase = Erase::Value(0.0);
}

impl RandomErasingBuilder {
    /// Makes the transform.
    ///
    /// # Errors
    /// When `p` or `scale` is not from 0 to 1, `ratio` is not above 0, or a range does not ascend.
    pub fn build(self) -> Result<RandomErasing> {
        within("random_erasing", "p", self.p, 0.0..=1.0)?;
        ascending("random_erasing", "scale", self.scale, 0.0..=1.0)?;
        ascending("random_erasing", "ratio", self.ratio, f32::MIN_POSITIVE..=f32::MAX)?;
        Ok(self.make())
    }

    fn make(self) -> RandomErasing {
        let Self { p, scale, ratio, value } = self;
        RandomErasing { p, scale, ratio, value }
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
    /// Returns the picture with the rectangle `[top, left, height, width]` replaced.
    ///
    /// # Errors
    /// When the rectangle leaves the picture.
    pub fn erase(self, [top, left, height, width]: [usize; 4], value: Erase, rng: &mut Rng) -> Result<Self> {
        let [_, h, w] = self.size();
        let fits =
            |start: usize, part: usize, len: usize| start.checked_add(part).is_some_and(|end| end <= len);
        if !fits(top, height, h) || !fits(left, width, w) {
            let message = format!(
                "{height}x{width} at ({top}, {left}) leaves the picture of {h}x{w}, expected a part of it"
            );
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
