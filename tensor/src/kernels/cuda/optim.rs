//! Optimisers' steps: `optim.cu`, one kernel over a parameter, its gradient and its state.

use super::{Arg, MOST, Module, Struct, launch, module, real};
use crate::kernels::optim::{Adam, Sgd};
use crate::step::check;
use crate::{Result, Tensor};

const MODULE: Module = module!("optim");

/// The end of the kernels' names, where they take these: of one dtype, and those that are written contiguous.
fn fits(param: &Tensor, states: &[&Tensor]) -> Option<&'static str> {
    let written = |x: &Tensor| x.is_contiguous() && x.numel() <= MOST;
    real(param.dtype).filter(|_| written(param) && states.iter().all(|s| written(s)))
}

fn sign(maximize: bool) -> f64 {
    if maximize { -1.0 } else { 1.0 }
}

/// A step of SGD.
pub(crate) fn sgd(
    s: &Sgd,
    param: &Tensor,
    grad: &Tensor,
    buffer: Option<&Tensor>,
    first: bool,
) -> Result<Option<()>> {
    check("sgd_", param, grad, buffer.as_slice())?;
    let Some(suffix) = fits(param, buffer.as_slice()) else { return Ok(None) };
    let grad = grad.contiguous()?;
    let numbers = [s.lr, s.momentum, 1.0 - s.dampening, s.weight_decay, sign(s.maximize)];
    let settings = Struct::numbers(&numbers, &[u32::from(s.nesterov), u32::from(first)]);
    let args = [
        Arg::count(param.numel()),
        Arg::Struct(settings),
        Arg::Write(param),
        Arg::Read(&grad),
        buffer.map_or(Arg::Null, Arg::Write),
    ];
    // SAFETY: all are contiguous, of one shape and dtype, in memory of their own.
    unsafe { launch("sgd_", MODULE, &format!("sgd_{suffix}"), param.numel(), &args)? };
    Ok(Some(()))
}

/// A step of Adam or AdamW.
pub(crate) fn adam(
    s: &Adam,
    step: u64,
    param: &Tensor,
    grad: &Tensor,
    [exp_avg, exp_avg_sq]: [&Tensor; 2],
    largest: Option<&Tensor>,
) -> Result<Option<()>> {
    let states: Vec<&Tensor> = [exp_avg, exp_avg_sq].into_iter().chain(largest).collect();
    check("adam_", param, grad, &states)?;
    let Some(suffix) = fits(param, &states) else { return Ok(None) };
    let grad = grad.contiguous()?;
    let ((beta1, beta2), t) = (s.betas, step as f64);
    let numbers = [
        if s.decoupled { 0.0 } else { s.weight_decay },
        sign(s.maximize),
        if s.decoupled { 1.0 - s.lr * s.weight_decay } else { 1.0 },
        1.0 - beta1,
        beta2,
        1.0 - beta2,
        -s.lr / (1.0 - beta1.powf(t)),
        (1.0 - beta2.powf(t)).sqrt(),
        s.eps,
    ];
    let args = [
        Arg::count(param.numel()),
        Arg::Struct(Struct::numbers(&numbers, &[])),
        Arg::Write(param),
        Arg::Read(&grad),
        Arg::Write(exp_avg),
        Arg::Write(exp_avg_sq),
        largest.map_or(Arg::Null, Arg::Write),
    ];
    // SAFETY: as in `sgd`.
    unsafe { launch("adam_", MODULE, &format!("adam_{suffix}"), param.numel(), &args)? };
    Ok(Some(()))
}
