//! `+ - * /` and the minus sign for tensors and numbers. They return a `Result`: `(&x + &y)?`.

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::{IntoOperand, Result, Scalar, Tensor};

/// Implements the operators of a tensor type by its methods: with another operand on the right, and with a
/// number on the left.
#[doc(hidden)]
#[macro_export]
macro_rules! operators {
    ($T:ty) => {
        $crate::operators!(@right $T, Add add, Sub sub, Mul mul, Div div);
        $crate::operators!(@left $T, f64, f32, i64, i32);
        impl Neg for &$T {
            type Output = Result<$T>;
            #[track_caller]
            fn neg(self) -> Result<$T> {
                <$T>::neg(self)
            }
        }
        impl Neg for $T {
            type Output = Result<$T>;
            #[track_caller]
            fn neg(self) -> Result<$T> {
                <$T>::neg(&self)
            }
        }
    };
    (@right $T:ty, $($trait:ident $method:ident),*) => {$(
        impl<B: IntoOperand<$T>> $trait<B> for &$T {
            type Output = Result<$T>;
            #[track_caller]
            fn $method(self, other: B) -> Result<$T> {
                <$T>::$method(self, other)
            }
        }
        impl<B: IntoOperand<$T>> $trait<B> for $T {
            type Output = Result<$T>;
            #[track_caller]
            fn $method(self, other: B) -> Result<$T> {
                <$T>::$method(&self, other)
            }
        }
    )*};
    (@left $T:ty, $($number:ty),*) => {$(
        $crate::operators!(@commuting $T, $number, Add add, Mul mul);
        $crate::operators!(@swapped $T, $number, Sub sub rsub, Div div rdiv);
    )*};
    (@commuting $T:ty, $number:ty, $($trait:ident $method:ident),*) => {$(
        $crate::operators!(@swapped $T, $number, $trait $method $method);
    )*};
    (@swapped $T:ty, $number:ty, $($trait:ident $method:ident $swapped:ident),*) => {$(
        impl $trait<&$T> for $number {
            type Output = Result<$T>;
            #[track_caller]
            fn $method(self, x: &$T) -> Result<$T> {
                x.$swapped(Scalar::from(self))
            }
        }
        impl $trait<$T> for $number {
            type Output = Result<$T>;
            #[track_caller]
            fn $method(self, x: $T) -> Result<$T> {
                x.$swapped(Scalar::from(self))
            }
        }
    )*};
}
operators!(Tensor);
