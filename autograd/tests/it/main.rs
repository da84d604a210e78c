//! The tape, its engine, and every gradient rule.

mod autocast; // mixed precision
mod engine; // order, accumulation, freeing, errors
mod function; // operations of the user's own, and in place
mod golden; // values, gradients and second gradients against PyTorch's
mod golden_ops; // PyTorch's names to ours
mod in_place; // operations in place against those that they are named after
mod regression; // defects seen elsewhere
mod rules; // each rule against numerical derivatives
mod scopes; // modes, threads, drawings, memory
mod table; // every operation, for inputs of every layout
mod views;
mod vocabulary; // operations in place on views

/// Where the tests compute: `TAPER_TEST_DEVICE`, or the CPU.
fn device() -> taper_tensor::Device {
    std::env::var("TAPER_TEST_DEVICE").map_or_else(|_| Default::default(), |name| name.parse().unwrap())
}
