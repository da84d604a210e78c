//! Batch norm and its gradients: `batch_norm.cu`.

use super::{Arg, MOST, Module, THREADS, fresh, launch, module, real};
use crate::kernels::batch_norm::Shape;
use crate::{Result, Tensor};

const MODULE: Module = module!("batch_norm");

/// The arguments that say the size, and the settings.
fn ends<'a>(s: &Shape, eps: f64) -> [Arg<'a>; 4] {
    [Arg::count(s.batch), Arg::count(s.channels), Arg::count(s.size), Arg::float(eps)]
}

/// Whether the kernels take operands of this dtype and size, all of which must be real numbers of one dtype.
fn fits(x: &Tensor, others: &[Option<&Tensor>]) -> Option<&'static str> {
    let same = others.iter().flatten().all(|o| o.dtype == x.dtype);
    real(x.dtype).filter(|_| same && (1..=MOST).contains(&x.numel()))
}

fn contiguous(x: Option<&Tensor>) -> Result<Option<Tensor>> {
    x.map(Tensor::contiguous).transpose()
}

/// The result, the mean and the variance of each channel.
pub(crate) fn train(
    s: &Shape,
    x: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Result<Option<(Tensor, Tensor, Tensor)>> {
    let op = "batch_norm";
    let Some(suffix) = fits(x, &[weight, bias]) else { return Ok(None) };
    let (x, weight, bias) = (x.contiguous()?, contiguous(weight)?, contiguous(bias)?);
    let channel = || fresh(op, &x, x.dtype, &[s.channels]);
    let (y, mean, var) = (fresh(op, &x, x.dtype, x.size())?, channel()?, channel()?);
    let mut args = vec![Arg::New(&y), Arg::New(&mean), Arg::New(&var), Arg::Read(&x)];
    args.extend([Arg::read(weight.as_ref()), Arg::read(bias.as_ref())]);
    args.extend(ends(s, eps));
    // SAFETY: all are contiguous; x and y have the shape, the others a number for each channel.
    unsafe { launch(op, MODULE, &format!("normalise_{suffix}"), s.channels * THREADS, &args)? };
    Ok(Some((y, mean, var)))
}

/// The result by a given mean and variance of each channel.
pub(crate) fn by(
    s: &Shape,
    x: &Tensor,
    (mean, var): (&Tensor, &Tensor),
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Result<Option<Tensor>> {
    let op = "batch_norm";
    let Some(suffix) = fits(x, &[Some(mean), Some(var), weight, bias]) else { return Ok(None) };
    let (x, mean, var) = (x.contiguous()?, mean.contiguous()?, var.contiguous()?);
    let (weight, bias) = (contiguous(weight)?, contiguous(bias)?);
    let y = fresh(op, &x, x.dtype, x.size())?;
    let mut args = vec![Arg::New(&y), Arg::Read(&x), Arg::Read(&mean), Arg::Read(&var)];
    args.extend([Arg::read(weight.as_ref()), Arg::read(bias.as_ref())]);
    args.extend(ends(s, eps));
    // SAFETY: as in `train`.
    unsafe { launch(op, MODULE, &format!("by_{suffix}"), x.numel(), &args)? };
    Ok(Some(y))
}

/// The gradients of the input, the weight and the bias.
pub(crate) fn gradients(
    s: &Shape,
    x: &Tensor,
    dy: &Tensor,
    (mean, var): (&Tensor, &Tensor),
    weight: Option<&Tensor>,
    eps: f64,
    of_batch: bool,
) -> Result<Option<(Tensor, Tensor, Tensor)>> {
    let op = "batch_norm_grad";
    let Some(suffix) = fits(x, &[Some(dy), Some(mean), Some(var), weight]) else { return Ok(None) };
    let (x, dy, mean, var) = (x.contiguous()?, dy.contiguous()?, mean.contiguous()?, var.contiguous()?);
    let weight = contiguous(weight)?;
    let channel = || fresh(op, &x, x.dtype, &[s.channels]);
    let (dx, dweight, dbias) = (fresh(op, &x, x.dtype, x.size())?, channel()?, channel()?);
    let mut args = vec![Arg::New(&dx), Arg::New(&dweight), Arg::New(&dbias)];
    args.extend([&x, &dy, &mean, &var].map(Arg::Read));
    args.push(Arg::read(weight.as_ref()));
    args.extend(ends(s, eps));
    args.push(Arg::count(usize::from(of_batch)));
    // SAFETY: as in `train`.
    unsafe { launch(op, MODULE, &format!("gradients_{suffix}"), s.channels * THREADS, &args)? };
    Ok(Some((dx, dweight, dbias)))
}
