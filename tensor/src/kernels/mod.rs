//! CPU kernels: plain functions over slices, without tensors, errors or allocation policy.
//!
//! A kernel's body is written once, generic over `L`, the number of f32 lanes in a vector, as
//! loops over `[f32; L]` arrays that the compiler turns into vector instructions. [`simd!`]
//! compiles the body for each instruction set and chooses at run time.

pub mod conv;
pub mod parallel;
pub mod simd;
