//! Replacement of `gpu.rs` in builds without CUDA.

use std::convert::Infallible;
use std::fmt::Display;
use std::marker::PhantomData;

use candle_core::{CudaStorage, Device, Storage};

use super::kernel::Kernel;
use super::launch::Value;
use crate::{DType, Result, Tensor};

/// A GPU: a type without values.
pub(crate) struct Gpu<'a>(Infallible, PhantomData<&'a ()>);

impl<'a> Gpu<'a> {
    pub(super) fn on(_: &'a Device) -> Option<Self> {
        None
    }

    pub(super) fn allocate(&self, _: &'static str, _: DType, _: usize) -> Result<Storage> {
        match self.0 {}
    }

    pub(super) fn address(&self, _: &'static str, _: &CudaStorage, _: usize) -> Result<(u64, ())> {
        match self.0 {}
    }

    /// # Safety
    /// Nothing can be unsafe: the type has no values.
    pub(super) unsafe fn call<K: Kernel>(
        &self,
        _: &'static str,
        _: K,
        _: impl Display,
        _: usize,
        _: &[Value],
    ) -> Result<()> {
        match self.0 {}
    }

    pub(super) fn upload(&self, _: &'static str, _: &Tensor) -> Result<Option<Tensor>> {
        match self.0 {}
    }

    pub(super) fn prepare(&self) {
        match self.0 {}
    }

    pub(super) fn memory_in_use(&self, _: &'static str) -> Result<u64> {
        match self.0 {}
    }
}
