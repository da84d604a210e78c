//! Arguments of operations: numbers, and values that stand for tensors.

use std::borrow::Cow;

use crate::{DType, Tensor};

/// A number that is not a tensor. Its kind takes part in promotion, as in PyTorch: an integer tensor plus a
/// floating-point number is floating point, but a floating-point tensor keeps its dtype with any number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// A bool.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating-point number.
    Float(f64),
}

impl Scalar {
    /// Returns the number as `f64`.
    pub fn to_f64(self) -> f64 {
        match self {
            Self::Bool(v) => f64::from(u8::from(v)),
            Self::Int(v) => v as f64,
            Self::Float(v) => v,
        }
    }

    /// Returns the dtype of an operation between a tensor of `dtype` and this number.
    pub fn promote(self, dtype: DType) -> DType {
        match self {
            Self::Float(_) if !dtype.is_float() => DType::F32,
            Self::Int(_) if dtype == DType::Bool => DType::I64,
            _ => dtype,
        }
    }

    /// Converts the number for storage in `dtype`: for bool, to true if it is not 0.
    pub(crate) fn stored(self, dtype: DType) -> Self {
        if dtype == DType::Bool { Self::Bool(self.to_f64() != 0.0) } else { self }
    }

    pub(crate) fn dtype(self) -> DType {
        match self {
            Self::Bool(_) => DType::Bool,
            Self::Int(_) => DType::I64,
            Self::Float(_) => DType::F32,
        }
    }
}

/// The second operand of an operation on a `T`: a [`Tensor`] or a variable.
#[derive(Clone, Debug)]
pub enum Operand<'a, T: Clone = Tensor> {
    /// A tensor. It broadcasts.
    Tensor(Cow<'a, T>),
    /// A number.
    Scalar(Scalar),
}

/// A value that can be the second operand of an operation on a `T`: a number, or whatever
/// [`AsTensor`] accepts.
pub trait IntoOperand<T: Clone = Tensor> {
    /// Returns the operand.
    fn operand(&self) -> Operand<'_, T>;
}

/// A bound of [`Tensor::clamp`]: a number or a tensor; `()` or `None` for no bound.
pub trait IntoBound<T: Clone = Tensor> {
    /// Returns the bound, if there is one.
    fn bound(&self) -> Option<Operand<'_, T>>;
}

/// A value that stands for a `T`: a tensor for a [`Tensor`]; a variable, or a tensor as a constant, for a
/// variable.
pub trait AsTensor<T: Clone = Tensor> {
    /// Returns the tensor or variable.
    fn as_tensor(&self) -> Cow<'_, T>;
}

macro_rules! scalar {
    ($($t:ty => $kind:ident),*) => {
        $(impl From<$t> for Scalar {
            fn from(v: $t) -> Self {
                Self::$kind(v.into())
            }
        })*
        scalar!(@operand $($t),*, Scalar);
    };
    (@operand $($t:ty),*) => {$(
        impl<T: Clone> IntoOperand<T> for $t {
            fn operand(&self) -> Operand<'_, T> {
                Operand::Scalar((*self).into())
            }
        }
        impl<T: Clone> IntoBound<T> for $t {
            fn bound(&self) -> Option<Operand<'_, T>> {
                Some(self.operand())
            }
        }
    )*};
}
scalar!(bool => Bool, f64 => Float, f32 => Float, i64 => Int, i32 => Int, u32 => Int, u8 => Int);

impl<T: Clone> IntoOperand<T> for Operand<'_, T> {
    fn operand(&self) -> Operand<'_, T> {
        match self {
            Self::Tensor(x) => Operand::Tensor(Cow::Borrowed(x)),
            Self::Scalar(v) => Operand::Scalar(*v),
        }
    }
}

impl<T: Clone> IntoBound<T> for () {
    fn bound(&self) -> Option<Operand<'_, T>> {
        None
    }
}

impl<T: Clone, A: IntoBound<T>> IntoBound<T> for Option<A> {
    fn bound(&self) -> Option<Operand<'_, T>> {
        self.as_ref()?.bound()
    }
}

impl<T: Clone, A: IntoBound<T> + ?Sized> IntoBound<T> for &A {
    fn bound(&self) -> Option<Operand<'_, T>> {
        (**self).bound()
    }
}

impl IntoBound for Tensor {
    fn bound(&self) -> Option<Operand<'_>> {
        Some(self.operand())
    }
}

impl IntoOperand for Tensor {
    fn operand(&self) -> Operand<'_> {
        Operand::Tensor(Cow::Borrowed(self))
    }
}

impl AsTensor for Tensor {
    fn as_tensor(&self) -> Cow<'_, Tensor> {
        Cow::Borrowed(self)
    }
}

impl<T: Clone, A: IntoOperand<T> + ?Sized> IntoOperand<T> for &A {
    fn operand(&self) -> Operand<'_, T> {
        (**self).operand()
    }
}

impl<T: Clone, A: AsTensor<T> + ?Sized> AsTensor<T> for &A {
    fn as_tensor(&self) -> Cow<'_, T> {
        (**self).as_tensor()
    }
}

impl<'a> From<&'a Tensor> for Operand<'a> {
    fn from(x: &'a Tensor) -> Self {
        Self::Tensor(Cow::Borrowed(x))
    }
}
