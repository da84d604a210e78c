//! Activation functions: their table, with formulas and gradients, is `taper-tensor`'s.

use smallvec::smallvec;
use taper_tensor::Tensor;

use crate::ops::unary::elementwise_methods;
use crate::record::record;
use crate::{Result, Variable};

taper_tensor::activations!(elementwise_methods);

impl Variable {
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

taper_tensor::composed_activation!(Variable);
