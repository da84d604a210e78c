//! Copies from the host that run while the GPU computes.
//!
//! Memory that the driver has pinned is read by the GPU itself. An upload puts the numbers there, asks a stream
//! of its own for the copy to the GPU, and the stream that computes for another one into the tensor; then it
//! returns. The second copy waits for the first on the GPU, and the program for none: cudarc keeps events of each
//! memory's last write and read. Without the second the tensor's memory would belong to another stream than
//! that which computes, and candle takes the order of the calls for the order of the work.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::cuda_backend::cudarc::driver::{
    CudaSlice, CudaStream, DevicePtrMut, DeviceRepr, DriverError, HostSlice, PinnedHostSlice, result,
};
use candle_core::cuda_backend::{CudaDType, CudaStorage};
use candle_core::{CudaDevice, Storage};

use crate::dtype::with_element;
use crate::storage::start;
use crate::{Error, Result, Tensor};

/// They take turns, so that an upload need not wait until the one before has reached its tensor: a step has
/// those of its numbers, labels and factors.
const LANES: usize = 4;
/// The most bytes: pinned memory is taken from the whole machine.
const LARGEST: usize = 64 << 20;

/// A stream, and what its uploads go through.
struct Lane {
    stream: Arc<CudaStream>,
    pinned: PinnedHostSlice<u8>,
    staged: CudaSlice<u8>,
}

impl Lane {
    fn new(stream: Arc<CudaStream>, bytes: usize) -> std::result::Result<Self, DriverError> {
        // SAFETY: what is read of either was written before.
        let (pinned, staged) = unsafe { (stream.context().alloc_pinned(bytes)?, stream.alloc(bytes)?) };
        Ok(Self { stream, pinned, staged })
    }
}

/// A copy on the GPU; None where `x` is not contiguous, empty, or too large.
pub(crate) fn upload(op: &'static str, x: &Tensor, device: &CudaDevice) -> Result<Option<Tensor>> {
    let fits = (1..=LARGEST / x.dtype.size_in_bytes()).contains(&x.numel()) && x.is_contiguous();
    if !fits {
        return Ok(None);
    }
    let storage = with_element!(x.dtype, T => x.read::<T, _>(op, |data, layout| {
        let slice = send(&data[start(layout)..][..x.numel()], device)
            .map_err(|e| Error::value(op, format!("cannot copy to the GPU: {e}")))?;
        Ok(CudaStorage::wrap_cuda_slice(slice, device.clone()))
    })?);
    Ok(Some(Tensor::fresh(candle_core::Tensor::from((Storage::Cuda(storage), x.size())), x.dtype)))
}

fn send<T: CudaDType + DeviceRepr>(
    data: &[T],
    device: &CudaDevice,
) -> std::result::Result<CudaSlice<T>, DriverError> {
    static OPEN: Mutex<BTreeMap<usize, VecDeque<Lane>>> = Mutex::new(BTreeMap::new());
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let (main, bytes) = (device.cuda_stream(), size_of_val(data));
    let lanes = open.entry(main.context().ordinal()).or_default();
    let free = if lanes.len() < LANES { None } else { lanes.pop_front() };
    let mut lane = match free {
        Some(lane) if lane.pinned.len() >= bytes => lane,
        Some(lane) => Lane::new(lane.stream.clone(), bytes.next_power_of_two())?,
        None => Lane::new(main.context().new_stream()?, bytes.next_power_of_two())?,
    };
    // Waits for the lane's last upload, which lies some calls back.
    let to = &mut lane.pinned.as_mut_slice()?[..bytes];
    // SAFETY: numbers are bytes, as many as there is room for, and pinned memory is nobody else's.
    unsafe { std::ptr::copy_nonoverlapping(data.as_ptr().cast::<u8>(), to.as_mut_ptr(), bytes) };
    {
        // SAFETY: until it is over, the guards' events keep others from both memories.
        let (from, _read) = unsafe { lane.pinned.stream_synced_slice(&lane.stream) };
        let (to, _written) = lane.staged.device_ptr_mut(&lane.stream);
        // SAFETY: both have so many bytes.
        unsafe { result::memcpy_htod_async(to, &from[..bytes], lane.stream.cu_stream())? };
    }
    // SAFETY: the copy fills it; the bytes are those of so many numbers.
    let slice = unsafe {
        let mut slice = main.alloc::<T>(data.len())?;
        if let Some(staged) = lane.staged.slice(..bytes).transmute::<T>(data.len()) {
            main.memcpy_dtod(&staged, &mut slice)?;
        }
        slice
    };
    lanes.push_back(lane);
    Ok(slice)
}
