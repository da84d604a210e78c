//! Calls of kernels: their arguments, and the locks and versions of the tensors among them.
//!
//! Kernels take tensors. Their memory cannot be lent as slices, operands are often converted or made
//! contiguous first, and results are converted back; a type of operands would need a tensor's methods for
//! that. The functions of each family return `None` if there is no kernel for the device, dtype or size. The
//! caller then falls back to the CPU (`cpu_fallback.rs`), so nothing is refused. All work of a device is in
//! one stream, in the order of the calls, except for copies from the CPU (`upload.rs`).
//!
//! This module is compiled in every build, and so checked in every build. [`Gpu`] is the part that needs
//! CUDA.

use std::fmt::Display;

use candle_core::Storage;

use super::gpu::Gpu;
use super::kernel::Kernel;
use crate::lock::Shared;
use crate::{DType, Result, Tensor};

/// The number of threads of a block, `THREADS` in `common.cuh`.
pub(super) const THREADS: usize = 256;
/// The maximum number of blocks: enough to fill any GPU. For more elements, each block computes several.
const BLOCKS: usize = 1 << 16;
/// The maximum number of elements: kernels count in 32 bits, and may step beyond the end once.
pub(super) const MOST: usize = 1 << 30;
/// The number of blocks that are busy at once on a large GPU.
const BUSY: usize = 1 << 10;
/// The minimum number of elements for each block, if several compute one result.
const SHARE: usize = 1 << 12;

/// An argument of a kernel.
pub(super) enum Arg<'a> {
    /// The memory of an operand, from its first element on.
    Read(&'a Tensor),
    /// The memory of a tensor that is changed; its version is raised.
    Write(&'a Tensor),
    /// The memory of a result that nothing else refers to yet.
    New(&'a Tensor),
    /// A missing operand.
    Null,
    /// A number. The kernel takes the lowest bytes, as many as its type has.
    Bits(u64),
    /// A struct by value.
    Struct(Struct),
    /// A struct of 64-bit words: numbers, addresses and nulls.
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

    /// Returns the argument itself, or the arguments of a list.
    fn flat(&self) -> &[Self] {
        if let Self::List(all) = self { all } else { std::slice::from_ref(self) }
    }
}

/// The fields of a struct; the size is that of the largest one.
pub(super) type Struct = [u64; 20];

/// Returns a struct of 32-bit words.
pub(super) fn words(words: impl IntoIterator<Item = u32>) -> Struct {
    let mut all = [0; 20];
    for (i, word) in words.into_iter().enumerate() {
        all[i / 2] |= u64::from(word) << (32 * (i % 2));
    }
    all
}

/// The bytes of an argument that the driver copies.
#[cfg_attr(not(feature = "cuda"), expect(dead_code, reason = "only the driver reads them"))]
pub(super) enum Value {
    Small(Struct),
    /// The bytes of the largest list, Adam's operands: 4 KB, the driver's limit.
    Large(Box<[u64; 512]>),
}

impl<'a> Gpu<'a> {
    /// Returns the GPU that the tensor is on, if it is on one.
    pub(super) fn of(x: &'a Tensor) -> Option<Self> {
        Self::on(x.inner.device())
    }

    /// Calls a kernel for the work of at least `threads` threads; 0 calls nothing. Its symbol is its name
    /// followed by the types that it is compiled for.
    ///
    /// # Safety
    /// The arguments must be those of the kernel, and the memory of each must be as large as the kernel
    /// accesses.
    pub(super) unsafe fn launch<K: Kernel>(
        &self,
        op: &'static str,
        kernel: K,
        types: impl Display,
        threads: usize,
        args: &[Arg<'_>],
    ) -> Result<()> {
        let tensors: Vec<&Tensor> = args.iter().flat_map(Arg::flat).filter_map(Arg::tensor).collect();
        let (Some(first), 1..) = (tensors.first(), threads) else { return Ok(()) };
        for other in &tensors {
            first.expect_device(op, other)?;
        }
        let _locks = lock_all(op, args)?;
        let storages: Vec<_> = tensors.iter().map(|x| x.inner.storage_and_layout()).collect();
        let mut places = Vec::with_capacity(storages.len());
        for (storage, layout) in &storages {
            let Storage::Cuda(storage) = &**storage else { continue }; // invariant: all are on the device
            places.push(self.address(op, storage, layout.start_offset())?);
        }
        let mut places = places.iter();
        let mut word = |arg: &Arg<'_>| match arg {
            Arg::Bits(bits) => *bits,
            Arg::Read(_) | Arg::Write(_) | Arg::New(_) => places.next().map_or(0, |(at, _)| *at),
            Arg::Null | Arg::Struct(_) | Arg::List(_) => 0,
        };
        let values = args.iter().map(|arg| match arg {
            Arg::Struct(s) => Value::Small(*s),
            Arg::List(all) => {
                let mut words = Box::new([0; 512]);
                words.iter_mut().zip(all).for_each(|(to, arg)| *to = word(arg));
                Value::Large(words)
            }
            arg => {
                let mut words = [0; 20];
                words[0] = word(arg);
                Value::Small(words)
            }
        });
        let (values, blocks) = (values.collect::<Vec<_>>(), threads.div_ceil(THREADS).min(BLOCKS));
        // SAFETY: the caller guarantees the arguments. The locks and guards are held until the kernel is in
        // the stream, and later accesses and frees of the memory are ordered after it there.
        unsafe { self.call(op, kernel, types, blocks, &values)? };
        for arg in args.iter().flat_map(Arg::flat) {
            if let Arg::Write(x) = arg {
                x.shared.bump();
            }
        }
        Ok(())
    }

    /// Allocates a result that a kernel must fill.
    pub(super) fn fresh(&self, op: &'static str, dtype: DType, shape: &[usize]) -> Result<Tensor> {
        let storage = self.allocate(op, dtype, crate::shape::numel(shape))?;
        Ok(Tensor::fresh(candle_core::Tensor::from((storage, shape)), dtype))
    }
}

/// Takes the locks of all operands, in the order of their addresses, as `lock.rs` requires.
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
    // For equal storages, the writing one comes first.
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

/// Returns the number of blocks for each of `results` computed from `count` elements, several if one would
/// leave most of a GPU idle, and the number of elements for each block. The last block has at least one.
pub(super) fn shares(results: usize, count: usize) -> (usize, usize) {
    let parts = (count / SHARE).min(BUSY / results.max(1)).max(1);
    let length = count.div_ceil(parts).max(1).next_multiple_of(THREADS);
    (count.div_ceil(length), length)
}

/// Returns a contiguous operand in the working dtype, which kernels support even if they do not support the
/// tensor's own.
pub(super) fn operand(x: &Tensor) -> Result<Tensor> {
    x.in_dtype(x.dtype.working())?.contiguous()
}

/// Returns the dtype in the symbols of kernels that are compiled for f32 and f64 only.
pub(super) fn real(dtype: DType) -> Option<&'static str> {
    match dtype {
        DType::F32 => Some("f32"),
        DType::F64 => Some("f64"),
        _ => None,
    }
}
