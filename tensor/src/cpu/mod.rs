//! CPU kernels: plain functions over slices, without tensors, errors or allocation policy.
//!
//! A kernel's body is written once, generic over `L`, the number of f32 lanes in a vector, as
//! loops over `[f32; L]` arrays that the compiler turns into vector instructions. [`simd!`]
//! compiles the body for each instruction set and chooses at run time.

// An index often runs over several arrays of lanes at once, and a kernel takes slices, their sizes and strides.
#![allow(clippy::needless_range_loop, clippy::too_many_arguments)]

/// Where a tensor is on a GPU that has a kernel for it, returns `$result`, in which `$done` is what the kernel
/// gave: `on_gpu!(x, y => y.cast(dtype), elementwise::unary(op, x))`. Else the way goes through the host.
macro_rules! on_gpu {
    ($x:expr, $done:ident => $result:expr, $($call:tt)*) => {
        #[cfg(feature = "cuda")]
        if $x.inner.device().is_cuda()
            && let Some($done) = $crate::cuda::$($call)*?
        {
            return $result;
        }
    };
}
pub(crate) use on_gpu;

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
