//! Convolution layers.

use taper_autograd::{Conv2dOptions, Variable};
use taper_tensor::Tensor;

use super::{IntoPair, uniform_parameter};
use crate::{Error, Forward, Module, Result, in_layer};

/// Correlates images `[N, C, H, W]` with learnt kernels; PyTorch's `nn.Conv2d`.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::{Conv2d, Forward};
/// use taper_tensor::Tensor;
///
/// let layer = Conv2d::new(3, 6, 5)?.stride(2).padding(1).bias(false);
/// let y = layer.forward(&Variable::new(Tensor::ones((4, 3, 32, 32))?))?;
/// assert_eq!(y.size(), [4, 6, 15, 15]);
/// assert_eq!(layer.to_string(), "Conv2d(3, 6, kernel_size=(5, 5), stride=(2, 2), padding=(1, 1), bias=False)");
/// # Ok::<(), taper_nn::Error>(())
/// ```
#[derive(Module, Debug)]
#[module(extra_repr = "Self::describe")]
pub struct Conv2d {
    /// `[out_channels, in_channels / groups, height, width]`.
    pub weight: Variable,
    /// `[out_channels]`.
    pub bias: Option<Variable>,
    #[module(skip)]
    options: Conv2dOptions,
}

impl Conv2d {
    /// A layer with square or, from a pair, rectangular kernels, initialised as PyTorch's: weight
    /// and bias uniform within `±1 / sqrt(fan_in)`, `fan_in = in_channels / groups · height · width`.
    ///
    /// # Errors
    /// When the kernel is empty, or memory does not suffice.
    pub fn new(in_channels: usize, out_channels: usize, kernel_size: impl IntoPair) -> Result<Self> {
        let (height, width) = kernel_size.pair();
        if height == 0 || width == 0 {
            let message =
                format!("kernel_size is ({height}, {width}), expected at least 1 in both directions");
            return Err(Error::value("conv2d", message));
        }
        let fan_in = in_channels.saturating_mul(height).saturating_mul(width);
        Ok(Self {
            weight: uniform_parameter(&[out_channels, in_channels, height, width], fan_in)?,
            bias: Some(uniform_parameter(&[out_channels], fan_in)?),
            options: Conv2dOptions::default(),
        })
    }

    /// The distance between neighbouring outputs, in pixels of the input; by default 1.
    pub fn stride(mut self, stride: impl IntoPair) -> Self {
        self.options.stride = stride.pair();
        self
    }

    /// The zeros added on each side of the input; by default none.
    pub fn padding(mut self, padding: impl IntoPair) -> Self {
        self.options.padding = padding.pair();
        self
    }

    /// The distance between a kernel's taps, in pixels of the input; by default 1.
    pub fn dilation(mut self, dilation: impl IntoPair) -> Self {
        self.options.dilation = dilation.pair();
        self
    }

    /// Splits the channels into groups: an output sees the inputs of its group only. By default 1.
    ///
    /// # Errors
    /// When the channels cannot be split so.
    pub fn groups(mut self, groups: usize) -> Result<Self> {
        let (inputs, outputs) = (self.weight.size()[1], self.weight.size()[0]);
        if self.options.groups != 1 {
            return Err(Error::value("conv2d", "groups was chosen already; choose it once"));
        }
        if groups == 0 || inputs % groups != 0 || outputs % groups != 0 {
            return Err(Error::value(
                "conv2d",
                format!("{inputs} input and {outputs} output channels do not split into {groups} groups"),
            ));
        }
        // Each output sees fewer inputs: a part of the numbers drawn, within the wider bound.
        let widen = (groups as f64).sqrt();
        let part = |x: Tensor| Ok::<_, Error>(Variable::requires_grad(x.mul(widen)?));
        self.weight = part(self.weight.data().narrow(1, 0, inputs / groups)?)?;
        self.bias = self.bias.map(|bias| part(bias.data())).transpose()?;
        self.options.groups = groups;
        Ok(self)
    }

    /// Whether there is a bias; by default there is. `bias(false)` removes it.
    pub fn bias(mut self, bias: bool) -> Self {
        self.bias = self.bias.filter(|_| bias);
        self
    }

    fn describe(&self) -> String {
        let Conv2dOptions { stride, padding, dilation, groups } = self.options;
        let &[outputs, inputs, height, width] = &self.weight.size()[..] else { return String::new() };
        let mut text =
            format!("{}, {outputs}, kernel_size=({height}, {width}), stride={stride:?}", inputs * groups);
        if padding != (0, 0) {
            text += &format!(", padding={padding:?}");
        }
        if dilation != (1, 1) {
            text += &format!(", dilation={dilation:?}");
        }
        if groups != 1 {
            text += &format!(", groups={groups}");
        }
        if self.bias.is_none() {
            text += ", bias=False";
        }
        text
    }
}

impl Forward for Conv2d {
    fn forward(&self, x: &Variable) -> Result<Variable> {
        in_layer(&self.weight, || Ok(x.conv2d(&self.weight, self.bias.as_ref(), self.options)?))
    }
}
