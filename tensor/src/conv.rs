//! Convolution and its two gradients, which are convolutions again.

use crate::kernels::conv::{self, Conv2dShape};
#[cfg(feature = "cudnn")]
use crate::kernels::cuda::conv::Pass;
#[cfg(feature = "cudnn")]
use crate::kernels::on_gpu;
use crate::pool::expect_room;
use crate::{DType, Error, Result, Tensor};

/// The parameters of a two-dimensional convolution, each as (vertical, horizontal).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2dOptions {
    /// The distance between neighbouring outputs, in input pixels.
    pub stride: (usize, usize),
    /// The zeros added on each side of the input.
    pub padding: (usize, usize),
    /// The distance between a kernel's taps, in input pixels.
    pub dilation: (usize, usize),
    /// The number of groups that channels are split into; outputs see the inputs of their group.
    pub groups: usize,
}

impl Default for Conv2dOptions {
    fn default() -> Self {
        Self { stride: (1, 1), padding: (0, 0), dilation: (1, 1), groups: 1 }
    }
}

/// Whether convolutions in f32 are direct sums, whatever is faster. They are not at first: a 3 by 3 kernel
/// with stride 1 and at least 32 channels is computed by Winograd's F(4x4, 3x3), in a quarter of the
/// multiplications, and its forward pass with stride 2 likewise in 9 of 16; both with a rounding error
/// of about 2e-6 of the largest value instead of 3e-7, at 256 channels.
pub fn set_exact_convolutions(exact: bool) {
    conv::set_exact(exact);
}

/// What [`set_exact_convolutions`] chose.
pub fn exact_convolutions() -> bool {
    conv::exact()
}

impl Tensor {
    /// Correlates images `[N, C, H, W]` with kernels `[O, C/groups, h, w]`, and adds `bias` `[O]`:
    /// `[N, O, H', W']` with `H' = (H + 2·padding - dilation·(h-1) - 1) / stride + 1`.
    ///
    /// # Errors
    /// When the shapes or dtypes do not fit, or the kernel is larger than the padded image.
    pub fn conv2d(&self, weight: &Self, bias: Option<&Self>, options: Conv2dOptions) -> Result<Self> {
        let s = geometry("conv2d", self.size(), weight.size(), options)?;
        if let Some(b) = bias
            && b.size() != [s.out_channels]
        {
            return Err(Error::shape(
                "conv2d",
                format!("bias has shape {:?}, {} output channels expect [{1}]", b.size(), s.out_channels),
            ));
        }
        let operands = if let Some(b) = bias { vec![self, weight, b] } else { vec![self, weight] };
        let shape = [s.batch, s.out_channels, s.out_height(), s.out_width()];
        #[cfg(feature = "cudnn")]
        on_gpu!(self, y => y.with_bias(bias), conv::run("conv2d", &s, Pass::Output, self, weight, &shape));
        run(
            "conv2d",
            &operands,
            &shape,
            |i| conv::output(&s, i[0], i[1], i.get(2).copied()),
            |i| conv::output(&s, i[0], i[1], i.get(2).copied()),
        )
    }

    /// The gradient of [`Tensor::conv2d`] with respect to an input of shape `input`; `self` is the
    /// output's. This is the transposed convolution.
    ///
    /// # Errors
    /// When the shapes or dtypes do not fit.
    pub fn conv2d_input_grad(&self, weight: &Self, input: &[usize], options: Conv2dOptions) -> Result<Self> {
        let s = geometry("conv2d_input_grad", input, weight.size(), options)?;
        expect_output("conv2d_input_grad", self, &s)?;
        #[cfg(feature = "cudnn")]
        on_gpu!(self, dx => Ok(dx), conv::run("conv2d_input_grad", &s, Pass::InputGrad, self, weight, input));
        run(
            "conv2d_input_grad",
            &[self, weight],
            input,
            |i| conv::input_gradient(&s, i[0], i[1]),
            |i| conv::input_gradient(&s, i[0], i[1]),
        )
    }

    /// The gradient of [`Tensor::conv2d`] with respect to a weight of shape `weight`; `self` is the
    /// input, `grad` the output's gradient.
    ///
    /// # Errors
    /// When the shapes or dtypes do not fit.
    pub fn conv2d_weight_grad(&self, grad: &Self, weight: &[usize], options: Conv2dOptions) -> Result<Self> {
        let s = geometry("conv2d_weight_grad", self.size(), weight, options)?;
        expect_output("conv2d_weight_grad", grad, &s)?;
        #[cfg(feature = "cudnn")]
        on_gpu!(self, dw => Ok(dw), conv::run("conv2d_weight_grad", &s, Pass::WeightGrad, self, grad, weight));
        run(
            "conv2d_weight_grad",
            &[self, grad],
            weight,
            |i| conv::weight_gradient(&s, i[0], i[1]),
            |i| conv::weight_gradient(&s, i[0], i[1]),
        )
    }
}

impl Tensor {
    /// The output `[N, O, H, W]` with `bias` `[O]` added in place.
    #[cfg(feature = "cudnn")]
    fn with_bias(self, bias: Option<&Self>) -> Result<Self> {
        if let Some(b) = bias {
            b.expect_dtype("conv2d", self.dtype)?;
            self.add_(b.reshape([-1, 1, 1])?)?;
        }
        Ok(self)
    }
}

/// Lends contiguous operands of one real dtype to the kernel; 16-bit floats go through f32.
fn run(
    op: &'static str,
    operands: &[&Tensor],
    shape: &[usize],
    f32_kernel: impl FnOnce(&[&[f32]]) -> Vec<f32>,
    f64_kernel: impl FnOnce(&[&[f64]]) -> Vec<f64>,
) -> Result<Tensor> {
    let dtype = operands[0].dtype;
    operands[0].expect_float(op)?;
    for o in &operands[1..] {
        o.expect_dtype(op, dtype)?;
        operands[0].expect_device(op, o)?;
    }
    match dtype {
        DType::F64 => Tensor::make(op, operands, shape, f64_kernel),
        DType::F32 => Tensor::make(op, operands, shape, f32_kernel),
        _ => {
            let wide = operands.iter().map(|o| o.to_dtype(DType::F32)).collect::<Result<Vec<_>>>()?;
            Tensor::make(op, &wide.iter().collect::<Vec<_>>(), shape, f32_kernel)?.to_dtype(dtype)
        }
    }
}

fn expect_output(op: &'static str, grad: &Tensor, s: &Conv2dShape) -> Result<()> {
    let expected = [s.batch, s.out_channels, s.out_height(), s.out_width()];
    if grad.size() == expected {
        return Ok(());
    }
    Err(Error::shape(op, format!("the output's gradient has shape {:?}, expected {expected:?}", grad.size())))
}

/// Checks an input's and a weight's shapes against each other.
fn geometry(op: &'static str, x: &[usize], w: &[usize], o: Conv2dOptions) -> Result<Conv2dShape> {
    let fail = |message: String| Err(Error::shape(op, message));
    let (&[batch, in_channels, height, width], &[out_channels, group_in, kh, kw]) = (x, w) else {
        let hint =
            if x.len() == 3 { "; give a single sample a batch dimension with .unsqueeze(0)" } else { "" };
        return fail(format!(
            "input has shape {x:?} and weight {w:?}, expected [batch, channels, height, width] and \
             [out_channels, channels / groups, height, width]{hint}"
        ));
    };
    if o.groups == 0 || o.stride.0.min(o.stride.1) == 0 || o.dilation.0.min(o.dilation.1) == 0 {
        return fail(format!("groups, stride and dilation must be at least 1, got {o:?}"));
    }
    if kh == 0 || kw == 0 {
        return fail(format!("weight {w:?} has an empty kernel"));
    }
    if height == 0 || width == 0 {
        return fail(format!("an image of {height} x {width} is empty"));
    }
    if group_in.checked_mul(o.groups) != Some(in_channels) || out_channels % o.groups != 0 {
        let of = if o.groups == 1 { String::new() } else { format!(" in {} groups", o.groups) };
        return fail(format!(
            "input has {in_channels} channels, weight {w:?} expects {}{of}",
            group_in.saturating_mul(o.groups)
        ));
    }
    // The size with the border, where the kernel fits in.
    let bordered = |size: usize, k: usize, p: usize, d: usize| {
        let bordered = size.checked_add(p.checked_mul(2)?)?;
        let span = (k - 1).checked_mul(d)?.checked_add(1)?;
        (bordered >= span).then_some(bordered)
    };
    let rows = bordered(height, kh, o.padding.0, o.dilation.0);
    let columns = bordered(width, kw, o.padding.1, o.dilation.1);
    let (Some(rows), Some(columns)) = (rows, columns) else {
        return fail(format!(
            "a kernel of {kh} x {kw} with dilation {:?} is larger than the input of {height} x {width} with \
             padding {:?}",
            o.dilation, o.padding
        ));
    };
    expect_room(op, &[1, in_channels, rows, columns])?;
    // What is beyond the border leaves one output, or belongs to a kernel of one tap.
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
