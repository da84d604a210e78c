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

macro_rules! number_first {
    ($($number:ty),*) => {$(
        number_first!(@ $number, Add add, Sub sub, Mul mul, Div div);
    )*};
    (@ $number:ty, $($trait:ident $method:ident),*) => {$(
        impl $trait<&Tensor> for $number {
            type Output = Result<Tensor>;
            fn $method(self, other: &Tensor) -> Result<Tensor> {
                let scalar = Scalar::from(self);
                other.like().dtype(scalar.promote(other.dtype())).full((), scalar)?.$method(other)
            }
        }
        impl $trait<Tensor> for $number {
            type Output = Result<Tensor>;
            fn $method(self, other: Tensor) -> Result<Tensor> {
                self.$method(&other)
            }
        }
    )*};
}
number_first!(f64, f32, i64, i32);

impl Neg for &Tensor {
    type Output = Result<Tensor>;
    fn neg(self) -> Result<Tensor> {
        Tensor::neg(self)
    }
}
