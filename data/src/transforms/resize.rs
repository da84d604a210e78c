//! Resizes pictures.

use super::{Transform, shift::Axis};
use crate::{
    Error, Image, Result, Rng,
    builder::builder,
    image::{Value, on_values},
};

/// Selects how a value between the pixels is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpolation {
    /// Takes the nearest pixel.
    Nearest,
    /// Weighs the two nearest along each axis by their distance.
    #[default]
    Bilinear,
    /// Takes a cubic through the four nearest along each axis (Keys, 1981, a = -0.5 with antialiasing, -0.75
    /// without, as in PyTorch).
    Bicubic,
}

/// The size of [`Resize`]: `(height, width)`, or one number for the shorter side.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// Height and width.
    Exact(usize, usize),
    /// The shorter side; the other keeps the proportions.
    Shorter(usize),
}

impl From<usize> for Target {
    fn from(side: usize) -> Self {
        Self::Shorter(side)
    }
}

impl From<(usize, usize)> for Target {
    fn from((height, width): (usize, usize)) -> Self {
        Self::Exact(height, width)
    }
}

/// The options of [`Image::resize`]: bilinear and antialiased unless set otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResizeOptions {
    /// The interpolation of values between the pixels.
    pub interpolation: Interpolation,
    /// Makes a smaller picture of all pixels of the larger one.
    pub antialias: bool,
}

impl Default for ResizeOptions {
    fn default() -> Self {
        Self { interpolation: Interpolation::Bilinear, antialias: true }
    }
}

impl ResizeOptions {
    /// Sets how a value between the pixels is found; default [`Interpolation::Bilinear`].
    pub fn interpolation(mut self, interpolation: Interpolation) -> Self {
        self.interpolation = interpolation;
        self
    }

    /// Makes a smaller picture of all pixels of the larger one; default true.
    pub fn antialias(mut self, antialias: bool) -> Self {
        self.antialias = antialias;
        self
    }
}

/// Resizes pictures, as `torchvision.transforms.Resize`.
///
/// ```
/// use taper_data::{Image, Rng, transforms::{Interpolation, Resize, Transform}};
/// let image = Image::new([1, 1, 4], vec![0, 100, 200, 40])?;
/// let nearest = Resize::builder((1, 2)).interpolation(Interpolation::Nearest).build()?;
/// assert_eq!(nearest.apply(image.clone(), &mut Rng::new(0, 0))?.bytes(), Some(&[0, 200][..]));
/// assert_eq!(Resize::new((1, 2))?.apply(image, &mut Rng::new(0, 0))?.bytes(), Some(&[71, 117][..]));
/// # Ok::<(), taper_data::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Resize {
    target: Target,
    options: ResizeOptions,
}

builder! {
    Resize, ResizeBuilder;
    /// Makes a transform to `(height, width)`, or to a length of the shorter side.
    ///
    /// # Errors
    /// When a size is 0.
    new(; size: Target as impl Into<Target> => Into::into) -> Result;
    /// Sets how a value between the pixels is found; default [`Interpolation::Bilinear`].
    interpolation: Interpolation = Interpolation::Bilinear;
    /// Makes a smaller picture of all pixels of the larger one; default true.
    antialias: bool = true;
}

impl ResizeBuilder {
    /// Makes the transform.
    ///
    /// # Errors
    /// When a size is 0.
    pub fn build(self) -> Result<Resize> {
        let Self { size: target, interpolation, antialias } = self;
        if matches!(target, Target::Exact(0, _) | Target::Exact(_, 0) | Target::Shorter(0)) {
            return Err(Error::invalid("resize", format!("size is {target:?}, expected at least 1")));
        }
        Ok(Resize { target, options: ResizeOptions { interpolation, antialias } })
    }
}

impl Transform for Resize {
    fn apply(&self, image: Image, _rng: &mut Rng) -> Result<Image> {
        let [_, height, width] = image.size();
        let (height, width) = match self.target {
            Target::Exact(height, width) => (height, width),
            Target::Shorter(side) if height < width => (side, side.saturating_mul(width) / height.max(1)),
            Target::Shorter(side) => (side.saturating_mul(height) / width.max(1), side),
        };
        image.resize(height, width, self.options)
    }
}

/// The largest number of pixels: a narrow picture made wide could otherwise take all of the memory.
const LARGEST: usize = 1 << 28;

impl Image {
    /// Returns the picture in another size.
    ///
    /// # Errors
    /// When the size is 0 or beyond 2²⁸ pixels, or the picture is empty.
    pub fn resize(self, height: usize, width: usize, options: ResizeOptions) -> Result<Self> {
        let ResizeOptions { interpolation: how, antialias } = options;
        let [channels, h, w] = self.size();
        let pixels = height.checked_mul(width).filter(|&pixels| pixels <= LARGEST);
        if pixels.is_none_or(|pixels| pixels == 0) || h * w == 0 {
            return Err(Error::invalid(
                "resize",
                format!("size is {height}x{width} from {h}x{w}, expected from 1 to {LARGEST} pixels"),
            ));
        }
        if (height, width) == (h, w) {
            return Ok(self);
        }
        if how == Interpolation::Nearest {
            let [rows, columns] = [(h, height), (w, width)].map(|(from, to)| Axis::Places(nearest(from, to)));
            return Ok(self.moved([height, width], &rows, &columns, 0.0));
        }
        let rows = Taps::new(h, height, how, antialias);
        let columns = Taps::new(w, width, how, antialias);
        Ok(
            on_values!(self, _size => [channels, height, width], |values| convolve(&values, [h, w], &rows, &columns)),
        )
    }
}

/// Returns the place nearest to each of `to` places, computed in f32 as PyTorch does.
fn nearest(from: usize, to: usize) -> Vec<usize> {
    let scale = from as f32 / to as f32;
    (0..to).map(|i| ((i as f32 * scale) as usize).min(from - 1)).collect()
}

/// The weighted sum for each place along one axis: `weights[i]` for the places from `starts[i]` on.
struct Taps {
    starts: Vec<usize>,
    weights: Vec<Vec<f32>>,
}

impl Taps {
    fn new(from: usize, to: usize, how: Interpolation, antialias: bool) -> Self {
        let scale = from as f64 / to as f64;
        let stretch = if antialias { scale.max(1.0) } else { 1.0 };
        let (support, a) = match (how, antialias) {
            (Interpolation::Bicubic, true) => (2.0, -0.5),
            (Interpolation::Bicubic, false) => (2.0, -0.75),
            _ => (1.0, 0.0),
        };
        let kernel = |x: f64| if support == 1.0 { (1.0 - x.abs()).max(0.0) } else { cubic(x.abs(), a) };
        let (mut starts, mut weights) = (Vec::with_capacity(to), Vec::with_capacity(to));
        for i in 0..to {
            let centre = (i as f64 + 0.5) * scale;
            let range = if antialias {
                // Places within share the weight of those beyond the edge.
                let first = (centre - support * stretch + 0.5).max(0.0) as usize;
                first as isize..((centre + support * stretch + 0.5) as usize).min(from) as isize
            } else {
                let first = (centre - 0.5).floor() as isize + 1 - support as isize;
                first..first + 2 * support as isize
            };
            // Without antialiasing, the edge is repeated.
            let within = |at: isize| at.clamp(0, from as isize - 1) as usize;
            let (first, last) = (within(range.start), within(range.end - 1));
            let mut sums = vec![0.0; last - first + 1];
            range.for_each(|at| sums[within(at) - first] += kernel((at as f64 + 0.5 - centre) / stretch));
            let total: f64 = sums.iter().sum();
            starts.push(first);
            weights.push(sums.into_iter().map(|weight| (weight / total) as f32).collect());
        }
        Self { starts, weights }
    }
}

/// Computes Keys' cubic of the distance `x`.
fn cubic(x: f64, a: f64) -> f64 {
    match x {
        x if x < 1.0 => ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0,
        x if x < 2.0 => (((x - 5.0) * x + 8.0) * x - 4.0) * a,
        _ => 0.0,
    }
}

/// Sums along the rows and then along the columns, in f32.
fn convolve<T: Value>(from: &[T], [h, w]: [usize; 2], rows: &Taps, columns: &Taps) -> Vec<T> {
    let (width, mut out) = (columns.starts.len(), Vec::new());
    let mut wide = vec![0.0; h * width];
    let mut line = vec![0.0; width];
    for plane in from.chunks_exact(h * w) {
        for (row, wide) in plane.chunks_exact(w).zip(wide.chunks_exact_mut(width)) {
            for ((&start, weights), wide) in columns.starts.iter().zip(&columns.weights).zip(wide) {
                *wide = row[start..].iter().zip(weights).map(|(x, weight)| x.float() * weight).sum();
            }
        }
        for (&start, weights) in rows.starts.iter().zip(&rows.weights) {
            line.fill(0.0);
            for (wide, weight) in wide.chunks_exact(width).skip(start).zip(weights) {
                line.iter_mut().zip(wide).for_each(|(sum, x)| *sum += x * weight);
            }
            out.extend(line.iter().map(|&x| T::round(x)));
        }
    }
    out
}
