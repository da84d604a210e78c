//! The operations, a file for each family, under the same names as in `taper-tensor`, where they are
//! computed. An operation is one function: it computes, saves the least that its gradient needs, and pushes
//! one node. The gradient rule stands beside it, written in the same operations, so that it can be
//! differentiated again.

pub(crate) mod activation;
pub(crate) mod arithmetic;
pub(crate) mod bitwise;
pub(crate) mod cast;
pub(crate) mod compare;
pub(crate) mod conv;
pub(crate) mod einsum;
pub(crate) mod extreme;
pub(crate) mod in_place;
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
pub(crate) mod scan;
pub(crate) mod scatter;
pub(crate) mod slice;
pub(crate) mod softmax;
pub(crate) mod sort;
pub(crate) mod statistics;
pub(crate) mod unary;
pub(crate) mod upsample;
pub(crate) mod view;
