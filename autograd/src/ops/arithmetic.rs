//! Sums, differences, products and quotients, which broadcast: a gradient is summed over what
//! broadcasting repeated.

use smallvec::smallvec;

use crate::autocast::widened;
use crate::operand::{IntoOperand, Operand};
use crate::record::record;
use crate::{Result, Variable, is_grad_enabled};

impl Variable {
    /// `self + other`.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ.
    #[track_caller]
    pub fn add(&self, other: impl IntoOperand) -> Result<Self> {
        match other.operand() {
            Operand::Scalar(v) => {
                let y = self.tensor().add(v)?;
                record("AddScalar", &[self]).output(y, |ctx| Ok(smallvec![Some(ctx.grad()?)]))
            }
            Operand::Variable(other) => {
                let y = self.tensor().add(&*other.tensor())?;
                if !is_grad_enabled() {
                    return Ok(Self::new(y)); // as in gradient rules, where each lock counts
                }
                let (size, other_size) = (self.shape(), other.shape());
                record("Add", &[self, other]).output(y, move |ctx| {
                    let g = ctx.grad()?;
                    Ok(smallvec![ctx.need(0, || g.sum_to(&size))?, ctx.need(1, || g.sum_to(&other_size))?])
                })
            }
        }
    }

    /// `self - other`.
    ///
    /// # Errors
    /// As [`Variable::add`].
    #[track_caller]
    pub fn sub(&self, other: impl IntoOperand) -> Result<Self> {
        match other.operand() {
            Operand::Scalar(v) => {
                let y = self.tensor().sub(v)?;
                record("SubScalar", &[self]).output(y, |ctx| Ok(smallvec![Some(ctx.grad()?)]))
            }
            Operand::Variable(other) => {
                let y = self.tensor().sub(&*other.tensor())?;
                if !is_grad_enabled() {
                    return Ok(Self::new(y)); // as in gradient rules, where each lock counts
                }
                let (size, other_size) = (self.shape(), other.shape());
                record("Sub", &[self, other]).output(y, move |ctx| {
                    let g = ctx.grad()?;
                    Ok(smallvec![
                        ctx.need(0, || g.sum_to(&size))?,
                        ctx.need(1, || g.neg()?.sum_to(&other_size))?
                    ])
                })
            }
        }
    }

    /// `self * other`, element by element.
    ///
    /// # Errors
    /// As [`Variable::add`].
    #[track_caller]
    pub fn mul(&self, other: impl IntoOperand) -> Result<Self> {
        match other.operand() {
            Operand::Scalar(v) => {
                let y = self.tensor().mul(v)?;
                record("MulScalar", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.mul(v)?)]))
            }
            Operand::Variable(other) => {
                let y = self.tensor().mul(&*other.tensor())?;
                if !is_grad_enabled() {
                    return Ok(Self::new(y)); // as in gradient rules, where each lock counts
                }
                let (size, other_size) = (self.shape(), other.shape());
                let (a, b) = (self.save_for(other), other.save_for(self));
                record("Mul", &[self, other]).output(y, move |ctx| {
                    let g = ctx.grad()?;
                    Ok(smallvec![
                        ctx.need(0, || g.mul(b.get(ctx)?)?.sum_to(&size))?,
                        ctx.need(1, || g.mul(a.get(ctx)?)?.sum_to(&other_size))?
                    ])
                })
            }
        }
    }

    /// `self / other`.
    ///
    /// # Errors
    /// As [`Variable::add`].
    #[track_caller]
    pub fn div(&self, other: impl IntoOperand) -> Result<Self> {
        match other.operand() {
            Operand::Scalar(v) => {
                let y = self.tensor().div(v)?;
                record("DivScalar", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.div(v)?)]))
            }
            Operand::Variable(other) => {
                let y = self.tensor().div(&*other.tensor())?;
                if !is_grad_enabled() {
                    return Ok(Self::new(y)); // as in gradient rules, where each lock counts
                }
                let (size, other_size) = (self.shape(), other.shape());
                let (a, b) = (self.save_for(other), other.save());
                record("Div", &[self, other]).output(y, move |ctx| {
                    let (g, b) = (ctx.grad()?, b.get(ctx)?);
                    Ok(smallvec![
                        ctx.need(0, || g.div(&b)?.sum_to(&size))?,
                        // d(a / b) / db = -a / b²
                        ctx.need(1, || g.mul(a.get(ctx)?)?.div(b.mul(&b)?)?.neg()?.sum_to(&other_size))?
                    ])
                })
            }
        }
    }

    /// `self` to the power of `other`: `d self = other · self^(other - 1)`, `d other = y · ln self`.
    ///
    /// # Errors
    /// As [`Variable::add`].
    #[track_caller]
    pub fn pow(&self, other: impl IntoOperand) -> Result<Self> {
        let other = other.operand();
        if let Some(scope) = widened("pow", self) {
            return match other {
                Operand::Scalar(v) => scope.full(self)?.pow(v),
                Operand::Variable(other) => scope.full(self)?.pow(&*scope.full(other)?),
            };
        }
        match other {
            Operand::Scalar(v) => {
                let (y, x, p) = (self.data().pow(v)?, self.save(), v.to_f64());
                record("PowScalar", &[self]).output(y, move |ctx| {
                    let g = ctx.grad()?;
                    if p == 0.0 {
                        return Ok(smallvec![Some(Variable::new(g.data().zeros_like()?))]);
                    }
                    Ok(smallvec![Some(g.mul(x.get(ctx)?.pow(p - 1.0)?.mul(p)?)?)])
                })
            }
            Operand::Variable(other) => {
                let y = self.data().pow(other.data())?;
                let (size, other_size) = (self.shape(), other.shape());
                let (a, b) = (self.save(), other.save());
                record("Pow", &[self, other]).saves_output().output(y, move |ctx| {
                    let (g, a, b) = (ctx.grad()?, a.get(ctx)?, b.get(ctx)?);
                    Ok(smallvec![
                        // 0 where the exponent is 0, also for the base 0.
                        ctx.need(0, || {
                            let slope = b.mul(a.pow(b.sub(1.0)?)?)?;
                            let zero = b.data().eq(0)?.expand(slope.data().size())?;
                            g.mul(slope.masked_fill(&zero, 0.0)?)?.sum_to(&size)
                        })?,
                        // 0 where the base is 0 and the exponent is not negative.
                        ctx.need(1, || {
                            let slope = ctx.output(0)?.mul(a.log()?)?;
                            let zero = a.data().eq(0)?.mul(b.data().ge(0)?)?;
                            g.mul(slope.masked_fill(&zero, 0.0)?)?.sum_to(&other_size)
                        })?
                    ])
                })
            }
        }
    }

    /// `-self`.
    ///
    /// # Errors
    /// On an integer dtype.
    #[track_caller]
    pub fn neg(&self) -> Result<Self> {
        let y = self.tensor().neg()?;
        record("Neg", &[self]).output(y, |ctx| Ok(smallvec![Some(ctx.grad()?.neg()?)]))
    }
}

impl crate::IntoOperand for taper_tensor::Scalar {
    fn operand(&self) -> Operand<'_> {
        Operand::Scalar(*self)
    }
}
