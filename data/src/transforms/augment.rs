//! Augments pictures by random operations of random strength.

use super::{Affine, Interpolation, RotateOptions, Transform};
use crate::{
    Image, Result, Rng,
    builder::{builder, within},
};

/// Applies random operations of one strength one after the other, as `torchvision.transforms.RandAugment` (Cubuk et
/// al., "RandAugment", 2019).
///
/// ```
/// use taper_data::{Dataset, Rng, Synthetic, transforms::{RandAugment, Transform}};
/// let image = Synthetic::train(10).at(0)?.0;
/// let augmented = RandAugment::new().apply(image, &mut Rng::new(0, 0))?;
/// assert_eq!(augmented.size(), [3, 32, 32]);
/// # Ok::<(), taper_data::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RandAugment {
    ops: usize,
    magnitude: f32,
    fill: f32,
}

builder! {
    RandAugment, RandAugmentBuilder;
    /// Makes a transform with torchvision's defaults.
    new() -> Self;
    /// Sets the number of operations; default 2.
    num_ops: usize = 2;
    /// Sets their strength, from 0 to 30; default 9.
    magnitude: usize = 9;
    /// Sets the value beyond the edge; default 0.
    fill: f32 = 0.0;
}

impl RandAugmentBuilder {
    /// Makes the transform.
    ///
    /// # Errors
    /// When `magnitude` is above 30 or `fill` is not finite.
    pub fn build(self) -> Result<RandAugment> {
        within("rand_augment", "magnitude", self.magnitude as f32, 0.0..=30.0)?;
        within("rand_augment", "fill", self.fill, f32::MIN..=f32::MAX)?;
        Ok(self.make())
    }

    fn make(self) -> RandAugment {
        RandAugment { ops: self.num_ops, magnitude: self.magnitude as f32 / 30.0, fill: self.fill }
    }
}

impl Transform for RandAugment {
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
        let ranges = Ranges {
            shear: 0.3,
            translate: 150.0 / 331.0,
            relative: true,
            angle: 30.0,
            factor: 0.9,
            bits: 4.0,
        };
        (0..self.ops).try_fold(image, |image, _| {
            let op = rng.below(14);
            augment(image, op, self.magnitude, &ranges, self.fill, rng)
        })
    }
}

/// Applies one operation of random strength, as `torchvision.transforms.TrivialAugmentWide` (Müller and Hutter,
/// "TrivialAugment", 2021).
#[derive(Clone, Copy, Debug, Default)]
pub struct TrivialAugmentWide;

impl Transform for TrivialAugmentWide {
    fn apply(&self, image: Image, rng: &mut Rng) -> Result<Image> {
        let ranges =
            Ranges { shear: 0.99, translate: 32.0, relative: false, angle: 135.0, factor: 0.99, bits: 6.0 };
        let (op, magnitude) = (rng.below(14), rng.below(31) as f32 / 30.0);
        augment(image, op, magnitude, &ranges, 0.0, rng)
    }
}

/// The effects of the operations at strength 1.
struct Ranges {
    shear: f32,
    translate: f32,
    /// True if `translate` is in picture sizes, false if in pixels.
    relative: bool,
    angle: f32,
    factor: f32,
    bits: f32,
}

/// Applies operation `op` of the 14 at a strength from 0 to 1, in a random direction if it has two.
fn augment(
    image: Image,
    op: usize,
    strength: f32,
    ranges: &Ranges,
    fill: f32,
    rng: &mut Rng,
) -> Result<Image> {
    let sign = if rng.chance(0.5) { -1.0 } else { 1.0 };
    let signed = sign * strength;
    let (height, width) = (image.height() as f32, image.width() as f32);
    let affine = Affine { interpolation: Interpolation::Nearest, fill: Some(fill), ..Affine::default() };
    // About the upper left corner, as PIL does.
    let shear = (signed * ranges.shear).atan().to_degrees();
    let corner = Affine { center: Some([0.0; 2]), ..affine };
    let translate = signed * ranges.translate;
    let step = |len: f32| if ranges.relative { (translate * len).trunc() } else { translate.trunc() };
    let factor = 1.0 + signed * ranges.factor;
    Ok(match op {
        1 => image.affine(&Affine { shear: [shear, 0.0], ..corner }),
        2 => image.affine(&Affine { shear: [0.0, shear], ..corner }),
        3 => image.affine(&Affine { translate: [step(width), 0.0], ..affine }),
        4 => image.affine(&Affine { translate: [0.0, step(height)], ..affine }),
        5 => image.rotate(signed * ranges.angle, RotateOptions::default().fill(fill)),
        6 => image.adjust_brightness(factor),
        7 => image.adjust_saturation(factor)?,
        8 => image.adjust_contrast(factor)?,
        9 => image.adjust_sharpness(factor),
        10 => image.posterize(8 - (strength * ranges.bits).round() as u32)?,
        11 => image.solarize(1.0 - strength),
        12 => image.autocontrast(),
        13 => image.equalize()?,
        _ => image,
    })
}
