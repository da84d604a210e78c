//! Optimisers against PyTorch's trajectories, and their refusals.

mod clip; // gradients within bounds, and those that are not numbers
mod ema; // averaged weights
mod golden; // the reference cases
mod grad_scaler; // losses scaled for f16
mod lbfgs; // PyTorch's trajectories with a closure
mod refusals; // settings and parameters that make no sense
mod schedules; // learning rates
mod state; // saved and gone on with, to the bit
mod together; // many parameters in one call, as on a GPU

/// The device of the tests: `TAPER_TEST_DEVICE`, or the CPU.
fn device() -> taper_autograd::tensor::Device {
    std::env::var("TAPER_TEST_DEVICE").map_or_else(|_| Default::default(), |name| name.parse().unwrap())
}
