//! Views with other shapes and orders of dimensions.

use taper_tensor::{IntoShape, Tensor};

use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    operations! {
        /// Returns a view in another shape. One size may be -1; it is inferred from the others. Unlike
        /// [`Variable::reshape`], it never copies.
        pub fn view(&self, sizes: impl IntoShape) -> Result<Self> = in_shape("View");
        /// Returns the elements in another shape. One size may be -1; it is inferred from the others. The
        /// result is a view if the strides allow it, else a copy.
        pub fn reshape(&self, sizes: impl IntoShape) -> Result<Self> = in_shape("Reshape");
        /// Returns a view with a new dimension of size 1 at `dim`, which is at most the number of dimensions.
        pub fn unsqueeze(&self, dim: i64) -> Result<Self> = in_shape("Unsqueeze");
        /// Returns a view without the dimensions of size 1 among `dims`, or among all dimensions if none is
        /// given.
        pub fn squeeze(&self, dims: impl IntoShape) -> Result<Self> = in_shape("Squeeze");
        /// Merges the dimensions from `start` to the last one into one, or those from `start` to `end` if
        /// `dims` is a pair. `flatten(0)` gives a vector. The result is a view if the strides allow it.
        pub fn flatten(&self, dims: impl IntoShape) -> Result<Self> = in_shape("Flatten");
        /// Splits a dimension into several. One of their sizes may be -1; it is inferred from the others. The
        /// result is a view if the strides allow it.
        pub fn unflatten(&self, dim: i64, sizes: impl IntoShape) -> Result<Self> = in_shape("Unflatten");

        /// Returns a view with two dimensions swapped.
        pub fn transpose(&self, dim0: i64, dim1: i64) -> Result<Self> {
            let y = self.tensor().transpose(dim0, dim1)?;
            record("Transpose", &[self]).view().unary(y, move |g, _| g.transpose(dim0, dim1))
        }

        /// Returns a view with the dimensions in another order.
        pub fn permute(&self, dims: impl IntoShape) -> Result<Self> {
            let dims = dims.into_sizes();
            let y = self.tensor().permute(&dims)?;
            let mut back = vec![0; dims.len()];
            for (i, &d) in dims.iter().enumerate() {
                back[index_of(d, dims.len())] = i;
            }
            record("Permute", &[self]).view().unary(y, move |g, _| g.permute(&back))
        }

        /// Returns a view that repeats the elements along dimensions of size 1. A size of -1 keeps a
        /// dimension. Additional sizes come first and add dimensions.
        pub fn expand(&self, sizes: impl IntoShape) -> Result<Self> {
            let y = self.tensor().expand(sizes)?;
            record("Expand", &[self]).view().each(y, |g, _, _| Ok(g.clone()))
        }
    }

    /// Records `y`, the same elements in another shape.
    #[track_caller]
    fn in_shape(&self, y: Tensor, node: &'static str) -> Result<Self> {
        let size = self.size();
        record(node, &[self]).view().unary(y, move |g, _| g.reshape(&size))
    }

    /// Returns indices on the device of `self`.
    pub(crate) fn indices(&self, index: Vec<i64>) -> Result<Tensor> {
        let n = index.len();
        Ok(Tensor::from_vec(index, n)?.to(&self.device())?)
    }
}

taper_tensor::composed_view!(Variable);

/// Returns a dimension, counted from the front. The tensor's operation has checked it.
pub(crate) fn index_of(dim: i64, rank: usize) -> usize {
    (if dim < 0 { dim + rank as i64 } else { dim }) as usize
}
