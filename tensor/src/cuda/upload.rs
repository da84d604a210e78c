//! Copies from the CPU that run while the GPU computes.
//!
//! The GPU reads memory that the driver has pinned by itself. An upload writes the numbers to pinned memory.
//! It then asks a stream of its own to copy them to the GPU, and the computing stream to copy them into the
//! tensor, and returns. Without the second copy, the tensor's memory would belong to another stream than the
//! computing one, and candle assumes that work runs in the order of the calls.
//!
//! No other memory is used by two streams, and cudarc keeps no events for it (`Gpu::prepare`). The events
//! here keep the order between these streams: the pinned memory is written after it was sent; it is sent
//! after the previous upload was taken; and the tensor takes it after that. Only the first one makes the CPU
//! wait, for an upload many calls earlier that used the same memory.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::Storage;
use candle_core::cuda_backend::cudarc::driver::{
    CudaEvent, CudaSlice, CudaStream, CudaViewMut, DevicePtrMut, DeviceRepr, DriverError, PinnedHostSlice,
    result,
};
use candle_core::cuda_backend::{CudaDType, CudaStorage};

use super::gpu::Gpu;
use crate::dtype::with_element;
use crate::storage::start;
use crate::{Error, Result, Tensor};

/// The number of lanes, used in turn, so that an upload does not wait for the previous one to reach its
/// tensor. A training step uploads its numbers, labels and factors.
const LANES: usize = 4;
/// The maximum number of bytes of an upload; pinned memory is a resource of the whole machine.
const LARGEST: usize = 64 << 20;

/// A stream, and the buffers of its uploads.
struct Lane {
    stream: Arc<CudaStream>,
    pinned: PinnedHostSlice<u8>,
    staged: CudaSlice<u8>,
    /// Recorded when the pinned memory has been read. An event that was never recorded blocks nothing.
    sent: CudaEvent,
    /// Recorded when the staged memory has been read.
    taken: CudaEvent,
}

impl Lane {
    fn new(stream: Arc<CudaStream>, bytes: usize) -> std::result::Result<Self, DriverError> {
        let context = stream.context();
        let (sent, taken) = (context.new_event(None)?, context.new_event(None)?);
        // SAFETY: both are written before they are read.
        let (pinned, staged) = unsafe { (context.alloc_pinned(bytes)?, stream.alloc(bytes)?) };
        Ok(Self { stream, pinned, staged, sent, taken })
    }

    /// Copies numbers, which must fit, into memory of the stream `main`.
    fn pass<T: DeviceRepr>(
        &mut self,
        data: &[T],
        main: &Arc<CudaStream>,
        tensor: &mut CudaViewMut<'_, T>,
    ) -> std::result::Result<(), DriverError> {
        let bytes = size_of_val(data);
        self.sent.synchronize()?;
        let pinned = &mut self.pinned.as_mut_slice()?[..bytes];
        // SAFETY: numbers are bytes, as many as fit, and the pinned memory is not shared.
        unsafe { std::ptr::copy_nonoverlapping(data.as_ptr().cast::<u8>(), pinned.as_mut_ptr(), bytes) };
        self.stream.wait(&self.taken)?;
        let (staged, _) = self.staged.device_ptr_mut(&self.stream);
        // SAFETY: both have this many bytes, and nothing writes to them before the events are recorded.
        unsafe { result::memcpy_htod_async(staged, pinned, self.stream.cu_stream())? };
        self.sent.record(&self.stream)?;
        main.wait(&self.sent)?;
        // SAFETY: the bytes hold this many numbers.
        if let Some(staged) = unsafe { self.staged.transmute::<T>(data.len()) } {
            main.memcpy_dtod(&staged, tensor)?;
        }
        self.taken.record(main)
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let context = self.stream.context();
        // Pinned memory is freed at once, so nothing may still read it.
        context.record_err(self.stream.synchronize());
        // Staged memory is freed in the order of this stream, after the other one has taken it.
        context.record_err(self.stream.wait(&self.taken));
    }
}

impl Gpu<'_> {
    /// Copies a tensor of the CPU. Returns `None` if it is empty or not contiguous.
    pub(super) fn upload(&self, op: &'static str, x: &Tensor) -> Result<Option<Tensor>> {
        if x.numel() == 0 || !x.is_contiguous() {
            return Ok(None);
        }
        let storage = with_element!(x.dtype, T => x.read::<T, _>(op, |data, layout| {
            let slice = self.send(&data[start(layout)..][..x.numel()])
                .map_err(|e| Error::value(op, format!("cannot copy to the GPU: {e}")))?;
            Ok(CudaStorage::wrap_cuda_slice(slice, self.device.clone()))
        })?);
        Ok(Some(Tensor::fresh(candle_core::Tensor::from((Storage::Cuda(storage), x.size())), x.dtype)))
    }

    fn send<T: CudaDType + DeviceRepr>(&self, data: &[T]) -> std::result::Result<CudaSlice<T>, DriverError> {
        static OPEN: Mutex<BTreeMap<usize, VecDeque<Lane>>> = Mutex::new(BTreeMap::new());
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let main = &self.stream;
        let lanes = open.entry(main.context().ordinal()).or_default();
        // SAFETY: the copies fill it.
        let mut slice = unsafe { main.alloc::<T>(data.len())? };
        let mut at = 0;
        for part in data.chunks(LARGEST / size_of::<T>()) {
            let bytes = size_of_val(part);
            let free = if lanes.len() < LANES { None } else { lanes.pop_front() };
            let mut lane = match free {
                Some(lane) if lane.pinned.len() >= bytes => lane,
                Some(lane) => Lane::new(lane.stream.clone(), bytes.next_power_of_two())?,
                None => Lane::new(main.context().new_stream()?, bytes.next_power_of_two())?,
            };
            lane.pass(part, main, &mut slice.slice_mut(at..at + part.len()))?;
            lanes.push_back(lane);
            at += part.len();
        }
        Ok(slice)
    }
}
