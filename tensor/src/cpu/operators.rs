//! The operators of [`super::elementwise`]: `map2(a, b, Add)`. Longer formulas are in [`super::functions`].
//! Rare functions are closures.

use super::element::{Element, Float, Number};
use super::elementwise::{Op1, Op2, Op3};
use crate::cuda::kernel;

/// Declares operators that compute in `T::Wide` and round once to `T`.
macro_rules! ops {
    ($($(#[$meta:meta])* $name:ident[$bound:ident, $op:ident, $ns:literal $(; $gpu:ident)?]($($arg:ident),+) = $e:expr;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl<T: $bound> $op<$(ops!(@t $arg),)+ T> for $name {
            const NS: f64 = $ns;
            const SIMD: bool = T::SIMD;
            $(fn on_gpu(&self) -> Option<kernel::Elementwise> {
                Some(kernel::Elementwise::$gpu)
            })?
            #[inline(always)]
            fn call<const L: usize>(self, $($arg: T),+) -> T {
                $(let $arg = $arg.wide();)+
                T::narrow($e)
            }
        }
    )*};
    (@t $arg:ident) => { T };
}

ops! {
    /// a + b
    Add[Element, Op2, 0.3; Add](a, b) = a.add(b);
    /// a - b
    Sub[Element, Op2, 0.3; Sub](a, b) = a.sub(b);
    /// a * b
    Mul[Element, Op2, 0.3; Mul](a, b) = a.mul(b);
    /// a / b; integers truncate, and 0 where b is 0.
    Div[Element, Op2, 0.3; Div](a, b) = a.div(b);
    /// floor(a / b); integers give 0 where b is 0.
    FloorDiv[Element, Op2, 5.0](a, b) = a.floor_div(b);
    /// a - floor(a / b) * b, with the sign of b; integers give 0 where b is 0.
    Remainder[Element, Op2, 5.0](a, b) = a.remainder(b);
    /// The larger number, or NaN if either is NaN.
    Maximum[Element, Op2, 0.3; Maximum](a, b) = a.maximum(b);
    /// The smaller number, or NaN if either is NaN.
    Minimum[Element, Op2, 0.3; Minimum](a, b) = a.minimum(b);

    /// -x
    Neg[Element, Op1, 0.3; Neg](x) = x.neg();
    /// |x|
    Abs[Element, Op1, 0.3; Abs](x) = x.abs();
    /// -1, 0 or 1, and 0 for NaN.
    Sign[Element, Op1, 0.3; Sign](x) = x.sign();
    /// x²
    Square[Element, Op1, 0.3; Square](x) = x.mul(x);
    /// max(x, 0); NaN stays NaN.
    Relu[Element, Op1, 0.3; Relu](x) = x.maximum(Number::ZERO);
}

/// The element itself: `map1(x, Copied)` makes a strided view contiguous.
#[derive(Clone, Copy, Debug)]
pub struct Copied;
impl<T: Copy> Op1<T, T> for Copied {
    const SIMD: bool = false;
    #[inline(always)]
    fn call<const L: usize>(self, x: T) -> T {
        x
    }
}

/// The new value: `update1(y, x, Put)` copies x to y.
#[derive(Clone, Copy, Debug)]
pub struct Put;
impl<T: Copy> Op2<T, T, T> for Put {
    const SIMD: bool = false;
    fn on_gpu(&self) -> Option<kernel::Elementwise> {
        Some(kernel::Elementwise::Put)
    }
    #[inline(always)]
    fn call<const L: usize>(self, _: T, x: T) -> T {
        x
    }
}

/// The element converted to another type; see [`Element::cast`].
#[derive(Clone, Copy, Debug)]
pub struct Cast;
impl<S: Element, D: Element> Op1<S, D> for Cast {
    const SIMD: bool = S::SIMD || D::SIMD;
    #[inline(always)]
    fn call<const L: usize>(self, x: S) -> D {
        x.cast()
    }
}

/// The element of a where the mask is not 0, else of b.
#[derive(Clone, Copy, Debug)]
pub struct Where;
impl<T: Element> Op3<u8, T, T, T> for Where {
    #[inline(always)]
    fn call<const L: usize>(self, mask: u8, a: T, b: T) -> T {
        if mask != 0 { a } else { b }
    }
}

/// Declares comparisons, which return 1 for true.
macro_rules! comparisons {
    ($($(#[$meta:meta])* $name:ident $op:tt;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl<T: Element> Op2<T, T, u8> for $name {
            const SIMD: bool = T::SIMD;
            fn on_gpu(&self) -> Option<kernel::Elementwise> {
                Some(kernel::Elementwise::$name)
            }
            #[inline(always)]
            fn call<const L: usize>(self, a: T, b: T) -> u8 {
                (a.wide() $op b.wide()) as u8
            }
        }
    )*};
}
comparisons! {
    /// a = b
    Eq ==;
    /// a ≠ b; true if either is NaN.
    Ne !=;
    /// a < b
    Lt <;
    /// a ≤ b
    Le <=;
    /// a > b
    Gt >;
    /// a ≥ b
    Ge >=;
}

/// `a + w (b - a)`, computed from the nearer end, as in PyTorch.
#[derive(Clone, Copy)]
pub struct Lerp;

impl<T: Float> Op3<T, T, T, T> for Lerp {
    const SIMD: bool = T::SIMD;
    #[inline(always)]
    fn call<const L: usize>(self, a: T, b: T, w: T) -> T {
        let d = b.sub(a);
        if w.abs() < T::of(0.5) { a.add(w.mul(d)) } else { b.sub(d.mul(T::ONE.sub(w))) }
    }
}

/// `a + v · b · c`, or `a + v · b / c`.
#[derive(Clone, Copy)]
pub struct AddC<T>(pub T, pub bool);

impl<T: Number> Op3<T, T, T, T> for AddC<T> {
    const SIMD: bool = T::SIMD;
    #[inline(always)]
    fn call<const L: usize>(self, a: T, b: T, c: T) -> T {
        let product = self.0.mul(b);
        a.add(if self.1 { product.div(c) } else { product.mul(c) })
    }
}

/// A function with its first argument fixed: `2 - x`.
#[derive(Clone, Copy)]
pub struct Swapped<F, A>(pub F, pub A);

impl<A: Copy + Sync, B, Y, F: Op2<A, B, Y>> Op1<B, Y> for Swapped<F, A> {
    const NS: f64 = F::NS;
    const SIMD: bool = F::SIMD;
    #[inline(always)]
    fn call<const L: usize>(self, b: B) -> Y {
        self.0.call::<L>(self.1, b)
    }
}
