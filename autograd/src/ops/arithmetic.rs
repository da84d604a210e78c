//! Arithmetic between two variables, which broadcast, or a variable and a number.

use taper_tensor::{AsTensor, IntoOperand, Operand, Scalar, Tensor};

use crate::autocast::widened;
use crate::record::record;
use crate::{Result, Variable};
use taper_tensor::registry;

/// An operation of a tensor with a tensor or a number.
pub(super) type Compute = fn(&Tensor, Operand<'_>) -> taper_tensor::Result<Tensor>;

impl Variable {
    operations! {
        /// Returns `self + other`: `d self = dy`, `d other = dy`.
        pub fn add(&self, other: impl IntoOperand<Self>) -> Result<Self> {
            match other.operand() {
                Operand::Scalar(v) => record("AddScalar", &[self]).unary(self.tensor().add(v)?, |g, _| Ok(g)),
                Operand::Tensor(b) => {
                    let y = self.tensor().add(&*b.tensor())?;
                    record("Add", &[self, &b]).each(y, |g, _, _| Ok(g.clone()))
                }
            }
        }

        /// Returns `self - other`: `d self = dy`, `d other = -dy`.
        pub fn sub(&self, other: impl IntoOperand<Self>) -> Result<Self> {
            match other.operand() {
                Operand::Scalar(v) => record("SubScalar", &[self]).unary(self.tensor().sub(v)?, |g, _| Ok(g)),
                Operand::Tensor(b) => {
                    let y = self.tensor().sub(&*b.tensor())?;
                    record("Sub", &[self, &b]).each(y, |g, i, _| if i == 0 { Ok(g.clone()) } else { g.neg() })
                }
            }
        }

        /// Returns `self * other`, elementwise: `d self = other · dy`, `d other = self · dy`.
        pub fn mul(&self, other: impl IntoOperand<Self>) -> Result<Self> {
            match other.operand() {
                Operand::Scalar(v) => {
                    record("MulScalar", &[self]).unary(self.tensor().mul(v)?, move |g, _| g.mul(v))
                }
                Operand::Tensor(b) => {
                    let y = self.tensor().mul(&*b.tensor())?;
                    let others = [b.save_for(self), self.save_for(&b)];
                    record("Mul", &[self, &b]).each(y, move |g, i, ctx| g.mul(others[i].get(ctx)?))
                }
            }
        }

        /// Returns `y = self / other`: `d self = dy / other`, `d other = -dy · y / other`.
        pub fn div(&self, other: impl IntoOperand<Self>) -> Result<Self> {
            match other.operand() {
                Operand::Scalar(v) => {
                    record("DivScalar", &[self]).unary(self.tensor().div(v)?, move |g, _| g.div(v))
                }
                Operand::Tensor(b) => {
                    let (y, below) = (self.tensor().div(&*b.tensor())?, b.save());
                    let inputs = [self, &*b];
                    let node = record("Div", &inputs).saves_output_if(b.is_requires_grad());
                    node.each(y, move |g, i, ctx| match i {
                        0 => g.div(below.get(ctx)?),
                        // a / b² would overflow long before the quotient y / b does.
                        _ => g.mul(ctx.output(0)?.div(below.get(ctx)?)?)?.neg(),
                    })
                }
            }
        }

        /// Returns `number - self`.
        pub fn rsub(&self, number: impl Into<Scalar>) -> Result<Self> = linear_in("RsubScalar", |g| g.neg());
        /// Returns `y = number / self`: `dx = -y / x · dy`.
        pub fn rdiv(&self, number: impl Into<Scalar>) -> Result<Self>
            = of_both("RdivScalar", |g, x, y| g.mul(y.div(x)?)?.neg());

        /// Returns `self` to the power of `other`: `d self = other · self^(other - 1)`, `d other = y · ln
        /// self`.
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
                    let p = v.to_f64();
                    self.of_input(self.tensor().pow(v)?, "PowScalar", move |g, x| match p {
                        0.0 => Ok(Self::new(g.tensor().zeros_like()?)),
                        _ => g.mul(x.pow(p - 1.0)?.mul(p)?),
                    })
                }
                Operand::Tensor(b) => {
                    let (y, base, power) = (self.tensor().pow(&*b.tensor())?, self.save(), b.save());
                    record("Pow", &[self, &b]).saves_output().each(y, move |g, i, ctx| {
                        let (a, b) = (base.get(ctx)?, power.get(ctx)?);
                        let (slope, zero) = if i == 0 {
                            // The slope is 0 for the exponent 0, also for the base 0.
                            let slope = b.mul(a.pow(b.sub(1.0)?)?)?;
                            let zero = b.tensor().eq(0)?.expand(slope.size())?;
                            (slope, zero)
                        } else {
                            // The slope is 0 for the base 0 and an exponent that is not negative.
                            (ctx.output(0)?.mul(a.log()?)?, a.tensor().eq(0)?.mul(b.tensor().ge(0)?)?)
                        };
                        g.mul(slope.masked_fill(&zero, 0.0)?)
                    })
                }
            }
        }

        /// Returns `-self`.
        pub fn neg(&self) -> Result<Self> = linear_in("Neg", |g| g.neg());
        /// Returns `floor(self / other)`. It has no gradient; if one is required, it returns an error.
        pub fn floor_divide(&self, other: impl IntoOperand<Self>) -> Result<Self>
            = both without_gradient2("floor_divide");
        /// Returns 0 for negative or NaN elements, 1 for positive ones, and the element of `other` for 0. It
        /// has no gradient; if one is required, it returns an error.
        pub fn heaviside(&self, other: impl IntoOperand<Self>) -> Result<Self>
            = both without_gradient2("heaviside");
        /// Returns the remainder of the division rounded towards zero, which has the sign of `self`: `d other
        /// = -trunc(self / other) · dy`.
        pub fn fmod(&self, other: impl IntoOperand<Self>) -> Result<Self>
            = both division("Fmod", |q| q.trunc());
        /// Returns `self - floor(self / other) · other`, which has the sign of `other`: `d other =
        /// -floor(self / other) · dy`.
        pub fn remainder(&self, other: impl IntoOperand<Self>) -> Result<Self>
            = both division("Remainder", |q| q.floor());
        /// Returns the angle of the point (`other`, `self`) from the origin: `d self = other / (self² +
        /// other²)`, `d other = -self / (self² + other²)`, and both are 0 for the point (0, 0).
        pub fn atan2(&self, other: impl IntoOperand<Self>) -> Result<Self> = both with_second("Atan2", |g, i, a, b| {
            let distance = a.square()?.add(b.square()?)?;
            let distance = distance.masked_fill(&distance.eq(0)?, 1.0)?;
            g.mul(if i == 0 { b } else { a.neg()? }.div(distance)?)
        });
        /// Returns the length `y` of the vector (`self`, `other`): `d self = self / y`, `d other = other /
        /// y`.
        pub fn hypot(&self, other: impl IntoOperand<Self>) -> Result<Self> = both with_second("Hypot", |g, i, a, b| {
            let y = a.hypot(&b)?;
            g.mul(if i == 0 { a } else { b }.div(y)?)
        });
        /// Returns `ln(e^self + e^other)`, without overflow: `d self = σ(self - other)`,
        /// `d other = σ(other - self)`.
        pub fn logaddexp(&self, other: impl IntoOperand<Self>) -> Result<Self>
            = both with_second("LogAddExp", |g, i, a, b| {
                g.mul(if i == 0 { a.sub(b) } else { b.sub(a) }?.sigmoid()?)
            });
        /// Returns `self · ln(other)`, or 0 if `self` is 0: `d self = ln(other)`, or 0 if `self` is 0 and
        /// `other` is not positive; `d other = self / other`.
        pub fn xlogy(&self, other: impl IntoOperand<Self>) -> Result<Self> = both with_second("Xlogy", |g, i, a, b| {
            if i == 1 {
                return g.mul(a.div(b)?);
            }
            let flat = a.tensor().eq(0)?.logical_and(b.tensor().le(0)?)?;
            g.mul(b.log()?.expand(flat.size())?.masked_fill(&flat, 0.0)?)
        });

        /// Returns `self` with the sign of `other`: `d self` is 1 if the sign stays, -1 if it changes, and 0
        /// if `self` is 0; `d other = 0`.
        pub fn copysign(&self, other: impl IntoOperand<Self>) -> Result<Self> {
            let b = self.second(other)?;
            let y = self.tensor().copysign(&*b.tensor())?;
            let ratio = y.div(&*self.tensor())?.nan_to_num(0.0, Some(0.0), Some(0.0))?;
            record("Copysign", &[self, &b]).each(y, move |g, i, _| match i {
                0 => g.mul(&ratio),
                _ => Ok(Self::new(g.tensor().zeros_like()?)),
            })
        }

        /// Returns `self + weight · (end - self)`: `d self = 1 - weight`, `d end = weight`, `d weight = end -
        /// self`.
        pub fn lerp(&self, end: impl AsTensor<Self>, weight: impl IntoOperand<Self>) -> Result<Self> {
            let (end, w) = (end.as_tensor(), self.second(weight)?);
            let y = self.tensor().lerp(&*end.tensor(), &*w.tensor())?;
            let (a, b, t) = (self.save_for(&w), end.save_for(&w), w.save());
            record("Lerp", &[self, &end, &w]).each(y, move |g, i, ctx| match i {
                0 => g.mul(t.get(ctx)?.rsub(1.0)?),
                1 => g.mul(t.get(ctx)?),
                _ => g.mul(b.get(ctx)?.sub(a.get(ctx)?)?),
            })
        }

        /// Returns `self + value · a · b`: `da = value · b`, `db = value · a`.
        pub fn addcmul(
            &self,
            a: impl AsTensor<Self>,
            b: impl AsTensor<Self>,
            value: impl Into<Scalar>,
        ) -> Result<Self> {
            let (a, b, value) = (a.as_tensor(), b.as_tensor(), value.into());
            let y = self.tensor().addcmul(&*a.tensor(), &*b.tensor(), value)?;
            let others = [b.save_for(&a), a.save_for(&b)];
            record("Addcmul", &[self, &a, &b]).each(y, move |g, i, ctx| match i {
                0 => Ok(g.clone()),
                _ => g.mul(others[i - 1].get(ctx)?.mul(value)?),
            })
        }

        /// Returns `self + value · a / b`: `da = value / b`, `db = -value · (a / b) / b`.
        pub fn addcdiv(
            &self,
            a: impl AsTensor<Self>,
            b: impl AsTensor<Self>,
            value: impl Into<Scalar>,
        ) -> Result<Self> {
            let (a, b, value) = (a.as_tensor(), b.as_tensor(), value.into());
            let y = self.tensor().addcdiv(&*a.tensor(), &*b.tensor(), value)?;
            let (above, below) = (a.save_for(&b), b.save());
            record("Addcdiv", &[self, &a, &b]).each(y, move |g, i, ctx| {
                let share = |below: Self| g.div(below)?.mul(value);
                match i {
                    0 => Ok(g.clone()),
                    1 => share(below.get(ctx)?),
                    _ => share(below.get(ctx)?)?.mul(above.get(ctx)?.div(below.get(ctx)?)?)?.neg(),
                }
            })
        }
    }

    /// Records the remainder, computed by `f`, of the division with the quotient `rounded`.
    #[track_caller]
    fn division(
        &self,
        other: Operand<'_, Self>,
        f: Compute,
        node: &'static str,
        rounded: fn(&Tensor) -> taper_tensor::Result<Tensor>,
    ) -> Result<Self> {
        match other {
            Operand::Scalar(v) => self.linear_in(f(&self.tensor(), Operand::Scalar(v))?, node, Ok),
            Operand::Tensor(b) => {
                let y = f(&self.tensor(), (&*b.tensor()).into())?;
                let quotient = rounded(&self.tensor().div(&*b.tensor())?)?;
                record(node, &[self, &b]).each(y, move |g, i, _| match i {
                    0 => Ok(g.clone()),
                    _ => g.mul(quotient.neg()?),
                })
            }
        }
    }

    /// Records `f` of `self` and `other`. `rule` returns the gradient of an operand, by its index, from that
    /// of the result and both operands.
    #[track_caller]
    fn with_second(
        &self,
        other: impl IntoOperand<Self>,
        f: fn(&Tensor, &Tensor) -> taper_tensor::Result<Tensor>,
        node: &'static str,
        rule: fn(&Self, usize, Self, Self) -> Result<Self>,
    ) -> Result<Self> {
        let b = self.second(other)?;
        let (y, left, right) = (f(&self.tensor(), &b.tensor())?, self.save(), b.save());
        record(node, &[self, &b]).each(y, move |g, i, ctx| rule(g, i, left.get(ctx)?, right.get(ctx)?))
    }

    /// Returns the second operand as a variable. A number becomes a constant.
    fn second(&self, other: impl IntoOperand<Self>) -> Result<Self> {
        Ok(match other.operand() {
            Operand::Tensor(v) => v.into_owned(),
            Operand::Scalar(v) => Self::new(self.tensor().like().dtype(v.promote(self.dtype())).full((), v)?),
        })
    }

    /// Returns a function of the data of two operands as a constant; see [`Variable::without_gradient`].
    fn without_gradient2(&self, other: Operand<'_, Self>, f: Compute, op: &'static str) -> Result<Self> {
        match other {
            Operand::Scalar(v) => self.without_gradient(op, |a| f(a, Operand::Scalar(v))),
            Operand::Tensor(b) => {
                b.expect_no_gradient(op)?;
                self.without_gradient(op, |a| f(a, (&*b.tensor()).into()))
            }
        }
    }
}
