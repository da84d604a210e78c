//! Functions of elements: closures, and the operators in [`super::super::operators`], which know their cost
//! and are compiled for each instruction set.

use crate::cuda::kernel;

/// Declares a trait of functions with some number of arguments, which closures implement.
macro_rules! op_trait {
    ($(#[$meta:meta])* $name:ident($($arg:ident: $t:ident),+) $(by $gpu:ty)?) => {
        $(#[$meta])*
        pub trait $name<$($t,)+ Y>: Copy + Sync {
            /// The cost per element, in nanoseconds, including memory traffic, on one thread.
            const NS: f64 = 0.3;
            /// True if it is compiled for each instruction set.
            const SIMD: bool = true;
            $(/// The kernel that computes the function on a GPU.
            fn on_gpu(&self) -> Option<$gpu> {
                None
            })?
            /// Returns the function's value; `L` is as in [`super::super::simd`].
            fn call<const L: usize>(self, $($arg: $t),+) -> Y;
        }
        impl<$($t,)+ Y, F: Fn($($t),+) -> Y + Copy + Sync> $name<$($t,)+ Y> for F {
            const NS: f64 = 2.0;
            const SIMD: bool = false;
            #[inline(always)]
            fn call<const L: usize>(self, $($arg: $t),+) -> Y {
                self($($arg),+)
            }
        }
    };
}
op_trait! {
    /// A function of one element.
    Op1(a: A) by kernel::Elementwise
}
op_trait! {
    /// A function of two elements.
    Op2(a: A, b: B) by kernel::Elementwise
}
op_trait! {
    /// A function of three elements.
    Op3(a: A, b: B, c: C)
}

/// A function with its second argument fixed: `x + 2` is `map1(x, With(Add, 2.0))`.
#[derive(Clone, Copy, Debug)]
pub struct With<F, B>(pub F, pub B);

impl<A, B: Copy + Sync, Y, F: Op2<A, B, Y>> Op1<A, Y> for With<F, B> {
    const NS: f64 = F::NS;
    const SIMD: bool = F::SIMD;
    #[inline(always)]
    fn call<const L: usize>(self, a: A) -> Y {
        self.0.call::<L>(a, self.1)
    }
}
