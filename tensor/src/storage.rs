//! Access to a tensor's memory under locks: any number of operands to read, and one to write.

use std::cell::Cell;

use candle_core::backend::{BackendDevice, BackendStorage};
use candle_core::{CpuStorage, CudaStorage, InplaceOp1, Layout, Storage};
use parking_lot::RwLockReadGuard;
use smallvec::SmallVec;

use crate::cpu::strided::{Strided, StridedMut, is_distinct};
use crate::lock::lock;
use crate::{Element, Error, Result, Tensor};

/// A tensor's storage under candle's lock, and the tensor's layout in it.
type Lent<'a> = (RwLockReadGuard<'a, Storage>, &'a Layout);

impl Tensor {
    /// Makes a tensor over `data`, without a copy. The length must match the shape.
    pub(crate) fn own<T: Element>(data: Vec<T>, shape: &[usize]) -> Self {
        debug_assert_eq!(data.len(), crate::shape::numel(shape));
        let storage = Storage::Cpu(T::to_cpu_storage_owned(data));
        Self::fresh(candle_core::Tensor::from((storage, shape)), T::TYPE)
    }

    /// Lends the elements of the whole storage for reading; the layout says which of them belong to the
    /// tensor. `f` must not access the same storage in another way.
    pub(crate) fn read<T: Element, R>(
        &self,
        op: &'static str,
        f: impl FnOnce(&[T], &Layout) -> Result<R>,
    ) -> Result<R> {
        let x = self.on_cpu(op)?;
        let _lock = x.shared.lock_read(op)?;
        x.with_elements(op, f)
    }

    /// Lends as [`Tensor::read`] does, but takes candle's lock only: the caller holds ours, or has registered
    /// an array view.
    pub(crate) fn with_elements<T: Element, R>(
        &self,
        op: &'static str,
        f: impl FnOnce(&[T], &Layout) -> Result<R>,
    ) -> Result<R> {
        let (storage, layout) = self.inner.storage_and_layout();
        f(elements(op, &storage)?, layout)
    }

    /// Lends the elements for reading, as [`Tensor::read`] does. Returns an error if a result with as many
    /// elements would not fit in memory.
    pub(crate) fn lend_view<T: Element, R>(
        &self,
        op: &'static str,
        f: impl FnOnce(Strided<'_, T>) -> R,
    ) -> Result<R> {
        crate::shape::room::<T>(op, self.numel())?;
        self.read(op, |data, layout| Ok(f(strided(data, layout))))
    }

    /// Calls `f` with the storages of tensors on one device, locked for reading and copied to the CPU if
    /// needed.
    fn lend_storages<R>(
        op: &'static str,
        tensors: &[&Self],
        f: impl FnOnce(&[Lent<'_>]) -> Result<R>,
    ) -> Result<R> {
        tensors.iter().skip(1).try_for_each(|t| tensors[0].expect_device(op, t))?;
        let tensors = tensors.iter().map(|t| t.on_cpu(op)).collect::<Result<SmallVec<[_; 4]>>>()?;
        let _locks = lock(op, tensors.iter().map(|t| &**t), None)?;
        let lent: SmallVec<[_; 4]> = tensors.iter().map(|t| t.inner.storage_and_layout()).collect();
        f(&lent)
    }

    /// Lends the elements of two tensors, broadcast to `dims`.
    pub(crate) fn view2<A: Element, B: Element, R>(
        op: &'static str,
        (a, b): (&Self, &Self),
        dims: &[usize],
        f: impl FnOnce(Strided<'_, A>, Strided<'_, B>) -> R,
    ) -> Result<R> {
        crate::shape::room::<A>(op, crate::shape::numel(dims))?;
        Self::lend_storages(op, &[a, b], |lent| {
            let (mut ra, mut rb) = (Vec::new(), Vec::new());
            Ok(f(broadcast(op, &lent[0], dims, &mut ra)?, broadcast(op, &lent[1], dims, &mut rb)?))
        })
    }

    /// Lends the elements of three tensors, broadcast to `dims`.
    pub(crate) fn view3<A: Element, B: Element, C: Element, R>(
        op: &'static str,
        tensors: [&Self; 3],
        dims: &[usize],
        f: impl FnOnce(Strided<'_, A>, Strided<'_, B>, Strided<'_, C>) -> R,
    ) -> Result<R> {
        crate::shape::room::<C>(op, crate::shape::numel(dims))?;
        Self::lend_storages(op, &tensors, |lent| {
            let (mut ra, mut rb, mut rc) = (Vec::new(), Vec::new(), Vec::new());
            let (a, b) = (broadcast(op, &lent[0], dims, &mut ra)?, broadcast(op, &lent[1], dims, &mut rb)?);
            Ok(f(a, b, broadcast(op, &lent[2], dims, &mut rc)?))
        })
    }

    /// Lends the memory of each tensor from its first element on.
    pub(crate) fn read_all<T: Element, R>(
        op: &'static str,
        tensors: &[&Self],
        f: impl FnOnce(&[&[T]]) -> R,
    ) -> Result<R> {
        Self::lend_storages(op, tensors, |lent| {
            let mut data: SmallVec<[&[T]; 4]> = SmallVec::new();
            for (storage, layout) in lent {
                data.push(&elements(op, storage)?[start(layout)..]);
            }
            Ok(f(&data))
        })
    }

    /// Lends the elements for writing, and raises the version.
    ///
    /// # Errors
    /// If several elements share a place in memory, or an array view is held.
    pub(crate) fn write<T: Element, R>(
        &self,
        op: &'static str,
        f: impl FnOnce(StridedMut<'_, T>) -> R,
    ) -> Result<R> {
        self.write_slice(op, |data, layout| Ok(f(strided_mut(data, layout))))
    }

    /// Lends the elements of the whole storage for writing, as [`Tensor::read`] does for reading.
    pub(crate) fn write_slice<T: Element, R>(
        &self,
        op: &'static str,
        f: impl FnOnce(&mut [T], &Layout) -> Result<R>,
    ) -> Result<R> {
        self.expect_distinct(op)?;
        let _lock = self.shared.lock_write(op)?;
        self.mutate_slice(op, f)?
    }

    /// Lends the elements for writing, and those of `a`, broadcast to the same shape, for reading. They must
    /// not share memory.
    pub(crate) fn write1<T: Element, A: Element, R>(
        &self,
        op: &'static str,
        a: &Self,
        f: impl FnOnce(StridedMut<'_, T>, Strided<'_, A>) -> R,
    ) -> Result<R> {
        self.expect_distinct(op)?;
        self.expect_device(op, a)?;
        let a = &*a.on_cpu(op)?;
        let _locks = lock(op, [a], Some(self))?;
        let (lent, mut repeated) = (a.inner.storage_and_layout(), Vec::new());
        let a = broadcast(op, &lent, self.size(), &mut repeated)?;
        self.mutate_slice(op, |data, layout| f(strided_mut(data, layout), a))
    }

    /// Checks that no two elements share a place in memory.
    pub(crate) fn expect_distinct(&self, op: &'static str) -> Result<()> {
        if is_distinct(self.size(), self.stride()) {
            return Ok(());
        }
        bail!(value(
            op,
            "got a tensor of shape {:?} and strides {:?}, which holds one element at several places, so it \
                 cannot be changed in place; make a copy of it first with .copy()",
            self.size(),
            self.stride()
        ))
    }

    /// Lends the elements of the whole storage for writing, but takes candle's lock only: the caller holds
    /// ours, or has registered an array view.
    pub(crate) fn mutate_slice<T: Element, R>(
        &self,
        op: &'static str,
        f: impl FnOnce(&mut [T], &Layout) -> R,
    ) -> Result<R> {
        if !self.inner.device().is_cpu() {
            crate::cuda::expect_round_trip(op)?;
        }
        if self.numel() == 0 {
            // candle would report that the elements of an empty tensor overlap.
            return Ok(f(&mut [], &Layout::contiguous(self.size())));
        }
        let call =
            Call { op, f: Cell::new(Some(f)), result: Cell::new(None), element: std::marker::PhantomData };
        self.inner.inplace_op1(&call).map_err(Error::backend(op))?;
        self.shared.bump();
        call.result.into_inner().ok_or_else(|| not_on_cpu(op))
    }
}

/// Returns the index of the layout's first element. The offset of an empty view may exceed the storage.
pub(crate) fn start(layout: &Layout) -> usize {
    if layout.shape().elem_count() == 0 { 0 } else { layout.start_offset() }
}

/// Returns the elements of a storage.
fn elements<'a, T: Element>(op: &'static str, storage: &'a Storage) -> Result<&'a [T]> {
    match storage {
        Storage::Cpu(s) => s.as_slice().map_err(Error::backend(op)),
        _ => Err(not_on_cpu(op)), // invariant: the caller has copied the tensor to the CPU
    }
}

/// Returns the elements that belong to the layout.
fn strided<'a, T>(data: &'a [T], layout: &'a Layout) -> Strided<'a, T> {
    Strided::new(data, layout.dims(), layout.stride(), start(layout))
}

/// Returns the elements that belong to the layout, for writing.
fn strided_mut<'a, T>(data: &'a mut [T], layout: &'a Layout) -> StridedMut<'a, T> {
    StridedMut::new(data, layout.dims(), layout.stride(), layout.start_offset())
}

/// Returns the elements of a tensor, broadcast to `dims` by strides of 0. `strides` is space for the changed
/// strides. The layout must broadcast to `dims`.
fn broadcast<'a, T: Element>(
    op: &'static str,
    (storage, layout): &'a Lent<'_>,
    dims: &'a [usize],
    strides: &'a mut Vec<usize>,
) -> Result<Strided<'a, T>> {
    let data = elements(op, storage)?;
    if layout.dims() == dims {
        return Ok(strided(data, layout));
    }
    strides.resize(dims.len(), 0);
    let new = dims.len() - layout.dims().len();
    for (i, (&n, &s)) in layout.dims().iter().zip(layout.stride()).enumerate() {
        if n == dims[new + i] {
            strides[new + i] = s;
        }
    }
    Ok(Strided::new(data, dims, strides, start(layout)))
}

/// Adapts a closure to candle's `InplaceOp1`, the public way to mutable storage.
struct Call<T, F, R> {
    op: &'static str,
    f: Cell<Option<F>>,
    result: Cell<Option<R>>,
    element: std::marker::PhantomData<T>,
}

impl<T: Element, R, F: FnOnce(&mut [T], &Layout) -> R> InplaceOp1 for Call<T, F, R> {
    fn name(&self) -> &'static str {
        self.op
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        if let (Some(f), Some(data)) = (self.f.take(), T::slice_mut(storage)) {
            self.result.set(Some(f(data, layout)));
        }
        Ok(())
    }

    fn cuda_fwd(&self, storage: &mut CudaStorage, layout: &Layout) -> candle_core::Result<()> {
        let mut host = storage.to_cpu_storage()?;
        self.cpu_fwd(&mut host, layout)?;
        *storage = storage.device().storage_from_cpu_storage_owned(host)?;
        Ok(())
    }
}

impl Tensor {
    /// Returns a new tensor, on the device of the operands. `f` computes it from their elements, which are
    /// made contiguous first.
    pub(crate) fn compute<T: Element, U: Element>(
        op: &'static str,
        operands: &[&Self],
        shape: &[usize],
        f: impl FnOnce(&[&[T]], &mut [U]),
    ) -> Result<Self> {
        crate::shape::room::<U>(op, crate::shape::numel(shape))?;
        let mut y = vec![U::default(); crate::shape::numel(shape)];
        Self::lend(op, operands, |x| f(x, &mut y))?;
        operands[0].result(y, shape)
    }

    /// Returns a new tensor of the elements that `f` returns for those of the operands; see
    /// [`Tensor::compute`].
    pub(crate) fn make<T: Element, U: Element>(
        op: &'static str,
        operands: &[&Self],
        shape: &[usize],
        f: impl FnOnce(&[&[T]]) -> Vec<U>,
    ) -> Result<Self> {
        operands[0].result(Self::lend(op, operands, f)?, shape)
    }

    /// Lends the elements of the operands to `f`. They are made contiguous first.
    pub(crate) fn lend<T: Element, R>(
        op: &'static str,
        operands: &[&Self],
        f: impl FnOnce(&[&[T]]) -> R,
    ) -> Result<R> {
        let operands = operands.iter().map(|o| o.contiguous()).collect::<Result<SmallVec<[_; 4]>>>()?;
        let operands: SmallVec<[&Self; 4]> = operands.iter().collect();
        Self::read_all(op, &operands, |all| {
            let of_each = all.iter().zip(&operands).map(|(all, o)| &all[..o.numel()]);
            f(&of_each.collect::<SmallVec<[_; 4]>>())
        })
    }
}

fn not_on_cpu(op: &'static str) -> Error {
    Error::value(op, "got a tensor on a device without this operation; move it with .to(&Device::cpu())")
}
