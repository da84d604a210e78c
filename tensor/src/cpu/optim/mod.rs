//! Steps of optimisers, each one in-place pass over a parameter, its gradient and its state.
//!
//! The formulae are those of PyTorch's documentation (`torch.optim`), in its order of operations. Settings
//! are f64, and are rounded to the parameter's type once, after everything that depends on the step number is
//! computed: `numbers` returns them, in the order of the fields of the GPU's kernels (`../cuda/optim.cu`).
//! State slices have PyTorch's names, and begin as zeros unless stated otherwise. Steps are counted from 1.
//! Averages that decay below the smallest normal number become 0 ([`Real::normal`]). PyTorch's stay
//! subnormal, and slow down every later step.

/// Defines a step by its update of each element of a parameter and of its state, given the element's
/// gradient.
///
/// `name(numbers: type; param, grad, states…) { … }`; all slices have the same length. In the body, `L` is as
/// in [`simd`], `T` is the parameter's type, and each slice's name stands for its element.
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

/// The number of elements of a task.
const GRAIN: usize = 1 << 14;

/// Calls `f` with matching parts of a gradient and of the slices that the step updates, the parameter first,
/// over the threads if they are large.
fn each_part<T: Real, const N: usize>(
    grad: &[T],
    updated: [&mut [T]; N],
    f: impl Fn(&[T], [&mut [T]; N]) + Sync + Send,
) {
    for slice in &updated {
        assert_eq!(slice.len(), grad.len(), "an optimiser's step over slices of different lengths");
    }
    // Each slice is read and written, at about 0.1 ns per byte.
    let ns = 0.1 * ((2 * N + 1) * size_of::<T>()) as f64;
    let updated = updated.map(Disjoint::new);
    parallel::for_each_range(grad.len(), GRAIN, ns, |range| {
        // SAFETY: the ranges of different calls do not overlap.
        let parts = updated.map(|slice| unsafe { slice.part(range.start, range.len()) });
        f(&grad[range], parts);
    });
}

/// Returns the gradient of the rules: `grad`, negated to maximise, plus `decay * param`.
#[inline(always)]
fn gradient<const L: usize, T: Real>(grad: T, param: T, decay: T, sign: T) -> T {
    param.fma::<L>(decay, grad * sign)
}

/// Returns -1 to maximise, 1 to minimise.
fn sign(maximize: bool) -> f64 {
    if maximize { -1.0 } else { 1.0 }
}
