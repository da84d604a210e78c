//! Sorting, the largest few, and searching in order.

use taper_tensor::{IntoOperand, Operand, Tensor};

use crate::{Result, Variable};

impl Variable {
    /// Returns the elements in ascending order along a dimension, or `descending`, and their indices as i64.
    /// NaN is above all numbers; equal elements keep their order.
    ///
    /// # Errors
    /// When there is no such dimension.
    #[track_caller]
    pub fn sort(&self, dim: i64, descending: bool) -> Result<(Self, Tensor)> {
        let (values, index) = self.tensor().sort(dim, descending)?;
        self.picked("Sort", dim, true, values, index)
    }

    /// Returns the `k` largest elements along a dimension in descending order, or the smallest in ascending
    /// order, and their indices as i64.
    ///
    /// # Errors
    /// When there is no such dimension, or it has fewer elements.
    #[track_caller]
    pub fn topk(&self, k: usize, dim: i64, largest: bool) -> Result<(Self, Tensor)> {
        let (values, index) = self.tensor().topk(k, dim, largest)?;
        self.picked("TopK", dim, true, values, index)
    }

    /// Returns the `k`-th smallest elements along a dimension, counted from 1, and their indices. NaN is above
    /// all numbers.
    ///
    /// # Errors
    /// When there is no such dimension, or it has not `k` elements.
    #[track_caller]
    pub fn kthvalue(&self, k: usize, dim: i64, keepdim: bool) -> Result<(Self, Tensor)> {
        let (values, index) = self.tensor().kthvalue(k, dim, keepdim)?;
        self.picked("Kthvalue", dim, keepdim, values, index)
    }

    /// Returns for each of `values` the index, as i64, at which it would go in this sorted vector, or in the same
    /// row of sorted rows: before elements equal to it, or after them with `right`.
    ///
    /// # Errors
    /// When the rows of both are not as many, or this is a number.
    pub fn searchsorted(&self, values: impl IntoOperand<Self>, right: bool) -> Result<Tensor> {
        Ok(match values.operand() {
            Operand::Tensor(values) => self.tensor().searchsorted(&*values.tensor(), right)?,
            Operand::Scalar(value) => self.tensor().searchsorted(value, right)?,
        })
    }

    /// Returns the different elements in ascending order, for each element its index among them (the shape of
    /// `self`, i64), and how often each occurs (i64).
    ///
    /// # Errors
    /// Where a gradient is required, as there is none.
    pub fn unique(&self) -> Result<(Self, Tensor, Tensor)> {
        self.expect_no_gradient("unique")?;
        let (values, inverse, counts) = self.tensor().unique()?;
        Ok((Self::new(values), inverse, counts))
    }

    /// Returns the elements without those equal to the one before, for each element the index of its own
    /// among them (the shape of `self`, i64), and how often each stood in a row (i64).
    ///
    /// # Errors
    /// Where a gradient is required, as there is none.
    pub fn unique_consecutive(&self) -> Result<(Self, Tensor, Tensor)> {
        self.expect_no_gradient("unique_consecutive")?;
        let (values, inverse, counts) = self.tensor().unique_consecutive()?;
        Ok((Self::new(values), inverse, counts))
    }
}

taper_tensor::composed_sort!(Variable);
