//! Transposed convolution, which enlarges.

use taper_autograd::{Conv2dOptions, ConvTranspose2dOptions, Variable};

use super::conv::{ZEROS, ending, grouped};
use super::{IntoPair, uniform_parameter};
use crate::module::{enter, named};
use crate::{Error, Forward, Module, Result};

/// The transposed convolution of images `[N, C, H, W]`; PyTorch's `nn.ConvTranspose2d`.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::{ConvTranspose2d, Forward};
/// use taper_tensor::Tensor;
///
/// let layer = ConvTranspose2d::new(4, 3, 3)?.stride(2).padding(1).output_padding(1);
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

impl ConvTranspose2d {
    /// A layer with square or, from a pair, rectangular kernels, initialised as PyTorch's: weight
    /// and bias uniform within `±1 / sqrt(fan_in)`, `fan_in = out_channels / groups · height · width`.
    ///
    /// # Errors
    /// When the kernel is empty, or memory does not suffice.
    pub fn new(in_channels: usize, out_channels: usize, kernel_size: impl IntoPair) -> Result<Self> {
        let (height, width) = kernel_size.pair();
        if height == 0 || width == 0 {
            let message =
                format!("kernel_size is ({height}, {width}), expected at least 1 in both directions");
            return Err(Error::value("conv_transpose2d", message));
        }
        // PyTorch takes the fan from the weight's second dimension, which holds the outputs here.
        let fan_in = out_channels.saturating_mul(height).saturating_mul(width);
        Ok(Self {
            weight: uniform_parameter(&[in_channels, out_channels, height, width], fan_in)?,
            bias: Some(uniform_parameter(&[out_channels], fan_in)?),
            options: ConvTranspose2dOptions::default(),
        })
    }

    /// The distance between the places of neighbouring inputs, in output pixels; by default 1.
    pub fn stride(mut self, stride: impl IntoPair) -> Self {
        self.options.conv.stride = stride.pair();
        self
    }

    /// The border taken off each side of the output; by default none.
    pub fn padding(mut self, padding: impl IntoPair) -> Self {
        self.options.conv.padding = padding.pair();
        self
    }

    /// Rows and columns added at the output's end, less than the stride; by default none.
    pub fn output_padding(mut self, padding: impl IntoPair) -> Self {
        self.options.output_padding = padding.pair();
        self
    }

    /// The distance between a kernel's taps, in output pixels; by default 1.
    pub fn dilation(mut self, dilation: impl IntoPair) -> Self {
        self.options.conv.dilation = dilation.pair();
        self
    }

    /// Splits the channels into groups: an input reaches the outputs of its group only. By default 1.
    ///
    /// # Errors
    /// When the channels cannot be split so.
    pub fn groups(mut self, groups: usize) -> Result<Self> {
        let channels = (self.weight.size()[0], self.weight.size()[1]);
        let (op, before) = ("conv_transpose2d", self.options.conv.groups);
        (self.weight, self.bias) = grouped(op, channels, (before, groups), &self.weight, self.bias)?;
        self.options.conv.groups = groups;
        Ok(self)
    }

    /// Whether there is a bias; by default there is. `bias(false)` removes it.
    pub fn bias(mut self, bias: bool) -> Self {
        self.bias = self.bias.filter(|_| bias);
        self
    }

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
