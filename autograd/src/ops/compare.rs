//! Comparisons, logic, and the larger or smaller of two.

use taper_tensor::{AsTensor, IntoOperand, Operand, Tensor};

use crate::record::record;
use crate::{Result, Variable};

/// The gradient of an operand, from that of the result and from both operands.
type Share = fn(&Variable, &Tensor, Operand<'_>) -> Result<Variable>;

/// The gradient halved where both are `equal`, and 0 where the operand `loses`.
fn share(g: &Variable, equal: Tensor, loses: Tensor) -> Result<Variable> {
    let share = equal.to_dtype(g.dtype())?.mul(-0.5)?.add(1.0)?.masked_fill(&loses, 0)?;
    g.mul(share)
}

/// Where NaN, of two the second, is not taken as the `taken` one.
fn not_nan(a: &Tensor, taken: &Tensor) -> Result<Tensor> {
    Ok(a.ne(taken)?.logical_and(taken.eq(taken)?)?)
}

macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident $node:literal |$g:ident, $a:ident, $b:ident| $left:expr, $right:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// When the shapes do not broadcast, or the devices differ.
        #[track_caller]
        pub fn $name(&self, other: impl IntoOperand<Self>) -> Result<Self> {
            self.choice($node, other.operand(), |a, b| a.$name(b), |$g, $a, $b| $left, |$g, $a, $b| $right)
        }
    )*};
}

impl Variable {
    choices! {
        /// Returns the larger of the two, element by element; NaN where either is. Equal ones share the
        /// gradient.
        maximum "Maximum" |g, a, b| share(g, a.eq(&b)?, a.lt(&b)?), share(g, a.eq(&b)?, a.gt(&b)?);
        /// Returns the smaller of the two, element by element; NaN where either is. Equal ones share the
        /// gradient.
        minimum "Minimum" |g, a, b| share(g, a.eq(&b)?, a.gt(&b)?), share(g, a.eq(&b)?, a.lt(&b)?);
        /// Returns the larger of the two, or where one is NaN the other; equal ones share the gradient.
        fmax "Fmax" |g, a, b| share(g, a.eq(&b)?, not_nan(a, &a.fmax(&b)?)?), share(g, a.eq(&b)?, a.fmax(&b)?.ne(&b)?);
        /// Returns the smaller of the two, or where one is NaN the other; equal ones share the gradient.
        fmin "Fmin" |g, a, b| share(g, a.eq(&b)?, not_nan(a, &a.fmin(&b)?)?), share(g, a.eq(&b)?, a.fmin(&b)?.ne(&b)?);
        /// Returns `other` where the element is below it, else the element; NaN stays. The gradient goes to
        /// the element above `other`, else to `other`.
        clamp_min "ClampMin" |g, a, b| g.keep(&a.gt(&b)?), g.keep(&a.le(&b)?);
        /// Returns `other` where the element is above it, else the element; NaN stays. The gradient goes to
        /// the element below `other`, else to `other`.
        clamp_max "ClampMax" |g, a, b| g.keep(&a.lt(&b)?), g.keep(&a.ge(&b)?);
    }

    /// One of two for each element, by `f`.
    #[track_caller]
    fn choice(
        &self,
        name: &'static str,
        other: Operand<'_, Self>,
        f: fn(&Tensor, Operand<'_>) -> taper_tensor::Result<Tensor>,
        left: Share,
        right: Share,
    ) -> Result<Self> {
        match other {
            Operand::Scalar(v) => {
                let (y, x) = (f(&self.tensor(), Operand::Scalar(v))?, self.save());
                record(name, &[self])
                    .unary(y, move |g, ctx| left(&g, &x.get(ctx)?.tensor(), Operand::Scalar(v)))
            }
            Operand::Tensor(b) => {
                let y = f(&self.tensor(), (&*b.tensor()).into())?;
                let [(a1, b1), (a2, b2)] = [(self.save(), b.save()), (self.save(), b.save())];
                record(name, &[self, &b]).binary(
                    y,
                    move |g, ctx| left(g, &a1.get(ctx)?.tensor(), (&*b1.get(ctx)?.tensor()).into()),
                    move |g, ctx| right(g, &a2.get(ctx)?.tensor(), (&*b2.get(ctx)?.tensor()).into()),
                )
            }
        }
    }
}

/// Operations whose result is a mask, an index or a truth value, through which nothing flows: computed from
/// the data. The first list has those whose second operand may be a number, the second those with a tensor.
macro_rules! of_data {
    (operand: $($name:ident)*) => {$(
        #[doc = concat!("Returns [`Tensor::", stringify!($name), "`] of the data.")]
        ///
        /// # Errors
        #[doc = concat!("As [`Tensor::", stringify!($name), "`].")]
        pub fn $name(&self, other: impl taper_tensor::IntoOperand<Self>) -> Result<Tensor> {
            Ok(match other.operand() {
                taper_tensor::Operand::Scalar(v) => self.tensor().$name(v)?,
                taper_tensor::Operand::Tensor(b) => self.tensor().$name(&*b.tensor())?,
            })
        }
    )*};
    (tensor: $($name:ident($($arg:ident: $ty:ty),*) -> $result:ty;)*) => {$(
        #[doc = concat!("Returns [`Tensor::", stringify!($name), "`] of the data.")]
        ///
        /// # Errors
        #[doc = concat!("As [`Tensor::", stringify!($name), "`].")]
        pub fn $name(&self, other: impl AsTensor<Self> $(, $arg: $ty)*) -> Result<$result> {
            Ok(self.tensor().$name(&*other.as_tensor().tensor() $(, $arg)*)?)
        }
    )*};
    ($($name:ident($($arg:ident: $ty:ty),*) -> $result:ty;)*) => {$(
        #[doc = concat!("Returns [`Tensor::", stringify!($name), "`] of the data.")]
        ///
        /// # Errors
        #[doc = concat!("As [`Tensor::", stringify!($name), "`].")]
        pub fn $name(&self $(, $arg: $ty)*) -> Result<$result> {
            Ok(self.tensor().$name($($arg),*)?)
        }
    )*};
}
pub(super) use of_data;

impl Variable {
    of_data! { operand: eq ne lt le gt ge logical_and logical_or logical_xor }
    of_data! {
        tensor:
        equal() -> bool;
        allclose(rtol: f64, atol: f64) -> bool;
        isclose(rtol: f64, atol: f64) -> Tensor;
    }
    of_data! {
        logical_not() -> Tensor;
        isnan() -> Tensor;
        isinf() -> Tensor;
        isposinf() -> Tensor;
        isneginf() -> Tensor;
        isfinite() -> Tensor;
        signbit() -> Tensor;
        isin(elements: &Tensor) -> Tensor;
    }
}

taper_tensor::composed_compare!(Variable);
