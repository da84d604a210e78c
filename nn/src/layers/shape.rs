//! Layers without parameters that only arrange elements.

use taper_autograd::Variable;
use taper_tensor::AlignCorners;

use super::IntoPair;
use super::pool::short;
use crate::module::{enter, named};
use crate::{Error, Forward, Module, Place, Result};

/// The input itself; PyTorch's `nn.Identity`.
#[derive(Module, Debug, Default)]
pub struct Identity;

impl Forward for Identity {
    fn forward(&self, x: &Variable) -> Result<Variable> {
        Ok(x.clone())
    }
}

/// Joins dimensions, by default those from 1 on: `[N, C, H, W]` to `[N, C·H·W]`; PyTorch's
/// `nn.Flatten`.
#[derive(Module, Debug)]
#[module(extra_repr = "Self::describe")]
pub struct Flatten {
    #[module(skip)]
    start: i64,
    #[module(skip)]
    end: i64,
    place: Place,
}

/// A new layer that joins the dimensions from 1 on.
#[allow(non_upper_case_globals, clippy::declare_interior_mutable_const)]
pub const Flatten: Flatten = Flatten { start: 1, end: -1, place: Place::new() };

impl Default for Flatten {
    fn default() -> Self {
        Flatten
    }
}

impl Flatten {
    /// The first dimension that is joined; by default 1.
    pub fn start_dim(mut self, dim: i64) -> Self {
        self.start = dim;
        self
    }

    /// The last dimension that is joined; by default the last one, -1.
    pub fn end_dim(mut self, dim: i64) -> Self {
        self.end = dim;
        self
    }

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

/// From `[N, C·r², H, W]` to `[N, C, H·r, W·r]`; PyTorch's `nn.PixelShuffle`.
#[derive(Module, Debug)]
#[module(extra_repr = "Self::describe")]
pub struct PixelShuffle {
    #[module(skip)]
    factor: usize,
    place: Place,
}

impl PixelShuffle {
    /// A layer that enlarges by `upscale_factor`.
    ///
    /// # Errors
    /// When the factor is 0.
    pub fn new(upscale_factor: usize) -> Result<Self> {
        if upscale_factor == 0 {
            return Err(Error::value("pixel_shuffle", "upscale_factor is 0, expected at least 1"));
        }
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

/// How [`Upsample`] fills in between pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpsampleMode {
    /// The nearest pixel.
    #[default]
    Nearest,
    /// On a line between the four neighbours; whether the corners' centres keep their places.
    Bilinear {
        /// PyTorch's default is false.
        align_corners: bool,
    },
}

/// Enlarges images `[N, C, H, W]`; PyTorch's `nn.Upsample`.
#[derive(Module, Debug)]
#[module(extra_repr = "Self::describe")]
pub struct Upsample {
    #[module(skip)]
    scale: (usize, usize),
    #[module(skip)]
    size: Option<(usize, usize)>,
    #[module(skip)]
    mode: UpsampleMode,
    place: Place,
}

impl Upsample {
    /// A layer that enlarges by a whole `scale_factor`, or by one for each direction.
    pub fn new(scale_factor: impl IntoPair) -> Self {
        Self { scale: scale_factor.pair(), size: None, mode: UpsampleMode::Nearest, place: Place::new() }
    }

    /// Outputs of this size, in the place of a scale; by default as the scale says.
    pub fn size(mut self, size: impl IntoPair) -> Self {
        self.size = Some(size.pair());
        self
    }

    /// How to fill in between pixels; by default the nearest one.
    pub fn mode(mut self, mode: UpsampleMode) -> Self {
        self.mode = mode;
        self
    }

    fn describe(&self) -> String {
        let ((y, x), mode) =
            (self.scale, if self.mode == UpsampleMode::Nearest { "nearest" } else { "bilinear" });
        match self.size {
            Some(size) => format!("size={}, mode='{mode}'", short(size)),
            None if y == x => format!("scale_factor={y}.0, mode='{mode}'"),
            None => format!("scale_factor=({y}.0, {x}.0), mode='{mode}'"),
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
        let to = self.size.unwrap_or((h.saturating_mul(self.scale.0), w.saturating_mul(self.scale.1)));
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
