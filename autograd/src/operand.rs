//! Variables, tensors and numbers as arguments of operations, and the operators `+ - * /` between them.

use std::borrow::Cow;
use std::ops::{Add, Div, Mul, Neg, Sub};

use taper_tensor::{AsTensor, IntoBound, IntoOperand, Operand, Scalar, Tensor};

use crate::{Result, Variable};

impl AsTensor<Variable> for Variable {
    fn as_tensor(&self) -> Cow<'_, Variable> {
        Cow::Borrowed(self)
    }
}

impl AsTensor<Variable> for Tensor {
    fn as_tensor(&self) -> Cow<'_, Variable> {
        Cow::Owned(Variable::new(self.clone()))
    }
}

impl IntoOperand<Variable> for Variable {
    fn operand(&self) -> Operand<'_, Variable> {
        Operand::Tensor(self.as_tensor())
    }
}

impl IntoOperand<Variable> for Tensor {
    fn operand(&self) -> Operand<'_, Variable> {
        Operand::Tensor(self.as_tensor())
    }
}

impl IntoBound<Variable> for Variable {
    fn bound(&self) -> Option<Operand<'_, Variable>> {
        Some(self.operand())
    }
}

impl IntoBound<Variable> for Tensor {
    fn bound(&self) -> Option<Operand<'_, Variable>> {
        Some(self.operand())
    }
}

taper_tensor::operators!(Variable);

/// Implements the operators with a tensor, a constant, on the left.
macro_rules! tensor_first {
    ($($trait:ident $method:ident),*) => {$(
        tensor_first!(@ $trait $method, Tensor, Variable);
        tensor_first!(@ $trait $method, &Tensor, Variable);
        tensor_first!(@ $trait $method, Tensor, &Variable);
        tensor_first!(@ $trait $method, &Tensor, &Variable);
    )*};
    (@ $trait:ident $method:ident, $left:ty, $right:ty) => {
        impl $trait<$right> for $left {
            type Output = Result<Variable>;
            #[track_caller]
            fn $method(self, other: $right) -> Result<Variable> {
                Variable::from(self).$method(other)
            }
        }
    };
}
tensor_first!(Add add, Sub sub, Mul mul, Div div);
