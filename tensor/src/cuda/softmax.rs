//! Softmax, its logarithm, cross entropy, and their gradients: `softmax.cu`. Numbers of 16 bits go through f32,
//! in which the results are.

use super::launch::{Arg, MOST, Module, fresh, launch, module, operand, real};
use crate::ops::index::around;
use crate::{Result, Tensor};

const MODULE: Module = module!("softmax");

/// `softmax` and `log_softmax` of one operand, and their gradients from the result and its gradient.
pub(crate) fn along(op: &'static str, operands: &[&Tensor], dim: usize) -> Result<Option<Tensor>> {
    let x = operands[0];
    rows(op, op, x, &[], operands, x.size(), dim)
}

/// The gradient of the cross entropy from the log-softmax, with the class (i64) and the factor of each sample.
pub(crate) fn cross_entropy_grad(y: &Tensor, classes: &Tensor, factors: &Tensor) -> Result<Option<Tensor>> {
    rows("cross_entropy_grad", "cross_entropy_grad", y, &[classes], &[y, factors], y.size(), 1)
}

/// `-x[class] · factor` of each sample from the log-softmax; NaN where there is no such class.
pub(crate) fn nll(x: &Tensor, classes: &Tensor, factors: &Tensor) -> Result<Option<Tensor>> {
    rows("cross_entropy", "nll", x, &[classes], &[x, factors], classes.size(), 1)
}

/// Calls a kernel that has a thread for each row of `x` along `dim`. The first operand comes before the
/// classes, the others after them.
fn rows(
    op: &'static str,
    kernel: &str,
    x: &Tensor,
    classes: &[&Tensor],
    operands: &[&Tensor],
    size: &[usize],
    dim: usize,
) -> Result<Option<Tensor>> {
    let dtype = x.dtype.working();
    let (Some(suffix), 1..=MOST) = (real(dtype), x.numel()) else { return Ok(None) };
    if operands.iter().any(|o| o.dtype.working() != dtype) {
        return Ok(None);
    }
    let operands = operands.iter().map(|x| operand(x)).collect::<Result<Vec<_>>>()?;
    let classes = classes.iter().map(|x| x.contiguous()).collect::<Result<Vec<_>>>()?;
    let (outer, n, inner) = around(x.size(), dim);
    let y = fresh(op, x, dtype, size)?;
    let mut args = vec![Arg::New(&y), Arg::Read(&operands[0])];
    args.extend(classes.iter().map(Arg::Read));
    args.extend(operands[1..].iter().map(Arg::Read));
    args.extend([outer * inner, n, inner].map(Arg::count));
    // SAFETY: operands and result are contiguous and have the rows of x, or a number for each of them.
    unsafe { launch(op, MODULE, &format!("{kernel}_{suffix}"), outer * inner, &args)? };
    Ok(Some(y))
}
