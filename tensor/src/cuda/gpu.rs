//! A GPU, through candle and cudarc: its memory, and calls of the compiled kernels.

use std::fmt::Display;
use std::sync::Arc;

use candle_core::cuda_backend::cudarc::driver::{
    CudaStream, DevicePtr, DeviceRepr, DriverError, LaunchConfig, PushKernelArg, result, sys,
};
use candle_core::cuda_backend::{CudaDType, CudaStorage, CudaStorageSlice};
use candle_core::{CudaDevice, Device, Storage};

use super::kernel::Kernel;
use super::launch::{THREADS, Value};
use crate::dtype::with_element;
use crate::{DType, Error, Result};

/// An open GPU, and its computing stream.
pub(crate) struct Gpu<'a> {
    pub(super) device: &'a CudaDevice,
    pub(super) stream: Arc<CudaStream>,
}

impl<'a> Gpu<'a> {
    /// Returns the device if it is a GPU.
    pub(super) fn on(device: &'a Device) -> Option<Self> {
        let Device::Cuda(device) = device else { return None };
        Some(Self { device, stream: device.cuda_stream() })
    }

    /// Allocates memory for `count` elements, which must be written before they are read.
    pub(super) fn allocate(&self, op: &'static str, dtype: DType, count: usize) -> Result<Storage> {
        Ok(Storage::Cuda(with_element!(dtype, T => self.room::<T>(op, count)?)))
    }

    fn room<T: CudaDType + DeviceRepr>(&self, op: &'static str, count: usize) -> Result<CudaStorage> {
        // SAFETY: every bit pattern is a number, and the caller overwrites them before they are read.
        let slice = unsafe { self.device.alloc::<T>(count.max(1)) }.map_err(Error::backend(op))?;
        Ok(CudaStorage::wrap_cuda_slice(slice, self.device.clone()))
    }

    /// Returns the address of an element, with a guard that keeps the memory alive.
    pub(super) fn address<'s>(
        &'s self,
        op: &'static str,
        storage: &'s CudaStorage,
        offset: usize,
    ) -> Result<(u64, impl Sized + use<'s, 'a>)> {
        macro_rules! address {
            ($($kind:ident: $size:literal),*) => {
                match &storage.slice {
                    $(CudaStorageSlice::$kind(slice) => {
                        let (at, guard) = slice.device_ptr(&self.stream);
                        Ok((at + (offset * $size) as u64, guard))
                    })*
                    _ => Err(Error::value(op, "got a dtype that tensors do not have")),
                }
            };
        }
        address!(U8: 1, U32: 4, I32: 4, I64: 8, BF16: 2, F16: 2, F32: 4, F64: 8)
    }

    /// Puts a call of a kernel into the stream.
    ///
    /// # Safety
    /// See [`Gpu::launch`]. The memory must not be accessed before the call is in the stream.
    pub(super) unsafe fn call<K: Kernel>(
        &self,
        op: &'static str,
        kernel: K,
        types: impl Display,
        blocks: usize,
        values: &[Value],
    ) -> Result<()> {
        let (symbol, module) = (format!("{}_{types}", kernel.name()), format!("taper_{}", K::FILE));
        let function =
            self.device.get_or_load_custom_func(&symbol, &module, K::PTX).map_err(Error::backend(op))?;
        let mut call = function.builder();
        for value in values {
            match value {
                Value::Small(small) => call.arg(small),
                Value::Large(large) => call.arg(&**large),
            };
        }
        let (grid_dim, block_dim) = ((blocks as u32, 1, 1), (THREADS as u32, 1, 1));
        // SAFETY: the caller guarantees it.
        unsafe { call.launch(LaunchConfig { grid_dim, block_dim, shared_mem_bytes: 0 }) }
            .map_err(|e| Error::value(op, e.to_string()))?;
        Ok(())
    }

    /// Configures the driver's memory management. Call it before anything is allocated.
    pub(super) fn prepare(&self) {
        // cudarc would record events of each memory's last read and write, which cost several driver calls
        // for each argument of each kernel. All work on a memory is in one stream, in the order of the calls.
        // SAFETY: only `upload.rs` uses other streams, and keeps their order by its own events.
        unsafe { self.device.disable_event_tracking() };
        // By default the driver releases freed memory whenever the program waits for the device, as it does
        // to read a loss, and the next step allocates it again. A device that does not support this keeps the
        // default.
        let mut threshold = u64::MAX;
        // SAFETY: the device is open, the pool is its own, and this attribute is a number of 64 bits.
        let _ = unsafe {
            let release = sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
            self.pool()
                .and_then(|pool| result::mem_pool::set_attribute(pool, release, (&raw mut threshold).cast()))
        };
    }

    /// Returns the number of allocated bytes, without the memory that the driver keeps for later.
    pub(super) fn memory_in_use(&self, op: &'static str) -> Result<u64> {
        let mut bytes = 0u64;
        let used = sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_USED_MEM_CURRENT;
        // SAFETY: as in `prepare`.
        unsafe {
            self.pool().and_then(|pool| result::mem_pool::get_attribute(pool, used, (&raw mut bytes).cast()))
        }
        .map_err(|e| Error::value(op, e.to_string()))?;
        Ok(bytes)
    }

    fn pool(&self) -> std::result::Result<sys::CUmemoryPool, DriverError> {
        // SAFETY: the device is open.
        unsafe { result::device::get_default_mem_pool(self.stream.context().cu_device()) }
    }
}
