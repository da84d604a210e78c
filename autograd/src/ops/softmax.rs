//! Softmax and its logarithm.

use crate::autocast::widened;
use crate::record::record;
use crate::{Result, Variable, is_grad_enabled};
use taper_tensor::registry;

impl Variable {
    /// Returns `x - log(sum(exp(x)))` along a dimension: `dx = dy - softmax(x) · sum(dy)`.
    ///
    /// # Errors
    /// When there is no such dimension; on an integer dtype.
    #[track_caller]
    pub fn log_softmax(&self, dim: i64) -> Result<Self> {
        if let Some(scope) = widened(&registry::log_softmax, self) {
            return scope.full(self)?.log_softmax(dim);
        }
        let y = self.tensor().log_softmax(dim)?;
        record("LogSoftmax", &[self]).saves_output().unary(y, move |g, ctx| {
            if !is_grad_enabled() {
                let dx = g.tensor().log_softmax_grad(ctx.output_tensor(0)?, dim)?;
                return Ok(Self::new(dx));
            }
            let share = ctx.output(0)?.exp()?.mul(g.sum_dim(dim, true)?)?;
            g.sub(share)
        })
    }

    /// Returns `exp(x) / sum(exp(x))` along a dimension: `dx = y · (dy - sum(y · dy))`.
    ///
    /// # Errors
    /// As [`Variable::log_softmax`].
    #[track_caller]
    pub fn softmax(&self, dim: i64) -> Result<Self> {
        if let Some(scope) = widened(&registry::softmax, self) {
            return scope.full(self)?.softmax(dim);
        }
        let y = self.tensor().softmax(dim)?;
        record("Softmax", &[self]).saves_output().unary(y, move |g, ctx| {
            if !is_grad_enabled() {
                let dx = g.tensor().softmax_grad(ctx.output_tensor(0)?, dim)?;
                return Ok(Self::new(dx));
            }
            let y = ctx.output(0)?;
            let dot = g.mul(&y)?.sum_dim(dim, true)?;
            g.sub(dot)?.mul(y)
        })
    }
}
