//! `+ - * /` between tensors and numbers. They return a `Result`: `(&x + &y)?`.

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::{IntoOperand, Result, Scalar, Tensor};

macro_rules! operators {
    ($($trait:ident $method:ident),*) => {$(
        impl<B: IntoOperand> $trait<B> for &Tensor {
            type Output = Result<Tensor>;
            fn $method(self, other: B) -> Result<Tensor> {
                Tensor::$method(self, other)
            }
        }
        impl<B: IntoOperand> $trait<B> for Tensor {
            type Output = Result<Tensor>;
            fn $method(self, other: B) -> Result<Tensor> {
                Tensor::$method(&self, other)
            }
        }
    )*};
}
operators!(Add add, Sub sub, Mul mul, Div div);

/// A number before a tensor: `+` and `*` commute, the others are the tensor's own.
macro_rules! number_first {
    ($($number:ty),*) => {$(
        number_first!(@ $number, Add add |x, v| x.add(v));
        number_first!(@ $number, Mul mul |x, v| x.mul(v));
        number_first!(@ $number, Sub sub |x, v| x.rsub_or_rdiv("sub", v));
        number_first!(@ $number, Div div |x, v| x.rsub_or_rdiv("div", v));
    )*};
    (@ $number:ty, $trait:ident $method:ident |$x:ident, $v:ident| $e:expr) => {
        impl $trait<&Tensor> for $number {
            type Output = Result<Tensor>;
            fn $method(self, $x: &Tensor) -> Result<Tensor> {
                let $v = Scalar::from(self);
                $e
            }
        }
        impl $trait<Tensor> for $number {
            type Output = Result<Tensor>;
            fn $method(self, other: Tensor) -> Result<Tensor> {
                self.$method(&other)
            }
        }
    };
}
// One type of each kind, so that a literal needs no suffix: `1.0 - &x`.
number_first!(f64, i64);

impl Neg for &Tensor {
    type Output = Result<Tensor>;
    fn neg(self) -> Result<Tensor> {
        Tensor::neg(self)
    }
}
