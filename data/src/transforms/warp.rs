//! Rotates and maps pictures, in torchvision's coordinates.

use super::Interpolation;
use crate::{
    Image,
    image::{Value, on_values},
};

/// An affine map of the picture about its centre, by the names and conventions of
/// `torchvision.transforms.functional.affine`.
#[derive(Clone, Copy, Debug)]
pub struct Affine {
    /// The angle, clockwise, in degrees.
    pub angle: f32,
    /// The shift to the right and down, in pixels.
    pub translate: [f32; 2],
    /// The factor of the size.
    pub scale: f32,
    /// The shear along x and along y, in degrees.
    pub shear: [f32; 2],
    /// The fixed point, as x and y in pixels from the upper left corner; `None` is the middle.
    pub center: Option<[f32; 2]>,
    /// The interpolation of values between the pixels; `Bicubic` counts as `Bilinear`.
    pub interpolation: Interpolation,
    /// The value beyond the edge. `None` is black; with `Some`, pixels on the edge are blended once more, as
    /// torchvision does for a fill value.
    pub fill: Option<f32>,
}

/// Returns the map that changes nothing.
impl Default for Affine {
    fn default() -> Self {
        Self {
            angle: 0.0,
            translate: [0.0; 2],
            scale: 1.0,
            shear: [0.0; 2],
            center: None,
            interpolation: Interpolation::Nearest,
            fill: None,
        }
    }
}

/// The options of [`Image::rotate`]: nearest pixels, the same size, black around unless set otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RotateOptions {
    /// The interpolation of values between the pixels; `Bicubic` counts as `Bilinear`.
    pub interpolation: Interpolation,
    /// Enlarges the picture to hold all of what it held.
    pub expand: bool,
    /// The value beyond the edge.
    pub fill: f32,
}

impl Default for RotateOptions {
    fn default() -> Self {
        Self { interpolation: Interpolation::Nearest, expand: false, fill: 0.0 }
    }
}

impl RotateOptions {
    /// Sets how a value between the pixels is found; default [`Interpolation::Nearest`].
    pub fn interpolation(mut self, interpolation: Interpolation) -> Self {
        self.interpolation = interpolation;
        self
    }

    /// Enlarges the picture to hold all of what it held; default false.
    pub fn expand(mut self, expand: bool) -> Self {
        self.expand = expand;
        self
    }

    /// Sets the value beyond the edge; default 0.
    pub fn fill(mut self, fill: f32) -> Self {
        self.fill = fill;
        self
    }
}

impl Affine {
    /// From places in the result to places in the source, both from the middle of a picture of
    /// `[height, width]`: `[a, b, c, d, e, f]` of `x' = a x + b y + c`, `y' = d x + e y + f`.
    fn inverse(&self, [height, width]: [usize; 2]) -> [f32; 6] {
        let [angle, shear_x, shear_y] =
            [self.angle, self.shear[0], self.shear[1]].map(|degrees| f64::from(degrees).to_radians());
        let ([tx, ty], scale) = (self.translate.map(f64::from), f64::from(self.scale));
        let (sin, cos) = (angle - shear_y).sin_cos();
        let a = cos / shear_y.cos();
        let b = -cos * shear_x.tan() / shear_y.cos() - angle.sin();
        let c = sin / shear_y.cos();
        let d = -sin * shear_x.tan() / shear_y.cos() + angle.cos();
        let [a, b, c, d] = [d, -b, -c, a].map(|x| x / scale);
        let from_middle =
            |[x, y]: [f32; 2]| [f64::from(x) - width as f64 / 2.0, f64::from(y) - height as f64 / 2.0];
        let [cx, cy] = self.center.map_or([0.0; 2], from_middle);
        [a, b, cx - a * (cx + tx) - b * (cy + ty), c, d, cy - c * (cx + tx) - d * (cy + ty)].map(|x| x as f32)
    }
}

impl Image {
    /// Returns the picture mapped, in its own size.
    pub fn affine(self, map: &Affine) -> Self {
        let [_, height, width] = self.size();
        self.warp(map, [height, width])
    }

    /// Returns the picture turned counter-clockwise by `degrees` about its centre.
    pub fn rotate(self, degrees: f32, options: RotateOptions) -> Self {
        let RotateOptions { interpolation, expand, fill } = options;
        let map = Affine { angle: -degrees, interpolation, fill: Some(fill), ..Affine::default() };
        let [_, height, width] = self.size();
        if !expand {
            return self.warp(&map, [height, width]);
        }
        let [a, b, _, c, d, _] = map.inverse([height, width]);
        let (half_h, half_w) = (height as f32 / 2.0, width as f32 / 2.0);
        // The corners' extent; a ten-thousandth of a pixel does not add a row.
        let extent = |x: f32, y: f32, half: f32| {
            let reach = (x * half_w).abs() + (y * half_h).abs();
            let [low, high] = [half - reach, half + reach].map(|place| (place / 1e-4).trunc() * 1e-4);
            (high.ceil() - low.floor()) as usize
        };
        let size = [extent(c, d, half_h), extent(a, b, half_w)];
        self.warp(&map, size)
    }

    fn warp(self, map: &Affine, [height, width]: [usize; 2]) -> Self {
        let [channels, h, w] = self.size();
        on_values!(self, _size => [channels, height, width], |values| warp(&values, [h, w], [height, width], map))
    }
}

/// Computes in f32 and in the order of torchvision's operations, so that a place halfway between two pixels goes
/// to the same one. A quarter turn has many such places.
fn warp<T: Value>(from: &[T], [h, w]: [usize; 2], [height, width]: [usize; 2], map: &Affine) -> Vec<T> {
    let [a, b, c, d, e, f] = map.inverse([h, w]);
    let (half_h, half_w) = (0.5 * h as f32, 0.5 * w as f32);
    let [a, b, c] = [a, b, c].map(|x| x / half_w);
    let [d, e, f] = [d, e, f].map(|x| x / half_h);
    let mut out = Vec::with_capacity(from.len() / (h * w).max(1) * height * width);
    for plane in from.chunks_exact((h * w).max(1)) {
        let at = |x: f32, y: f32| {
            let within = x >= 0.0 && y >= 0.0 && x < w as f32 && y < h as f32;
            within.then(|| plane[y as usize * w + x as usize].float())
        };
        for row in 0..height {
            let y = row as f32 + 0.5 - 0.5 * height as f32;
            for column in 0..width {
                let x = column as f32 + 0.5 - 0.5 * width as f32;
                let u = ((a * x + b * y + c + 1.0) * w as f32 - 1.0) / 2.0;
                let v = ((d * x + e * y + f + 1.0) * h as f32 - 1.0) / 2.0;
                let value = if map.interpolation == Interpolation::Nearest {
                    at(u.round_ties_even(), v.round_ties_even()).unwrap_or(map.fill.unwrap_or(0.0))
                } else {
                    let (left, top) = (u.floor(), v.floor());
                    let (right, bottom) = (u - left, v - top);
                    let corners = [
                        (left, top, (1.0 - right) * (1.0 - bottom)),
                        (left + 1.0, top, right * (1.0 - bottom)),
                        (left, top + 1.0, (1.0 - right) * bottom),
                        (left + 1.0, top + 1.0, right * bottom),
                    ];
                    let (mut sum, mut covered) = (0.0, 0.0);
                    for (x, y, weight) in corners {
                        if let Some(value) = at(x, y) {
                            (sum, covered) = (sum + value * weight, covered + weight);
                        }
                    }
                    map.fill.map_or(sum, |fill| sum * covered + (1.0 - covered) * fill)
                };
                out.push(T::round(value));
            }
        }
    }
    out
}
