//! Sorting, selection of the largest elements, and search in sorted tensors.

use taper_tensor::{Descending, IntoDims, Keepdim, Largest, Right, Tensor};

use crate::{Result, Variable};

impl Variable {
    operations! {
        /// Sorts the elements along `dim` in ascending order, or in descending order with `descending`.
        /// Returns them and their int64 indices. NaN is larger than all numbers; equal elements keep their
        /// order.
        pub fn sort(&self, dim: i64, descending: Descending) -> Result<(Self, Tensor)> = picked("Sort", &Keepdim(dim).into_dims());
        /// Returns the `k` largest elements along `dim` in descending order, or the smallest in ascending
        /// order, and their int64 indices.
        pub fn topk(&self, k: usize, dim: i64, largest: Largest) -> Result<(Self, Tensor)> = picked("TopK", &Keepdim(dim).into_dims());
        /// Returns the `k`-th smallest elements along `dim`, counted from 1, and their int64 indices. NaN is
        /// larger than all numbers.
        pub fn kthvalue(&self, k: usize, dim: impl IntoDims) -> Result<(Self, Tensor)> {
            let dims = dim.into_dims();
            self.picked(self.tensor().kthvalue(k, &dims)?, "Kthvalue", &dims)
        }

        /// Returns the distinct elements in ascending order, the int64 index into these for each element, and
        /// the int64 number of occurrences of each. It has no gradient; if one is required, it returns an
        /// error.
        pub fn unique(&self) -> Result<(Self, Tensor, Tensor)> = constants("unique");
        /// Returns the elements without consecutive duplicates, the int64 index into these for each element,
        /// and the int64 length of each run. It has no gradient; if one is required, it returns an error.
        pub fn unique_consecutive(&self) -> Result<(Self, Tensor, Tensor)> = constants("unique_consecutive");
    }

    of_data! { operand: searchsorted(right: Right) }

    /// Returns the values as a constant, with the inverse and the counts, if no gradient is required.
    fn constants(
        &self,
        (values, inverse, counts): (Tensor, Tensor, Tensor),
        op: &'static str,
    ) -> Result<(Self, Tensor, Tensor)> {
        self.expect_no_gradient(op)?;
        Ok((Self::new(values), inverse, counts))
    }
}

taper_tensor::composed_sort!(Variable);
