//! Softmax and its logarithm, without overflow: the largest element is subtracted first.

use crate::{Result, Tensor, shape};

impl Tensor {
    /// `exp(x) / sum(exp(x))` along a dimension.
    ///
    /// # Errors
    /// When there is no such dimension; on an integer dtype.
    pub fn softmax(&self, dim: i64) -> Result<Self> {
        if self.dim() == 0 {
            return self.reshape(1)?.softmax(dim)?.reshape(());
        }
        let Some(shifted) = self.shifted("softmax", dim)? else { return self.copy() };
        shifted.exp_()?;
        shifted.div_(shifted.sum_dim(dim, true)?)?;
        Ok(shifted)
    }

    /// `x - log(sum(exp(x)))` along a dimension.
    ///
    /// # Errors
    /// As [`Tensor::softmax`].
    pub fn log_softmax(&self, dim: i64) -> Result<Self> {
        if self.dim() == 0 {
            return self.reshape(1)?.log_softmax(dim)?.reshape(());
        }
        let Some(shifted) = self.shifted("log_softmax", dim)? else { return self.copy() };
        shifted.sub_(shifted.logsumexp(dim, true)?)?;
        Ok(shifted)
    }

    /// `x - max(x)` along a dimension; nothing for an empty tensor.
    fn shifted(&self, op: &'static str, dim: i64) -> Result<Option<Self>> {
        self.expect_float(op)?;
        shape::dim(op, dim, self.size())?;
        if self.numel() == 0 {
            return Ok(None);
        }
        self.sub(self.amax(dim, true)?).map(Some)
    }
}
