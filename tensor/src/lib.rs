//! Tensors as a PyTorch or NumPy user expects them: one concrete [`Tensor`] whose dtype and device
//! are run-time values, views that share memory, in-place operations with a trailing underscore,
//! and a seedable generator of its own.
//!
//! ```
//! use taper_tensor::Tensor;
//! let x = Tensor::arange(0, 6, 1)?.reshape((2, 3))?;
//! let y = (&x * 10)?;
//! assert_eq!(y.to_vec::<i64>()?, [0, 10, 20, 30, 40, 50]);
//! x.t()?.select(0, 1)?.fill_(7)?; // a view: x changes
//! assert_eq!(x.to_vec::<i64>()?, [0, 7, 2, 3, 7, 5]);
//! # Ok::<(), taper_tensor::Error>(())
//! ```

mod activations;
mod arithmetic;
mod batch_norm;
mod bridge;
mod cast;
mod conv;
mod creation;
pub mod cuda;
mod device;
mod dims;
mod display;
mod draws;
mod dtype;
mod einsum;
mod error;
mod extremes;
mod gather;
mod host;
mod indexing;
mod inplace;
mod joins;
#[allow(unused_macros, unused_imports)]
mod kernels;
mod linalg;
mod matmul;
mod nested;
mod numeric;
mod operators;
mod order;
mod places;
mod pool;
mod products;
mod random;
mod rearrange;
mod reduce;
mod results;
mod scalar;
mod scan;
mod scatter;
mod shape;
mod shared;
mod softmax;
mod spatial;
mod statistics;
pub mod step;
mod storage;
mod strides;
mod tensor;
mod threads;
mod unary;
mod upsample;
mod views;
mod whole;

pub use bridge::{MappedFile, NdArray};
pub use conv::{Conv2dOptions, exact_convolutions, set_exact_convolutions};
pub use creation::Options;
pub use device::Device;
pub use dtype::{DType, Element};
pub use einsum::{EinsumOperand, einsum};
pub use error::{Error, Result};
pub use half::{bf16, f16};
pub use indexing::{Index, IntoIndices};
pub use nested::NestedArray;
pub use pool::PoolOptions;
pub use random::{Generator, manual_seed, philox};
pub use rearrange::Pad;
pub use scalar::{IntoOperand, Operand, Scalar};
pub use scatter::Reduce;
pub use shape::IntoShape;
pub use spatial::ConvTranspose2dOptions;
pub use tensor::Tensor;
pub use threads::{num_threads, set_num_threads};
pub use whole::{UNFINISHED, write_whole};
