//! Selection of elements by a mask.

use taper_tensor::{IntoOperand, Operand, Scalar, Tensor};

use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// Returns `self` where the mask is true, else 0.
    #[track_caller]
    pub(crate) fn keep(&self, mask: &Tensor) -> Result<Self> {
        let (y, mask) = (self.tensor().where_(mask, 0)?, mask.clone());
        self.linear_in(y, "Keep", move |g| g.keep(&mask))
    }

    operations! {
        /// Returns the element of `self` where `condition` is true, else that of `other`. All three
        /// broadcast.
        pub fn where_(&self, condition: &Tensor, other: impl IntoOperand<Self>) -> Result<Self> {
            let mask = condition.clone();
            match other.operand() {
                Operand::Scalar(v) => record("Where", &[self])
                    .each(self.tensor().where_(condition, v)?, move |g, _, _| g.keep(&mask)),
                Operand::Tensor(b) => {
                    let y = self.tensor().where_(condition, &*b.tensor())?;
                    record("Where", &[self, &b]).each(y, move |g, i, _| match i {
                        0 => g.keep(&mask),
                        _ => g.keep(&mask.eq(0)?),
                    })
                }
            }
        }

        /// Returns the elements, replaced by `value` where `mask` is true. The mask broadcasts.
        pub fn masked_fill(&self, mask: &Tensor, value: impl Into<Scalar>) -> Result<Self> {
            let (y, keep) = (self.tensor().masked_fill(mask, value)?, mask.eq(0)?);
            record("MaskedFill", &[self]).each(y, move |g, _, _| g.keep(&keep))
        }
    }

    of_data! {
        nonzero() -> Tensor;
        argwhere() -> Tensor;
    }
}

taper_tensor::composed_mask!(Variable);
