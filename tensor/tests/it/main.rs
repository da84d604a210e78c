//! Integration tests of tensors, a module per topic.

mod arithmetic; // promotion, broadcasting, integers that wrap around, in place
mod bridge; // one memory with ndarray, views that are held, .npy and .npz files
mod display; // as PyTorch prints
mod functions; // of each element, softmax; shapes that are too long
mod golden; // PyTorch's results, from the folder `golden`
mod indexing; // ranges, masks, gather and scatter, order, padding
mod linear; // matrix products
mod names; // results of PyTorch for functions that are less usual
mod pooling; // windows over images and their gradients, resizing
mod reductions; // over any dimensions, NaN, nothing at all
mod views; // of any strides, without a copy

/// Where the tests compute: `TAPER_TEST_DEVICE`, or the CPU.
fn device() -> taper_tensor::Device {
    std::env::var("TAPER_TEST_DEVICE").map_or_else(|_| Default::default(), |name| name.parse().unwrap())
}
