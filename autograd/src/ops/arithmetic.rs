//! Arithmetic between two variables, which broadcast, or a variable and a number.

use smallvec::smallvec;
use taper_tensor::{AsTensor, IntoOperand, Operand, Scalar, Tensor};

use crate::autocast::widened;
use crate::record::record;
use crate::{Result, Variable};
use taper_tensor::registry;

impl Variable {
    /// `self + other`: both get the gradient.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ.
    #[track_caller]
    pub fn add(&self, other: impl IntoOperand<Self>) -> Result<Self> {
        match other.operand() {
            Operand::Scalar(v) => record("AddScalar", &[self]).unary(self.tensor().add(v)?, |g, _| Ok(g)),
            Operand::Tensor(b) => {
                let y = self.tensor().add(&*b.tensor())?;
                record("Add", &[self, &b]).binary(y, |g, _| Ok(g.clone()), |g, _| Ok(g.clone()))
            }
        }
    }

    /// `self - other`: the gradient, and its negative.
    ///
    /// # Errors
    /// As [`Variable::add`].
    #[track_caller]
    pub fn sub(&self, other: impl IntoOperand<Self>) -> Result<Self> {
        match other.operand() {
            Operand::Scalar(v) => record("SubScalar", &[self]).unary(self.tensor().sub(v)?, |g, _| Ok(g)),
            Operand::Tensor(b) => {
                let y = self.tensor().sub(&*b.tensor())?;
                record("Sub", &[self, &b]).binary(y, |g, _| Ok(g.clone()), |g, _| g.neg())
            }
        }
    }

    /// `self * other`, element by element: the gradient times the other.
    ///
    /// # Errors
    /// As [`Variable::add`].
    #[track_caller]
    pub fn mul(&self, other: impl IntoOperand<Self>) -> Result<Self> {
        match other.operand() {
            Operand::Scalar(v) => {
                record("MulScalar", &[self]).unary(self.tensor().mul(v)?, move |g, _| g.mul(v))
            }
            Operand::Tensor(b) => {
                let y = self.tensor().mul(&*b.tensor())?;
                let (left, right) = (self.save_for(&b), b.save_for(self));
                record("Mul", &[self, &b]).binary(
                    y,
                    move |g, ctx| g.mul(right.get(ctx)?),
                    move |g, ctx| g.mul(left.get(ctx)?),
                )
            }
        }
    }

    /// `y = self / other`: `d self = dy / other`, `d other = -dy · y / other`.
    ///
    /// # Errors
    /// As [`Variable::add`].
    #[track_caller]
    pub fn div(&self, other: impl IntoOperand<Self>) -> Result<Self> {
        match other.operand() {
            Operand::Scalar(v) => {
                record("DivScalar", &[self]).unary(self.tensor().div(v)?, move |g, _| g.div(v))
            }
            Operand::Tensor(b) => {
                let y = self.tensor().div(&*b.tensor())?;
                let (right, below) = (b.save_for(self), b.save_for(&b));
                record("Div", &[self, &b]).saves_output_if(b.is_requires_grad()).binary(
                    y,
                    move |g, ctx| g.div(right.get(ctx)?),
                    // y / b and not a / b², which overflows long before the quotient does.
                    move |g, ctx| g.mul(ctx.output(0)?.div(below.get(ctx)?)?)?.neg(),
                )
            }
        }
    }

    /// `number - self`.
    #[track_caller]
    pub fn rsub(&self, number: impl Into<Scalar>) -> Result<Self> {
        record("RsubScalar", &[self]).unary(self.tensor().rsub(number)?, |g, _| g.neg())
    }

    /// `y = number / self`: `dx = -y / x · dy`.
    #[track_caller]
    pub fn rdiv(&self, number: impl Into<Scalar>) -> Result<Self> {
        let (y, x) = (self.tensor().rdiv(number)?, self.save());
        record("RdivScalar", &[self])
            .saves_output()
            .unary(y, move |g, ctx| g.mul(ctx.output(0)?.div(x.get(ctx)?)?)?.neg())
    }

    /// `self` to the power of `other`: `d self = other · self^(other - 1)`, `d other = y · ln self`.
    ///
    /// # Errors
    /// As [`Variable::add`]; and on an integer to the power of a negative number.
    #[track_caller]
    pub fn pow(&self, other: impl IntoOperand<Self>) -> Result<Self> {
        let other = other.operand();
        if let Some(scope) = widened(&registry::pow, self) {
            return match other {
                Operand::Scalar(v) => scope.full(self)?.pow(v),
                Operand::Tensor(other) => scope.full(self)?.pow(&*scope.full(&other)?),
            };
        }
        match other {
            Operand::Scalar(v) => {
                let (y, x, p) = (self.tensor().pow(v)?, self.save(), v.to_f64());
                record("PowScalar", &[self]).unary(y, move |g, ctx| match p {
                    0.0 => Ok(Self::new(g.tensor().zeros_like()?)),
                    _ => g.mul(x.get(ctx)?.pow(p - 1.0)?.mul(p)?),
                })
            }
            Operand::Tensor(b) => {
                let y = self.tensor().pow(&*b.tensor())?;
                let (left, right, base, power) = (self.save(), b.save(), self.save(), b.save());
                record("Pow", &[self, &b]).saves_output().binary(
                    y,
                    // 0 where the exponent is 0, also for the base 0.
                    move |g, ctx| {
                        let (a, b) = (left.get(ctx)?, right.get(ctx)?);
                        let slope = b.mul(a.pow(b.sub(1.0)?)?)?;
                        let zero = b.tensor().eq(0)?.expand(slope.size())?;
                        g.mul(slope.masked_fill(&zero, 0.0)?)
                    },
                    // 0 where the base is 0 and the exponent is not negative.
                    move |g, ctx| {
                        let (a, b) = (base.get(ctx)?, power.get(ctx)?);
                        let zero = a.tensor().eq(0)?.mul(b.tensor().ge(0)?)?;
                        g.mul(ctx.output(0)?.mul(a.log()?)?.masked_fill(&zero, 0.0)?)
                    },
                )
            }
        }
    }

    /// `-self`.
    ///
    /// # Errors
    /// On an integer dtype.
    #[track_caller]
    pub fn neg(&self) -> Result<Self> {
        record("Neg", &[self]).unary(self.tensor().neg()?, |g, _| g.neg())
    }

    /// `floor(self / other)`, which has no gradient; an integer divided by 0 is an error.
    ///
    /// # Errors
    /// As [`Variable::add`]; on integers divided by 0.
    pub fn floor_divide(&self, other: impl IntoOperand<Self>) -> Result<Self> {
        self.without_gradient2("floor_divide", other.operand(), |a, b| a.floor_divide(b))
    }

    /// 0 where negative or NaN, 1 where positive, and the element of `other` where 0; it has no gradient.
    ///
    /// # Errors
    /// As [`Variable::add`].
    pub fn heaviside(&self, other: impl IntoOperand<Self>) -> Result<Self> {
        self.without_gradient2("heaviside", other.operand(), |a, b| a.heaviside(b))
    }

    /// The remainder of the division cut towards zero, which has the sign of `self`:
    /// `d other = -trunc(self / other)`.
    ///
    /// # Errors
    /// As [`Variable::add`]; on integers divided by 0.
    #[track_caller]
    pub fn fmod(&self, other: impl IntoOperand<Self>) -> Result<Self> {
        self.division("Fmod", other.operand(), |a, b| a.fmod(b), |q| q.trunc())
    }

    /// `self - floor(self / other) · other`, which has the sign of `other`:
    /// `d other = -floor(self / other)`.
    ///
    /// # Errors
    /// As [`Variable::add`]; on integers divided by 0.
    #[track_caller]
    pub fn remainder(&self, other: impl IntoOperand<Self>) -> Result<Self> {
        self.division("Remainder", other.operand(), |a, b| a.remainder(b), |q| q.floor())
    }

    /// A remainder, by `f`, of the division whose quotient is `rounded`.
    #[track_caller]
    fn division(
        &self,
        name: &'static str,
        other: Operand<'_, Self>,
        f: fn(&Tensor, Operand<'_>) -> taper_tensor::Result<Tensor>,
        rounded: fn(&Tensor) -> taper_tensor::Result<Tensor>,
    ) -> Result<Self> {
        match other {
            Operand::Scalar(v) => {
                record(name, &[self]).unary(f(&self.tensor(), Operand::Scalar(v))?, |g, _| Ok(g))
            }
            Operand::Tensor(b) => {
                let y = f(&self.tensor(), (&*b.tensor()).into())?;
                let quotient = rounded(&self.tensor().div(&*b.tensor())?)?;
                record(name, &[self, &b]).binary(
                    y,
                    |g, _| Ok(g.clone()),
                    move |g, _| g.mul(Self::new(quotient.neg()?)),
                )
            }
        }
    }

    /// The angle of the point (`other`, `self`): `d self = other / (self² + other²)`, `d other` the same
    /// of `-self`; both 0 for the point (0, 0).
    ///
    /// # Errors
    /// As [`Variable::add`].
    #[track_caller]
    pub fn atan2(&self, other: impl IntoOperand<Self>) -> Result<Self> {
        let b = self.second(other)?;
        let y = self.tensor().atan2(&*b.tensor())?;
        let slope = |a: Self, b: &Self| -> Result<Self> {
            let distance = a.square()?.add(b.square()?)?;
            let origin = distance.tensor().eq(0)?;
            a.div(distance.masked_fill(&origin, 1.0)?)
        };
        let (left, right, x, z) = (self.save(), b.save(), self.save(), b.save());
        record("Atan2", &[self, &b]).binary(
            y,
            move |g, ctx| g.mul(slope(right.get(ctx)?, &left.get(ctx)?)?),
            move |g, ctx| g.mul(slope(x.get(ctx)?, &z.get(ctx)?)?)?.neg(),
        )
    }

    /// The length `y` of the vector (`self`, `other`): `d self = self / y`, `d other = other / y`.
    ///
    /// # Errors
    /// As [`Variable::add`].
    #[track_caller]
    pub fn hypot(&self, other: impl IntoOperand<Self>) -> Result<Self> {
        let b = self.second(other)?;
        let y = self.tensor().hypot(&*b.tensor())?;
        let (left, right) = (self.save(), b.save());
        record("Hypot", &[self, &b]).saves_output().binary(
            y,
            move |g, ctx| g.mul(left.get(ctx)?.div(ctx.output(0)?)?),
            move |g, ctx| g.mul(right.get(ctx)?.div(ctx.output(0)?)?),
        )
    }

    /// `y = ln(e^self + e^other)`, without overflow: `d self = e^(self - y)`, `d other = e^(other - y)`.
    ///
    /// # Errors
    /// As [`Variable::add`].
    #[track_caller]
    pub fn logaddexp(&self, other: impl IntoOperand<Self>) -> Result<Self> {
        let b = self.second(other)?;
        let y = self.tensor().logaddexp(&*b.tensor())?;
        let (left, right) = (self.save(), b.save());
        record("LogAddExp", &[self, &b]).saves_output().binary(
            y,
            move |g, ctx| g.mul(left.get(ctx)?.sub(ctx.output(0)?)?.exp()?),
            move |g, ctx| g.mul(right.get(ctx)?.sub(ctx.output(0)?)?.exp()?),
        )
    }

    /// `self · ln(other)`, 0 where `self` is 0: `d self = ln(other)`, but 0 where `self` is 0 and `other` not
    /// above 0; `d other = self / other`.
    ///
    /// # Errors
    /// As [`Variable::add`].
    #[track_caller]
    pub fn xlogy(&self, other: impl IntoOperand<Self>) -> Result<Self> {
        let b = self.second(other)?;
        let y = self.tensor().xlogy(&*b.tensor())?;
        let (left, right, a, below) = (self.save(), b.save(), self.save(), b.save());
        record("Xlogy", &[self, &b]).binary(
            y,
            move |g, ctx| {
                let (a, b) = (left.get(ctx)?, right.get(ctx)?);
                let flat = a.tensor().eq(0)?.logical_and(b.tensor().le(0)?)?;
                g.mul(b.log()?.expand(flat.size())?.masked_fill(&flat, 0.0)?)
            },
            move |g, ctx| g.mul(a.get(ctx)?.div(below.get(ctx)?)?),
        )
    }

    /// `self` with the sign of `other`: `d self` is 1 where the sign stays, -1 where it changes, 0 where
    /// `self` is 0; `d other = 0`.
    ///
    /// # Errors
    /// As [`Variable::add`].
    #[track_caller]
    pub fn copysign(&self, other: impl IntoOperand<Self>) -> Result<Self> {
        let b = self.second(other)?;
        let y = self.tensor().copysign(&*b.tensor())?;
        let ratio = y.div(&*self.tensor())?.nan_to_num(0.0, Some(0.0), Some(0.0))?;
        record("Copysign", &[self, &b]).binary(
            y,
            move |g, _| g.mul(Self::new(ratio.clone())),
            |g, _| Ok(Self::new(g.tensor().zeros_like()?)),
        )
    }

    /// `self + weight · (end - self)`: `d self = 1 - weight`, `d end = weight`, `d weight = end - self`.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the dtypes or devices differ; on an integer dtype.
    #[track_caller]
    pub fn lerp(&self, end: impl AsTensor<Self>, weight: impl IntoOperand<Self>) -> Result<Self> {
        let end = end.as_tensor();
        let w = self.second(weight)?;
        let y = self.tensor().lerp(&*end.tensor(), &*w.tensor())?;
        let sizes = [self.size(), end.size(), w.size()];
        let (a, b, t) = (self.save_for(&w), end.save_for(&w), w.save());
        record("Lerp", &[self, &end, &w]).output(y, move |ctx| {
            let (g, t) = (ctx.grad()?, t.get(ctx)?);
            Ok(smallvec![
                ctx.need(0, || g.mul(t.rsub(1.0)?)?.sum_to(&sizes[0]))?,
                ctx.need(1, || g.mul(&t)?.sum_to(&sizes[1]))?,
                ctx.need(2, || g.mul(b.get(ctx)?.sub(a.get(ctx)?)?)?.sum_to(&sizes[2]))?
            ])
        })
    }

    /// `self + value · a · b`: `da = value · b`, `db = value · a`.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ.
    #[track_caller]
    pub fn addcmul(
        &self,
        a: impl AsTensor<Self>,
        b: impl AsTensor<Self>,
        value: impl Into<Scalar>,
    ) -> Result<Self> {
        let (a, b, value) = (a.as_tensor(), b.as_tensor(), value.into());
        let y = self.tensor().addcmul(&*a.tensor(), &*b.tensor(), value)?;
        let sizes = [self.size(), a.size(), b.size()];
        let (left, right) = (a.save_for(&b), b.save_for(&a));
        record("Addcmul", &[self, &a, &b]).output(y, move |ctx| {
            let g = ctx.grad()?;
            Ok(smallvec![
                ctx.need(0, || g.sum_to(&sizes[0]))?,
                ctx.need(1, || g.mul(right.get(ctx)?.mul(value)?)?.sum_to(&sizes[1]))?,
                ctx.need(2, || g.mul(left.get(ctx)?.mul(value)?)?.sum_to(&sizes[2]))?
            ])
        })
    }

    /// `self + value · a / b`: `da = value / b`, `db = -value · (a / b) / b`.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ; on an integer dtype.
    #[track_caller]
    pub fn addcdiv(
        &self,
        a: impl AsTensor<Self>,
        b: impl AsTensor<Self>,
        value: impl Into<Scalar>,
    ) -> Result<Self> {
        let (a, b, value) = (a.as_tensor(), b.as_tensor(), value.into());
        let y = self.tensor().addcdiv(&*a.tensor(), &*b.tensor(), value)?;
        let sizes = [self.size(), a.size(), b.size()];
        let (above, below) = (a.save_for(&b), b.save());
        record("Addcdiv", &[self, &a, &b]).output(y, move |ctx| {
            let g = ctx.grad()?.div(below.get(ctx)?)?.mul(value)?;
            Ok(smallvec![
                ctx.need(0, || ctx.grad()?.sum_to(&sizes[0]))?,
                ctx.need(1, || g.sum_to(&sizes[1]))?,
                ctx.need(2, || g.mul(above.get(ctx)?.div(below.get(ctx)?)?)?.neg()?.sum_to(&sizes[2]))?
            ])
        })
    }

    /// The second operand as a variable: a number as a constant.
    pub(super) fn second(&self, other: impl IntoOperand<Self>) -> Result<Self> {
        Ok(match other.operand() {
            Operand::Tensor(v) => v.into_owned(),
            Operand::Scalar(v) => Self::new(self.tensor().like().dtype(v.promote(self.dtype())).full((), v)?),
        })
    }

    /// A function of the data of two operands, as a constant; see [`Variable::without_gradient`].
    pub(super) fn without_gradient2(
        &self,
        op: &'static str,
        other: Operand<'_, Self>,
        f: fn(&Tensor, Operand<'_>) -> taper_tensor::Result<Tensor>,
    ) -> Result<Self> {
        match other {
            Operand::Scalar(v) => self.without_gradient(op, |a| f(a, Operand::Scalar(v))),
            Operand::Tensor(b) => {
                b.expect_no_gradient(op)?;
                self.without_gradient(op, |a| f(a, (&*b.tensor()).into()))
            }
        }
    }
}
