//! Sorting, the largest few, and searching in order.

use taper_tensor::Tensor;

use crate::{Result, Variable};

impl Variable {
    /// The elements in ascending or descending order along a dimension, and their indices.
    ///
    /// # Errors
    /// When there is no such dimension.
    #[track_caller]
    pub fn sort(&self, dim: i64, descending: bool) -> Result<(Self, Tensor)> {
        let (values, index) = self.data().sort(dim, descending)?;
        self.picked("Sort", dim, true, values, index)
    }

    /// The `k` largest elements along a dimension in descending order, and their indices.
    ///
    /// # Errors
    /// When there is no such dimension, or it has fewer elements.
    #[track_caller]
    pub fn topk(&self, k: usize, dim: i64) -> Result<(Self, Tensor)> {
        let (values, index) = self.data().topk(k, dim, true, true)?;
        self.picked("TopK", dim, true, values, index)
    }

    /// The `k`-th smallest elements along a dimension, counted from 1, and their indices.
    ///
    /// # Errors
    /// When there is no such dimension, or it has not `k` elements.
    #[track_caller]
    pub fn kthvalue(&self, k: usize, dim: i64, keepdim: bool) -> Result<(Self, Tensor)> {
        let (values, index) = self.data().kthvalue(k, dim, keepdim)?;
        self.picked("Kthvalue", dim, keepdim, values, index)
    }
}
