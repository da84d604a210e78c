//! Copies from the host that run while the GPU computes.
//!
//! Memory that the driver has pinned is read by the GPU itself. An upload puts the numbers there, asks a
//! stream of its own for the copy to the GPU, and the stream that computes for another one into the tensor;
//! then it returns. Without the second copy the tensor's memory would belong to another stream than that
//! which computes, and candle takes the order of the calls for the order of the work.
//!
//! No other memory is touched by two streams, and cudarc keeps no events of it (`Gpu::prepare`). The order
//! between these streams is kept by the events here: the program writes to the pinned memory when it was
//! sent; it is sent on when what was sent before was taken; and the tensor takes it after that. Only the
//! first of these waits on the host, for the upload that many calls back used the same memory.

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

/// They take turns, so that an upload need not wait until the one before has reached its tensor: a step has
/// those of its numbers, labels and factors.
const LANES: usize = 4;
/// The most bytes at a time: pinned memory is taken from the whole machine.
const LARGEST: usize = 64 << 20;

/// A stream, and what its uploads go through.
struct Lane {
    stream: Arc<CudaStream>,
    pinned: PinnedHostSlice<u8>,
    staged: CudaSlice<u8>,
    /// When the pinned memory was read. Like the other, an event that never happened holds up nobody.
    sent: CudaEvent,
    /// When what was staged was read.
    taken: CudaEvent,
}

impl Lane {
    fn new(stream: Arc<CudaStream>, bytes: usize) -> std::result::Result<Self, DriverError> {
        let context = stream.context();
        let (sent, taken) = (context.new_event(None)?, context.new_event(None)?);
        // SAFETY: what is read of either was written before.
        let (pinned, staged) = unsafe { (context.alloc_pinned(bytes)?, stream.alloc(bytes)?) };
        Ok(Self { stream, pinned, staged, sent, taken })
    }

    /// Copies numbers, for which there is room, into memory of the stream `main`.
    fn pass<T: DeviceRepr>(
        &mut self,
        data: &[T],
        main: &Arc<CudaStream>,
        tensor: &mut CudaViewMut<'_, T>,
    ) -> std::result::Result<(), DriverError> {
        let bytes = size_of_val(data);
        self.sent.synchronize()?;
        let pinned = &mut self.pinned.as_mut_slice()?[..bytes];
        // SAFETY: numbers are bytes, as many as there is room for, and pinned memory is nobody else's.
        unsafe { std::ptr::copy_nonoverlapping(data.as_ptr().cast::<u8>(), pinned.as_mut_ptr(), bytes) };
        self.stream.wait(&self.taken)?;
        let (staged, _) = self.staged.device_ptr_mut(&self.stream);
        // SAFETY: both have so many bytes, and nobody writes to them before the events say that it is over.
        unsafe { result::memcpy_htod_async(staged, pinned, self.stream.cu_stream())? };
        self.sent.record(&self.stream)?;
        main.wait(&self.sent)?;
        // SAFETY: the bytes are those of so many numbers.
        if let Some(staged) = unsafe { self.staged.transmute::<T>(data.len()) } {
            main.memcpy_dtod(&staged, tensor)?;
        }
        self.taken.record(main)
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let context = self.stream.context();
        // Pinned memory is freed at once: nothing may read it any more.
        context.record_err(self.stream.synchronize());
        // What was staged is freed in the order of this stream: after the other one took it.
        context.record_err(self.stream.wait(&self.taken));
    }
}

impl Gpu<'_> {
    /// A copy of a tensor of the CPU; None where it is not contiguous, or empty.
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
