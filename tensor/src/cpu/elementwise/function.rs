//! What a function of elements is: a closure, or one of the operators in [`super::super::operators`], which
//! know their cost and are compiled for each instruction set.

use crate::cuda::kernel;

/// Declares the trait of functions with some number of arguments, which closures implement.
macro_rules! op_trait {
    ($(#[$meta:meta])* $name:ident($($arg:ident: $t:ident),+) $(by $gpu:ty)?) => {
        $(#[$meta])*
        pub trait $name<$($t,)+ Y>: Copy + Sync {
            /// Nanoseconds an element costs, memory traffic included, on one thread.
            const NS: f64 = 0.3;
            /// Whether to compile it for each instruction set.
            const SIMD: bool = true;
            $(/// The kernel that computes the function on a GPU.
            fn on_gpu(&self) -> Option<$gpu> {
                None
            })?
            /// The function's value; `L` as in [`super::super::simd`].
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

/// `op` with its second argument given: `x + 2` is `map1(x, With(Add, 2.0))`.
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
