//! CUDA GPUs: whether there is one, and what happens to operations that have no kernel for it.
//!
//! Every operation works on a tensor of a GPU. Those without a kernel there are computed on the CPU: their
//! operands are copied to the host, and the result back. That waits for the GPU and costs two copies, so
//! [`set_strict`] (or the environment's `TAPER_CUDA_STRICT=1`) makes it an error that names the operation:
//! thus a training step shows whether it has such an operation.

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

/// Whether this program can use a CUDA GPU: it was built for it, and the machine has one.
pub fn is_available() -> bool {
    Device::cuda(0).is_ok()
}

static STRICT: LazyLock<AtomicBool> =
    LazyLock::new(|| AtomicBool::new(std::env::var("TAPER_CUDA_STRICT").is_ok_and(|v| v == "1")));

/// Whether an operation without a kernel for the GPU is an error, where it is computed on the host otherwise.
pub fn set_strict(strict: bool) {
    STRICT.store(strict, Ordering::Relaxed);
}

/// What [`set_strict`] chose.
pub fn strict() -> bool {
    STRICT.load(Ordering::Relaxed)
}

static TF32: AtomicBool = AtomicBool::new(false);

/// Whether matrix products and convolutions in f32 may round their operands to 10 bits of fraction (TF32),
/// which the tensor cores of newer GPUs multiply several times faster. PyTorch has a switch for each, and
/// for convolutions it is on at first; here both are off until they are asked for.
pub fn set_tf32(allowed: bool) {
    TF32.store(allowed, Ordering::Relaxed);
    candle_core::cuda::set_gemm_reduced_precision_f32(allowed);
}

/// What [`set_tf32`] chose.
pub fn tf32() -> bool {
    TF32.load(Ordering::Relaxed)
}

/// How many bytes of a GPU's memory are in use, for tensors above all; PyTorch's
/// `torch.cuda.memory_allocated`. Waits for the GPU.
///
/// # Errors
/// On another device; where the driver does not say.
pub fn memory_allocated(device: &Device) -> Result<u64> {
    let op = "memory_allocated";
    let Some(gpu) = Gpu::on(&device.0) else {
        return Err(Error::value(op, format!("{device} is no CUDA GPU")));
    };
    device.synchronize()?;
    gpu.memory_in_use(op)
}

/// An operation is about to compute what is on a GPU on the host.
pub(crate) fn expect_round_trip(op: &'static str) -> Result<()> {
    if !strict() {
        return Ok(());
    }
    Err(Error::value(
        op,
        "it has no kernel for the GPU, and cuda::set_strict or TAPER_CUDA_STRICT=1 forbids to compute it on the host",
    ))
}

/// A copy of `x`, which is on the CPU, on a GPU; None where candle has to make it.
pub(crate) fn upload(op: &'static str, x: &Tensor, device: &Device) -> Result<Option<Tensor>> {
    match Gpu::on(&device.0) {
        Some(gpu) if x.inner.device().is_cpu() => gpu.upload(op, x),
        _ => Ok(None),
    }
}

/// The GPU number `ordinal`. Each is opened once: candle tells devices apart by how they were opened, and
/// gives each its own stream, between which nothing would keep the order.
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
        Error::value("device", format!("there is no CUDA GPU number {ordinal} here ({reason}); use the cpu"))
    })?;
    if let Some(gpu) = Gpu::on(&device) {
        gpu.prepare();
    }
    open.insert(ordinal, device.clone());
    Ok(device)
}
