//! Pooling layers.

use taper_autograd::Variable;
use taper_tensor::{PoolOptions, Tensor};

use super::IntoPair;
use super::norm::python;
use crate::builder::{at_least_1, builder};
use crate::module::{enter, named};
use crate::{Error, Forward, Module, Place, Result};

/// Prints one number where both are the same.
pub(super) fn short((a, b): (usize, usize)) -> String {
    if a == b { a.to_string() } else { format!("({a}, {b})") }
}

/// Returns sequences `[N, C, L]` as images one pixel high.
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

/// Declares a layer with windows over images or sequences: what it takes, its options besides those that all
/// of them have, and how these become the `PoolOptions` of an operation.
macro_rules! pool {
    (
        $(#[$doc:meta])*
        $name:ident, $builder:ident, $op:literal, $size:ty, $pair:expr;
        options { $($(#[$about:meta])* $option:ident: $kind:ty = $default:expr $(, $argument:ty => $convert:expr)?;)* }
        run |$run:ident, $x:ident| $forward:expr;
        print |$o:ident| $describe:expr;
    ) => {
        $(#[$doc])*
        #[derive(Module, Debug)]
        #[module(extra_repr = "Self::describe")]
        pub struct $name {
            #[module(skip)]
            options: PoolOptions,
            place: Place,
        }

        builder! {
            $name, $builder;
            /// Makes a layer with windows of this size side by side.
            ///
            /// # Errors
            /// When the window is empty.
            new(; kernel_size: (usize, usize) as $size => |size| $pair(size, 1)) -> Result;
            /// Sets the distance between neighbouring windows; default `kernel_size`.
            stride: Option<(usize, usize)> = None, $size => |size| Some($pair(size, 1));
            /// Sets the width of the border added on each side, at most half of the window; default 0.
            padding: (usize, usize) = (0, 0), $size => |size| $pair(size, 0);
            /// Lets a last window reach beyond the border; default false.
            ceil_mode: bool = false;
            $($(#[$about])* $option: $kind = $default $(, $argument => $convert)?;)*
        }

        impl $builder {
            /// Makes the layer.
            ///
            /// # Errors
            /// When a size, a stride or another option is 0, or the border is wider than half of the window.
            pub fn build(self) -> Result<$name> {
                let mut options = PoolOptions::new(self.kernel_size);
                options.stride = self.stride.unwrap_or(self.kernel_size);
                options.padding = self.padding;
                options.ceil_mode = self.ceil_mode;
                $(options.$option = self.$option;)*
                check($op, &options)?;
                Ok($name { options, place: Place::new() })
            }
        }

        impl $name {
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

fn check(op: &'static str, options: &PoolOptions) -> Result<()> {
    let &PoolOptions { kernel, stride, padding, dilation, divisor_override, .. } = options;
    for (name, sizes) in [("kernel_size", kernel), ("stride", stride), ("dilation", dilation)] {
        at_least_1(op, name, &[sizes.0, sizes.1])?;
    }
    if padding.0 > kernel.0 / 2 || padding.1 > kernel.1 / 2 {
        let message = format!(
            "padding is {}, expected at most half of kernel_size, which is {}",
            short(padding),
            short(kernel)
        );
        return Err(Error::value(op, message));
    }
    divisor_override.map_or(Ok(()), |divisor| at_least_1(op, "divisor_override", &[divisor]))
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
    /// Takes the largest element of each window of images; PyTorch's `nn.MaxPool2d`.
    ///
    /// # Shapes
    /// Input `[N, C, H, W]`, output `[N, C, H', W']` with
    /// `H' = (H + 2 padding - dilation (kernel_size - 1) - 1) / stride + 1`, and `W'` alike.
    ///
    /// ```
    /// use taper_autograd::Variable;
    /// use taper_nn::{Forward, MaxPool2d};
    /// use taper_tensor::Tensor;
    ///
    /// let layer = MaxPool2d::builder(3).stride(2).padding(1).build()?;
    /// assert_eq!(layer.forward(&Variable::new(Tensor::ones((1, 2, 8, 8))?))?.size(), [1, 2, 4, 4]);
    /// # Ok::<(), taper_nn::Error>(())
    /// ```
    MaxPool2d, MaxPool2dBuilder, "max_pool2d", impl IntoPair, both;
    options {
        /// Sets the distance between a window's elements; default 1.
        dilation: (usize, usize) = (1, 1), impl IntoPair => IntoPair::pair;
    }
    run |layer, x| Ok(x.max_pool2d(layer.options)?);
    print |o| format!(
        "kernel_size={}, stride={}, padding={}, dilation={}, ceil_mode={}",
        short(o.kernel), short(o.stride), short(o.padding), short(o.dilation), python(o.ceil_mode)
    );
}

impl MaxPool2d {
    /// Returns the largest elements, and the place of each in its image, `row · W + column`; PyTorch's
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
    /// Takes the mean of each window of images; PyTorch's `nn.AvgPool2d`.
    ///
    /// # Shapes
    /// Input `[N, C, H, W]`, output `[N, C, H', W']` with
    /// `H' = (H + 2 padding - kernel_size) / stride + 1`, and `W'` alike.
    AvgPool2d, AvgPool2dBuilder, "avg_pool2d", impl IntoPair, both;
    options {
        /// Counts the border's zeros in the means; default true.
        count_include_pad: bool = true;
        /// Sets what the sums are divided by; default `None`, the number of elements in a window.
        divisor_override: Option<usize> = None, impl Into<Option<usize>> => Into::into;
    }
    run |layer, x| Ok(x.avg_pool2d(layer.options)?);
    print |o| format!(
        "kernel_size={}, stride={}, padding={}", short(o.kernel), short(o.stride), short(o.padding)
    );
}

pool! {
    /// Takes the largest element of each window of sequences; PyTorch's `nn.MaxPool1d`.
    ///
    /// # Shapes
    /// Input `[N, C, L]`, output `[N, C, L']` with
    /// `L' = (L + 2 padding - dilation (kernel_size - 1) - 1) / stride + 1`.
    MaxPool1d, MaxPool1dBuilder, "max_pool1d", usize, along;
    options {
        /// Sets the distance between a window's elements; default 1.
        dilation: (usize, usize) = (1, 1), usize => |size| along(size, 1);
    }
    run |layer, x| Ok(as_images("max_pool1d", x)?.max_pool2d(layer.options)?.squeeze(2)?);
    print |o| format!(
        "kernel_size={}, stride={}, padding={}, dilation={}, ceil_mode={}",
        o.kernel.1, o.stride.1, o.padding.1, o.dilation.1, python(o.ceil_mode)
    );
}

impl MaxPool1d {
    /// Returns the largest elements, and the place of each in its sequence; PyTorch's `return_indices=True`.
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
    /// Takes the mean of each window of sequences; PyTorch's `nn.AvgPool1d`.
    ///
    /// # Shapes
    /// Input `[N, C, L]`, output `[N, C, L']` with `L' = (L + 2 padding - kernel_size) / stride + 1`.
    AvgPool1d, AvgPool1dBuilder, "avg_pool1d", usize, along;
    options {
        /// Counts the border's zeros in the means; default true.
        count_include_pad: bool = true;
    }
    run |layer, x| Ok(as_images("avg_pool1d", x)?.avg_pool2d(layer.options)?.squeeze(2)?);
    print |o| format!(
        "kernel_size=({},), stride=({},), padding=({},)", o.kernel.1, o.stride.1, o.padding.1
    );
}
