//! The tape, its engine, and every gradient rule.

#[allow(dead_code)] // the sweep of tensors needs more of it
#[path = "../../../tensor/tests/it/chance.rs"]
mod chance; // arguments by chance

mod autocast; // mixed precision
mod engine; // order, accumulation, freeing, errors
mod function; // operations of the user's own, and in place
mod in_place; // operations in place against those that they are named after
mod registry; // every operation: PyTorch's results, gradients, both types, absurd arguments
mod regression; // defects seen elsewhere
mod rules; // each rule against numerical derivatives
mod scopes; // modes, threads, drawings, memory
mod views; // operations in place on views

const DTYPES: [taper_tensor::DType; 9] = {
    use taper_tensor::DType::*;
    [Bool, U8, U32, I32, I64, F16, BF16, F32, F64]
};

/// Returns the device of the tests: `TAPER_TEST_DEVICE`, or the CPU.
fn device() -> taper_tensor::Device {
    std::env::var("TAPER_TEST_DEVICE").map_or_else(|_| Default::default(), |name| name.parse().unwrap())
}
