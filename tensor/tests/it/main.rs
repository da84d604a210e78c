//! Integration tests of tensors, a module per topic.

mod arithmetic; // promotion, broadcasting, integers that wrap around, in place
mod display; // as PyTorch prints
mod golden; // PyTorch's results, from the folder `golden`
mod linear; // matrix products
mod reductions; // over any dimensions, NaN, nothing at all
