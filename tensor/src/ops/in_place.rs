//! In-place operations. They change all tensors that share the memory.

use crate::cpu::elementwise::{Op2, With, update, update1};
use crate::cpu::operators;
use crate::cuda::kernel::Elementwise as Kernel;
use crate::dtype::{with_element, with_real};
use crate::ops::arithmetic::{binary, promoted};
use crate::{DType, Element, Error, IntoOperand, Operand, Result, Scalar, Tensor, cuda, shape};

impl Tensor {
    /// Sets all elements to `value`.
    ///
    /// # Errors
    /// If several elements share a place in memory, or an array view of it is held.
    pub fn fill_(&self, value: impl Into<Scalar>) -> Result<()> {
        let value = value.into().stored(self.dtype);
        with_element!(self.dtype, T => {
            if cuda::elementwise::binary_("fill_", Some(Kernel::Put), self, Operand::Scalar(value))? {
                return Ok(());
            }
            let v = <T as Element>::from_scalar(value);
            self.write::<T, _>("fill_", |y| update(y, With(operators::Put, v)))
        })
    }

    /// Sets all elements to zero.
    ///
    /// # Errors
    /// If several elements share a place in memory, or an array view of it is held.
    pub fn zero_(&self) -> Result<()> {
        self.fill_(0)
    }

    /// Copies the elements of `other`, which broadcasts, converted to the dtype of `self`.
    ///
    /// # Errors
    /// If the shape of `other` does not broadcast to that of `self`, several elements share a place in
    /// memory, or an array view of it is held.
    pub fn copy_(&self, other: &Self) -> Result<()> {
        let other = other.to(&self.device())?.to_dtype(self.dtype)?;
        with_element!(self.dtype, T => self.update::<T>("copy_", (&other).into(), operators::Put))
    }

    /// Divides `self` by `other`, in place.
    ///
    /// # Errors
    /// If the shape of `other` does not broadcast to that of `self`, the dtype of `self` is not floating
    /// point, several elements share a place in memory, or an array view of it is held.
    pub fn div_(&self, other: impl IntoOperand) -> Result<()> {
        self.expect_float("div_")?;
        let other = other.operand();
        with_real!(self.dtype, T => self.update::<T>("div_", other, operators::Div))
    }

    pub(crate) fn expect_holds(&self, op: &'static str, dtype: crate::DType) -> Result<()> {
        bail_if!(
            (dtype.is_float() && !self.dtype.is_float())
                || (dtype != DType::Bool && self.dtype == DType::Bool),
            value(
                op,
                "the result is {dtype}, but the tensor is {}; convert it first, or use the operation that is not in place",
                self.dtype
            )
        );
        Ok(())
    }

    /// Computes `self[i] = f(self[i], other[i])` in `T`.
    pub(super) fn update<T: Element>(
        &self,
        op: &'static str,
        other: Operand<'_>,
        f: impl Op2<T, T, T>,
    ) -> Result<()> {
        self.expect_holds(op, promoted(self, &other))?;
        if T::TYPE != self.dtype.stored() {
            let y = binary(op, self, other, f)?;
            self.expect_fits(op, &y)?;
            return self.copy_(&y);
        }
        let other = match other {
            Operand::Tensor(o) => o,
            Operand::Scalar(v) => {
                if cuda::elementwise::binary_(op, f.on_gpu(), self, Operand::Scalar(v))? {
                    return Ok(());
                }
                let v = T::from_scalar(v);
                return self.write::<T, _>(op, |y| update(y, With(f, v)));
            }
        };
        self.expect_device(op, &other)?;
        let other = other.in_dtype(self.dtype)?;
        // An operand that shares the memory is copied first, so that all of it is read before the first
        // element is written.
        let copy = if self.shares_storage(&other) { Some(other.copy()?) } else { None };
        let other = copy.as_ref().unwrap_or(&other);
        self.expect_fits(op, other)?;
        if cuda::elementwise::binary_(op, f.on_gpu(), self, other.into())? {
            return Ok(());
        }
        self.write1::<T, T, _>(op, other, |y, x| update1(y, x, f))
    }

    pub(crate) fn expect_fits(&self, op: &'static str, other: &Self) -> Result<()> {
        expect_fits(op, self.size(), other.size())
    }
}

/// Checks that `size` broadcasts to `whole`, the shape of the tensor that is changed.
#[doc(hidden)]
pub fn expect_fits(op: &'static str, whole: &[usize], size: &[usize]) -> Result<()> {
    if whole == size || shape::broadcast(op, whole, size)? == whole {
        return Ok(());
    }
    Err(Error::shape(
        op,
        format!("shape {size:?} does not broadcast to {whole:?}, the shape of the tensor that is changed"),
    ))
}
