//! Integration tests of tensors, a module per topic.

mod arithmetic; // promotion, broadcasting, integers that wrap around, in place
mod bool; // the dtype of comparisons and masks; the dtypes of literals
mod bridge; // one memory with ndarray, views that are held, .npy and .npz files
#[allow(dead_code)] // the sweep of variables needs more of it
mod chance; // arguments by chance
mod display; // as PyTorch prints
mod functions; // of each element, softmax; shapes that are too long
mod hostile; // sizes, dimensions and numbers that no tensor can have
mod indexing; // ranges, masks, gather and scatter, order, padding
mod linear; // matrix products
mod names; // results of PyTorch for functions that are less usual
mod numpy; // files that NumPy wrote, and NumPy on files of ours
mod pooling; // windows over images and their gradients, resizing
mod reductions; // over any dimensions, NaN, nothing at all
mod scatter; // several elements for one place; the gamma function and its kin
mod sweep; // every method with random arguments, most of them absurd
mod views; // of any strides, without a copy

const DTYPES: [taper_tensor::DType; 9] = {
    use taper_tensor::DType::*;
    [Bool, U8, U32, I32, I64, F16, BF16, F32, F64]
};
