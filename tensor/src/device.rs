//! Where a tensor's memory is.

use std::fmt;

use crate::{Error, Result};

/// A place for tensors: the CPU, or a CUDA GPU by its ordinal.
#[derive(Clone, Debug)]
pub struct Device(pub(crate) candle_core::Device);

impl Device {
    /// The CPU, the default everywhere.
    pub const fn cpu() -> Self {
        Self(candle_core::Device::Cpu)
    }

    /// The CUDA GPU number `ordinal`.
    ///
    /// # Errors
    /// When this build has no CUDA support, or the machine no such GPU.
    pub fn cuda(ordinal: usize) -> Result<Self> {
        if !cfg!(feature = "cuda") {
            return Err(Error::value("device", "this program was built without CUDA support; use the cpu"));
        }
        candle_core::Device::new_cuda(ordinal).map(Self).map_err(Error::backend("device"))
    }

    /// The first CUDA GPU where there is one, or else the CPU.
    pub fn cuda_if_available() -> Self {
        Self::cuda(0).unwrap_or_default()
    }

    /// Whether this is the CPU.
    pub fn is_cpu(&self) -> bool {
        self.0.is_cpu()
    }

    /// Whether this is a CUDA GPU.
    pub fn is_cuda(&self) -> bool {
        self.0.is_cuda()
    }
}

impl Default for Device {
    fn default() -> Self {
        Self::cpu()
    }
}

impl PartialEq for Device {
    fn eq(&self, other: &Self) -> bool {
        self.0.location() == other.0.location()
    }
}

impl Eq for Device {}

impl fmt::Display for Device {
    /// `cpu` or `cuda:0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.location() {
            candle_core::DeviceLocation::Cpu => f.write_str("cpu"),
            candle_core::DeviceLocation::Cuda { gpu_id } => write!(f, "cuda:{gpu_id}"),
            candle_core::DeviceLocation::Metal { gpu_id } => write!(f, "metal:{gpu_id}"),
        }
    }
}
