//! The gradient of the cross entropy of class scores: `(softmax - onehot) · factor`, from the log-softmax of
//! the forward pass, in one pass over memory.
//!
//! Memory is seen as slabs of `n` classes of `inner` neighbouring samples.

use super::element::Float;
use super::fresh::overwritten;
use super::parallel;
use super::simd::{Simd, dispatch};

/// The number of elements of a task.
const TASK: usize = 16_384;

/// Returns `e^y · factor` for each sample, minus the factor at its class, and 0 if the factor is 0. `y` is
/// the log-softmax; `classes` and `factors` have one number for each sample.
///
/// # Panics
/// If the operands are not whole slabs, or a class is not below `n`.
pub fn gradient<T: Float>(y: &[T], classes: &[i64], factors: &[T], n: usize, inner: usize) -> Vec<T> {
    assert_eq!((y.len(), y.len()), (classes.len() * n, factors.len() * n), "a class and a factor a sample");
    if y.is_empty() {
        return Vec::new();
    }
    let slab = n * inner;
    assert_eq!(y.len() % slab, 0, "whole slabs");
    let slabs = TASK.div_ceil(slab);
    let part = |i: usize, out: &mut [T]| {
        let samples = i * slabs * inner..i * slabs * inner + out.len() / n;
        let (classes, factors) = (&classes[samples.clone()], &factors[samples]);
        let job = Slabs { y: &y[i * slabs * slab..][..out.len()], classes, factors, n, inner, out };
        if T::SIMD { dispatch(job) } else { job.run::<4>() }
    };
    // SAFETY: each chunk writes all of its slabs, and the chunks cover all elements.
    unsafe { overwritten(y.len(), |out| parallel::for_each_chunk(out, slabs * slab, 0.7, part)) }
}

struct Slabs<'a, T> {
    y: &'a [T],
    classes: &'a [i64],
    factors: &'a [T],
    n: usize,
    inner: usize,
    out: &'a mut [T],
}

impl<T: Float> Simd for Slabs<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run<const L: usize>(self) {
        let Self { y, classes, factors, n, inner, out } = self;
        let slabs = y.chunks_exact(n * inner).zip(out.chunks_exact_mut(n * inner));
        let samples = classes.chunks_exact(inner).zip(factors.chunks_exact(inner));
        for ((y, out), (classes, factors)) in slabs.zip(samples) {
            if inner == 1 {
                let factor = factors[0];
                for (out, y) in out.iter_mut().zip(y) {
                    *out = share::<L, T>(*y, factor);
                }
            } else {
                for (y, out) in y.chunks_exact(inner).zip(out.chunks_exact_mut(inner)) {
                    for ((out, y), factor) in out.iter_mut().zip(y).zip(factors) {
                        *out = share::<L, T>(*y, *factor);
                    }
                }
            }
            for (i, (&class, factor)) in classes.iter().zip(factors).enumerate() {
                let own = &mut out[class as usize * inner + i];
                *own = own.sub(*factor);
            }
        }
    }
}

/// Returns `e^y · factor`, and 0 for a factor of 0, even if the score is impossible.
#[inline(always)]
fn share<const L: usize, T: Float>(y: T, factor: T) -> T {
    let share = y.exp::<L>().mul(factor);
    if factor == T::ZERO { T::ZERO } else { share }
}

#[cfg(test)]
mod tests;
