//! Convolution of sequences.

use taper_autograd::{Conv2dOptions, Pad, Variable};

use super::conv::{Common, ZEROS, borders, check_same, ending};
use super::uniform_parameter;
use crate::builder::builder;
use crate::module::{enter, named};
use crate::{Error, Forward, Module, Result};

/// Correlates sequences with learnt kernels; PyTorch's `nn.Conv1d`.
///
/// # Shapes
/// Input `[N, in_channels, L]`, output `[N, out_channels, L']` with
/// `L' = (L + 2 padding - dilation (kernel_size - 1) - 1) / stride + 1`, rounded down.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::{Conv1d, Forward};
/// use taper_tensor::Tensor;
///
/// let layer = Conv1d::builder(16, 33, 3).stride(2).build()?;
/// assert_eq!(layer.forward(&Variable::new(Tensor::ones((20, 16, 50))?))?.size(), [20, 33, 24]);
/// assert_eq!(layer.to_string(), "Conv1d(16, 33, kernel_size=(3,), stride=(2,))");
/// # Ok::<(), taper_nn::Error>(())
/// ```
#[derive(Module, Debug)]
#[module(extra_repr = "Self::describe")]
pub struct Conv1d {
    /// `[out_channels, in_channels / groups, length]`.
    pub weight: Variable,
    /// `[out_channels]`.
    pub bias: Option<Variable>,
    #[module(skip)]
    options: Conv2dOptions,
    #[module(skip)]
    padding_same: bool,
    #[module(skip)]
    padding_mode: Pad,
}

builder! {
    Conv1d, Conv1dBuilder;
    /// Makes a layer with PyTorch's defaults. Weight and bias begin uniform within `±1 / sqrt(fan_in)`,
    /// `fan_in = in_channels / groups · kernel_size`.
    ///
    /// # Errors
    /// When the kernel is empty.
    new(in_channels: usize, out_channels: usize, kernel_size: usize) -> Result;
    /// Sets the distance between neighbouring outputs, in elements of the input; default 1.
    stride: usize = 1;
    /// Sets the width of the border added on each side of the input; default 0.
    padding: usize = 0;
    /// Adds the border that gives as many outputs as inputs, PyTorch's `padding="same"`; the stride must be
    /// 1. Default false.
    padding_same: bool = false;
    /// Sets what the border is filled with; default zeros.
    padding_mode: Pad = ZEROS;
    /// Sets the distance between a kernel's taps, in elements of the input; default 1.
    dilation: usize = 1;
    /// Splits the channels into groups: an output sees the inputs of its group only; default 1.
    groups: usize = 1;
    /// Adds a bias; default true.
    bias: bool = true;
}

impl Conv1dBuilder {
    /// Makes the layer and draws its weights.
    ///
    /// # Errors
    /// When the kernel is empty, the stride or dilation is 0, `groups` does not divide the channels, or
    /// `padding_same` meets a stride or a padding.
    pub fn build(self) -> Result<Conv1d> {
        let Self { in_channels, out_channels, kernel_size, stride, padding, dilation, groups, .. } = self;
        let common = Common {
            in_channels,
            out_channels,
            kernel_size: &[kernel_size],
            stride: &[stride],
            dilation: &[dilation],
            groups,
        };
        common.check("conv1d")?;
        check_same("conv1d", self.padding_same, &[padding], &[stride])?;
        let fan_in = (in_channels / groups).saturating_mul(kernel_size);
        Ok(Conv1d {
            weight: uniform_parameter(&[out_channels, in_channels / groups, kernel_size], fan_in)?,
            bias: self.bias.then(|| uniform_parameter(&[out_channels], fan_in)).transpose()?,
            options: Conv2dOptions {
                stride: (1, stride),
                padding: (0, padding),
                dilation: (1, dilation),
                groups,
            },
            padding_same: self.padding_same,
            padding_mode: self.padding_mode,
        })
    }
}

impl Conv1d {
    fn describe(&self) -> String {
        let Conv2dOptions { stride, padding, dilation, groups } = self.options;
        let &[outputs, inputs, length] = &self.weight.size()[..] else { return String::new() };
        let inputs = inputs * groups;
        let mut text = format!("{inputs}, {outputs}, kernel_size=({length},), stride=({},)", stride.1);
        if self.padding_same {
            text += ", padding=same";
        } else if padding.1 != 0 {
            text += &format!(", padding=({},)", padding.1);
        }
        if dilation.1 != 1 {
            text += &format!(", dilation=({},)", dilation.1);
        }
        text + &ending(groups, &self.bias, self.padding_mode)
    }
}

impl Conv1d {
    #[track_caller]
    fn correlate(&self, x: &Variable) -> Result<Variable> {
        if x.dim() == 2 {
            let message = format!(
                "input has shape {:?}, expected [batch, channels, length]; give a single sample a batch \
                 dimension with .unsqueeze(0)",
                x.size()
            );
            return Err(Error::value("conv1d", message));
        }
        let kernel = [1, self.weight.size().get(2).copied().unwrap_or(1)];
        let bias = self.bias.as_ref();
        let [_, (before, after)] = borders(self.padding_same, &self.options, kernel);
        if x.dim() != 3 || (self.padding_mode == ZEROS && before == after) {
            let options = Conv2dOptions { padding: (0, before), ..self.options };
            return Ok(x.conv1d(&self.weight, bias, options)?);
        }
        let x = x.pad([before, after], self.padding_mode)?;
        Ok(x.conv1d(&self.weight, bias, Conv2dOptions { padding: (0, 0), ..self.options })?)
    }
}

impl Forward for Conv1d {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let _scope = enter(&self.weight);
        named(&self.weight, self.correlate(x))
    }
}
