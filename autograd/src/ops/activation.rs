//! Activation functions: their table, with formulas and gradients, is `taper-tensor`'s.

use smallvec::smallvec;
use taper_tensor::{AsTensor, Tensor};

use crate::autocast::lowered;
use crate::ops::unary::elementwise_methods;
use crate::record::record;
use crate::{Result, Variable};

taper_tensor::activations!(elementwise_methods);

impl Variable {
    /// `x` for x > 0, else `weight · x`, with one weight, or one for each channel of `[N, C, …]`.
    ///
    /// # Errors
    /// When the weight is neither one number nor one for each channel.
    #[track_caller]
    pub fn prelu(&self, weight: impl AsTensor<Self>) -> Result<Self> {
        let weight = weight.as_tensor();
        if let Some(scope) = lowered() {
            return scope.low(self)?.prelu(&*scope.low(&weight)?);
        }
        let mut shape = vec![1; self.dim()];
        if weight.numel() != 1 && self.dim() > 1 {
            shape[1] = -1;
        }
        let negative = self.mul(weight.reshape(if self.dim() == 0 { vec![] } else { shape })?)?;
        self.where_(&self.data().gt(0)?, &negative)
    }

    /// `max(x, 0)`: dy/dx is 1 for x > 0, else 0, also at 0.
    #[track_caller]
    pub fn relu(&self) -> Result<Self> {
        let y = self.tensor().relu()?;
        record("Relu", &[self])
            .saves_output()
            .output(y, |ctx| Ok(smallvec![Some(ctx.grad()?.relu_grad(ctx.output_tensor(0)?)?)]))
    }

    /// `self` where `y` is positive, else 0.
    #[track_caller]
    fn relu_grad(&self, y: &Tensor) -> Result<Self> {
        let (dx, y) = (self.tensor().relu_grad(y)?, y.clone());
        record("ReluGrad", &[self]).output(dx, move |ctx| Ok(smallvec![Some(ctx.grad()?.relu_grad(&y)?)]))
    }
}
