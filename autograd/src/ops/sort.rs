//! Sorting, the largest few, and searching in order.

use taper_tensor::{Descending, IntoDims, Keepdim, Largest, Right, Tensor};

use crate::{Result, Variable};

impl Variable {
    operations! {
        /// Returns the elements in ascending order along `dim`, or `descending`, and their indices as i64. NaN
        /// is above all numbers; equal elements keep their order.
        pub fn sort(&self, dim: i64, descending: Descending) -> Result<(Self, Tensor)> = picked("Sort", &Keepdim(dim).into_dims());
        /// Returns the `k` largest elements along `dim` in descending order, or the smallest in ascending
        /// order, and their indices as i64.
        pub fn topk(&self, k: usize, dim: i64, largest: Largest) -> Result<(Self, Tensor)> = picked("TopK", &Keepdim(dim).into_dims());
        /// Returns the `k`-th smallest elements along `dim`, counted from 1, and their indices. NaN is above all
        /// numbers.
        pub fn kthvalue(&self, k: usize, dim: impl IntoDims) -> Result<(Self, Tensor)> {
            let dims = dim.into_dims();
            self.picked(self.tensor().kthvalue(k, &dims)?, "Kthvalue", &dims)
        }

        /// Returns the different elements in ascending order, for each element its index among them (the shape of
        /// `self`, i64), and how often each occurs (i64). Where a gradient is required, it is an error.
        pub fn unique(&self) -> Result<(Self, Tensor, Tensor)> = constants("unique");
        /// Returns the elements without those equal to the one before, for each element the index of its own among
        /// them (the shape of `self`, i64), and how often each stood in a row (i64). Where a gradient is required, it
        /// is an error.
        pub fn unique_consecutive(&self) -> Result<(Self, Tensor, Tensor)> = constants("unique_consecutive");
    }

    of_data! { operand: searchsorted(right: Right) }

    /// The values as a constant, with the inverse and the counts, where no gradient is required.
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
