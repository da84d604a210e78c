//! Operations that change a tensor's memory, seen by all that share it.

use crate::dtype::with_element;
use crate::{Element, Error, IntoOperand, Operand, Result, Scalar, Tensor, shape};

/// The place in the storage of each element, in order.
fn places(layout: &candle_core::Layout) -> impl Iterator<Item = usize> {
    let (dims, strides) = (layout.dims().to_vec(), layout.stride().to_vec());
    let mut index = vec![0; dims.len()];
    let mut next = (shape::numel(&dims) > 0).then_some(layout.start_offset());
    std::iter::from_fn(move || {
        let place = next?;
        let mut following = place;
        // Count up as an odometer does: the last dimension first, carrying to the left.
        next = (0..dims.len()).rev().find_map(|d| {
            index[d] += 1;
            following += strides[d];
            if index[d] < dims[d] {
                return Some(following);
            }
            following -= dims[d] * strides[d];
            index[d] = 0;
            None
        });
        Some(place)
    })
}

macro_rules! in_place {
    ($($(#[$doc:meta])* $name:ident = $f:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// As [`Tensor::copy_`]; and when an integer tensor would have to hold a real number.
        pub fn $name(&self, other: impl IntoOperand) -> Result<()> {
            with_element!(self.dtype, T => self.update::<T>(stringify!($name), other.operand(), $f))
        }
    )*};
}

impl Tensor {
    /// Sets all elements to `value`.
    ///
    /// # Errors
    /// When several of the tensor's elements are one place in memory.
    pub fn fill_(&self, value: impl Into<Scalar>) -> Result<()> {
        let value = value.into();
        with_element!(self.dtype, T => {
            let v = T::from_scalar(value);
            self.write::<T, _>("fill_", |data, layout| {
                places(layout).for_each(|i| data[i] = v);
                Ok(())
            })
        })
    }

    /// Sets all elements to zero.
    ///
    /// # Errors
    /// As [`Tensor::fill_`].
    pub fn zero_(&self) -> Result<()> {
        self.fill_(0)
    }

    /// Takes over the elements of `other`, which broadcasts, in the dtype of `self`.
    ///
    /// # Errors
    /// When the shape of `other` does not broadcast to that of `self`; as [`Tensor::fill_`].
    pub fn copy_(&self, other: &Self) -> Result<()> {
        let other = other.to(&self.device())?.to_dtype(self.dtype)?;
        with_element!(self.dtype, T => self.update::<T>("copy_", Operand::Tensor(&other), |_, b| b))
    }

    in_place! {
        /// Adds `other` to `self`, in place.
        add_ = |a, b| a + b;
        /// Subtracts `other` from `self`, in place.
        sub_ = |a, b| a - b;
        /// Multiplies `self` by `other`, in place.
        mul_ = |a, b| a * b;
    }

    /// Divides `self` by `other`, in place.
    ///
    /// # Errors
    /// As [`Tensor::add_`]; and on an integer dtype, as the quotient is a real number.
    pub fn div_(&self, other: impl IntoOperand) -> Result<()> {
        self.expect_float("div_")?;
        with_element!(self.dtype, T => self.update::<T>("div_", other.operand(), |a, b| a / b))
    }

    /// `self[i] = f(self[i], other[i])`.
    fn update<T: Element>(&self, op: &'static str, other: Operand<'_>, f: impl Fn(T, T) -> T) -> Result<()> {
        let dtype = match other {
            Operand::Tensor(o) => o.dtype,
            Operand::Scalar(v) => v.promote(self.dtype),
        };
        if dtype.is_float() && !self.dtype.is_float() {
            return Err(Error::value(
                op,
                format!("the result is a real number, which a tensor of {} cannot hold", self.dtype),
            ));
        }
        let other = match other {
            Operand::Tensor(o) => o,
            Operand::Scalar(v) => {
                let v = T::from_scalar(v);
                return self.write::<T, _>(op, |data, layout| {
                    places(layout).for_each(|i| data[i] = f(data[i], v));
                    Ok(())
                });
            }
        };
        self.expect_device(op, other)?;
        // An operand in the same memory is copied first: the result is as if all of it was read
        // before the first element is written.
        let other = if self.shares_storage(other) { other.copy()? } else { other.clone() };
        let other = other.to_dtype(self.dtype)?;
        if shape::broadcast(op, self.size(), other.size())? != self.size() {
            return Err(Error::shape(
                op,
                format!(
                    "shape {:?} does not broadcast to {:?}, which is changed in place",
                    other.size(),
                    self.size()
                ),
            ));
        }
        let other = other.expand(self.size())?;
        other.read::<T, _>(op, |src, from| {
            self.write::<T, _>(op, |data, to| {
                match (to.contiguous_offsets(), from.contiguous_offsets()) {
                    (Some((t0, t1)), Some((f0, f1))) => {
                        data[t0..t1].iter_mut().zip(&src[f0..f1]).for_each(|(a, &b)| *a = f(*a, b));
                    }
                    _ => places(to).zip(places(from)).for_each(|(t, s)| data[t] = f(data[t], src[s])),
                }
                Ok(())
            })
        })
    }
}
