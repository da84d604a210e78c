//! Convolution of sequences.

use taper_autograd::{Conv2dOptions, Pad, Variable};

use super::conv::{ZEROS, borders, ending, grouped};
use super::uniform_parameter;
use crate::module::{enter, named};
use crate::{Error, Forward, Module, Result};

/// Correlates sequences `[N, C, L]` with learnt kernels; PyTorch's `nn.Conv1d`.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::{Conv1d, Forward};
/// use taper_tensor::Tensor;
///
/// let layer = Conv1d::new(16, 33, 3)?.stride(2);
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

impl Conv1d {
    /// A layer initialised as PyTorch's: weight and bias uniform within `±1 / sqrt(fan_in)`,
    /// `fan_in = in_channels · kernel_size`.
    ///
    /// # Errors
    /// When the kernel is empty, or memory does not suffice.
    pub fn new(in_channels: usize, out_channels: usize, kernel_size: usize) -> Result<Self> {
        if kernel_size == 0 {
            return Err(Error::value("conv1d", "kernel_size is 0, expected at least 1"));
        }
        let fan_in = in_channels.saturating_mul(kernel_size);
        Ok(Self {
            weight: uniform_parameter(&[out_channels, in_channels, kernel_size], fan_in)?,
            bias: Some(uniform_parameter(&[out_channels], fan_in)?),
            options: Conv2dOptions::default(),
            padding_same: false,
            padding_mode: ZEROS,
        })
    }

    /// The distance between neighbouring outputs, in elements of the input; by default 1.
    pub fn stride(mut self, stride: usize) -> Self {
        self.options.stride.1 = stride;
        self
    }

    /// The border added on each side of the input, of zeros unless `padding_mode` is another; by
    /// default none.
    pub fn padding(mut self, padding: usize) -> Self {
        self.options.padding.1 = padding;
        self.padding_same = false;
        self
    }

    /// The border that gives as many outputs as inputs, PyTorch's `padding="same"`; the stride must be 1.
    pub fn padding_same(mut self) -> Self {
        self.padding_same = true;
        self
    }

    /// What the border is made of; by default zeros.
    pub fn padding_mode(mut self, mode: Pad) -> Self {
        self.padding_mode = mode;
        self
    }

    /// Splits the channels into groups: an output sees the inputs of its group only. By default 1.
    ///
    /// # Errors
    /// When the channels cannot be split so.
    pub fn groups(mut self, groups: usize) -> Result<Self> {
        let channels = (self.weight.size()[1], self.weight.size()[0]);
        let before = self.options.groups;
        (self.weight, self.bias) = grouped("conv1d", channels, (before, groups), &self.weight, self.bias)?;
        self.options.groups = groups;
        Ok(self)
    }

    /// The distance between a kernel's taps, in elements of the input; by default 1.
    pub fn dilation(mut self, dilation: usize) -> Self {
        self.options.dilation.1 = dilation;
        self
    }

    /// Whether there is a bias; by default there is. `bias(false)` removes it.
    pub fn bias(mut self, bias: bool) -> Self {
        self.bias = self.bias.filter(|_| bias);
        self
    }

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
        let [_, (before, after)] = borders("conv1d", self.padding_same, &self.options, kernel)?;
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
