//! `+ - * /` and the minus sign for tensors and numbers. They return a `Result`: `(&x + &y)?`.

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::{IntoOperand, Result, Scalar, Tensor};

/// Implements the operators of a tensor type by its methods: with another operand on the right, and with a
/// number on the left.
#[doc(hidden)]
#[macro_export]
macro_rules! operators {
    ($T:ty) => {
        $crate::operators!(@own $T, &$T);
        $crate::operators!(@own $T, $T);
    };
    (@own $T:ty, $Own:ty) => {
        $crate::operators!(@right $T, $Own, Add add, Sub sub, Mul mul, Div div);
        $crate::operators!(@left $T, $Own, f64, f32, i64, i32);
        impl Neg for $Own {
            type Output = Result<$T>;
            #[track_caller]
            fn neg(self) -> Result<$T> {
                <$T>::neg(&self)
            }
        }
    };
    (@right $T:ty, $Own:ty, $($trait:ident $method:ident),*) => {$(
        impl<B: IntoOperand<$T>> $trait<B> for $Own {
            type Output = Result<$T>;
            #[track_caller]
            fn $method(self, other: B) -> Result<$T> {
                <$T>::$method(&self, other)
            }
        }
    )*};
    (@left $T:ty, $Own:ty, $($number:ty),*) => {$(
        $crate::operators!(@swapped $T, $Own, $number, Add add add, Mul mul mul, Sub sub rsub, Div div rdiv);
    )*};
    (@swapped $T:ty, $Own:ty, $number:ty, $($trait:ident $method:ident $swapped:ident),*) => {$(
        impl $trait<$Own> for $number {
            type Output = Result<$T>;
            #[track_caller]
            fn $method(self, x: $Own) -> Result<$T> {
                x.$swapped(Scalar::from(self))
            }
        }
    )*};
}
operators!(Tensor);
