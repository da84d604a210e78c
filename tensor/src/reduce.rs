//! Many elements to one: sums, means, extremes.

use crate::{DType, Error, IntoShape, Result, Tensor, shape};

impl Tensor {
    /// The sum of all elements; integers are summed as i64.
    ///
    /// # Errors
    /// When the device runs out of memory; so for all that follow.
    pub fn sum(&self) -> Result<Self> {
        self.sum_dim((0..self.dim()).collect::<Vec<_>>(), false)
    }

    /// The sums over some dimensions, which become 1 with `keepdim`, or else disappear.
    ///
    /// # Errors
    /// When there is no such dimension, or one is given twice.
    pub fn sum_dim(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        let dims = shape::dims("sum", dims, self.size())?;
        let x = if self.dtype.is_float() { self.clone() } else { self.to_dtype(DType::I64)? };
        if dims.is_empty() {
            return Ok(x);
        }
        let sum = if keepdim { x.inner.sum_keepdim(dims) } else { x.inner.sum(dims) };
        Self::from_candle(sum.map_err(Error::backend("sum"))?)
    }

    /// The mean of all elements.
    ///
    /// # Errors
    /// On an integer dtype.
    pub fn mean(&self) -> Result<Self> {
        self.mean_dim((0..self.dim()).collect::<Vec<_>>(), false)
    }

    /// The means over some dimensions.
    ///
    /// # Errors
    /// As [`Tensor::sum_dim`]; and on an integer dtype.
    pub fn mean_dim(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        self.expect_float("mean")?;
        let dims = shape::dims("mean", dims, self.size())?;
        let count: usize = dims.iter().map(|&d| self.size()[d]).product();
        self.sum_dim(dims, keepdim)?.div(count as f64)
    }

    /// The Euclidean norm of all elements.
    ///
    /// # Errors
    /// On an integer dtype.
    pub fn norm(&self) -> Result<Self> {
        self.square()?.sum()?.sqrt()
    }

    /// The index of the largest element along a dimension, the first of equal ones, as i64.
    ///
    /// # Errors
    /// When there is no such dimension, or it is empty.
    pub fn argmax(&self, dim: i64, keepdim: bool) -> Result<Self> {
        let dim = shape::dim("argmax", dim, self.size())?;
        if self.size()[dim] == 0 {
            return Err(Error::shape(
                "argmax",
                format!("dimension {dim} of shape {:?} is empty", self.size()),
            ));
        }
        let index = if keepdim { self.inner.argmax_keepdim(dim) } else { self.inner.argmax(dim) };
        Self::from_candle(index.map_err(Error::backend("argmax"))?)?.to_dtype(DType::I64)
    }

    /// Sums what broadcasting to the shape of `self` repeated: the result has the shape `target`.
    ///
    /// # Errors
    /// When `target` does not broadcast to the shape of `self`.
    pub fn sum_to(&self, target: &[usize]) -> Result<Self> {
        if self.size() == target {
            return Ok(self.clone());
        }
        if shape::broadcast("sum_to", self.size(), target)? != self.size() {
            return Err(Error::shape(
                "sum_to",
                format!("shape {target:?} does not broadcast to {:?}", self.size()),
            ));
        }
        let new = self.dim() - target.len();
        let repeated = |&d: &usize| d < new || (target[d - new] == 1 && self.size()[d] != 1);
        let dims: Vec<usize> = (0..self.dim()).filter(repeated).collect();
        self.sum_dim(dims, true)?.reshape(target)
    }
}
