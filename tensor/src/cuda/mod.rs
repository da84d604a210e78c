//! CUDA GPUs: availability, settings, and operations without a kernel for them.
//!
//! Every operation supports tensors on a GPU. Operations without a GPU kernel are computed on the CPU: their
//! operands are copied to it, and the result is copied back. That waits for the GPU and costs two copies.
//! [`set_strict`], or `TAPER_CUDA_STRICT=1` in the environment, turns it into an error that names the
//! operation, which finds such operations in a training step.

pub(crate) mod batch_norm;
pub(crate) mod conv;
#[cfg(feature = "cudnn")]
mod cudnn;
pub(crate) mod elementwise;
#[cfg(feature = "cuda")]
mod gpu;
#[cfg(not(feature = "cuda"))]
#[path = "no_gpu.rs"]
mod gpu;
#[doc(hidden)]
pub mod kernel;
mod launch;
pub(crate) mod optim;
pub(crate) mod pool;
pub(crate) mod reduce;
pub(crate) mod softmax;
#[cfg(test)]
mod tests;
#[cfg(feature = "cuda")]
mod upload;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::{Device, Error, Result, Tensor};
use gpu::Gpu;

/// Returns true if this program can use a CUDA GPU: it was built with CUDA support, and the machine has one.
pub fn is_available() -> bool {
    Device::cuda(0).is_ok()
}

static STRICT: LazyLock<AtomicBool> =
    LazyLock::new(|| AtomicBool::new(std::env::var("TAPER_CUDA_STRICT").is_ok_and(|v| v == "1")));

/// Sets if an operation without a kernel for the GPU is an error. The default is false: it is computed on the
/// CPU.
pub fn set_strict(strict: bool) {
    STRICT.store(strict, Ordering::Relaxed);
}

/// Returns the setting of [`set_strict`].
pub fn strict() -> bool {
    STRICT.load(Ordering::Relaxed)
}

static TF32: AtomicBool = AtomicBool::new(false);

/// Sets if matrix products and convolutions in float32 may round their operands to 10 bits of fraction
/// (TF32), which the tensor cores of newer GPUs multiply several times faster. The default is false. PyTorch
/// has one switch for each; the default of its switch for convolutions is true.
pub fn set_tf32(allowed: bool) {
    TF32.store(allowed, Ordering::Relaxed);
    candle_core::cuda::set_gemm_reduced_precision_f32(allowed);
}

/// Returns the setting of [`set_tf32`].
pub fn tf32() -> bool {
    TF32.load(Ordering::Relaxed)
}

/// Returns the number of allocated bytes of a GPU's memory; PyTorch's `torch.cuda.memory_allocated`. It waits
/// for the GPU.
///
/// # Errors
/// If `device` is not a GPU, or the driver does not tell.
pub fn memory_allocated(device: &Device) -> Result<u64> {
    let op = "memory_allocated";
    let Some(gpu) = Gpu::on(&device.0) else {
        return Err(Error::value(op, format!("got {device}, expected a CUDA GPU")));
    };
    device.synchronize()?;
    gpu.memory_in_use(op)
}

/// Checks that an operand on a GPU may be computed on the CPU.
pub(crate) fn expect_round_trip(op: &'static str) -> Result<()> {
    if !strict() {
        return Ok(());
    }
    Err(Error::value(
        op,
        "this operation has no kernel for the GPU, and cuda::set_strict(true) or TAPER_CUDA_STRICT=1 forbids the fallback to the CPU",
    ))
}

/// Copies `x`, which is on the CPU, to a GPU. Returns `None` if candle must do it.
pub(crate) fn upload(op: &'static str, x: &Tensor, device: &Device) -> Result<Option<Tensor>> {
    match Gpu::on(&device.0) {
        Some(gpu) if x.inner.device().is_cpu() => gpu.upload(op, x),
        _ => Ok(None),
    }
}

/// Opens the GPU number `ordinal` once. candle distinguishes devices by their opening, and gives each its own
/// stream, and streams do not keep an order between each other.
pub(crate) fn open(ordinal: usize) -> Result<candle_core::Device> {
    static OPEN: Mutex<BTreeMap<usize, candle_core::Device>> = Mutex::new(BTreeMap::new());
    if !cfg!(feature = "cuda") {
        return Err(Error::value(
            "device",
            "this program was built without CUDA support; build it with the feature `cuda`, or use the cpu",
        ));
    }
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(device) = open.get(&ordinal) {
        return Ok(device.clone());
    }
    let device = candle_core::Device::new_cuda_with_stream(ordinal).map_err(|e| {
        let reason = e.to_string().lines().next().unwrap_or_default().to_owned();
        Error::value("device", format!("CUDA GPU number {ordinal} is not available ({reason}); use the cpu"))
    })?;
    if let Some(gpu) = Gpu::on(&device) {
        gpu.prepare();
    }
    open.insert(ordinal, device.clone());
    Ok(device)
}
