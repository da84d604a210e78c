//! Activation functions. `taper-tensor` has their table, with formulas and gradients.

use taper_tensor::Tensor;

use super::unary::elementwise_methods;
use crate::{Result, Variable};

taper_tensor::activations!(elementwise_methods);

impl Variable {
    operations! {
        /// Returns `max(x, 0)`: dy/dx is 1 for x > 0, else 0.
        pub fn relu(&self) -> Result<Self> = of_output("Relu", |g, y| g.relu_grad(&y.tensor()));
    }

    /// Returns `self` where `y` is positive, else 0.
    #[track_caller]
    fn relu_grad(&self, y: &Tensor) -> Result<Self> {
        let (dx, y) = (self.tensor().relu_grad(y)?, y.clone());
        self.linear_in(dx, "ReluGrad", move |g| g.relu_grad(&y))
    }
}

taper_tensor::composed_activation!(Variable);
