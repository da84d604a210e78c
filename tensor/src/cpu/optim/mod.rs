//! Optimisers' steps, each one pass over a parameter, its gradient and its state, in place.
//!
//! The formulae are those of PyTorch's documentation (`torch.optim`), in its order of operations.
//! Settings are f64 and are rounded to the parameter's type once, after what depends on the step
//! has been computed: `numbers` gives them, in the order of the fields that the GPU's kernels have
//! (`../cuda/optim.cu`). State slices have PyTorch's names; they begin as zeros unless said otherwise.
//! A step's number counts from 1. Averages that decay below the smallest normal number become 0
//! ([`Real::normal`]): PyTorch's stay there, and slow every step from then on.

/// Defines a step: what it does to each element of a parameter and of its state, given the element's
/// gradient.
///
/// `name(numbers: type; param, grad, states…) { … }`; the slices are as long as each other. In the body, `L` is as in
/// [`simd`], `T` the parameter's type, and each slice's name is its element.
macro_rules! pass {
    ($name:ident($numbers:tt: $settings:ty; $param:ident, $grad:ident $(, $state:ident)*) $body:block) => {
        fn $name<T: Real>(numbers: $settings, $param: &mut [T], $grad: &[T] $(, $state: &mut [T])*) {
            simd!(
                fn part<const L: usize, T: Real>(
                    numbers: $settings, $param: &mut [T], $grad: &[T] $(, $state: &mut [T])*
                ) {
                    let ($numbers, n) = (numbers, $param.len());
                    let $grad = &$grad[..n];
                    $(let $state = &mut $state[..n];)*
                    for i in 0..n {
                        let ($param, $grad $(, $state)*) = (&mut $param[i], $grad[i] $(, &mut $state[i])*);
                        $body
                    }
                }
            );
            each_part($grad, [$param $(, $state)*], |$grad, [$param $(, $state)*]| {
                part(numbers, $param, $grad $(, $state)*);
            });
        }
    };
}

mod adadelta;
mod adagrad;
mod adam;
mod adamax;
mod ema;
mod lion;
mod nadam;
mod radam;
mod rmsprop;
mod sgd;
#[cfg(test)]
mod tests;

pub use adadelta::Adadelta;
pub use adagrad::Adagrad;
pub use adam::Adam;
pub use adamax::Adamax;
pub use ema::ema;
pub use lion::Lion;
pub use nadam::NAdam;
pub use radam::RAdam;
pub use rmsprop::RmsProp;
pub use sgd::Sgd;

use super::parallel::{self, Disjoint};
use super::real::Real;
use super::simd::simd;

/// Elements that one task takes at a time.
const GRAIN: usize = 1 << 14;

/// Calls `f` with matching parts of a gradient and of the slices that the step updates, the
/// parameter first, over the threads where they are large.
fn each_part<T: Real, const N: usize>(
    grad: &[T],
    updated: [&mut [T]; N],
    f: impl Fn(&[T], [&mut [T]; N]) + Sync + Send,
) {
    for slice in &updated {
        assert_eq!(slice.len(), grad.len(), "an optimiser's step over slices of different lengths");
    }
    // Each is read and written: about 0.1 ns for a byte of memory.
    let ns = 0.1 * ((2 * N + 1) * size_of::<T>()) as f64;
    let updated = updated.map(Disjoint::new);
    parallel::for_each_range(grad.len(), GRAIN, ns, |range| {
        // SAFETY: the ranges of different calls do not overlap.
        let parts = updated.map(|slice| unsafe { slice.part(range.start, range.len()) });
        f(&grad[range], parts);
    });
}

/// The gradient that the rules see: `grad`, turned round to maximise, plus `decay * param`.
#[inline(always)]
fn gradient<const L: usize, T: Real>(grad: T, param: T, decay: T, sign: T) -> T {
    param.fma::<L>(decay, grad * sign)
}

/// -1 to maximise, 1 to minimise.
fn sign(maximize: bool) -> f64 {
    if maximize { -1.0 } else { 1.0 }
}
