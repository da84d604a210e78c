//! The operations of tensors, one file for each family. `taper-autograd` has their gradients in files of the
//! same names.

/// Calls a kernel over the contiguous elements of operands of one floating-point dtype, through
/// [`Tensor::make`](crate::Tensor::make) or `compute`. It computes in f64 for float64, else in f32. The
/// result has the dtype of the operands.
macro_rules! real_kernel {
    ($method:ident, $op:expr, $operands:expr, $size:expr, $T:ident => $kernel:expr) => {{
        let operands: &[&$crate::Tensor] = &$operands;
        let dtype = operands[0].dtype;
        $crate::dtype::with_real!(dtype, $T => {
            let mut wide = smallvec::SmallVec::<[_; 4]>::new();
            for operand in operands {
                wide.push(operand.in_dtype(<$T as $crate::Element>::TYPE)?);
            }
            let wide: smallvec::SmallVec<[&$crate::Tensor; 4]> = wide.iter().map(|x| &**x).collect();
            $crate::Tensor::$method::<$T, $T>($op, &wide, $size, $kernel)?.cast(dtype)
        })
    }};
}

mod composed;

pub(crate) mod activation;
pub(crate) mod arithmetic;
pub(crate) mod bitwise;
pub(crate) mod cast;
pub(crate) mod compare;
pub(crate) mod conv;
pub(crate) mod einsum;
pub(crate) mod extreme;
pub(crate) mod in_place;
pub(crate) mod in_place_by_result;
pub(crate) mod index;
pub(crate) mod join;
pub(crate) mod linalg;
pub(crate) mod loss;
pub(crate) mod mask;
pub(crate) mod matmul;
pub(crate) mod normalization;
pub(crate) mod pool;
pub(crate) mod random;
pub(crate) mod rearrange;
pub(crate) mod reduce;
pub(crate) mod row_norm;
pub(crate) mod scan;
pub(crate) mod scatter;
pub(crate) mod slice;
pub(crate) mod softmax;
pub(crate) mod sort;
pub(crate) mod statistics;
pub(crate) mod subscript;
pub(crate) mod unary;
pub(crate) mod upsample;
pub(crate) mod view;

/// Checks of composed operations, which `taper-autograd` compiles for its own type.
pub mod support {
    pub use super::conv::transposed;
    pub use super::einsum::{einsum_order, einsum_pair, einsum_terms};
    pub use super::in_place::expect_fits;
    pub use super::index::{along, index_vector};
    pub use super::join::{interleaved, pad_indices, repeated};
    pub use super::linalg::unit_matrices;
    pub use super::mask::mask_indices;
    pub use super::matmul::expect_ranks;
    pub use super::random::dropout_factors;
    pub use super::rearrange::diagonal_positions;
    pub use super::reduce::expect_float;
    pub use super::row_norm::{RowNorm, real};
    pub use super::slice::equal_parts;
    pub use super::statistics::quantile_indices;
    pub use super::view::moved_dims;
    pub use crate::cpu::row_norm::Centre;
    pub use crate::shape::{broadcast, dim, shape};
}
