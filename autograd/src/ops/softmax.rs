//! Softmax and its logarithm.

use crate::{Result, Variable, is_grad_enabled};
use taper_tensor::Keepdim;

impl Variable {
    operations! {
        /// Returns `x - log(sum(exp(x)))` along `dim`: `dx = dy - softmax(x) · sum(dy)`.
        pub fn log_softmax(&self, dim: i64) -> Result<Self> = of_output("LogSoftmax", move |g, y| {
            if !is_grad_enabled() {
                return Ok(Self::new(g.tensor().log_softmax_grad(&y.tensor(), dim)?));
            }
            g.sub(y.exp()?.mul(g.sum_dim(Keepdim(dim))?)?)
        });
        /// Returns `exp(x) / sum(exp(x))` along `dim`: `dx = y · (dy - sum(y · dy))`.
        pub fn softmax(&self, dim: i64) -> Result<Self> = of_output("Softmax", move |g, y| {
            if !is_grad_enabled() {
                return Ok(Self::new(g.tensor().softmax_grad(&y.tensor(), dim)?));
            }
            g.sub(g.mul(&y)?.sum_dim(Keepdim(dim))?)?.mul(y)
        });
    }
}
