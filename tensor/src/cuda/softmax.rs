//! Softmax, its logarithm, cross entropy, and their gradients: `softmax.cu`. 16-bit numbers are computed in
//! f32, and so are their results.

use super::gpu::Gpu;
use super::kernel::Softmax as Kernel;
use super::launch::{Arg, MOST, real};
use crate::ops::index::around;
use crate::{Result, Tensor};

/// Computes `softmax` and `log_softmax` of one operand, and their gradients from the result and its gradient.
pub(crate) fn along(
    op: &'static str,
    kernel: Kernel,
    operands: &[&Tensor],
    dim: usize,
) -> Result<Option<Tensor>> {
    rows(op, kernel, operands, None, operands[0].size(), dim)
}

/// Returns the gradient of the cross entropy from the log-softmax, with the class (i64) and the factor of
/// each sample.
pub(crate) fn cross_entropy_grad(y: &Tensor, classes: &Tensor, factors: &Tensor) -> Result<Option<Tensor>> {
    rows("cross_entropy_grad", Kernel::CrossEntropyGrad, &[y, factors], Some(classes), y.size(), 1)
}

/// Returns `-x[class] · factor` of each sample from the log-softmax; NaN if the class is out of range.
pub(crate) fn nll(x: &Tensor, classes: &Tensor, factors: &Tensor) -> Result<Option<Tensor>> {
    rows("cross_entropy", Kernel::Nll, &[x, factors], Some(classes), classes.size(), 1)
}

/// Calls a kernel with one thread for each row of the first operand, `x`, along `dim`. The other operands may
/// have another dtype.
fn rows(
    op: &'static str,
    kernel: Kernel,
    operands: &[&Tensor],
    classes: Option<&Tensor>,
    size: &[usize],
    dim: usize,
) -> Result<Option<Tensor>> {
    let x = operands[0];
    let dtype = x.dtype.working();
    let (Some(gpu), Some(of), 1..=MOST) = (Gpu::of(x), real(dtype), x.numel()) else { return Ok(None) };
    let operands = operands.iter().map(|x| x.in_dtype(dtype)?.contiguous()).collect::<Result<Vec<_>>>()?;
    let classes = classes.map(Tensor::contiguous).transpose()?;
    let (outer, n, inner) = around(x.size(), dim);
    let y = gpu.fresh(op, dtype, size)?;
    let mut args = vec![Arg::New(&y), Arg::Read(&operands[0])];
    args.extend(classes.iter().map(Arg::Read));
    args.extend(operands[1..].iter().map(Arg::Read));
    args.extend([outer * inner, n, inner].map(Arg::count));
    // SAFETY: operands and result are contiguous, and have the rows of x, or one number for each row.
    unsafe { gpu.launch(op, kernel, of, outer * inner, &args)? };
    Ok(Some(y))
}
