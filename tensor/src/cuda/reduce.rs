//! Sums and means over dimensions: `reduce.cu`.

use super::gpu::Gpu;
use super::kernel::Reduce as Kernel;
use super::launch::{Arg, MOST, Struct, THREADS, real, shares, words};
use crate::{DType, Result, Tensor, shape};

/// The maximum number of dimensions that are kept, and of dimensions that are summed.
const RANK: usize = 8;
/// The maximum number of elements that one thread sums. More are summed by one or several blocks.
const FEW: usize = 64;

/// Returns `factor` times the sums over the dimensions `over`, in the shape `size`.
pub(crate) fn sum(
    op: &'static str,
    x: &Tensor,
    over: &[usize],
    factor: f64,
    size: &[usize],
) -> Result<Option<Tensor>> {
    let (Some(gpu), Some(dtype)) = (Gpu::of(x), real(x.dtype)) else { return Ok(None) };
    let (over, kept): (Vec<usize>, Vec<usize>) = (0..x.dim()).partition(|d| over.contains(d));
    let number = |dims: &[usize]| dims.iter().map(|&d| x.size()[d]).product::<usize>();
    let (results, count) = (number(&kept), number(&over));
    let (Some(kept), Some(over)) = (merged(x, &kept), merged(x, &over)) else { return Ok(None) };
    if shape::numel(x.size()).max(results) > MOST {
        return Ok(None);
    }
    let (places, y) = (places(results, count, kept, over), gpu.fresh(op, x.dtype, size)?);
    let (parts, length) = shares(results, count);
    if parts > 1 {
        let sums = gpu.fresh(op, DType::F64, &[results, parts])?;
        let (kept, over) = (line(results, parts), line(parts, 1));
        let (each, length) = (Arg::count(parts), Arg::count(length));
        let args = [Arg::Struct(places), Arg::New(&sums), Arg::Read(x), each, length];
        // SAFETY: each result has `parts` sums, which together cover all of its elements.
        unsafe { gpu.launch(op, Kernel::Part, dtype, results * parts * THREADS, &args)? };
        let places = self::places(results, parts, kept, over);
        let args = [Arg::Struct(places), Arg::New(&y), Arg::Read(&sums), Arg::float(factor)];
        // SAFETY: the strides are those of `[results, parts]`, and there are `results` results.
        unsafe { gpu.launch(op, Kernel::Joined, dtype, results * THREADS, &args)? };
        return Ok(Some(y));
    }
    let (kernel, threads) =
        if count <= FEW { (Kernel::Few, results) } else { (Kernel::Many, results * THREADS) };
    let args = [Arg::Struct(places), Arg::New(&y), Arg::Read(x), Arg::float(factor)];
    // SAFETY: the strides are those of the tensor, and there is a result for each kept position.
    unsafe { gpu.launch(op, kernel, dtype, threads, &args)? };
    Ok(Some(y))
}

/// Returns the struct `Reduction` of `reduce.cu`.
fn places(results: usize, count: usize, kept: Dims, over: Dims) -> Struct {
    let columns = [kept.0, kept.1, over.0, over.1].into_iter().flatten();
    words([results as u32, count as u32, kept.2, over.2].into_iter().chain(columns))
}

/// Returns the means over the dimensions `over`; NaN if there are no elements.
pub(crate) fn mean(op: &'static str, x: &Tensor, over: &[usize], size: &[usize]) -> Result<Option<Tensor>> {
    let count: usize = over.iter().map(|&d| x.size()[d]).product();
    sum(op, x, over, 1.0 / count as f64, size)
}

/// The sizes, the strides and the number of some dimensions.
type Dims = ([u32; RANK], [u32; RANK], u32);

/// Returns the sizes and strides of one dimension.
fn line(size: usize, stride: usize) -> Dims {
    let first = |n: usize| std::array::from_fn(|d| if d == 0 { n as u32 } else { 0 });
    (first(size), first(stride), 1)
}

/// Merges the given dimensions of a tensor if one continues the other. Returns `None` if too many are left,
/// or they exceed 32 bits.
fn merged(x: &Tensor, dims: &[usize]) -> Option<Dims> {
    let mut all: Vec<(usize, usize)> = Vec::with_capacity(dims.len());
    for (n, s) in dims.iter().map(|&d| (x.size()[d], x.stride()[d])).filter(|(n, _)| *n != 1) {
        match all.last_mut() {
            Some((m, outer)) if *outer == s * n => (*m, *outer) = (*m * n, s),
            _ => all.push((n, s)),
        }
    }
    let reach: usize = all.iter().map(|(n, s)| n.saturating_sub(1) * s).sum();
    if all.len() > RANK || reach > u32::MAX as usize {
        return None;
    }
    let (mut sizes, mut strides) = ([0; RANK], [0; RANK]);
    for (i, &(n, s)) in all.iter().enumerate() {
        (sizes[i], strides[i]) = (n as u32, s as u32);
    }
    Some((sizes, strides, all.len() as u32))
}
