//! Kernels for CUDA GPUs, a `.cu` file beside the Rust file that calls it.
//!
//! What is here works on tensors, as their memory cannot be lent as slices. Each function gives `None`
//! where there is no kernel for the dtype or size; the caller then goes the way through the host
//! (`cpu_fallback.rs`), so nothing is refused. All work of a device is in one stream, in the order of the calls, but
//! for copies from the host (`upload.rs`).

use candle_core::cuda_backend::cudarc::driver::{self, DevicePtr, DeviceRepr, LaunchConfig, PushKernelArg};
use candle_core::cuda_backend::{CudaStorage, CudaStorageSlice};
use candle_core::{CudaDevice, Storage};

use crate::dtype::with_element;
use crate::lock::Shared;
use crate::{DType, Error, Result, Tensor};

/// The threads of a block, `THREADS` in `common.cuh`.
pub(super) const THREADS: usize = 256;
/// The most blocks: enough to fill any GPU; each takes several elements where there are more.
const BLOCKS: usize = 1 << 16;
/// Kernels count in 32 bits, with room for a last step beyond the end.
pub(super) const MOST: usize = 1 << 30;
/// So many blocks are busy at once on a large GPU.
const BUSY: usize = 1 << 10;
/// The least numbers that a block is worth, where several work on one result.
const SHARE: usize = 1 << 12;

/// A `.cu` file, compiled.
#[derive(Clone, Copy)]
pub(super) struct Module {
    pub(super) name: &'static str,
    pub(super) ptx: &'static str,
}

macro_rules! module {
    ($name:literal) => {
        $crate::cuda::launch::Module {
            name: concat!("taper_", $name),
            ptx: include_str!(concat!(env!("OUT_DIR"), "/", $name, ".ptx")),
        }
    };
}
pub(super) use module;

/// An argument of a kernel.
pub(super) enum Arg<'a> {
    /// The memory of an operand, from its first element on.
    Read(&'a Tensor),
    /// The memory of a tensor that is changed, whose version rises.
    Write(&'a Tensor),
    /// The memory of a result that nobody has seen yet.
    New(&'a Tensor),
    /// No memory: an operand that is not there.
    Null,
    /// A number; the kernel takes as many of the lowest bytes as its type has.
    Bits(u64),
    /// A struct by value.
    Struct(Struct),
    /// A struct of words of 64 bits: numbers, addresses and nulls.
    List(Vec<Arg<'a>>),
}

impl<'a> Arg<'a> {
    pub(super) fn read(x: Option<&'a Tensor>) -> Self {
        x.map_or(Self::Null, Self::Read)
    }

    pub(super) fn count(n: usize) -> Self {
        Self::Bits(n as u64)
    }

    pub(super) fn float(v: f64) -> Self {
        Self::Bits(v.to_bits())
    }

    fn tensor(&self) -> Option<&'a Tensor> {
        match self {
            Self::Read(x) | Self::Write(x) | Self::New(x) => Some(x),
            Self::Null | Self::Bits(_) | Self::Struct(_) | Self::List(_) => None,
        }
    }

    /// The argument itself, or those of a list.
    fn flat(&self) -> &[Self] {
        if let Self::List(all) = self { all } else { std::slice::from_ref(self) }
    }
}

/// The fields of a struct in words of 32 bits, with room for the largest there is.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub(super) struct Struct([u32; 40]);

// SAFETY: plain numbers, laid out as C does.
unsafe impl DeviceRepr for Struct {}

impl Struct {
    pub(super) fn words(words: impl IntoIterator<Item = u32>) -> Self {
        let mut all = [0; 40];
        all.iter_mut().zip(words).for_each(|(to, word)| *to = word);
        Self(all)
    }

    /// Doubles, and then words.
    pub(super) fn numbers(doubles: &[f64], words: &[u32]) -> Self {
        let halves = doubles.iter().flat_map(|v| [v.to_bits() as u32, (v.to_bits() >> 32) as u32]);
        Self::words(halves.chain(words.iter().copied()))
    }
}

/// The largest list that there is: that of Adam's operands, 4 KB as the driver allows.
#[repr(C)]
struct Words([u64; 512]);

// SAFETY: plain numbers, laid out as C does.
unsafe impl DeviceRepr for Words {}

/// An argument as the driver copies it, as many bytes as its type has.
enum Value {
    Small(Struct),
    Large(Box<Words>),
}

/// Calls a kernel for `threads` threads' work, at least; of nothing there is nothing to do.
///
/// # Safety
/// The arguments must be those of the kernel, and the memory of each as large as the kernel goes.
pub(super) unsafe fn launch(
    op: &'static str,
    module: Module,
    kernel: &str,
    threads: usize,
    args: &[Arg<'_>],
) -> Result<()> {
    let tensors: Vec<&Tensor> = args.iter().flat_map(Arg::flat).filter_map(Arg::tensor).collect();
    let (Some(first), 1..) = (tensors.first(), threads) else { return Ok(()) };
    let candle_core::Device::Cuda(device) = first.inner.device() else {
        return Err(Error::value(op, "the operands of a kernel for the GPU are not on one"));
    };
    for other in &tensors {
        first.expect_device(op, other)?;
    }
    let _locks = lock_all(op, args)?;
    let function =
        device.get_or_load_custom_func(kernel, module.name, module.ptx).map_err(Error::backend(op))?;
    let stream = device.cuda_stream();
    let storages: Vec<_> = tensors.iter().map(|x| x.inner.storage_and_layout()).collect();
    let mut places = Vec::with_capacity(storages.len());
    for (storage, layout) in &storages {
        let Storage::Cuda(storage) = &**storage else { continue }; // invariant: all are on the device
        places.push(place(op, storage, layout.start_offset(), &stream)?);
    }
    let mut places = places.iter();
    let mut word = |arg: &Arg<'_>| match arg {
        Arg::Bits(bits) => *bits,
        Arg::Read(_) | Arg::Write(_) | Arg::New(_) => places.next().map_or(0, |(at, _)| *at),
        Arg::Null | Arg::Struct(_) | Arg::List(_) => 0,
    };
    let values: Vec<Value> = args
        .iter()
        .map(|arg| match arg {
            Arg::Struct(s) => Value::Small(*s),
            Arg::List(all) => {
                let mut words = Box::new(Words([0; 512]));
                words.0.iter_mut().zip(all).for_each(|(to, arg)| *to = word(arg));
                Value::Large(words)
            }
            arg => {
                let bits = word(arg);
                Value::Small(Struct::words([bits as u32, (bits >> 32) as u32]))
            }
        })
        .collect();
    let mut call = function.builder();
    for value in &values {
        match value {
            Value::Small(small) => call.arg(small),
            Value::Large(large) => call.arg(&**large),
        };
    }
    let blocks = threads.div_ceil(THREADS).min(BLOCKS) as u32;
    let size =
        LaunchConfig { grid_dim: (blocks, 1, 1), block_dim: (THREADS as u32, 1, 1), shared_mem_bytes: 0 };
    // SAFETY: the caller answers for the arguments; the locks and guards are held until the kernel is in
    // the stream, and whatever touches or frees the memory later comes after it there.
    unsafe { call.launch(size) }.map_err(|e| Error::value(op, e.to_string()))?;
    for arg in args.iter().flat_map(Arg::flat) {
        if let Arg::Write(x) = arg {
            x.shared.bump();
        }
    }
    Ok(())
}

/// The address of an element, with what keeps the memory for those who use it.
fn place<'a>(
    op: &'static str,
    storage: &'a CudaStorage,
    offset: usize,
    stream: &'a candle_core::cuda_backend::cudarc::driver::CudaStream,
) -> Result<(u64, impl Sized + use<'a>)> {
    macro_rules! address {
        ($($kind:ident: $size:literal),*) => {
            match &storage.slice {
                $(CudaStorageSlice::$kind(slice) => {
                    let (at, guard) = slice.device_ptr(stream);
                    Ok((at + (offset * $size) as u64, guard))
                })*
                _ => Err(Error::value(op, "a dtype that no tensor has")),
            }
        };
    }
    address!(U8: 1, U32: 4, I32: 4, I64: 8, BF16: 2, F16: 2, F32: 4, F64: 8)
}

/// The locks of all operands, in the order of their addresses, as `shared.rs` asks for.
pub(super) fn lock_all<'a>(op: &'static str, args: &[Arg<'a>]) -> Result<Vec<impl Sized + use<'a>>> {
    let address = |s: &Shared| std::ptr::from_ref(s) as usize;
    let mut wanted: Vec<(&'a Shared, bool)> = args
        .iter()
        .flat_map(Arg::flat)
        .filter_map(|arg| match arg {
            Arg::Read(x) => Some((&*x.shared, false)),
            Arg::Write(x) => Some((&*x.shared, true)),
            _ => None,
        })
        .collect();
    // Who writes comes first of those that are the same.
    wanted.sort_unstable_by_key(|(s, write)| (address(s), !write));
    wanted.dedup_by_key(|(s, _)| address(s));
    let mut held = Vec::with_capacity(wanted.len());
    for (shared, write) in wanted {
        held.push(if write {
            (None, Some(shared.lock_write(op)?))
        } else {
            (Some(shared.lock_read(op)?), None)
        });
    }
    Ok(held)
}

/// A result that a kernel has to fill, where `like` is.
pub(super) fn fresh(op: &'static str, like: &Tensor, dtype: DType, shape: &[usize]) -> Result<Tensor> {
    let candle_core::Device::Cuda(device) = like.inner.device() else {
        return Err(Error::value(op, "a result for the GPU is not on one"));
    };
    let storage =
        Storage::Cuda(with_element!(dtype, T => room::<T>(op, device, crate::shape::numel(shape))?));
    Ok(Tensor::fresh(candle_core::Tensor::from((storage, shape)), dtype))
}

fn room<T: candle_core::cuda_backend::CudaDType + DeviceRepr>(
    op: &'static str,
    device: &CudaDevice,
    count: usize,
) -> Result<CudaStorage> {
    // SAFETY: numbers of any bits are numbers, and the kernel overwrites them before anybody reads.
    let slice = unsafe { device.alloc::<T>(count.max(1)) }.map_err(Error::backend(op))?;
    Ok(CudaStorage::wrap_cuda_slice(slice, device.clone()))
}

/// Lets cudarc keep no events of each memory's last read and write, which cost several calls of the driver for
/// each argument of each kernel: all work on a memory is in one stream, in the order of the calls. To be called
/// before anything is allocated.
pub(crate) fn keep_no_events(device: &CudaDevice) {
    // SAFETY: other streams are used by `upload.rs` only, which keeps their order by events of its own.
    unsafe { device.disable_event_tracking() };
}

/// Lets the driver keep the memory that is freed for the allocations to come. By default it gives it back
/// whenever the program waits for the device, as it does to read a loss, and the next step asks for it anew.
/// Where the device cannot do that, it goes on as by default.
pub(crate) fn keep_freed_memory(device: &CudaDevice) {
    let ordinal = device.cuda_stream().context().cu_device();
    let mut threshold = u64::MAX;
    // SAFETY: the device is open, the pool is its own, and this attribute is a number of 64 bits.
    let _ = unsafe {
        driver::result::device::get_default_mem_pool(ordinal).and_then(|pool| {
            let release = driver::sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
            driver::result::mem_pool::set_attribute(pool, release, (&raw mut threshold).cast())
        })
    };
}

/// The bytes that are allocated and not yet freed; what the driver keeps for later does not count.
pub(crate) fn memory_in_use(device: &CudaDevice) -> std::result::Result<u64, driver::DriverError> {
    let ordinal = device.cuda_stream().context().cu_device();
    let mut bytes = 0u64;
    let used = driver::sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_USED_MEM_CURRENT;
    // SAFETY: as in `keep_freed_memory`.
    unsafe {
        let pool = driver::result::device::get_default_mem_pool(ordinal)?;
        driver::result::mem_pool::get_attribute(pool, used, (&raw mut bytes).cast())?;
    }
    Ok(bytes)
}

/// How many blocks work on each of `results` that `count` numbers go into: several where one for each would leave
/// most of a GPU idle. And how many numbers each takes, of which the last has at least one.
pub(super) fn shares(results: usize, count: usize) -> (usize, usize) {
    let parts = (count / SHARE).min(BUSY / results.max(1)).max(1);
    let length = count.div_ceil(parts).max(1).next_multiple_of(THREADS);
    (count.div_ceil(length), length)
}

/// A contiguous operand in the dtype that is computed in, which has kernels where the tensor's own has none.
pub(super) fn operand(x: &Tensor) -> Result<Tensor> {
    x.in_dtype(x.dtype.working())?.contiguous()
}

/// The end of a kernel's name for those that are compiled for f32 and f64 only.
pub(super) fn real(dtype: DType) -> Option<&'static str> {
    match dtype {
        DType::F32 => Some("f32"),
        DType::F64 => Some("f64"),
        _ => None,
    }
}
