//! Pooling and its gradients: `pool.cu`. 16-bit numbers are computed in f32.

use super::gpu::Gpu;
use super::kernel::Pool as Kernel;
use super::launch::{Arg, MOST, Struct, operand, real, words};
use crate::cpu::pool::Pool2d;
use crate::ops::pool::filled;
use crate::{DType, Result, Tensor, shape};

/// The divisor of a mean.
#[derive(Clone, Copy, Default)]
pub(crate) struct Means {
    /// True if the windows cover the image as evenly as possible; then their own settings are ignored.
    pub adaptive: bool,
    /// True if the padding counts.
    pub count_padding: bool,
    /// The divisor, instead of the number of elements.
    pub divisor: Option<usize>,
}

/// Returns the struct `Windows` of `pool.cu`.
fn windows(w: &Pool2d, means: Means) -> Struct {
    let pairs = [w.input, w.output, w.kernel, w.stride, w.padding, w.dilation];
    let tail = [usize::from(means.adaptive), usize::from(means.count_padding), means.divisor.unwrap_or(0)];
    let all = [w.planes].into_iter().chain(pairs.into_iter().flatten()).chain(tail);
    words(all.map(|n| n as u32))
}

/// Returns the GPU and the dtype in the kernels' symbols, if the kernels support the tensor and a result of
/// the shape `size`.
fn fits<'a>(x: &'a Tensor, size: &[usize]) -> Option<(Gpu<'a>, &'static str)> {
    Gpu::of(x).zip(real(x.dtype.working())).filter(|_| x.numel().max(shape::numel(size)) <= MOST)
}

/// Returns the maximum of each window and its index.
pub(crate) fn maxima(w: &Pool2d, x: &Tensor, size: &[usize]) -> Result<Option<(Tensor, Tensor)>> {
    let op = "max_pool2d";
    let Some((gpu, of)) = fits(x, size) else { return Ok(None) };
    let (dtype, x) = (x.dtype, operand(x)?);
    let (y, places) = (gpu.fresh(op, x.dtype, size)?, gpu.fresh(op, DType::U32, size)?);
    let args = [Arg::Struct(windows(w, Means::default())), Arg::New(&y), Arg::New(&places), Arg::Read(&x)];
    // SAFETY: all are contiguous, with the planes and sizes that the windows say.
    unsafe { gpu.launch(op, Kernel::Maxima, of, y.numel(), &args)? };
    Ok(Some((y.cast(dtype)?, places)))
}

/// Returns the gradient of the maxima, added at their indices (u32). An index that no window over it contains
/// is ignored, because reporting it would synchronise.
pub(crate) fn maxima_grad(
    w: &Pool2d,
    dy: &Tensor,
    places: &Tensor,
    input: &[usize],
) -> Result<Option<Tensor>> {
    let op = "max_pool2d_grad";
    let Some((gpu, of)) = fits(dy, input) else { return Ok(None) };
    let (dtype, dy, places) = (dy.dtype, operand(dy)?, places.contiguous()?);
    let dx = gpu.fresh(op, dy.dtype, input)?;
    let args = [Arg::Struct(windows(w, Means::default())), Arg::New(&dx), Arg::Read(&dy), Arg::Read(&places)];
    // SAFETY: as in `maxima`; places are compared and never followed.
    unsafe { gpu.launch(op, Kernel::MaximaGrad, of, dx.numel(), &args)? };
    dx.cast(dtype).map(Some)
}

/// Returns the means of windows, or their gradient (`gradient`), in the shape `size`.
pub(crate) fn means(
    op: &'static str,
    w: &Pool2d,
    means: Means,
    x: &Tensor,
    size: &[usize],
    gradient: bool,
) -> Result<Option<Tensor>> {
    let Some((gpu, of)) = fits(x, size) else { return Ok(None) };
    let (dtype, x) = (x.dtype, operand(x)?);
    let y = gpu.fresh(op, x.dtype, size)?;
    let kernel = if gradient { Kernel::MeansGrad } else { Kernel::Means };
    let args = [Arg::Struct(windows(w, means)), Arg::New(&y), Arg::Read(&x)];
    // SAFETY: as in `maxima`.
    unsafe { gpu.launch(op, kernel, of, y.numel(), &args)? };
    y.cast(dtype).map(Some)
}

/// Returns the [`means`] of windows that cover images of the size `input` as evenly as possible.
pub(crate) fn even_means(
    op: &'static str,
    x: &Tensor,
    input: &[usize],
    output: [usize; 2],
    gradient: bool,
) -> Result<Option<Tensor>> {
    if Gpu::of(x).is_none() {
        return Ok(None);
    }
    let [n, c, h, w] = filled(op, input, output)?;
    let from = if gradient { [n, c, output[0], output[1]] } else { [n, c, h, w] };
    if x.size() != from {
        return Ok(None); // the fallback returns the error
    }
    let mut windows = Pool2d::new(n * c, [h, w], [1, 1], [1, 1], [0, 0], [1, 1], false);
    windows.output = output;
    let size = if gradient { [n, c, h, w] } else { [n, c, output[0], output[1]] };
    means(op, &windows, Means { adaptive: true, ..Means::default() }, x, &size, gradient)
}
