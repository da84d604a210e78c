//! CUDA GPUs.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::{Error, Result};

/// Whether this program can use a CUDA GPU: it was built for it, and the machine has one.
pub fn is_available() -> bool {
    crate::Device::cuda(0).is_ok()
}

/// The GPU number `ordinal`. Each is opened once: candle tells devices apart by how they were opened, and
/// gives each its own stream, between which nothing would keep the order.
pub(crate) fn open(ordinal: usize) -> Result<candle_core::Device> {
    static OPEN: Mutex<BTreeMap<usize, candle_core::Device>> = Mutex::new(BTreeMap::new());
    if !cfg!(feature = "cuda") {
        return Err(Error::value(
            "device",
            "this program was built without CUDA support; build it with the feature `cuda`, or use the cpu",
        ));
    }
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(device) = open.get(&ordinal) {
        return Ok(device.clone());
    }
    let device = candle_core::Device::new_cuda_with_stream(ordinal).map_err(|e| {
        let reason = e.to_string().lines().next().unwrap_or_default().to_owned();
        Error::value("device", format!("there is no CUDA GPU number {ordinal} here ({reason}); use the cpu"))
    })?;
    open.insert(ordinal, device.clone());
    Ok(device)
}
