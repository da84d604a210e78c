//! Tensors in the style of PyTorch and NumPy. [`Tensor`] is one concrete type: its dtype and device are
//! run-time values, views share memory, in-place operations have a trailing underscore, and random numbers
//! come from a seeded [`Generator`].
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
//!
//! | task | items |
//! | --- | --- |
//! | create a tensor | [`Tensor::new`], [`Tensor::from_vec`], [`Tensor::zeros`], [`Tensor::arange`], [`Tensor::options`] for a dtype and a device |
//! | read elements | [`Tensor::to_vec`], [`Tensor::item`], [`Tensor::size`] |
//! | index | [`Tensor::i`], [`Tensor::set_`], [`Tensor::gather`], [`Tensor::index_select`], [`Tensor::masked_select`] |
//! | view | [`Tensor::reshape`], [`Tensor::transpose`], [`Tensor::narrow`], [`Tensor::expand`], [`Tensor::squeeze`] |
//! | join and split | [`Tensor::cat`], [`Tensor::stack`], [`Tensor::split`], [`Tensor::chunk`] |
//! | compute by element | the operators, [`Tensor::exp`], [`Tensor::relu`], [`Tensor::where_`], [`Tensor::clamp`] |
//! | reduce | [`Tensor::sum_dim`], [`Tensor::mean_dim`], [`Tensor::max_dim`], [`Tensor::argmax`], [`Tensor::var`] |
//! | multiply matrices and convolve | [`Tensor::matmul`], [`Tensor::linear`], [`Tensor::einsum`], [`Tensor::conv2d`] |
//! | sort and search | [`Tensor::sort`], [`Tensor::topk`], [`Tensor::unique`], [`Tensor::searchsorted`] |
//! | change in place | [`Tensor::add_`], [`Tensor::copy_`], [`Tensor::fill_`] and the other methods with a trailing underscore |
//! | draw random numbers | [`Tensor::rand`], [`Tensor::randn`], [`manual_seed`], [`Generator`] |
//! | convert | [`Tensor::to_dtype`], [`DType`], [`Tensor::contiguous`], [`Tensor::copy`] |
//! | use a GPU | [`Device`], [`Tensor::to`], [`cuda`] |
//! | exchange arrays and files | [`Tensor::numpy`], [`Tensor::read_npy`], [`Tensor::read_npz`], [`MappedFile`] |
//! | step an optimiser | [`step`] |
//! | set threads | [`set_num_threads`] |
//!
//! Each operation returns an error if memory runs out or a device fails; the pages of the operations do not
//! repeat that.

#[macro_use]
mod error;
mod atomic_write;
mod bridge;
mod builder;
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
