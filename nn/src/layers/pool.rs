//! Pooling layers.

use taper_autograd::Variable;
use taper_tensor::{PoolOptions, Tensor};

use super::IntoPair;
use super::norm::python;
use crate::module::{enter, named};
use crate::{Error, Forward, Module, Place, Result};

/// A number, where both are the same, or both.
pub(super) fn short((a, b): (usize, usize)) -> String {
    if a == b { a.to_string() } else { format!("({a}, {b})") }
}

/// Sequences `[N, C, L]` as images one pixel high.
#[track_caller]
pub(super) fn as_images(op: &'static str, x: &Variable) -> Result<Variable> {
    if x.dim() != 3 {
        let hint =
            if x.dim() == 2 { "; give a single sample a batch dimension with .unsqueeze(0)" } else { "" };
        let message = format!("input has shape {:?}, expected [batch, channels, length]{hint}", x.size());
        return Err(Error::value(op, message));
    }
    Ok(x.unsqueeze(2)?)
}

/// A layer with windows over images, or over sequences.
macro_rules! pool {
    ($(#[$doc:meta])* $name:ident($size:ty) $pair:expr, |$run:ident, $x:ident| $forward:expr, |$o:ident| $describe:expr) => {
        $(#[$doc])*
        #[derive(Module, Debug)]
        #[module(extra_repr = "Self::describe")]
        pub struct $name {
            #[module(skip)]
            options: PoolOptions,
            place: Place,
        }

        impl $name {
            /// Windows of this size, side by side.
            pub fn new(kernel_size: $size) -> Self {
                Self { options: PoolOptions::new($pair(kernel_size, 1)), place: Place::new() }
            }

            /// The distance between neighbouring windows; by default their size.
            pub fn stride(mut self, stride: $size) -> Self {
                self.options.stride = $pair(stride, 1);
                self
            }

            /// The border added on each side, at most half of the window; by default none.
            pub fn padding(mut self, padding: $size) -> Self {
                self.options.padding = $pair(padding, 0);
                self
            }

            /// Whether a last window may reach beyond the border; by default not.
            pub fn ceil_mode(mut self, ceil_mode: bool) -> Self {
                self.options.ceil_mode = ceil_mode;
                self
            }

            #[track_caller]
            fn pool(&self, x: &Variable) -> Result<Variable> {
                let ($run, $x) = (self, x);
                $forward
            }

            fn describe(&self) -> String {
                let $o = self.options;
                $describe
            }
        }

        impl Forward for $name {
            #[track_caller]
            fn forward(&self, x: &Variable) -> Result<Variable> {
                let _scope = enter(&self.place);
                named(&self.place, self.pool(x))
            }
        }
    };
}

/// One number or two, for images.
fn both(size: impl IntoPair, _: usize) -> (usize, usize) {
    size.pair()
}

/// A sequence's number, and the one that leaves the images' height alone.
fn along(size: usize, across: usize) -> (usize, usize) {
    (across, size)
}

pool! {
    /// The largest of each window of images `[N, C, H, W]`; PyTorch's `nn.MaxPool2d`.
    ///
    /// ```
    /// use taper_autograd::Variable;
    /// use taper_nn::{Forward, MaxPool2d};
    /// use taper_tensor::Tensor;
    ///
    /// let layer = MaxPool2d::new(3).stride(2).padding(1);
    /// assert_eq!(layer.forward(&Variable::new(Tensor::ones((1, 2, 8, 8))?))?.size(), [1, 2, 4, 4]);
    /// # Ok::<(), taper_nn::Error>(())
    /// ```
    MaxPool2d(impl IntoPair) both, |layer, x| Ok(x.max_pool2d(layer.options)?), |o| format!(
        "kernel_size={}, stride={}, padding={}, dilation={}, ceil_mode={}",
        short(o.kernel), short(o.stride), short(o.padding), short(o.dilation), python(o.ceil_mode)
    )
}

impl MaxPool2d {
    /// The distance between a window's elements; by default 1.
    pub fn dilation(mut self, dilation: impl IntoPair) -> Self {
        self.options.dilation = dilation.pair();
        self
    }

    /// The largest elements, and their places in their images, `row · W + column`; PyTorch's
    /// `return_indices=True`.
    ///
    /// # Errors
    /// As [`Forward::forward`].
    #[track_caller]
    pub fn forward_with_indices(&self, x: &Variable) -> Result<(Variable, Tensor)> {
        let _scope = enter(&self.place);
        named(&self.place, x.max_pool2d_with_indices(self.options))
    }
}

pool! {
    /// The mean of each window of images `[N, C, H, W]`, a border of zeros included; PyTorch's
    /// `nn.AvgPool2d`.
    AvgPool2d(impl IntoPair) both, |layer, x| Ok(x.avg_pool2d(layer.options)?), |o| format!(
        "kernel_size={}, stride={}, padding={}", short(o.kernel), short(o.stride), short(o.padding)
    )
}

impl AvgPool2d {
    /// Whether the border's zeros count; by default they do.
    pub fn count_include_pad(mut self, count: bool) -> Self {
        self.options.count_include_pad = count;
        self
    }

    /// What the sums are divided by; by default the number of elements in a window.
    pub fn divisor_override(mut self, divisor: impl Into<Option<usize>>) -> Self {
        self.options.divisor_override = divisor.into();
        self
    }
}

pool! {
    /// The largest of each window of sequences `[N, C, L]`; PyTorch's `nn.MaxPool1d`.
    MaxPool1d(usize) along, |layer, x| Ok(as_images("max_pool1d", x)?.max_pool2d(layer.options)?.squeeze(2)?), |o| format!(
        "kernel_size={}, stride={}, padding={}, dilation={}, ceil_mode={}",
        o.kernel.1, o.stride.1, o.padding.1, o.dilation.1, python(o.ceil_mode)
    )
}

impl MaxPool1d {
    /// The distance between a window's elements; by default 1.
    pub fn dilation(mut self, dilation: usize) -> Self {
        self.options.dilation = (1, dilation);
        self
    }

    /// The largest elements, and their places in their sequences; PyTorch's `return_indices=True`.
    ///
    /// # Errors
    /// As [`Forward::forward`].
    #[track_caller]
    pub fn forward_with_indices(&self, x: &Variable) -> Result<(Variable, Tensor)> {
        let _scope = enter(&self.place);
        let run = |x: Variable| {
            let (y, indices) = x.max_pool2d_with_indices(self.options)?;
            Ok((y.squeeze(2)?, indices.squeeze(2)?))
        };
        named(&self.place, as_images("max_pool1d", x).and_then(run))
    }
}

pool! {
    /// The mean of each window of sequences `[N, C, L]`, a border of zeros included; PyTorch's
    /// `nn.AvgPool1d`.
    AvgPool1d(usize) along, |layer, x| Ok(as_images("avg_pool1d", x)?.avg_pool2d(layer.options)?.squeeze(2)?), |o| format!(
        "kernel_size=({},), stride=({},), padding=({},)", o.kernel.1, o.stride.1, o.padding.1
    )
}

impl AvgPool1d {
    /// Whether the border's zeros count; by default they do.
    pub fn count_include_pad(mut self, count: bool) -> Self {
        self.options.count_include_pad = count;
        self
    }
}
