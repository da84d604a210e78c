//! Convolution and its two gradients by cuDNN, in every real dtype; 16-bit products are added up in f32.

use crate::cpu::conv::Conv2dShape;
use crate::{Result, Tensor};

/// What is to be computed from the other two of input, weight and output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Pass {
    /// The output, of input and weight.
    Output,
    /// The input's gradient, of the output's and the weight.
    InputGrad,
    /// The weight's gradient, of the input and the output's.
    WeightGrad,
}

/// A pass over two operands of one dtype; the result has the shape `size`. None where cuDNN has no way.
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

/// Stands in for the pass where the program is built without cuDNN.
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
