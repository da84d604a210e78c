//! The fallback for operations that have no kernel where their operands are: copies to the CPU, computes,
//! copies back.
//!
//! The kernels in `cpu/` are functions over slices in the CPU's memory. For a tensor on another device,
//! [`Tensor::on_cpu`] copies its memory with the same strides; writing copies it back (`storage.rs`).
//! [`Tensor::result`] moves what a kernel computed to the device of the operands. So each operation works on
//! each device, with the same bits. `cuda/mod.rs` has a switch that turns this fallback into an error.

use std::borrow::Cow;

use crate::{Device, Element, Error, Result, Tensor};

impl Tensor {
    /// Returns the tensor if it is on the CPU, else a copy of its memory there.
    pub(crate) fn on_cpu(&self, op: &'static str) -> Result<Cow<'_, Self>> {
        if self.inner.device().is_cpu() {
            return Ok(Cow::Borrowed(self));
        }
        crate::cuda::expect_round_trip(op)?;
        self.moved(op, &Device::cpu()).map(Cow::Owned)
    }

    /// Returns a copy on another device.
    pub(crate) fn moved(&self, op: &'static str, device: &Device) -> Result<Self> {
        if let Some(y) = crate::cuda::upload(op, self, device)? {
            return Ok(y);
        }
        let _lock = self.shared.lock_read(op)?;
        let copy = || -> candle_core::Result<_> {
            if self.numel() == 0 {
                // A GPU cannot allocate 0 bytes; this narrows an allocation of one element.
                let place = candle_core::Tensor::zeros(1, self.dtype.to_candle(), &device.0)?;
                return place.narrow(0, 0, 0)?.reshape(self.size());
            }
            // A view may cover a small part of its memory: copy that part only.
            let part = self.shared.root.get().is_some() && self.is_contiguous();
            if part {
                self.inner.force_contiguous()?.to_device(&device.0)
            } else {
                self.inner.to_device(&device.0)
            }
        };
        Ok(Self::fresh(copy().map_err(Error::backend(op))?, self.dtype))
    }

    /// Returns a contiguous copy on the same device, which must not be the CPU.
    pub(crate) fn copy_there(&self) -> Result<Self> {
        if self.numel() == 0 {
            return self.moved("copy", &self.device());
        }
        let _lock = self.shared.lock_read("copy")?;
        Ok(Self::fresh(self.inner.force_contiguous().map_err(Error::backend("copy"))?, self.dtype))
    }

    /// Makes a tensor of the result computed on the CPU, on the device of `self`.
    pub(crate) fn result<T: Element>(&self, data: Vec<T>, shape: &[usize]) -> Result<Self> {
        let y = Self::own(data, shape);
        if self.inner.device().is_cpu() { Ok(y) } else { y.moved("to", &self.device()) }
    }
}
