//! Convolution and its two gradients by cuDNN, in every floating-point dtype. 16-bit products are accumulated
//! in f32.

use crate::cpu::conv::Conv2dShape;
use crate::{Result, Tensor};

/// The pass to compute: one of input, weight and output from the other two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Pass {
    /// The output, from the input and the weight.
    Output,
    /// The gradient of the input, from the gradient of the output and the weight.
    InputGrad,
    /// The gradient of the weight, from the input and the gradient of the output.
    WeightGrad,
}

/// Runs a pass over two operands of one dtype; the result has the shape `size`. Returns `None` if cuDNN does
/// not support it.
#[cfg(feature = "cudnn")]
pub(crate) fn run(
    op: &'static str,
    s: &Conv2dShape,
    pass: Pass,
    [a, b]: [&Tensor; 2],
    size: &[usize],
) -> Result<Option<Tensor>> {
    use super::cudnn::run;
    use crate::DType;
    let Some(gpu) = super::gpu::Gpu::of(a) else { return Ok(None) };
    a.expect_device(op, b)?;
    let sizes = [a.numel(), b.numel(), crate::shape::numel(size)];
    if a.dtype != b.dtype || sizes.iter().any(|n| !(1..=super::launch::MOST).contains(n)) {
        return Ok(None);
    }
    match a.dtype {
        DType::F32 => run::<f32, f32>(&gpu, op, s, pass, a, b, size),
        DType::F64 => run::<f64, f64>(&gpu, op, s, pass, a, b, size),
        DType::F16 => run::<half::f16, f32>(&gpu, op, s, pass, a, b, size),
        DType::BF16 => run::<half::bf16, f32>(&gpu, op, s, pass, a, b, size),
        _ => Ok(None),
    }
}

/// Replaces the pass in builds without cuDNN.
#[cfg(not(feature = "cudnn"))]
pub(crate) fn run(
    _: &'static str,
    _: &Conv2dShape,
    _: Pass,
    _: [&Tensor; 2],
    _: &[usize],
) -> Result<Option<Tensor>> {
    Ok(None)
}
