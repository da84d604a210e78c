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

#[macro_use]
mod error;
mod atomic_write;
mod bridge;
#[allow(unused_macros, unused_imports)]
mod cpu;
mod cpu_fallback;
mod creation;
pub mod cuda;
mod device;
mod display;
mod dtype;
mod flags;
#[doc(hidden)]
pub mod formula;
mod lock;
mod nested;
mod operators;
mod ops;
mod random;
pub mod registry;
mod scalar;
mod shape;
pub mod step;
mod storage;
mod strides;
mod tensor;
mod threads;

pub use atomic_write::{UNFINISHED, write_atomic};
pub use bridge::{MappedFile, NdArray};
pub use creation::Options;
pub use device::Device;
pub use dtype::{DType, Element, Value};
pub use error::{Error, Result};
pub use flags::{
    AlignCorners, Descending, Dims, IncludeSelf, IntoDims, Keepdim, Largest, Replacement, Right, Summed,
};
pub use half::{bf16, f16};
pub use nested::NestedArray;
pub use ops::conv::{Conv2dOptions, ConvTranspose2dOptions, exact_convolutions, set_exact_convolutions};
pub use ops::join::Pad;
pub use ops::loss::Reduction;
pub use ops::normalization::BatchStatistics;
pub use ops::pool::PoolOptions;
pub use ops::scatter::Reduce;
pub use ops::subscript::{Index, IntoIndices};
/// The rows of the tables of elementwise operations.
#[doc(hidden)]
pub mod elementwise {
    pub use crate::formula::{Elementwise, Formula, Params, Saves, params};
    pub use crate::ops::activation::*;
    pub use crate::ops::unary::*;
}
#[doc(hidden)]
pub use ops::support;
pub use random::{Generator, manual_seed, philox};
pub use scalar::{AsTensor, IntoBound, IntoOperand, Operand, Scalar};
pub use shape::{IntoShape, Shape};
pub use tensor::Tensor;
pub use threads::{num_threads, set_num_threads};
