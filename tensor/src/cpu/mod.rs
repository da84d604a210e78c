//! CPU kernels: plain functions over slices, without tensors, errors or allocation policy.
//!
//! A kernel's body is written once, generic over `L`, the number of f32 lanes in a vector, as
//! loops over `[f32; L]` arrays that the compiler turns into vector instructions. [`simd!`]
//! compiles the body for each instruction set and chooses at run time.

// An index often runs over several arrays of lanes at once, and kernels take slices with sizes and strides.
#![allow(clippy::needless_range_loop, clippy::too_many_arguments)]

pub mod argmax;
pub mod batch_norm;
pub mod conv;
pub mod cross_entropy;
pub mod element;
pub mod elementwise;

mod fresh;
pub mod functions;
mod half16;
pub mod join;
mod math;
pub mod matmul;
pub mod operators;
pub mod optim;
pub mod parallel;
pub mod pool;
pub mod real;
pub mod reduce;
pub mod reducers;
pub mod row_norm;
pub mod scan;
pub mod simd;
pub mod softmax;
pub mod special;
pub mod strided;
mod team;
#[cfg(test)]
mod tests;
pub mod upsample;
pub mod vector;
