//! Plain numbers and tensors as the second operand of an operation.

use crate::{DType, Tensor};

/// A number that is not a tensor. Its kind decides promotion, as in PyTorch: an integer tensor plus
/// a real number is real, but a real tensor keeps its own dtype whatever the number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// An integer.
    Int(i64),
    /// A real number.
    Float(f64),
}

impl Scalar {
    /// As a real number.
    pub fn to_f64(self) -> f64 {
        match self {
            Self::Int(v) => v as f64,
            Self::Float(v) => v,
        }
    }

    /// The dtype of an operation between a tensor of `dtype` and this number.
    pub fn promote(self, dtype: DType) -> DType {
        match self {
            Self::Float(_) if !dtype.is_float() => DType::F32,
            _ => dtype,
        }
    }

    pub(crate) fn dtype(self) -> DType {
        match self {
            Self::Int(_) => DType::I64,
            Self::Float(_) => DType::F32,
        }
    }
}

macro_rules! scalar {
    ($($t:ty => $kind:ident),*) => {$(
        impl From<$t> for Scalar {
            fn from(v: $t) -> Self {
                Self::$kind(v.into())
            }
        }
        impl IntoOperand for $t {
            fn operand(&self) -> Operand<'_> {
                Operand::Scalar((*self).into())
            }
        }
    )*};
}
scalar!(f64 => Float, f32 => Float, i64 => Int, i32 => Int, u32 => Int, u8 => Int);

/// The second operand of an operation.
#[derive(Clone, Copy, Debug)]
pub enum Operand<'a> {
    /// A tensor, which broadcasts.
    Tensor(&'a Tensor),
    /// A number.
    Scalar(Scalar),
}

/// What can be the second operand: a tensor, or a number.
pub trait IntoOperand {
    /// The operand.
    fn operand(&self) -> Operand<'_>;
}

impl IntoOperand for Scalar {
    fn operand(&self) -> Operand<'_> {
        Operand::Scalar(*self)
    }
}

impl IntoOperand for Tensor {
    fn operand(&self) -> Operand<'_> {
        Operand::Tensor(self)
    }
}

impl<T: IntoOperand + ?Sized> IntoOperand for &T {
    fn operand(&self) -> Operand<'_> {
        (**self).operand()
    }
}
