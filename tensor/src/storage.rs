//! How operations reach a tensor's memory: slices to read, one slice to write, under candle's locks.

use std::cell::Cell;

use candle_core::{CpuStorage, InplaceOp1, Layout, Storage};

use crate::{Element, Error, Result, Tensor};

impl Tensor {
    /// A tensor over `data`, without a copy; its length must be that of the shape.
    pub(crate) fn own<T: Element>(data: Vec<T>, shape: &[usize]) -> Self {
        debug_assert_eq!(data.len(), crate::shape::numel(shape));
        let storage = Storage::Cpu(T::to_cpu_storage_owned(data));
        Self::fresh(candle_core::Tensor::from((storage, shape)), T::TYPE)
    }

    /// Lends the whole storage's elements for reading; the layout says which are the tensor's.
    /// `f` must not touch the same storage in another way.
    pub(crate) fn read<T: Element, R>(
        &self,
        op: &'static str,
        f: impl FnOnce(&[T], &Layout) -> Result<R>,
    ) -> Result<R> {
        let (storage, layout) = self.inner.storage_and_layout();
        match &*storage {
            Storage::Cpu(s) => f(s.as_slice().map_err(Error::backend(op))?, layout),
            _ => Err(Error::value(
                op,
                "not available on this device; move the tensor with .to(&Device::cpu())",
            )),
        }
    }

    /// Lends the whole storage's elements for writing, and raises the version.
    ///
    /// # Errors
    /// When several of the tensor's elements are one place in memory.
    pub(crate) fn write<T: Element, R>(
        &self,
        op: &'static str,
        f: impl FnOnce(&mut [T], &Layout) -> Result<R>,
    ) -> Result<R> {
        if self.inner.layout().has_internal_overlap() {
            return Err(Error::value(
                op,
                format!(
                    "a tensor of shape {:?} and strides {:?} holds one element at several places, so it \
                     cannot be changed in place; make a copy of it first with .copy()",
                    self.size(),
                    self.stride()
                ),
            ));
        }
        let call =
            Call { op, f: Cell::new(Some(f)), result: Cell::new(None), element: std::marker::PhantomData };
        self.inner.inplace_op1(&call).map_err(Error::backend(op))?;
        self.bump();
        call.result.into_inner().unwrap_or_else(|| Err(Error::value(op, "the backend did not run it")))
    }
}

/// A closure dressed as candle's in-place operation, the public way to mutable storage.
struct Call<T, F, R> {
    op: &'static str,
    f: Cell<Option<F>>,
    result: Cell<Option<Result<R>>>,
    element: std::marker::PhantomData<T>,
}

impl<T: Element, R, F: FnOnce(&mut [T], &Layout) -> Result<R>> InplaceOp1 for Call<T, F, R> {
    fn name(&self) -> &'static str {
        self.op
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        let slice = T::slice_mut(storage);
        if let (Some(f), Some(slice)) = (self.f.take(), slice) {
            self.result.set(Some(f(slice, layout)));
        }
        Ok(())
    }
}

impl Tensor {
    /// A new tensor that `f` computes from the elements of operands on the CPU, which are made
    /// contiguous first.
    pub(crate) fn compute<T: Element, U: Element>(
        op: &'static str,
        operands: &[&Self],
        shape: &[usize],
        f: impl FnOnce(&[&[T]], &mut [U]),
    ) -> Result<Self> {
        let operands = operands.iter().map(|o| o.contiguous()).collect::<Result<Vec<_>>>()?;
        let guards: Vec<_> = operands.iter().map(|o| o.inner.storage_and_layout()).collect();
        let mut slices: Vec<&[T]> = Vec::with_capacity(guards.len());
        for (storage, layout) in &guards {
            let Storage::Cpu(s) = &**storage else { return Err(not_on_cpu(op)) };
            let data = s.as_slice::<T>().map_err(Error::backend(op))?;
            slices.push(&data[layout.start_offset()..][..layout.shape().elem_count()]);
        }
        let mut y = vec![U::default(); crate::shape::numel(shape)];
        f(&slices, &mut y);
        Ok(Self::own(y, shape))
    }
}

fn not_on_cpu(op: &'static str) -> Error {
    Error::value(op, "not available on this device; move the tensor with .to(&Device::cpu())")
}
