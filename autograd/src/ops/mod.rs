//! The operations, a file for each family: what is computed, what is saved, and the gradient rule
//! beside it, written in the same operations, so that it can be differentiated again.

pub(crate) mod activation;
pub(crate) mod arithmetic;
pub(crate) mod batch_norm;
mod cast;
pub(crate) mod choose;
pub(crate) mod conv;
pub(crate) mod dims;
pub(crate) mod dropout;
mod einsum;
pub(crate) mod extreme;
pub(crate) mod index;
pub(crate) mod indexing;
pub(crate) mod join;
pub(crate) mod linalg;
pub(crate) mod loss;
pub(crate) mod matmul;
pub(crate) mod norm;
pub(crate) mod numeric;
pub(crate) mod pool;
pub(crate) mod products;
pub(crate) mod reduce;
mod scatter;
pub(crate) mod shape;
pub(crate) mod softmax;
pub(crate) mod unary;
pub(crate) mod upsample;
pub(crate) mod view;
