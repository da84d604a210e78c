//! Layers without parameters that only arrange elements.

use taper_autograd::Variable;
use taper_tensor::AlignCorners;

use super::IntoPair;
use super::pool::short;
use crate::builder::{at_least_1, builder};
use crate::module::{enter, named};
use crate::{Error, Forward, Module, Place, Result};

/// Returns its input; PyTorch's `nn.Identity`.
///
/// # Shapes
/// Input and output `[...]`.
#[derive(Module, Debug, Default)]
#[non_exhaustive]
pub struct Identity;

impl Identity {
    /// Makes the layer.
    pub fn new() -> Self {
        Self
    }
}

impl Forward for Identity {
    fn forward(&self, x: &Variable) -> Result<Variable> {
        Ok(x.clone())
    }
}

/// Joins dimensions, by default all but the batch's; PyTorch's `nn.Flatten`.
///
/// # Shapes
/// Input `[N, C, H, W]`, output `[N, C · H · W]`.
#[derive(Module, Debug)]
#[module(extra_repr = "Self::describe")]
pub struct Flatten {
    #[module(skip)]
    start: i64,
    #[module(skip)]
    end: i64,
    place: Place,
}

builder! {
    Flatten, FlattenBuilder;
    /// Makes a layer that joins the dimensions from 1 on.
    new() -> Self;
    /// Sets the first dimension that is joined; default 1.
    start_dim: i64 = 1;
    /// Sets the last dimension that is joined; default -1, the last one.
    end_dim: i64 = -1;
}

impl FlattenBuilder {
    /// Makes the layer.
    ///
    /// # Errors
    /// When the last dimension lies before the first.
    pub fn build(self) -> Result<Flatten> {
        let Self { start_dim, end_dim } = self;
        // Two dimensions counted from different ends are compared when an input comes.
        if (start_dim < 0) == (end_dim < 0) && start_dim > end_dim {
            let message = format!("end_dim is {end_dim}, expected at least start_dim {start_dim}");
            return Err(Error::value("flatten", message));
        }
        Ok(self.make())
    }

    fn make(self) -> Flatten {
        Flatten { start: self.start_dim, end: self.end_dim, place: Place::new() }
    }
}

impl Flatten {
    #[track_caller]
    fn flatten(&self, x: &Variable) -> Result<Variable> {
        let (size, rank) = (x.size(), x.dim() as i64);
        let index = |dim: i64| if dim < 0 { dim + rank } else { dim };
        let (start, end) = (index(self.start), index(self.end));
        if start < 0 || end >= rank || start > end {
            let message = format!(
                "input has shape {size:?}, expected dimensions {} to {}, the first not after the last",
                self.start, self.end
            );
            return Err(Error::value("flatten", message));
        }
        let (start, end) = (start as usize, end as usize);
        if end + 1 == size.len() {
            return Ok(x.flatten(start as i64)?);
        }
        let joined = size[start..=end].iter().product::<usize>();
        Ok(x.reshape([&size[..start], &[joined], &size[end + 1..]].concat())?)
    }

    fn describe(&self) -> String {
        format!("start_dim={}, end_dim={}", self.start, self.end)
    }
}

impl Forward for Flatten {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let _scope = enter(&self.place);
        named(&self.place, self.flatten(x))
    }
}

/// Enlarges images by taking the pixels from groups of `r²` channels, where `r` is the factor; PyTorch's
/// `nn.PixelShuffle`.
///
/// # Shapes
/// Input `[N, C · r², H, W]`, output `[N, C, H · r, W · r]`.
#[derive(Module, Debug)]
#[module(extra_repr = "Self::describe")]
pub struct PixelShuffle {
    #[module(skip)]
    factor: usize,
    place: Place,
}

impl PixelShuffle {
    /// Makes a layer that enlarges by `upscale_factor`.
    ///
    /// # Errors
    /// When the factor is 0.
    pub fn new(upscale_factor: usize) -> Result<Self> {
        at_least_1("pixel_shuffle", "upscale_factor", &[upscale_factor])?;
        Ok(Self { factor: upscale_factor, place: Place::new() })
    }

    fn describe(&self) -> String {
        format!("upscale_factor={}", self.factor)
    }
}

impl PixelShuffle {
    #[track_caller]
    fn shuffle(&self, x: &Variable) -> Result<Variable> {
        let (size, r) = (x.size(), self.factor);
        match size[..] {
            [n, c, h, w] if c % (r * r) == 0 => {
                let split = x.reshape([n, c / (r * r), r, r, h, w])?.permute([0, 1, 4, 2, 5, 3])?;
                Ok(split.reshape([n, c / (r * r), h * r, w * r])?)
            }
            _ => Err(Error::value(
                "pixel_shuffle",
                format!(
                    "input has shape {size:?}, expected [batch, channels, height, width] with channels a multiple of {}",
                    r * r
                ),
            )),
        }
    }
}

impl Forward for PixelShuffle {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let _scope = enter(&self.place);
        named(&self.place, self.shuffle(x))
    }
}

/// Selects how [`Upsample`] fills in between pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpsampleMode {
    /// Takes the nearest pixel.
    #[default]
    Nearest,
    /// Interpolates linearly between the four neighbours.
    Bilinear {
        /// Keeps the centres of the corner pixels where they are; PyTorch's default is false.
        align_corners: bool,
    },
}

/// Enlarges images; PyTorch's `nn.Upsample`.
///
/// # Shapes
/// Input `[N, C, H, W]`, output `[N, C, H · scale_factor, W · scale_factor]` or `[N, C, size]`.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::{Forward, Upsample, UpsampleMode};
/// use taper_tensor::Tensor;
///
/// let mode = UpsampleMode::Bilinear { align_corners: true };
/// let layer = Upsample::builder().size((7, 9)).mode(mode).build()?;
/// assert_eq!(layer.forward(&Variable::new(Tensor::ones((1, 2, 4, 4))?))?.size(), [1, 2, 7, 9]);
/// # Ok::<(), taper_nn::Error>(())
/// ```
#[derive(Module, Debug)]
#[module(extra_repr = "Self::describe")]
pub struct Upsample {
    #[module(skip)]
    to: UpsampleTo,
    #[module(skip)]
    mode: UpsampleMode,
    place: Place,
}

/// The size of the output.
#[derive(Clone, Copy, Debug)]
enum UpsampleTo {
    Scale((usize, usize)),
    Size((usize, usize)),
}

/// Builds an [`Upsample`] with options: [`Upsample::builder`] makes it.
#[derive(Clone, Debug)]
#[must_use = "a builder makes nothing before `build`"]
pub struct UpsampleBuilder {
    scale_factor: Option<(usize, usize)>,
    size: Option<(usize, usize)>,
    mode: UpsampleMode,
}

impl UpsampleBuilder {
    taper_tensor::builder_option! {
        /// Sets a whole factor to enlarge by, or one for each direction; this or `size` must be given.
        scale_factor: Option<(usize, usize)>, impl IntoPair => |factor| Some(IntoPair::pair(factor))
    }
    taper_tensor::builder_option! {
        /// Sets the size of the outputs, (height, width); this or `scale_factor` must be given.
        size: Option<(usize, usize)>, impl IntoPair => |size| Some(IntoPair::pair(size))
    }
    taper_tensor::builder_option! {
        /// Sets how to fill in between pixels; default the nearest one.
        mode: UpsampleMode
    }

    /// Makes the layer.
    ///
    /// # Errors
    /// When not exactly one of `scale_factor` and `size` is given, or a number in it is 0.
    pub fn build(self) -> Result<Upsample> {
        let to = match (self.scale_factor, self.size) {
            (Some(scale), None) => UpsampleTo::Scale(scale),
            (None, Some(size)) => UpsampleTo::Size(size),
            (scale, size) => {
                let message =
                    format!("scale_factor is {scale:?} and size {size:?}, expected exactly one of the two");
                return Err(Error::value("upsample", message));
            }
        };
        match to {
            UpsampleTo::Scale((y, x)) => at_least_1("upsample", "scale_factor", &[y, x])?,
            UpsampleTo::Size((h, w)) => at_least_1("upsample", "size", &[h, w])?,
        }
        Ok(Upsample { to, mode: self.mode, place: Place::new() })
    }
}

impl Upsample {
    /// Makes a layer that enlarges by a whole factor, or by one for each direction, with the nearest pixels.
    ///
    /// # Errors
    /// When a factor is 0.
    pub fn new(scale_factor: impl IntoPair) -> Result<Self> {
        Self::builder().scale_factor(scale_factor).build()
    }

    /// Returns a builder, which takes the options and then makes this with `build`.
    pub fn builder() -> UpsampleBuilder {
        UpsampleBuilder { scale_factor: None, size: None, mode: UpsampleMode::Nearest }
    }

    fn describe(&self) -> String {
        let mode = if self.mode == UpsampleMode::Nearest { "nearest" } else { "bilinear" };
        match self.to {
            UpsampleTo::Size(size) => format!("size={}, mode='{mode}'", short(size)),
            UpsampleTo::Scale((y, x)) if y == x => format!("scale_factor={y}.0, mode='{mode}'"),
            UpsampleTo::Scale((y, x)) => format!("scale_factor=({y}.0, {x}.0), mode='{mode}'"),
        }
    }

    #[track_caller]
    fn enlarge(&self, x: &Variable) -> Result<Variable> {
        let size = x.size();
        let &[_, _, h, w] = &size[..] else {
            let hint = if size.len() == 3 {
                "; give a single sample a batch dimension with .unsqueeze(0)"
            } else {
                ""
            };
            let message =
                format!("input has shape {size:?}, expected [batch, channels, height, width]{hint}");
            return Err(Error::value("upsample", message));
        };
        let to = match self.to {
            UpsampleTo::Size(size) => size,
            UpsampleTo::Scale((y, x)) => (h.saturating_mul(y), w.saturating_mul(x)),
        };
        Ok(match self.mode {
            UpsampleMode::Nearest => x.upsample_nearest2d(to)?,
            UpsampleMode::Bilinear { align_corners } => {
                x.upsample_bilinear2d(to, AlignCorners(align_corners))?
            }
        })
    }
}

impl Forward for Upsample {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let _scope = enter(&self.place);
        named(&self.place, self.enlarge(x))
    }
}
