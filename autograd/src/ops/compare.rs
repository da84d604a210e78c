//! Comparisons, logic, and the larger or smaller of two.

use smallvec::smallvec;
use taper_tensor::{IntoOperand, Operand, Tensor};

use crate::record::record;
use crate::{Result, Variable};

impl Variable {
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
    pub fn maximum(&self, other: impl IntoOperand<Self>) -> Result<Self> {
        self.extreme(other.operand(), "Maximum", |a, b| a.maximum(b), |a, b| Ok((a.lt(b)?, a.gt(b)?)))
    }

    /// The smaller of the two, element by element; equal ones share the gradient.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ.
    #[track_caller]
    pub fn minimum(&self, other: impl IntoOperand<Self>) -> Result<Self> {
        self.extreme(other.operand(), "Minimum", |a, b| a.minimum(b), |a, b| Ok((a.gt(b)?, a.lt(b)?)))
    }

    /// One of two for each element, by `f`; `losers` says where the first is not taken, and where the
    /// second. Equal ones share the gradient.
    #[track_caller]
    pub(super) fn extreme(
        &self,
        other: Operand<'_, Variable>,
        name: &'static str,
        f: impl Fn(&Tensor, &Tensor) -> taper_tensor::Result<Tensor>,
        losers: fn(&Tensor, &Tensor) -> taper_tensor::Result<(Tensor, Tensor)>,
    ) -> Result<Self> {
        let other = &self.second(other)?;
        let y = f(&self.data(), &other.data())?;
        let (a_size, b_size, a, b) = (self.size(), other.size(), self.save(), other.save());
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
}

/// Where `a` is not taken and where `b` is not: those that are `worse`, and a NaN, of two the second.
fn not_taken(
    a: &Tensor,
    b: &Tensor,
    a_worse: Tensor,
    b_worse: Tensor,
) -> taper_tensor::Result<(Tensor, Tensor)> {
    let (a_nan, b_nan) = (a.isnan()?, b.isnan()?);
    let a_alone_nan = a_nan.logical_and(b_nan.eq(0)?)?;
    Ok((a_worse.logical_or(a_alone_nan)?, b_worse.logical_or(b_nan)?))
}

impl Variable {
    /// The larger of the two, or where one is NaN the other; equal ones share the gradient.
    ///
    /// # Errors
    /// As [`Variable::add`].
    #[track_caller]
    pub fn fmax(&self, other: &Self) -> Result<Self> {
        self.extreme(other.operand(), "Fmax", |a, b| a.fmax(b), |a, b| not_taken(a, b, a.lt(b)?, b.lt(a)?))
    }

    /// The smaller of the two, or where one is NaN the other; equal ones share the gradient.
    ///
    /// # Errors
    /// As [`Variable::add`].
    #[track_caller]
    pub fn fmin(&self, other: &Self) -> Result<Self> {
        self.extreme(other.operand(), "Fmin", |a, b| a.fmin(b), |a, b| not_taken(a, b, a.gt(b)?, b.gt(a)?))
    }

    /// Returns 1 where the element is NaN, else 0.
    pub fn isnan(&self) -> Result<Tensor> {
        Ok(self.tensor().isnan()?)
    }

    /// Returns 1 where the element is infinite, else 0.
    pub fn isinf(&self) -> Result<Tensor> {
        Ok(self.tensor().isinf()?)
    }
}
