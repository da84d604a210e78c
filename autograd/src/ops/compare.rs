//! Comparisons, logic, and elementwise maximum and minimum.

use taper_tensor::{IntoOperand, Operand, Tensor};

use super::arithmetic::Compute;
use crate::record::record;
use crate::{Result, Variable};

/// A function from the gradient of the result, the index of an operand, and both operands to the gradient of
/// that operand.
type Share = fn(&Variable, usize, &Tensor, &Operand<'_>) -> Result<Variable>;

/// Returns the gradient, halved where both operands are `equal`, and 0 where the operand `loses`.
fn share(g: &Variable, equal: Tensor, loses: Tensor) -> Result<Variable> {
    let share = equal.to_dtype(g.dtype())?.mul(-0.5)?.add(1.0)?.masked_fill(&loses, 0)?;
    g.mul(share)
}

/// Returns the [`share`] for a choice that ignores a single NaN; `taken` is the result.
fn share_numbers(g: &Variable, i: usize, a: &Tensor, b: &Operand<'_>, taken: &Tensor) -> Result<Variable> {
    // If both are NaN, the second one loses.
    let loses = if i == 0 { a.ne(taken)?.logical_and(taken.eq(taken)?)? } else { taken.ne(b)? };
    share(g, a.eq(b)?, loses)
}

impl Variable {
    operations! {
        /// Returns the larger element of the two, or NaN if either is NaN. Equal elements share the gradient.
        pub fn maximum(&self, other: impl IntoOperand<Self>) -> Result<Self>
            = both choice("Maximum", |g, i, a, b| share(g, a.eq(b)?, if i == 0 { a.lt(b) } else { a.gt(b) }?));
        /// Returns the smaller element of the two, or NaN if either is NaN. Equal elements share the
        /// gradient.
        pub fn minimum(&self, other: impl IntoOperand<Self>) -> Result<Self>
            = both choice("Minimum", |g, i, a, b| share(g, a.eq(b)?, if i == 0 { a.gt(b) } else { a.lt(b) }?));
        /// Returns the larger element of the two, ignoring a single NaN. Equal elements share the gradient.
        pub fn fmax(&self, other: impl IntoOperand<Self>) -> Result<Self>
            = both choice("Fmax", |g, i, a, b| share_numbers(g, i, a, b, &a.fmax(b)?));
        /// Returns the smaller element of the two, ignoring a single NaN. Equal elements share the gradient.
        pub fn fmin(&self, other: impl IntoOperand<Self>) -> Result<Self>
            = both choice("Fmin", |g, i, a, b| share_numbers(g, i, a, b, &a.fmin(b)?));
        /// Returns the larger of the element and `other`; NaN stays NaN. The gradient goes to the element if
        /// it is above `other`, else to `other`.
        pub fn clamp_min(&self, other: impl IntoOperand<Self>) -> Result<Self>
            = both choice("ClampMin", |g, i, a, b| g.keep(&if i == 0 { a.gt(b) } else { a.le(b) }?));
        /// Returns the smaller of the element and `other`; NaN stays NaN. The gradient goes to the element if
        /// it is below `other`, else to `other`.
        pub fn clamp_max(&self, other: impl IntoOperand<Self>) -> Result<Self>
            = both choice("ClampMax", |g, i, a, b| g.keep(&if i == 0 { a.lt(b) } else { a.ge(b) }?));
    }

    /// Records the choice, by `f`, of one of two elements.
    #[track_caller]
    fn choice(&self, other: Operand<'_, Self>, f: Compute, node: &'static str, rule: Share) -> Result<Self> {
        match other {
            Operand::Scalar(v) => {
                let y = f(&self.tensor(), Operand::Scalar(v))?;
                self.of_input(y, node, move |g, x| rule(&g, 0, &x.tensor(), &Operand::Scalar(v)))
            }
            Operand::Tensor(b) => {
                let y = f(&self.tensor(), (&*b.tensor()).into())?;
                let (left, right) = (self.save(), b.save());
                record(node, &[self, &b]).each(y, move |g, i, ctx| {
                    rule(g, i, &left.get(ctx)?.tensor(), &(&*right.get(ctx)?.tensor()).into())
                })
            }
        }
    }

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
