//! Devices: the CPU and CUDA GPUs.

use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// The device of a tensor's memory: the CPU, or a CUDA GPU by its ordinal.
#[derive(Clone, Debug)]
pub struct Device(pub(crate) candle_core::Device);

impl Device {
    /// Returns the CPU, the default device.
    pub const fn cpu() -> Self {
        Self(candle_core::Device::Cpu)
    }

    /// Returns the CUDA GPU with this ordinal.
    ///
    /// # Errors
    /// If this build has no CUDA support, or the machine has no such GPU.
    pub fn cuda(ordinal: usize) -> Result<Self> {
        crate::cuda::open(ordinal).map(Self)
    }

    /// Returns the first CUDA GPU, or the CPU if there is none.
    pub fn cuda_if_available() -> Self {
        Self::cuda(0).unwrap_or_default()
    }

    /// Returns true for the CPU.
    pub fn is_cpu(&self) -> bool {
        self.0.is_cpu()
    }

    /// Returns true for a CUDA GPU.
    pub fn is_cuda(&self) -> bool {
        self.0.is_cuda()
    }

    /// Waits until the device has finished all its work, as before reading a clock.
    ///
    /// # Errors
    /// If work on the device has failed.
    pub fn synchronize(&self) -> Result<()> {
        self.0.synchronize().map_err(Error::backend("synchronize"))
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

impl FromStr for Device {
    type Err = Error;

    /// Parses `cpu`, `cuda` or `cuda:1`.
    fn from_str(name: &str) -> Result<Self> {
        let ordinal = match name.split_once(':') {
            None if name == "cpu" => return Ok(Self::cpu()),
            None if name == "cuda" => Some(0),
            Some(("cuda", n)) => n.parse().ok(),
            _ => None,
        };
        match ordinal {
            Some(ordinal) => Self::cuda(ordinal),
            None => Err(Error::value("device", format!("got {name:?}, expected cpu, cuda or cuda:N"))),
        }
    }
}

impl fmt::Display for Device {
    /// Writes `cpu` or `cuda:0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.location() {
            candle_core::DeviceLocation::Cpu => f.write_str("cpu"),
            candle_core::DeviceLocation::Cuda { gpu_id } => write!(f, "cuda:{gpu_id}"),
            candle_core::DeviceLocation::Metal { gpu_id } => write!(f, "metal:{gpu_id}"),
        }
    }
}
