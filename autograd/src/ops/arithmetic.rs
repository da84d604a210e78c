//! Arithmetic between two tensors, which broadcast, or a tensor and a number.

use smallvec::smallvec;
use taper_tensor::Tensor;

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

impl Variable {
    /// `self + weight · (end - self)`.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ.
    #[track_caller]
    pub fn lerp(&self, end: &Self, weight: impl IntoOperand) -> Result<Self> {
        self.add(end.sub(self)?.mul(weight)?)
    }
}

/// The second operand as a variable: a number as a constant.
fn variable(x: &Variable, other: Operand<'_>) -> Result<Variable> {
    Ok(match other {
        Operand::Variable(v) => v.clone(),
        Operand::Scalar(v) => Variable::new(x.data().like().full((), v)?),
    })
}

impl Variable {
    /// The remainder of the division cut towards zero: `d other = -trunc(self / other)`.
    ///
    /// # Errors
    /// As [`Variable::add`].
    #[track_caller]
    pub fn fmod(&self, other: impl IntoOperand) -> Result<Self> {
        self.rest("Fmod", other.operand(), |a, b| a.fmod(b), |q| q.trunc())
    }

    /// `self - floor(self / other) · other`: `d other = -floor(self / other)`.
    ///
    /// # Errors
    /// As [`Variable::add`].
    #[track_caller]
    pub fn remainder(&self, other: impl IntoOperand) -> Result<Self> {
        self.rest("Remainder", other.operand(), |a, b| a.remainder(b), |q| q.floor())
    }

    #[track_caller]
    fn rest(
        &self,
        name: &'static str,
        other: Operand<'_>,
        f: fn(&Tensor, &Tensor) -> taper_tensor::Result<Tensor>,
        rounded: fn(&Tensor) -> taper_tensor::Result<Tensor>,
    ) -> Result<Self> {
        let other = variable(self, other)?;
        let (a, b) = (self.data(), other.data());
        let (y, quotient) = (f(&a, &b)?, rounded(&a.div(&b)?)?);
        let (size, other_size) = (self.shape(), other.shape());
        record(name, &[self, &other]).output(y, move |ctx| {
            let g = ctx.grad()?;
            Ok(smallvec![
                ctx.need(0, || g.sum_to(&size))?,
                ctx.need(1, || g.mul(Variable::new(quotient.neg()?))?.sum_to(&other_size))?
            ])
        })
    }

    /// The angle of the point (`other`, `self`): `d self = other / (self² + other²)`, `d other` the same
    /// of `-self`; both 0 for the point (0, 0).
    ///
    /// # Errors
    /// As [`Variable::add`].
    #[track_caller]
    pub fn atan2(&self, other: &Self) -> Result<Self> {
        let y = self.data().atan2(other.data())?;
        let (size, other_size) = (self.shape(), other.shape());
        let (a, b) = (self.save(), other.save());
        record("Atan2", &[self, other]).output(y, move |ctx| {
            let (a, b) = (a.get(ctx)?, b.get(ctx)?);
            let distance = a.square()?.add(b.square()?)?;
            let origin = distance.data().eq(0)?;
            let g = ctx.grad()?.div(distance.masked_fill(&origin, 1.0)?)?;
            Ok(smallvec![
                ctx.need(0, || g.mul(&b)?.sum_to(&size))?,
                ctx.need(1, || g.mul(a.neg()?)?.sum_to(&other_size))?
            ])
        })
    }

    /// The length of the vector (`self`, `other`), y: `d self = self / y`, `d other = other / y`.
    ///
    /// # Errors
    /// As [`Variable::add`].
    #[track_caller]
    pub fn hypot(&self, other: &Self) -> Result<Self> {
        let y = self.data().hypot(other.data())?;
        let (size, other_size) = (self.shape(), other.shape());
        let (a, b) = (self.save(), other.save());
        record("Hypot", &[self, other]).saves_output().output(y, move |ctx| {
            let g = ctx.grad()?.div(ctx.output(0)?)?;
            Ok(smallvec![
                ctx.need(0, || g.mul(a.get(ctx)?)?.sum_to(&size))?,
                ctx.need(1, || g.mul(b.get(ctx)?)?.sum_to(&other_size))?
            ])
        })
    }

    /// `ln(e^self + e^other)`, y, without overflow: `d self = e^(self - y)`, `d other = e^(other - y)`.
    ///
    /// # Errors
    /// As [`Variable::add`].
    #[track_caller]
    pub fn logaddexp(&self, other: &Self) -> Result<Self> {
        let y = self.data().logaddexp(other.data())?;
        let (size, other_size) = (self.shape(), other.shape());
        let (a, b) = (self.save(), other.save());
        record("LogAddExp", &[self, other]).saves_output().output(y, move |ctx| {
            let (g, y) = (ctx.grad()?, ctx.output(0)?);
            Ok(smallvec![
                ctx.need(0, || g.mul(a.get(ctx)?.sub(&y)?.exp()?)?.sum_to(&size))?,
                ctx.need(1, || g.mul(b.get(ctx)?.sub(&y)?.exp()?)?.sum_to(&other_size))?
            ])
        })
    }

    /// `self · ln(other)`, 0 where `self` is 0: `d self = ln(other)`, but 0 where `self` is 0 and `other` not
    /// above 0; `d other = self / other`.
    ///
    /// # Errors
    /// As [`Variable::add`].
    #[track_caller]
    pub fn xlogy(&self, other: &Self) -> Result<Self> {
        let y = self.data().xlogy(other.data())?;
        let (size, other_size) = (self.shape(), other.shape());
        let (a, b) = (self.save(), other.save());
        record("Xlogy", &[self, other]).output(y, move |ctx| {
            let (g, a, b) = (ctx.grad()?, a.get(ctx)?, b.get(ctx)?);
            Ok(smallvec![
                ctx.need(0, || {
                    let flat = a.data().eq(0)?.logical_and(b.data().le(0)?)?;
                    g.mul(b.log()?.expand(flat.size())?.masked_fill(&flat, 0.0)?)?.sum_to(&size)
                })?,
                ctx.need(1, || g.mul(a.div(&b)?)?.sum_to(&other_size))?
            ])
        })
    }

    /// `self + value · a · b`.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ.
    #[track_caller]
    pub fn addcmul(&self, a: &Self, b: &Self, value: f64) -> Result<Self> {
        self.add(a.mul(b)?.mul(value)?)
    }

    /// `self + value · a / b`.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ.
    #[track_caller]
    pub fn addcdiv(&self, a: &Self, b: &Self, value: f64) -> Result<Self> {
        self.add(a.div(b)?.mul(value)?)
    }
}
