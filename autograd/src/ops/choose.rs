//! One of two values for each element, by a mask or by which is larger.

use smallvec::smallvec;
use taper_tensor::Tensor;

use crate::operand::{IntoOperand, Operand};
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
        let (a_size, b_size, mask) = (self.shape(), other.shape(), mask.clone());
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
        if y.size() != &self.shape()[..] {
            let message =
                format!("a mask of shape {:?} does not broadcast to {:?}", mask.size(), self.size());
            return Err(taper_tensor::Error::shape("masked_fill", message).into());
        }
        record("MaskedFill", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.keep(&keep)?)]))
    }

    /// The elements moved into `min` to `max`, where given: dy/dx is 1 between the bounds, else 0, also on
    /// them.
    ///
    /// # Errors
    /// When memory runs out.
    #[track_caller]
    pub fn clamp(&self, min: Option<f64>, max: Option<f64>) -> Result<Self> {
        if min.is_none() && max.is_none() {
            return Ok(self.clone());
        }
        let mut y = self.data();
        if let Some(min) = min {
            y = y.maximum(min)?;
        }
        if let Some(max) = max {
            y = y.minimum(max)?;
        }
        let x = self.save();
        record("Clamp", &[self]).output(y, move |ctx| {
            let (mut g, x) = (ctx.grad()?, x.get(ctx)?.data());
            if let Some(min) = min {
                g = g.keep(&x.gt(min)?)?;
            }
            if let Some(max) = max {
                g = g.keep(&x.lt(max)?)?;
            }
            Ok(smallvec![Some(g)])
        })
    }

    /// The larger of the two, element by element; equal ones share the gradient.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ.
    #[track_caller]
    pub fn maximum(&self, other: impl IntoOperand) -> Result<Self> {
        self.extreme(other.operand(), "Maximum", |a, b| a.maximum(b), |a, b| Ok((a.lt(b)?, a.gt(b)?)))
    }

    /// The smaller of the two, element by element; equal ones share the gradient.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ.
    #[track_caller]
    pub fn minimum(&self, other: impl IntoOperand) -> Result<Self> {
        self.extreme(other.operand(), "Minimum", |a, b| a.minimum(b), |a, b| Ok((a.gt(b)?, a.lt(b)?)))
    }

    /// One of two for each element, by `f`; `losers` says where the first is not taken, and where the
    /// second. Equal ones share the gradient.
    #[track_caller]
    pub(super) fn extreme(
        &self,
        other: Operand<'_>,
        name: &'static str,
        f: impl Fn(&Tensor, &Tensor) -> taper_tensor::Result<Tensor>,
        losers: fn(&Tensor, &Tensor) -> taper_tensor::Result<(Tensor, Tensor)>,
    ) -> Result<Self> {
        let number;
        let other = match other {
            Operand::Variable(v) => v,
            Operand::Scalar(v) => {
                number = Self::new(self.data().like().full((), v)?);
                &number
            }
        };
        let y = f(&self.data(), &other.data())?;
        let (a_size, b_size, a, b) = (self.shape(), other.shape(), self.save(), other.save());
        record(name, &[self, other]).output(y, move |ctx| {
            let (g, a, b) = (ctx.grad()?, a.get(ctx)?.data(), b.get(ctx)?.data());
            // 1/2 for each of equal ones, else 1, but for a loser 0.
            let alone = a.eq(&b)?.to_dtype(g.dtype())?.mul(-0.5)?.add(1.0)?;
            let (a_loses, b_loses) = losers(&a, &b)?;
            let share = |loses: &Tensor| -> Result<Self> { Ok(Self::new(alone.masked_fill(loses, 0)?)) };
            Ok(smallvec![
                ctx.need(0, || g.mul(share(&a_loses)?)?.sum_to(&a_size))?,
                ctx.need(1, || g.mul(share(&b_loses)?)?.sum_to(&b_size))?
            ])
        })
    }

    /// `self + weight · (end - self)`.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ.
    #[track_caller]
    pub fn lerp(&self, end: &Self, weight: impl IntoOperand) -> Result<Self> {
        self.add(end.sub(self)?.mul(weight)?)
    }
}
