//! Elements drawn at random.

use taper_tensor::Tensor;

use crate::ops::compare::of_data;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    #[track_caller]
    fn dropped(&self, factors: Tensor) -> Result<Self> {
        let y = self.tensor().mul(&factors)?;
        record("Dropout", &[self]).unary(y, move |g, _| g.mul(&factors))
    }

    of_data! {
        multinomial(samples: usize, replacement: bool) -> Tensor;
    }

    /// Returns 1 with the probability that the element gives, else 0; it has no gradient.
    ///
    /// # Errors
    /// When an element is not a probability; on an integer dtype; where a gradient is required.
    pub fn bernoulli(&self) -> Result<Self> {
        self.without_gradient("bernoulli", Tensor::bernoulli)
    }
}

taper_tensor::composed_random!(Variable);
