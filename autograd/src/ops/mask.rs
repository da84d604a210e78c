//! Elements chosen by a mask.

use taper_tensor::{IntoOperand, Operand, Scalar, Tensor};

use crate::ops::compare::of_data;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// `self` where the mask is not 0, else 0.
    #[track_caller]
    pub(crate) fn keep(&self, mask: &Tensor) -> Result<Self> {
        let (y, mask) = (self.tensor().where_(mask, 0)?, mask.clone());
        record("Keep", &[self]).unary(y, move |g, _| g.keep(&mask))
    }

    /// Returns `self` where `condition` is not 0, else `other`; all three broadcast.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ.
    #[track_caller]
    pub fn where_(&self, condition: &Tensor, other: impl IntoOperand<Self>) -> Result<Self> {
        let (mask, condition) = (condition.clone(), condition.clone());
        match other.operand() {
            Operand::Scalar(v) => {
                let (y, size) = (self.tensor().where_(&mask, v)?, self.size());
                record("Where", &[self]).unary(y, move |g, _| g.keep(&mask)?.sum_to(&size))
            }
            Operand::Tensor(b) => {
                let y = self.tensor().where_(&mask, &*b.tensor())?;
                record("Where", &[self, &b]).binary(
                    y,
                    move |g, _| g.keep(&mask),
                    move |g, _| g.keep(&condition.eq(0)?),
                )
            }
        }
    }

    /// Returns `value` where `mask` is not 0, else `self`; both broadcast.
    ///
    /// # Errors
    /// When the shapes do not broadcast.
    #[track_caller]
    pub fn masked_fill(&self, mask: &Tensor, value: impl Into<Scalar>) -> Result<Self> {
        let (y, keep, size) = (self.tensor().masked_fill(mask, value)?, mask.eq(0)?, self.size());
        record("MaskedFill", &[self]).unary(y, move |g, _| g.keep(&keep)?.sum_to(&size))
    }

    of_data! {
        nonzero() -> Tensor;
        argwhere() -> Tensor;
    }
}

taper_tensor::composed_mask!(Variable);
