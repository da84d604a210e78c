//! Calls of kernels: the arguments, and the locks and versions of the tensors among them.
//!
//! Kernels are called with tensors: their memory cannot be lent as slices, the operands are often converted
//! or made contiguous first, and the results are cast, for which a type of operands would need a tensor's
//! methods. Each family's function gives `None` where there is no kernel for the device, dtype or size; the
//! caller then goes the way through the host (`cpu_fallback.rs`), so nothing is refused. All work of a device
//! is in one stream, in the order of the calls, but for copies from the host (`upload.rs`).
//!
//! What is here is compiled in every build, so that it is checked in every build; [`Gpu`] is the part that
//! needs CUDA.

use std::fmt::Display;

use candle_core::Storage;

use super::gpu::Gpu;
use super::kernel::Kernel;
use crate::lock::Shared;
use crate::{DType, Result, Tensor};

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

/// The fields of a struct, with room for the largest there is.
pub(super) type Struct = [u64; 20];

/// A struct of words of 32 bits.
pub(super) fn words(words: impl IntoIterator<Item = u32>) -> Struct {
    let mut all = [0; 20];
    for (i, word) in words.into_iter().enumerate() {
        all[i / 2] |= u64::from(word) << (32 * (i % 2));
    }
    all
}

/// An argument as the driver copies it, as many bytes as its type has.
#[cfg_attr(not(feature = "cuda"), expect(dead_code, reason = "only the driver reads them"))]
pub(super) enum Value {
    Small(Struct),
    /// Room for the largest list that there is: that of Adam's operands, 4 KB as the driver allows.
    Large(Box<[u64; 512]>),
}

impl<'a> Gpu<'a> {
    /// Returns the GPU that the tensor is on, if it is on one.
    pub(super) fn of(x: &'a Tensor) -> Option<Self> {
        Self::on(x.inner.device())
    }

    /// Calls a kernel for `threads` threads' work, at least; of nothing there is nothing to do. Its symbol is
    /// its name, followed by the types that it is compiled for.
    ///
    /// # Safety
    /// The arguments must be those of the kernel, and the memory of each as large as the kernel goes.
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
        // SAFETY: the caller answers for the arguments; the locks and guards are held until the kernel is in
        // the stream, and whatever touches or frees the memory later comes after it there.
        unsafe { self.call(op, kernel, types, blocks, &values)? };
        for arg in args.iter().flat_map(Arg::flat) {
            if let Arg::Write(x) = arg {
                x.shared.bump();
            }
        }
        Ok(())
    }

    /// A result that a kernel has to fill.
    pub(super) fn fresh(&self, op: &'static str, dtype: DType, shape: &[usize]) -> Result<Tensor> {
        let storage = self.allocate(op, dtype, crate::shape::numel(shape))?;
        Ok(Tensor::fresh(candle_core::Tensor::from((storage, shape)), dtype))
    }
}

/// The locks of all operands, in the order of their addresses, as `lock.rs` asks for.
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

/// How many blocks work on each of `results` that `count` numbers go into: several where one for each would
/// leave most of a GPU idle. And how many numbers each takes, of which the last has at least one.
pub(super) fn shares(results: usize, count: usize) -> (usize, usize) {
    let parts = (count / SHARE).min(BUSY / results.max(1)).max(1);
    let length = count.div_ceil(parts).max(1).next_multiple_of(THREADS);
    (count.div_ceil(length), length)
}

/// A contiguous operand in the dtype that is computed in, which has kernels where the tensor's own has none.
pub(super) fn operand(x: &Tensor) -> Result<Tensor> {
    x.in_dtype(x.dtype.working())?.contiguous()
}

/// The dtype in the symbols of kernels that are compiled for f32 and f64 only.
pub(super) fn real(dtype: DType) -> Option<&'static str> {
    match dtype {
        DType::F32 => Some("f32"),
        DType::F64 => Some("f64"),
        _ => None,
    }
}
