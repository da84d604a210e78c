//! Pooling layers.

use taper_autograd::Variable;
use taper_tensor::PoolOptions;

use super::IntoPair;
use crate::{Error, Forward, Module, Result};

/// A number, where both are the same, or both.
fn short((a, b): (usize, usize)) -> String {
    if a == b { a.to_string() } else { format!("({a}, {b})") }
}

macro_rules! pool2d {
    ($(#[$doc:meta])* $name:ident, $method:ident, $printed:literal) => {
        $(#[$doc])*
        #[derive(Module, Debug)]
        #[module(extra_repr = "Self::describe")]
        pub struct $name {
            #[module(skip)]
            options: PoolOptions,
        }

        impl $name {
            /// Square or, from a pair, rectangular windows, side by side.
            pub fn new(kernel_size: impl IntoPair) -> Self {
                Self { options: PoolOptions::new(kernel_size.pair()) }
            }

            /// The distance between neighbouring windows; by default their size.
            pub fn stride(mut self, stride: impl IntoPair) -> Self {
                self.options.stride = stride.pair();
                self
            }

            /// The border added on each side, at most half of the window; by default none.
            pub fn padding(mut self, padding: impl IntoPair) -> Self {
                self.options.padding = padding.pair();
                self
            }

            fn describe(&self) -> String {
                let PoolOptions { kernel, stride, padding } = self.options;
                format!($printed, short(kernel), short(stride), short(padding))
            }
        }

        impl Forward for $name {
            fn forward(&self, x: &Variable) -> Result<Variable> {
                Ok(x.$method(self.options)?)
            }
        }
    };
}

pool2d! {
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
    MaxPool2d, max_pool2d_with, "kernel_size={}, stride={}, padding={}, dilation=1, ceil_mode=False"
}

pool2d! {
    /// The mean of each window of images `[N, C, H, W]`, a border of zeros included; PyTorch's
    /// `nn.AvgPool2d`.
    AvgPool2d, avg_pool2d, "kernel_size={}, stride={}, padding={}"
}

/// Sequences `[N, C, L]` as images one pixel high, through `pool`, and back.
fn as_images(
    op: &'static str,
    x: &Variable,
    pool: impl FnOnce(&Variable) -> taper_autograd::Result<Variable>,
) -> Result<Variable> {
    if x.dim() != 3 {
        let hint =
            if x.dim() == 2 { "; give a single sample a batch dimension with .unsqueeze(0)" } else { "" };
        let message = format!("input has shape {:?}, expected [batch, channels, length]{hint}", x.size());
        return Err(Error::value(op, message));
    }
    Ok(pool(&x.unsqueeze(2)?)?.squeeze(2)?)
}

macro_rules! pool1d {
    ($(#[$doc:meta])* $name:ident, $op:literal, $method:ident, $printed:literal) => {
        $(#[$doc])*
        #[derive(Module, Debug)]
        #[module(extra_repr = "Self::describe")]
        pub struct $name {
            #[module(skip)]
            options: PoolOptions,
        }

        impl $name {
            /// Windows of `kernel_size`, side by side.
            pub fn new(kernel_size: usize) -> Self {
                Self { options: PoolOptions::new((1, kernel_size)) }
            }

            /// The distance between neighbouring windows; by default their size.
            pub fn stride(mut self, stride: usize) -> Self {
                self.options.stride = (1, stride);
                self
            }

            /// The border added on each side, at most half of the window; by default none.
            pub fn padding(mut self, padding: usize) -> Self {
                self.options.padding = (0, padding);
                self
            }

            fn describe(&self) -> String {
                let PoolOptions { kernel, stride, padding } = self.options;
                format!($printed, kernel.1, stride.1, padding.1)
            }
        }

        impl Forward for $name {
            fn forward(&self, x: &Variable) -> Result<Variable> {
                as_images($op, x, |x| x.$method(self.options))
            }
        }
    };
}

pool1d! {
    /// The largest of each window of sequences `[N, C, L]`; PyTorch's `nn.MaxPool1d`.
    MaxPool1d, "max_pool1d", max_pool2d_with,
    "kernel_size={}, stride={}, padding={}, dilation=1, ceil_mode=False"
}

pool1d! {
    /// The mean of each window of sequences `[N, C, L]`, a border of zeros included; PyTorch's
    /// `nn.AvgPool1d`.
    AvgPool1d, "avg_pool1d", avg_pool2d, "kernel_size=({},), stride=({},), padding=({},)"
}

/// The means of parts of images `[N, C, H, W]`, so that the output has a given size; PyTorch's
/// `nn.AdaptiveAvgPool2d`.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::{AdaptiveAvgPool2d, Forward};
/// use taper_tensor::Tensor;
///
/// let layer = AdaptiveAvgPool2d::new((1, 3));
/// assert_eq!(layer.forward(&Variable::new(Tensor::ones((1, 2, 8, 8))?))?.size(), [1, 2, 1, 3]);
/// # Ok::<(), taper_nn::Error>(())
/// ```
#[derive(Module, Debug)]
#[module(extra_repr = "Self::describe")]
pub struct AdaptiveAvgPool2d {
    #[module(skip)]
    size: (usize, usize),
}

impl AdaptiveAvgPool2d {
    /// For outputs of this size; from one number, square ones.
    pub fn new(output_size: impl IntoPair) -> Self {
        Self { size: output_size.pair() }
    }

    fn describe(&self) -> String {
        format!("output_size={}", short(self.size))
    }
}

impl Forward for AdaptiveAvgPool2d {
    fn forward(&self, x: &Variable) -> Result<Variable> {
        Ok(x.adaptive_avg_pool2d(self.size)?)
    }
}

/// The means of parts of sequences `[N, C, L]`, so that the output has a given length; PyTorch's
/// `nn.AdaptiveAvgPool1d`.
#[derive(Module, Debug)]
#[module(extra_repr = "Self::describe")]
pub struct AdaptiveAvgPool1d {
    #[module(skip)]
    size: usize,
}

impl AdaptiveAvgPool1d {
    /// For outputs of this length.
    pub fn new(output_size: usize) -> Self {
        Self { size: output_size }
    }

    fn describe(&self) -> String {
        format!("output_size={}", self.size)
    }
}

impl Forward for AdaptiveAvgPool1d {
    fn forward(&self, x: &Variable) -> Result<Variable> {
        as_images("adaptive_avg_pool1d", x, |x| x.adaptive_avg_pool2d((1, self.size)))
    }
}
