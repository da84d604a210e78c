//! The operators `+ - * /` and unary minus for tensors and numbers, and `& | ^ !` for masks and integers.
//!
//! They return a `Result`, and accept one on either side of a tensor, so that a longer expression needs a
//! single `?`: `(&a * &b + &c)?`. Rust allows no implementation for two `Result`s, or for a `Result` and a
//! number. There, each needs its own `?`: `((&a * &b)? + 1.0)?`.

use std::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Not, Sub};

use crate::{IntoOperand, Result, Scalar, Tensor};

/// Implements the operators of a tensor type by its methods, with any operand on the right, and with a number
/// on the left.
#[doc(hidden)]
#[macro_export]
macro_rules! operators {
    ($T:ty) => {
        $crate::operators!(@own $T, &$T);
        $crate::operators!(@own $T, $T);
    };
    (@own $T:ty, $Own:ty) => {
        $crate::operators!(@right $T, $Own, Add add add, Sub sub sub, Mul mul mul, Div div div);
        $crate::operators!(@left $T, $Own, f64, f32, i64, i32);
        impl Neg for $Own {
            type Output = Result<$T>;
            #[track_caller]
            fn neg(self) -> Result<$T> {
                <$T>::neg(&self)
            }
        }
    };
    (@right $T:ty, $Own:ty, $($trait:ident $method:ident $named:ident),*) => {$(
        impl<B: IntoOperand<$T>> $trait<B> for $Own {
            type Output = Result<$T>;
            #[track_caller]
            fn $method(self, other: B) -> Result<$T> {
                <$T>::$named(&self, other)
            }
        }
        impl $trait<Result<$T>> for $Own {
            type Output = Result<$T>;
            #[track_caller]
            fn $method(self, other: Result<$T>) -> Result<$T> {
                <$T>::$named(&self, &other?)
            }
        }
        impl $trait<$Own> for Result<$T> {
            type Output = Result<$T>;
            #[track_caller]
            fn $method(self, other: $Own) -> Result<$T> {
                <$T>::$named(&self?, &other)
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

/// Implements the bitwise operators of integers and masks.
macro_rules! bitwise {
    ($($Own:ty),*) => {$(
        operators!(@right Tensor, $Own, BitAnd bitand bitwise_and, BitOr bitor bitwise_or, BitXor bitxor bitwise_xor);
        impl Not for $Own {
            type Output = Result<Tensor>;
            fn not(self) -> Result<Tensor> {
                self.bitwise_not()
            }
        }
    )*};
}
bitwise!(Tensor, &Tensor);
