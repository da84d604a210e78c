//! Less usual arithmetic between two tensors: remainders, angles, logarithms of sums.

use smallvec::smallvec;
use taper_tensor::Tensor;

use crate::operand::{IntoOperand, Operand};
use crate::record::record;
use crate::{Result, Variable};

/// The second operand as a variable: a number as a constant.
fn variable(x: &Variable, other: Operand<'_>) -> Result<Variable> {
    Ok(match other {
        Operand::Variable(v) => v.clone(),
        Operand::Scalar(v) => Variable::new(x.data().like().full((), v)?),
    })
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

    /// Numbers for NaN and for the infinities, see [`Tensor::nan_to_num`]; no gradient flows to what they
    /// replace.
    ///
    /// # Errors
    /// When memory runs out.
    #[track_caller]
    pub fn nan_to_num(&self, nan: f64, posinf: Option<f64>, neginf: Option<f64>) -> Result<Self> {
        let (y, keep) = (self.data().nan_to_num(nan, posinf, neginf)?, self.data().isfinite()?);
        record("NanToNum", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.keep(&keep)?)]))
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
