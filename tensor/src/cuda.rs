//! Whether there is a CUDA GPU.

/// Whether this program can use a CUDA GPU: it was built for it, and the machine has one.
pub fn is_available() -> bool {
    crate::Device::cuda(0).is_ok()
}
