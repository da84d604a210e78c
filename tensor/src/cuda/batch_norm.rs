//! Batch norm and its gradients: `batch_norm.cu`. 16-bit numbers are computed in f32.

use super::gpu::Gpu;
use super::kernel::BatchNorm as Kernel;
use super::launch::{Arg, MOST, THREADS, operand, real, shares, words};
use crate::cpu::batch_norm::Shape;
use crate::{DType, Result, Tensor};

/// Returns the struct `Shape` of `batch_norm.cu`, and the number of blocks that share the values of a
/// channel.
fn shape(s: &Shape) -> (Arg<'static>, usize) {
    let (parts, length) = shares(s.channels, s.batch * s.size);
    (Arg::Struct(words([s.batch, s.channels, s.size, parts, length].map(|n| n as u32))), parts)
}

/// Allocates two numbers for each part of each channel, if there are several parts.
fn sums(gpu: &Gpu<'_>, op: &'static str, s: &Shape, parts: usize) -> Result<Option<[Tensor; 2]>> {
    let numbers = || gpu.fresh(op, DType::F64, &[s.channels, parts]);
    if parts > 1 { Ok(Some([numbers()?, numbers()?])) } else { Ok(None) }
}

/// Returns the GPU and the dtype in the kernels' symbols, if the kernels support the tensor.
fn fits(x: &Tensor) -> Option<(Gpu<'_>, &'static str)> {
    Gpu::of(x).zip(real(x.dtype.working())).filter(|_| (1..=MOST).contains(&x.numel()))
}

/// Applies [`operand`] to an optional parameter, whose dtype may differ from that of the input.
fn parameter(p: Option<&Tensor>, x: &Tensor) -> Result<Option<Tensor>> {
    p.map(|p| p.in_dtype(x.dtype)?.contiguous()).transpose()
}

/// Returns the result, and the mean and the variance of each channel.
pub(crate) fn train(
    s: &Shape,
    x: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Result<Option<(Tensor, Tensor, Tensor)>> {
    let op = "batch_norm";
    let Some((gpu, of)) = fits(x) else { return Ok(None) };
    let (dtype, x) = (x.dtype, operand(x)?);
    let (weight, bias) = (parameter(weight, &x)?, parameter(bias, &x)?);
    let channel = || gpu.fresh(op, x.dtype, &[s.channels]);
    let (y, mean, var) = (gpu.fresh(op, x.dtype, x.size())?, channel()?, channel()?);
    let (size, parts) = shape(s);
    let threads = s.channels * parts * THREADS;
    let moments = sums(&gpu, op, s, parts)?;
    if let Some([means, squares]) = &moments {
        let args = [shape(s).0, Arg::New(means), Arg::New(squares), Arg::Read(&x)];
        // SAFETY: x is contiguous and has the shape; there are two numbers for each part of each channel.
        unsafe { gpu.launch(op, Kernel::Moments, of, threads, &args)? };
    }
    let mut args = vec![size, Arg::New(&y), Arg::New(&mean), Arg::New(&var), Arg::Read(&x)];
    args.extend([weight.as_ref(), bias.as_ref()].map(Arg::read));
    args.extend([0, 1].map(|i| Arg::read(moments.as_ref().map(|m| &m[i]))));
    args.push(Arg::float(eps));
    // SAFETY: all are contiguous; x and y have the shape, the others a number for each channel, or each part.
    unsafe { gpu.launch(op, Kernel::Normalise, of, threads, &args)? };
    Ok(Some((y.cast(dtype)?, mean, var)))
}

/// Normalises by a given mean and variance of each channel.
pub(crate) fn by(
    s: &Shape,
    x: &Tensor,
    (mean, var): (&Tensor, &Tensor),
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Result<Option<Tensor>> {
    let op = "batch_norm";
    let Some((gpu, of)) = fits(x) else { return Ok(None) };
    let (dtype, x) = (x.dtype, operand(x)?);
    let all = [Some(mean), Some(var), weight, bias].map(|p| parameter(p, &x));
    let all = all.into_iter().collect::<Result<Vec<_>>>()?;
    let y = gpu.fresh(op, x.dtype, x.size())?;
    let mut args = vec![shape(s).0, Arg::New(&y), Arg::Read(&x)];
    args.extend(all.iter().map(|p| Arg::read(p.as_ref())));
    args.push(Arg::float(eps));
    // SAFETY: all are contiguous; x and y have the shape, the others a number for each channel.
    unsafe { gpu.launch(op, Kernel::By, of, x.numel(), &args)? };
    y.cast(dtype).map(Some)
}

/// Returns the gradients of the input, the weight and the bias.
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
    let Some((gpu, of)) = fits(x) else { return Ok(None) };
    let (dtype, x, dy) = (x.dtype, operand(x)?, operand(dy)?);
    let all = [Some(mean), Some(var), weight].map(|p| parameter(p, &x));
    let all = all.into_iter().collect::<Result<Vec<_>>>()?;
    let all = || all.iter().map(|p| Arg::read(p.as_ref()));
    let channel = || gpu.fresh(op, x.dtype, &[s.channels]);
    let (dx, dweight, dbias) = (gpu.fresh(op, x.dtype, x.size())?, channel()?, channel()?);
    let (size, parts) = shape(s);
    let threads = s.channels * parts * THREADS;
    let slopes = sums(&gpu, op, s, parts)?;
    if let Some([along, sum]) = &slopes {
        let mut args = vec![shape(s).0, Arg::New(along), Arg::New(sum), Arg::Read(&x), Arg::Read(&dy)];
        args.extend(all().take(2));
        args.push(Arg::float(eps));
        // SAFETY: as in `train`.
        unsafe { gpu.launch(op, Kernel::Slopes, of, threads, &args)? };
    }
    let mut args = vec![size, Arg::New(&dx), Arg::New(&dweight), Arg::New(&dbias)];
    args.extend([&x, &dy].map(Arg::Read));
    args.extend(all());
    args.extend([0, 1].map(|i| Arg::read(slopes.as_ref().map(|s| &s[i]))));
    args.extend([Arg::float(eps), Arg::count(usize::from(of_batch))]);
    // SAFETY: as in `train`.
    unsafe { gpu.launch(op, Kernel::Gradients, of, threads, &args)? };
    Ok(Some((dx.cast(dtype)?, dweight, dbias)))
}
