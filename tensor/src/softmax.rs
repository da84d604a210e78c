//! Softmax and its logarithm, without overflow: the largest element is subtracted first.

use crate::{Error, Result, Tensor, shape};

impl Tensor {
    /// `exp(x) / sum(exp(x))` along a dimension.
    ///
    /// # Errors
    /// When there is no such dimension; on an integer dtype.
    pub fn softmax(&self, dim: i64) -> Result<Self> {
        self.log_softmax(dim)?.exp()
    }

    /// `x - log(sum(exp(x)))` along a dimension.
    ///
    /// # Errors
    /// As [`Tensor::softmax`].
    pub fn log_softmax(&self, dim: i64) -> Result<Self> {
        self.expect_float("log_softmax")?;
        let d = shape::dim("log_softmax", dim, self.size())?;
        if self.numel() == 0 {
            return self.copy();
        }
        let max = Self::from_candle(self.inner.max_keepdim(d).map_err(Error::backend("log_softmax"))?)?;
        let shifted = self.sub(&max)?;
        shifted.sub(shifted.exp()?.sum_dim(dim, true)?.log()?)
    }
}
