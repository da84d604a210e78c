//! The tests of taper-nn, a module for each topic.

mod builders; // what builders draw and refuse
mod damage; // thousands of damaged checkpoints
mod golden; // PyTorch's reference cases of modules and losses
mod layers; // gradients, what layers print and refuse, how they begin
mod losses; // what losses refuse, and where numbers grow large
mod module; // the tree of parameters, buffers and children
mod places; // errors and anomalies name layers, also without parameters
mod pth; // checkpoints of PyTorch's own form
mod refused; // what the compiler says of fields that cannot be modules
mod state; // checkpoints: what fits, files, damage
mod summary; // tables of what networks cost; layers named by anomaly detection
mod tutorial; // the tutorial's network

/// The device of the tests: `TAPER_TEST_DEVICE`, or the CPU.
fn device() -> taper_tensor::Device {
    std::env::var("TAPER_TEST_DEVICE").map_or_else(|_| Default::default(), |name| name.parse().unwrap())
}
