//! Layers without parameters that only arrange elements.

use taper_autograd::Variable;

use super::IntoPair;
use crate::{Error, Forward, Module, Result};

/// The input itself; PyTorch's `nn.Identity`.
#[derive(Module, Debug, Default)]
pub struct Identity;

impl Forward for Identity {
    fn forward(&self, x: &Variable) -> Result<Variable> {
        Ok(x.clone())
    }
}

/// Joins the dimensions from 1 on: `[N, C, H, W]` to `[N, C·H·W]`; PyTorch's `nn.Flatten`.
#[derive(Module, Debug, Default)]
#[module(extra_repr = "Self::describe")]
pub struct Flatten;

impl Flatten {
    fn describe(&self) -> String {
        "start_dim=1, end_dim=-1".into()
    }
}

impl Forward for Flatten {
    fn forward(&self, x: &Variable) -> Result<Variable> {
        Ok(x.flatten(1)?)
    }
}

/// From `[N, C·r², H, W]` to `[N, C, H·r, W·r]`; PyTorch's `nn.PixelShuffle`.
#[derive(Module, Debug)]
#[module(extra_repr = "Self::describe")]
pub struct PixelShuffle {
    #[module(skip)]
    factor: usize,
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
        Ok(Self { factor: upscale_factor })
    }

    fn describe(&self) -> String {
        format!("upscale_factor={}", self.factor)
    }
}

impl Forward for PixelShuffle {
    fn forward(&self, x: &Variable) -> Result<Variable> {
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
    mode: UpsampleMode,
}

impl Upsample {
    /// A layer that enlarges by a whole `scale_factor`, or by one for each direction.
    pub fn new(scale_factor: impl IntoPair) -> Self {
        Self { scale: scale_factor.pair(), mode: UpsampleMode::Nearest }
    }

    /// How to fill in between pixels; by default the nearest one.
    pub fn mode(mut self, mode: UpsampleMode) -> Self {
        self.mode = mode;
        self
    }

    fn describe(&self) -> String {
        let (y, x) = self.scale;
        let scale = if y == x { format!("{y}.0") } else { format!("({y}.0, {x}.0)") };
        let mode = if self.mode == UpsampleMode::Nearest { "nearest" } else { "bilinear" };
        format!("scale_factor={scale}, mode='{mode}'")
    }
}

impl Forward for Upsample {
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let size = x.size();
        let &[_, _, h, w] = &size[..] else {
            let message = format!("input has shape {size:?}, expected [batch, channels, height, width]");
            return Err(Error::value("upsample", message));
        };
        let to = (h.saturating_mul(self.scale.0), w.saturating_mul(self.scale.1));
        Ok(match self.mode {
            UpsampleMode::Nearest => x.upsample_nearest2d(to)?,
            UpsampleMode::Bilinear { align_corners } => x.upsample_bilinear2d(to, align_corners)?,
        })
    }
}
