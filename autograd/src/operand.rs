//! `+ - * /` between variables and numbers. They return a `Result`: `(&x + &y)?`.

use std::ops::{Add, Div, Mul, Neg, Sub};

use taper_tensor::Scalar;

use crate::{Result, Variable};

/// The second operand of an operation.
#[derive(Clone, Copy)]
pub enum Operand<'a> {
    /// A variable, which broadcasts.
    Variable(&'a Variable),
    /// A number.
    Scalar(Scalar),
}

/// What can be the second operand: a variable, or a number.
pub trait IntoOperand {
    /// The operand.
    fn operand(&self) -> Operand<'_>;
}

impl IntoOperand for Variable {
    fn operand(&self) -> Operand<'_> {
        Operand::Variable(self)
    }
}

impl<T: IntoOperand + ?Sized> IntoOperand for &T {
    fn operand(&self) -> Operand<'_> {
        (**self).operand()
    }
}

macro_rules! number {
    ($($t:ty),*) => {$(
        impl IntoOperand for $t {
            fn operand(&self) -> Operand<'_> {
                Operand::Scalar((*self).into())
            }
        }
        number!(@ $t, Add add, Sub sub, Mul mul, Div div);
    )*};
    (@ $t:ty, $($trait:ident $method:ident),*) => {$(
        impl $trait<&Variable> for $t {
            type Output = Result<Variable>;
            #[track_caller]
            fn $method(self, other: &Variable) -> Result<Variable> {
                let data = other.data();
                let scalar = Scalar::from(self);
                let number = data.like().dtype(scalar.promote(data.dtype())).full((), scalar)?;
                Variable::new(number).$method(other)
            }
        }
        impl $trait<Variable> for $t {
            type Output = Result<Variable>;
            #[track_caller]
            fn $method(self, other: Variable) -> Result<Variable> {
                self.$method(&other)
            }
        }
    )*};
}
number!(f64, f32, i64, i32);

macro_rules! operators {
    ($($trait:ident $method:ident),*) => {$(
        impl<B: IntoOperand> $trait<B> for &Variable {
            type Output = Result<Variable>;
            #[track_caller]
            fn $method(self, other: B) -> Result<Variable> {
                Variable::$method(self, other)
            }
        }
        impl<B: IntoOperand> $trait<B> for Variable {
            type Output = Result<Variable>;
            #[track_caller]
            fn $method(self, other: B) -> Result<Variable> {
                Variable::$method(&self, other)
            }
        }
    )*};
}
operators!(Add add, Sub sub, Mul mul, Div div);

impl Neg for &Variable {
    type Output = Result<Variable>;
    #[track_caller]
    fn neg(self) -> Result<Variable> {
        Variable::neg(self)
    }
}
