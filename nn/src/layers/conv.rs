//! Convolution layers.

use taper_autograd::{Conv2dOptions, Pad, Variable};

use super::{IntoPair, uniform_parameter};
use crate::builder::{at_least_1, builder, tuple};
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

/// Returns the border before and after the rows and the columns: that of the options or, for
/// `padding_same`, as wide as gives as many outputs as inputs, with an odd pixel at the end.
pub(super) fn borders(same: bool, options: &Conv2dOptions, kernel: [usize; 2]) -> [(usize, usize); 2] {
    let Conv2dOptions { padding, dilation, .. } = *options;
    if !same {
        return [(padding.0, padding.0), (padding.1, padding.1)];
    }
    let around = |kernel: usize, dilation: usize| {
        let total = kernel.saturating_sub(1).saturating_mul(dilation);
        (total / 2, total - total / 2)
    };
    [around(kernel[0], dilation.0), around(kernel[1], dilation.1)]
}

/// The settings that all convolutions check.
pub(super) struct Common<'a> {
    pub in_channels: usize,
    pub out_channels: usize,
    pub kernel_size: &'a [usize],
    pub stride: &'a [usize],
    pub dilation: &'a [usize],
    pub groups: usize,
}

impl Common<'_> {
    /// Checks sizes and groups.
    pub(super) fn check(&self, op: &'static str) -> Result<()> {
        at_least_1(op, "kernel_size", self.kernel_size)?;
        at_least_1(op, "stride", self.stride)?;
        at_least_1(op, "dilation", self.dilation)?;
        let Self { in_channels, out_channels, groups, .. } = *self;
        if groups == 0 || !in_channels.is_multiple_of(groups) || !out_channels.is_multiple_of(groups) {
            let message = format!(
                "groups is {groups}, expected a divisor of in_channels {in_channels} and out_channels {out_channels}"
            );
            return Err(Error::value(op, message));
        }
        Ok(())
    }
}

/// Checks that `padding_same` stands alone and that the stride is 1.
pub(super) fn check_same(op: &'static str, same: bool, padding: &[usize], stride: &[usize]) -> Result<()> {
    if !same {
        return Ok(());
    }
    if stride.iter().any(|&s| s != 1) {
        let message = format!(
            "stride is {}, expected 1 with padding_same; give padding as a number instead",
            tuple(stride)
        );
        return Err(Error::value(op, message));
    }
    if padding.iter().any(|&p| p != 0) {
        let message = format!("padding is {}, expected none with padding_same; choose one", tuple(padding));
        return Err(Error::value(op, message));
    }
    Ok(())
}

/// Correlates images with learnt kernels; PyTorch's `nn.Conv2d`.
///
/// # Shapes
/// Input `[N, in_channels, H, W]`, output `[N, out_channels, H', W']` with
/// `H' = (H + 2 padding - dilation (kernel_size - 1) - 1) / stride + 1`, rounded down, and `W'` alike.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::{Conv2d, Forward};
/// use taper_tensor::Tensor;
///
/// let layer = Conv2d::builder(3, 6, 5).stride(2).padding(1).bias(false).build()?;
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

builder! {
    Conv2d, Conv2dBuilder;
    /// Makes a layer with PyTorch's defaults; a kernel is square, or rectangular from a pair. Weight and bias
    /// begin uniform within `±1 / sqrt(fan_in)`, `fan_in = in_channels / groups · height · width`.
    ///
    /// # Errors
    /// When the kernel is empty.
    new(in_channels: usize, out_channels: usize; kernel_size: (usize, usize) as impl IntoPair => IntoPair::pair) -> Result;
    /// Sets the distance between neighbouring outputs, in pixels of the input; default 1.
    stride: (usize, usize) = (1, 1), impl IntoPair => IntoPair::pair;
    /// Sets the width of the border added on each side of the input; default 0.
    padding: (usize, usize) = (0, 0), impl IntoPair => IntoPair::pair;
    /// Adds the border that gives as many outputs as inputs, PyTorch's `padding="same"`; the stride must be
    /// 1. Default false.
    padding_same: bool = false;
    /// Sets what the border is filled with; default zeros.
    padding_mode: Pad = ZEROS;
    /// Sets the distance between a kernel's taps, in pixels of the input; default 1.
    dilation: (usize, usize) = (1, 1), impl IntoPair => IntoPair::pair;
    /// Splits the channels into groups: an output sees the inputs of its group only; default 1.
    groups: usize = 1;
    /// Adds a bias; default true.
    bias: bool = true;
}

impl Conv2dBuilder {
    /// Makes the layer and draws its weights.
    ///
    /// # Errors
    /// When the kernel is empty, a stride or dilation is 0, `groups` does not divide the channels, or
    /// `padding_same` meets a stride or a padding.
    pub fn build(self) -> Result<Conv2d> {
        let Self { in_channels, out_channels, stride, padding, dilation, groups, .. } = self;
        let (height, width) = self.kernel_size;
        let common = Common {
            in_channels,
            out_channels,
            kernel_size: &[height, width],
            stride: &[stride.0, stride.1],
            dilation: &[dilation.0, dilation.1],
            groups,
        };
        common.check("conv2d")?;
        check_same("conv2d", self.padding_same, &[padding.0, padding.1], common.stride)?;
        let fan_in = (in_channels / groups).saturating_mul(height).saturating_mul(width);
        Ok(Conv2d {
            weight: uniform_parameter(&[out_channels, in_channels / groups, height, width], fan_in)?,
            bias: self.bias.then(|| uniform_parameter(&[out_channels], fan_in)).transpose()?,
            options: Conv2dOptions { stride, padding, dilation, groups },
            padding_same: self.padding_same,
            padding_mode: self.padding_mode,
        })
    }
}

impl Conv2d {
    fn kernel_size(&self) -> [usize; 2] {
        [2, 3].map(|d| self.weight.size().get(d).copied().unwrap_or(1))
    }

    #[track_caller]
    fn correlate(&self, x: &Variable) -> Result<Variable> {
        let (kernel, bias) = (self.kernel_size(), self.bias.as_ref());
        let [rows, columns] = borders(self.padding_same, &self.options, kernel);
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
