//! Random sampling.

use taper_tensor::Replacement;
use taper_tensor::Tensor;

use crate::{Result, Variable};

impl Variable {
    #[track_caller]
    fn dropped(&self, factors: Tensor) -> Result<Self> {
        self.linear_in(self.tensor().mul(&factors)?, "Dropout", move |g| g.mul(&factors))
    }

    operations! {
        /// Returns 1 with the probability given by the element, else 0. It has no gradient; if one is
        /// required, it returns an error.
        pub fn bernoulli(&self) -> Result<Self> {
            self.without_gradient("bernoulli", Tensor::bernoulli)
        }
    }

    of_data! { multinomial(samples: usize, replacement: Replacement) -> Tensor; }
}

taper_tensor::composed_random!(Variable);
