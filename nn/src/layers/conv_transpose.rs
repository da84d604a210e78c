//! Transposed convolution, which enlarges.

use taper_autograd::{Conv2dOptions, ConvTranspose2dOptions, Variable};

use super::conv::{Common, ZEROS, ending};
use super::{IntoPair, uniform_parameter};
use crate::builder::builder;
use crate::module::{enter, named};
use crate::{Error, Forward, Module, Result};

/// Convolves images the other way round, which enlarges them; PyTorch's `nn.ConvTranspose2d`.
///
/// # Shapes
/// Input `[N, in_channels, H, W]`, output `[N, out_channels, H', W']` with
/// `H' = (H - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1`, and `W'` alike.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::{ConvTranspose2d, Forward};
/// use taper_tensor::Tensor;
///
/// let layer = ConvTranspose2d::builder(4, 3, 3).stride(2).padding(1).output_padding(1).build()?;
/// assert_eq!(layer.forward(&Variable::new(Tensor::ones((1, 4, 8, 8))?))?.size(), [1, 3, 16, 16]);
/// # Ok::<(), taper_nn::Error>(())
/// ```
#[derive(Module, Debug)]
#[module(extra_repr = "Self::describe")]
pub struct ConvTranspose2d {
    /// `[in_channels, out_channels / groups, height, width]`.
    pub weight: Variable,
    /// `[out_channels]`.
    pub bias: Option<Variable>,
    #[module(skip)]
    options: ConvTranspose2dOptions,
}

builder! {
    ConvTranspose2d, ConvTranspose2dBuilder;
    /// Makes a layer with PyTorch's defaults; a kernel is square, or rectangular from a pair. Weight and bias
    /// begin uniform within `±1 / sqrt(fan_in)`, `fan_in = out_channels / groups · height · width`.
    ///
    /// # Errors
    /// When the kernel is empty.
    new(in_channels: usize, out_channels: usize; kernel_size: (usize, usize) as impl IntoPair => IntoPair::pair) -> Result;
    /// Sets the distance between the outputs of neighbouring inputs, in output pixels; default 1.
    stride: (usize, usize) = (1, 1), impl IntoPair => IntoPair::pair;
    /// Sets the width of the border taken off each side of the output; default 0.
    padding: (usize, usize) = (0, 0), impl IntoPair => IntoPair::pair;
    /// Adds rows and columns at the output's end, fewer than the stride or the dilation; default 0.
    output_padding: (usize, usize) = (0, 0), impl IntoPair => IntoPair::pair;
    /// Sets the distance between a kernel's taps, in output pixels; default 1.
    dilation: (usize, usize) = (1, 1), impl IntoPair => IntoPair::pair;
    /// Splits the channels into groups: an input reaches the outputs of its group only; default 1.
    groups: usize = 1;
    /// Adds a bias; default true.
    bias: bool = true;
}

impl ConvTranspose2dBuilder {
    /// Makes the layer and draws its weights.
    ///
    /// # Errors
    /// When the kernel is empty, a stride or dilation is 0, `output_padding` is not below the larger of
    /// the two, or `groups` does not divide the channels.
    pub fn build(self) -> Result<ConvTranspose2d> {
        let Self { in_channels, out_channels, stride, padding, output_padding, dilation, groups, .. } = self;
        let (height, width) = self.kernel_size;
        let common = Common {
            in_channels,
            out_channels,
            kernel_size: &[height, width],
            stride: &[stride.0, stride.1],
            dilation: &[dilation.0, dilation.1],
            groups,
        };
        common.check("conv_transpose2d")?;
        if output_padding.0 >= stride.0.max(dilation.0) || output_padding.1 >= stride.1.max(dilation.1) {
            let message = format!(
                "output_padding is {output_padding:?}, expected less than the larger of stride {stride:?} and \
                 dilation {dilation:?}"
            );
            return Err(Error::value("conv_transpose2d", message));
        }
        // PyTorch takes the fan from the weight's second dimension, which holds the outputs here.
        let fan_in = (out_channels / groups).saturating_mul(height).saturating_mul(width);
        Ok(ConvTranspose2d {
            weight: uniform_parameter(&[in_channels, out_channels / groups, height, width], fan_in)?,
            bias: self.bias.then(|| uniform_parameter(&[out_channels], fan_in)).transpose()?,
            options: ConvTranspose2dOptions {
                conv: Conv2dOptions { stride, padding, dilation, groups },
                output_padding,
            },
        })
    }
}

impl ConvTranspose2d {
    fn describe(&self) -> String {
        let Conv2dOptions { stride, padding, dilation, groups } = self.options.conv;
        let &[inputs, outputs, height, width] = &self.weight.size()[..] else { return String::new() };
        let outputs = outputs * groups;
        let mut text = format!("{inputs}, {outputs}, kernel_size=({height}, {width}), stride={stride:?}");
        if padding != (0, 0) {
            text += &format!(", padding={padding:?}");
        }
        if dilation != (1, 1) {
            text += &format!(", dilation={dilation:?}");
        }
        if self.options.output_padding != (0, 0) {
            text += &format!(", output_padding={:?}", self.options.output_padding);
        }
        text + &ending(groups, &self.bias, ZEROS)
    }
}

impl Forward for ConvTranspose2d {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let _scope = enter(&self.weight);
        let (weight, bias) = (&self.weight, self.bias.as_ref());
        named(weight, x.conv_transpose2d(weight, bias, self.options))
    }
}
