//! The fallback for operations that have no kernel where their operands are: copies to the CPU, computes, copies
//! back.
//!
//! The kernels in `cpu/` are functions over slices in the CPU's memory. Lending such a slice of a tensor that is
//! elsewhere ([`Tensor::on_cpu`], `storage.rs`) copies its memory, with the same strides; writing copies it back.
//! [`Tensor::result`] puts what a kernel computed where the operands are. So each operation is right on each
//! device, to the same bits. `cuda/mod.rs` has the switch that makes this fallback an error.

use std::borrow::Cow;

use crate::{Device, Element, Error, Result, Tensor};

impl Tensor {
    /// The tensor where it is on the CPU, else a copy of its memory there.
    pub(crate) fn on_cpu(&self, op: &'static str) -> Result<Cow<'_, Self>> {
        if self.inner.device().is_cpu() {
            return Ok(Cow::Borrowed(self));
        }
        crate::cuda::expect_round_trip(op)?;
        self.moved(op, &Device::cpu()).map(Cow::Owned)
    }

    /// A copy on another device.
    pub(crate) fn moved(&self, op: &'static str, device: &Device) -> Result<Self> {
        if let Some(y) = crate::cuda::upload(op, self, device)? {
            return Ok(y);
        }
        let _lock = self.shared.lock_read(op)?;
        let copy = || -> candle_core::Result<_> {
            if self.numel() == 0 {
                // A GPU has no memory of size 0: a place that is not used.
                let place = candle_core::Tensor::zeros(1, self.dtype.to_candle(), &device.0)?;
                return place.narrow(0, 0, 0)?.reshape(self.size());
            }
            // A view may be a small part of its memory.
            let part = self.shared.root.get().is_some() && self.is_contiguous();
            if part {
                self.inner.force_contiguous()?.to_device(&device.0)
            } else {
                self.inner.to_device(&device.0)
            }
        };
        Ok(Self::fresh(copy().map_err(Error::backend(op))?, self.dtype))
    }

    /// A contiguous copy on the same device, which is not the CPU.
    pub(crate) fn copy_there(&self) -> Result<Self> {
        if self.numel() == 0 {
            return self.moved("copy", &self.device());
        }
        let _lock = self.shared.lock_read("copy")?;
        Ok(Self::fresh(self.inner.force_contiguous().map_err(Error::backend("copy"))?, self.dtype))
    }

    /// The result of an operation on `self`, as computed on the CPU: where `self` is.
    pub(crate) fn result<T: Element>(&self, data: Vec<T>, shape: &[usize]) -> Result<Self> {
        let y = Self::own(data, shape);
        if self.inner.device().is_cpu() { Ok(y) } else { y.moved("to", &self.device()) }
    }
}
