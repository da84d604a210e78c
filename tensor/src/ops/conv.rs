//! Convolutions.

use crate::cpu::conv::{self, Conv2dShape};
use crate::cuda::conv::Pass;
use crate::ops::pool::{expect_filled, expect_room, images};
use crate::{AsTensor, Error, Result, Tensor, cuda, shape};

/// Options of a two-dimensional convolution, each as (vertical, horizontal).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2dOptions {
    /// The distance between neighbouring outputs, in input pixels.
    pub stride: (usize, usize),
    /// The number of zeros added on each side of the input.
    pub padding: (usize, usize),
    /// The distance between the elements of a kernel, in input pixels.
    pub dilation: (usize, usize),
    /// The number of groups that the channels are split into. An output channel depends on the input channels
    /// of its group.
    pub groups: usize,
}

impl Default for Conv2dOptions {
    fn default() -> Self {
        Self { stride: (1, 1), padding: (0, 0), dilation: (1, 1), groups: 1 }
    }
}

/// Sets if convolutions in f32 compute direct sums only. The default is false: a 3 by 3 kernel with stride 1
/// and at least 32 channels is computed by Winograd's F(4x4, 3x3), with a quarter of the multiplications, and
/// its forward pass with stride 2 with 9 in 16. Then the rounding error is about 2e-6 of the largest value
/// instead of 3e-7, at 256 channels.
pub fn set_exact_convolutions(exact: bool) {
    conv::set_exact(exact);
}

/// Returns the setting of [`set_exact_convolutions`].
pub fn exact_convolutions() -> bool {
    conv::exact()
}

impl Tensor {
    /// Computes the cross-correlation of images with kernels, and adds `bias`.
    ///
    /// # Shapes
    /// Input `[N, C, H, W]`, weight `[O, C/groups, h, w]`, bias `[O]`, output `[N, O, H', W']` with `H' =
    /// floor((H + 2·padding - dilation·(h - 1) - 1) / stride) + 1`, and `W'` likewise.
    ///
    /// # Errors
    /// If a shape does not fit, the dtypes or devices differ, the dtype is not floating point, or the kernel
    /// is larger than the padded image.
    pub fn conv2d(&self, weight: impl AsTensor, bias: Option<&Self>, options: Conv2dOptions) -> Result<Self> {
        let weight = &*weight.as_tensor();
        let s = geometry("conv2d", self.size(), weight.size(), options)?;
        if let Some(b) = bias
            && b.size() != [s.out_channels]
        {
            bail!(shape(
                "conv2d",
                "bias has shape {:?}, expected [{}], the number of output channels",
                b.size(),
                s.out_channels
            ));
        }
        let operands = if let Some(b) = bias { vec![self, weight, b] } else { vec![self, weight] };
        let shape = [s.batch, s.out_channels, s.out_height(), s.out_width()];
        if let Some(y) = cuda::conv::run("conv2d", &s, Pass::Output, [self, weight], &shape)? {
            return y.with_bias(bias);
        }
        expect_alike("conv2d", &["input", "weight", "bias"], &operands)?;
        real_kernel!(make, "conv2d", operands, &shape, T => |i| conv::output(&s, i[0], i[1], i.get(2).copied()))
    }

    /// Returns the gradient of [`Tensor::conv2d`] with respect to an input of shape `input`, from the
    /// gradient with respect to the output, `self`. This is the transposed convolution.
    ///
    /// # Shapes
    /// `self` `[N, O, H', W']`, weight `[O, C/groups, h, w]`, result `[N, C, H, W]`.
    ///
    /// # Errors
    /// If the shapes do not fit, or the dtypes or devices differ.
    pub fn conv2d_input_grad(&self, weight: &Self, input: &[usize], options: Conv2dOptions) -> Result<Self> {
        let s = geometry("conv2d_input_grad", input, weight.size(), options)?;
        expect_output("conv2d_input_grad", self, &s)?;
        if let Some(dx) = cuda::conv::run("conv2d_input_grad", &s, Pass::InputGrad, [self, weight], input)? {
            return Ok(dx);
        }
        let (op, operands) = ("conv2d_input_grad", [self, weight]);
        expect_alike(op, &["gradient", "weight"], &operands)?;
        real_kernel!(make, op, operands, input, T => |i| conv::input_gradient(&s, i[0], i[1]))
    }

    /// Returns the gradient of [`Tensor::conv2d`] with respect to a weight of shape `weight`, from the input,
    /// `self`, and the gradient with respect to the output, `grad`.
    ///
    /// # Shapes
    /// `self` `[N, C, H, W]`, grad `[N, O, H', W']`, result `[O, C/groups, h, w]`.
    ///
    /// # Errors
    /// If the shapes do not fit, or the dtypes or devices differ.
    pub fn conv2d_weight_grad(&self, grad: &Self, weight: &[usize], options: Conv2dOptions) -> Result<Self> {
        let s = geometry("conv2d_weight_grad", self.size(), weight, options)?;
        expect_output("conv2d_weight_grad", grad, &s)?;
        if let Some(dw) = cuda::conv::run("conv2d_weight_grad", &s, Pass::WeightGrad, [self, grad], weight)? {
            return Ok(dw);
        }
        let (op, operands) = ("conv2d_weight_grad", [self, grad]);
        expect_alike(op, &["input", "gradient"], &operands)?;
        real_kernel!(make, op, operands, weight, T => |i| conv::weight_gradient(&s, i[0], i[1]))
    }

    /// Adds `bias` `[O]` in place to the output `[N, O, H, W]`.
    fn with_bias(self, bias: Option<&Self>) -> Result<Self> {
        if let Some(b) = bias {
            Self::expect_one_dtype("conv2d", &[("weight", &self), ("bias", b)])?;
            self.add_(b.reshape([-1, 1, 1])?)?;
        }
        Ok(self)
    }
}

/// Checks that the operands have the same floating-point dtype and the same device.
fn expect_alike(op: &'static str, names: &[&str], operands: &[&Tensor]) -> Result<()> {
    operands[0].expect_float(op)?;
    let named: Vec<_> = names.iter().copied().zip(operands.iter().copied()).collect();
    Tensor::expect_one_dtype(op, &named)?;
    operands[1..].iter().try_for_each(|o| operands[0].expect_device(op, o))
}

fn expect_output(op: &'static str, grad: &Tensor, s: &Conv2dShape) -> Result<()> {
    let expected = [s.batch, s.out_channels, s.out_height(), s.out_width()];
    if grad.size() == expected {
        return Ok(());
    }
    Err(Error::shape(
        op,
        format!("the gradient of the output has shape {:?}, expected {expected:?}", grad.size()),
    ))
}

/// Checks the shapes of input, weight and options against each other.
fn geometry(op: &'static str, x: &[usize], w: &[usize], o: Conv2dOptions) -> Result<Conv2dShape> {
    let (&[batch, in_channels, height, width], &[out_channels, group_in, kh, kw]) = (x, w) else {
        let hint =
            if x.len() == 3 { "; give a single sample a batch dimension with .unsqueeze(0)" } else { "" };
        bail!(shape(
            op,
            "input has shape {x:?} and weight {w:?}, expected [batch, channels, height, width] and \
             [out_channels, channels / groups, height, width]{hint}"
        ));
    };
    bail_if!(
        o.groups == 0 || o.stride.0.min(o.stride.1) == 0 || o.dilation.0.min(o.dilation.1) == 0,
        shape(op, "got {o:?}, expected groups, stride and dilation of at least 1")
    );
    bail_if!(kh == 0 || kw == 0, shape(op, "weight has shape {w:?}, expected a kernel of at least 1 x 1"));
    expect_filled(op, height, width)?;
    if group_in.checked_mul(o.groups) != Some(in_channels) || out_channels % o.groups != 0 {
        let of = if o.groups == 1 { String::new() } else { format!(" in {} groups", o.groups) };
        bail!(shape(
            op,
            "input has {in_channels} channels, weight {w:?} expects {}{of}",
            group_in.saturating_mul(o.groups)
        ));
    }
    // Returns the padded size, if the kernel fits into it.
    let bordered = |size: usize, k: usize, p: usize, d: usize| {
        let bordered = size.checked_add(p.checked_mul(2)?)?;
        let span = (k - 1).checked_mul(d)?.checked_add(1)?;
        (bordered >= span).then_some(bordered)
    };
    let rows = bordered(height, kh, o.padding.0, o.dilation.0);
    let columns = bordered(width, kw, o.padding.1, o.dilation.1);
    let (Some(rows), Some(columns)) = (rows, columns) else {
        bail!(shape(
            op,
            "got a kernel of {kh} x {kw} with dilation {:?}, expected one that fits the input of {height} x {width} \
             with padding {:?}",
            o.dilation,
            o.padding
        ));
    };
    expect_room(op, &[1, in_channels, rows, columns])?;
    // A larger stride or dilation has the same effect: one output, or a kernel of one element.
    let within = |(v, h): (usize, usize)| (v.min(rows), h.min(columns));
    let s = Conv2dShape {
        batch,
        in_channels,
        height,
        width,
        out_channels,
        kernel: (kh, kw),
        stride: within(o.stride),
        padding: o.padding,
        dilation: within(o.dilation),
        groups: o.groups,
    };
    expect_room(op, &[batch, out_channels, s.out_height(), s.out_width()])?;
    Ok(s)
}

/// Options of a transposed convolution, each as (vertical, horizontal).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConvTranspose2dOptions {
    /// The options of the convolution that this one transposes.
    pub conv: Conv2dOptions,
    /// The size added to the output at the bottom and on the right, because several output sizes fit a stride
    /// above 1. It must be smaller than the stride or the dilation.
    pub output_padding: (usize, usize),
}

/// Returns the shape of a transposed convolution's output.
#[doc(hidden)]
pub fn transposed(x: &[usize], weight: &[usize], options: ConvTranspose2dOptions) -> Result<[usize; 4]> {
    let op = "conv_transpose2d";
    let ConvTranspose2dOptions { conv: o, output_padding } = options;
    let [n, c, h, w] = images(op, x)?;
    let &[wc, group_out, kh, kw] = weight else {
        bail!(shape(
            op,
            "weight has shape {weight:?}, expected [channels, out_channels / groups, height, width]"
        ));
    };
    bail_if!(
        wc != c || o.groups == 0,
        shape(
            op,
            "input has {c} channels, weight {weight:?} expects {wc} in {} groups, at least 1",
            o.groups
        )
    );
    let size = |i: usize, k: usize, s: usize, p: usize, d: usize, extra: usize| {
        let (i, k, s, p, d) = (i as i128, k as i128, s as i128, p as i128, d as i128);
        let fits = (extra as i128) < s.max(d) && i > 0 && k > 0;
        let size = (i - 1) * s - 2 * p + d * (k - 1) + extra as i128 + 1;
        if fits { usize::try_from(size).ok() } else { None }
    };
    let height = size(h, kh, o.stride.0, o.padding.0, o.dilation.0, output_padding.0);
    let width = size(w, kw, o.stride.1, o.padding.1, o.dilation.1, output_padding.1);
    let Some((height, width)) = height.zip(width) else {
        bail!(shape(
            op,
            "got an input of {h} x {w}, a kernel of {kh} x {kw} and {options:?}, expected a non-empty output, and an \
             output padding smaller than the stride or the dilation"
        ));
    };
    let size = [n, group_out.saturating_mul(o.groups), height, width];
    shape::shape(op, size)?;
    Ok(size)
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_conv {
    ($T:ident) => {
        impl $T {
            /// Computes the cross-correlation of sequences with kernels, and adds `bias`. It uses the second
            /// (horizontal) numbers of the options.
            ///
            /// # Shapes
            /// Input `[N, C, L]`, weight `[O, C/groups, l]`, bias `[O]`, output `[N, O, L']`.
            ///
            /// # Errors
            /// If a shape does not fit, the dtypes or devices differ, the dtype is not floating point, or the
            /// kernel is longer than the padded sequence.
            #[track_caller]
            pub fn conv1d(
                &self,
                weight: impl $crate::AsTensor<Self>,
                bias: Option<&Self>,
                options: $crate::Conv2dOptions,
            ) -> Result<Self> {
                let weight = &*weight.as_tensor();
                $crate::bail_if!(
                    self.dim() != 3 || weight.dim() != 3,
                    shape(
                        "conv1d",
                        "input has shape {:?} and weight {:?}, expected [batch, channels, length] and \
                         [out_channels, channels / groups, length]",
                        self.size(),
                        weight.size()
                    )
                );
                let flat = $crate::Conv2dOptions {
                    stride: (1, options.stride.1),
                    padding: (0, options.padding.1),
                    dilation: (1, options.dilation.1),
                    groups: options.groups,
                };
                self.unsqueeze(2)?.conv2d(weight.unsqueeze(2)?, bias, flat)?.squeeze(2)
            }

            /// Computes the transposed convolution of images with kernels, and adds `bias`. Its input and
            /// output shapes are those of a convolution's output and input.
            ///
            /// # Shapes
            /// Input `[N, C, H, W]`, weight `[C, O/groups, h, w]`, bias `[O]`, output `[N, O, H', W']` with
            /// `H' = (H - 1)·stride - 2·padding + dilation·(h - 1) + output_padding + 1`, and `W'` likewise.
            ///
            /// # Errors
            /// If a shape does not fit, the dtypes or devices differ, or the output padding is not smaller
            /// than the stride or the dilation.
            #[track_caller]
            pub fn conv_transpose2d(
                &self,
                weight: impl $crate::AsTensor<Self>,
                bias: Option<&Self>,
                options: $crate::ConvTranspose2dOptions,
            ) -> Result<Self> {
                let weight = &*weight.as_tensor();
                let size = $crate::support::transposed(&self.size(), &weight.size(), options)?;
                let y = self.conv2d_input_grad(weight, &size, options.conv)?;
                match bias {
                    None => Ok(y),
                    Some(b) if b.size() == [size[1]] => y.add(b.autocast_as(&y)?.reshape([size[1], 1, 1])?),
                    Some(b) => {
                        let [_, channels, ..] = size;
                        $crate::bail!(shape(
                            "conv_transpose2d",
                            "bias has shape {:?}, expected [{channels}], the number of output channels",
                            b.size()
                        ))
                    }
                }
            }
        }
    };
}
composed_conv!(Tensor);
