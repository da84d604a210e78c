//! Elements chosen by a mask.

use smallvec::smallvec;
use taper_tensor::Tensor;

use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// `self` where the mask is not 0, else 0.
    #[track_caller]
    pub(crate) fn keep(&self, mask: &Tensor) -> Result<Self> {
        let (y, mask) = (self.data().masked_fill(&mask.eq(0)?, 0)?, mask.clone());
        record("Keep", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.keep(&mask)?)]))
    }

    /// `self` where `mask` is not 0, else `other`; all three broadcast.
    ///
    /// # Errors
    /// When the shapes do not broadcast.
    #[track_caller]
    pub fn where_(&self, mask: &Tensor, other: &Self) -> Result<Self> {
        let y = self.data().where_(mask, &other.data())?;
        let (a_size, b_size, mask) = (self.size(), other.size(), mask.clone());
        record("Where", &[self, other]).output(y, move |ctx| {
            let g = ctx.grad()?;
            Ok(smallvec![
                ctx.need(0, || g.keep(&mask)?.sum_to(&a_size))?,
                ctx.need(1, || g.keep(&mask.eq(0)?)?.sum_to(&b_size))?
            ])
        })
    }

    /// `value` where `mask`, which broadcasts, is not 0, else `self`.
    ///
    /// # Errors
    /// When the mask does not broadcast to the shape of `self`.
    #[track_caller]
    pub fn masked_fill(&self, mask: &Tensor, value: f64) -> Result<Self> {
        let (y, keep) = (self.data().masked_fill(mask, value)?, mask.eq(0)?);
        if y.size() != &self.size()[..] {
            let message =
                format!("a mask of shape {:?} does not broadcast to {:?}", mask.size(), self.size());
            return Err(taper_tensor::Error::shape("masked_fill", message).into());
        }
        record("MaskedFill", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.keep(&keep)?)]))
    }

    /// The elements where the mask, which broadcasts, is not 0: a vector.
    ///
    /// # Errors
    /// When the shapes do not broadcast.
    #[track_caller]
    pub fn masked_select(&self, mask: &Tensor) -> Result<Self> {
        let all = Tensor::broadcast_tensors(&[self.data(), mask.clone()])?;
        let places = all[1].reshape(-1)?.nonzero()?.reshape(-1)?;
        self.expand(all[0].size())?.reshape(-1)?.index_select(0, &places)
    }
}
