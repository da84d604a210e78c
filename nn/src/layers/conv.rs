//! Convolution layers.

use taper_autograd::{Conv2dOptions, Pad, Variable};
use taper_tensor::Tensor;

use super::{IntoPair, uniform_parameter};
use crate::module::{enter, named};
use crate::{Error, Forward, Module, Result};

/// The border that convolutions have unless told otherwise.
pub(super) const ZEROS: Pad = Pad::Constant(0.0);

/// Prints the options that come last, as PyTorch does: nothing for the defaults.
pub(super) fn ending(groups: usize, bias: &Option<Variable>, mode: Pad) -> String {
    let groups = if groups == 1 { String::new() } else { format!(", groups={groups}") };
    let bias = if bias.is_some() { "" } else { ", bias=False" };
    let mode = match mode {
        Pad::Constant(_) => "",
        Pad::Reflect => ", padding_mode=reflect",
        Pad::Replicate => ", padding_mode=replicate",
        Pad::Circular => ", padding_mode=circular",
    };
    groups + bias + mode
}

/// The border before and after the rows and the columns: that of the options or, PyTorch's
/// `padding="same"`, as wide as gives as many outputs as inputs, an odd pixel of it at the end.
///
/// # Errors
/// When outputs are to be as many as inputs, and the stride makes them fewer.
pub(super) fn borders(
    op: &'static str,
    same: bool,
    options: &Conv2dOptions,
    kernel: [usize; 2],
) -> Result<[(usize, usize); 2]> {
    let Conv2dOptions { stride, padding, dilation, .. } = *options;
    if !same {
        return Ok([(padding.0, padding.0), (padding.1, padding.1)]);
    }
    if stride != (1, 1) {
        let message = format!("padding_same asks for a stride of 1, here it is {stride:?}");
        return Err(Error::value(op, format!("{message}; give padding as a number")));
    }
    let around = |kernel: usize, dilation: usize| {
        let total = kernel.saturating_sub(1).saturating_mul(dilation);
        (total / 2, total - total / 2)
    };
    Ok([around(kernel[0], dilation.0), around(kernel[1], dilation.1)])
}

/// A weight and bias for `groups` groups: each output sees fewer inputs, so that a part of the numbers
/// drawn is kept, within the wider bound.
///
/// # Errors
/// When the channels cannot be split so, or are split already.
pub(super) fn grouped(
    op: &'static str,
    (inputs, outputs): (usize, usize),
    (before, groups): (usize, usize),
    weight: &Variable,
    bias: Option<Variable>,
) -> Result<(Variable, Option<Variable>)> {
    if before != 1 {
        return Err(Error::value(op, "groups was chosen already; choose it once"));
    }
    if groups == 0 || !inputs.is_multiple_of(groups) || !outputs.is_multiple_of(groups) {
        let message =
            format!("{inputs} input and {outputs} output channels do not split into {groups} groups");
        return Err(Error::value(op, message));
    }
    let widen = (groups as f64).sqrt();
    let part = |x: Tensor| Ok::<_, Error>(Variable::requires_grad(x.mul(widen)?));
    let kept = weight.size()[1] / groups;
    let weight = part(weight.data().narrow(1, 0, kept)?)?;
    Ok((weight, bias.map(|bias| part(bias.data())).transpose()?))
}

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
    #[module(skip)]
    padding_same: bool,
    #[module(skip)]
    padding_mode: Pad,
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
            padding_same: false,
            padding_mode: ZEROS,
        })
    }

    /// The distance between neighbouring outputs, in pixels of the input; by default 1.
    pub fn stride(mut self, stride: impl IntoPair) -> Self {
        self.options.stride = stride.pair();
        self
    }

    /// The border added on each side of the input, of zeros unless `padding_mode` is another; by
    /// default none.
    pub fn padding(mut self, padding: impl IntoPair) -> Self {
        self.options.padding = padding.pair();
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
        let channels = (self.weight.size()[1], self.weight.size()[0]);
        let before = self.options.groups;
        (self.weight, self.bias) = grouped("conv2d", channels, (before, groups), &self.weight, self.bias)?;
        self.options.groups = groups;
        Ok(self)
    }

    /// Whether there is a bias; by default there is. `bias(false)` removes it.
    pub fn bias(mut self, bias: bool) -> Self {
        self.bias = self.bias.filter(|_| bias);
        self
    }

    fn kernel_size(&self) -> [usize; 2] {
        [2, 3].map(|d| self.weight.size().get(d).copied().unwrap_or(1))
    }

    #[track_caller]
    fn correlate(&self, x: &Variable) -> Result<Variable> {
        let (kernel, bias) = (self.kernel_size(), self.bias.as_ref());
        let [rows, columns] = borders("conv2d", self.padding_same, &self.options, kernel)?;
        let padding = (rows.0, columns.0);
        if x.dim() != 4 || (self.padding_mode == ZEROS && padding == (rows.1, columns.1)) {
            return Ok(x.conv2d(&self.weight, bias, Conv2dOptions { padding, ..self.options })?);
        }
        let x = x.pad([columns.0, columns.1, rows.0, rows.1], self.padding_mode)?;
        Ok(x.conv2d(&self.weight, bias, Conv2dOptions { padding: (0, 0), ..self.options })?)
    }

    fn describe(&self) -> String {
        let Conv2dOptions { stride, padding, dilation, groups } = self.options;
        let &[outputs, inputs, height, width] = &self.weight.size()[..] else { return String::new() };
        let mut text =
            format!("{}, {outputs}, kernel_size=({height}, {width}), stride={stride:?}", inputs * groups);
        if self.padding_same {
            text += ", padding=same";
        } else if padding != (0, 0) {
            text += &format!(", padding={padding:?}");
        }
        if dilation != (1, 1) {
            text += &format!(", dilation={dilation:?}");
        }
        text + &ending(groups, &self.bias, self.padding_mode)
    }
}

impl Forward for Conv2d {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let _scope = enter(&self.weight);
        named(&self.weight, self.correlate(x))
    }
}
