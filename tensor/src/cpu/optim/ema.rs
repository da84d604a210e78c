//! Exponential moving averages.

use super::each_part;
use crate::cpu::real::Real;
use crate::cpu::simd::simd;

/// `average = average + (1 - decay) * (param - average)`
pub fn ema<T: Real>(decay: f64, average: &mut [T], param: &[T]) {
    let taken = T::of(1.0 - decay);
    each_part(param, [average], |param, [average]| part(taken, average, param));
}

simd! {
    fn part<T: Real>(taken: T, average: &mut [T], param: &[T]) = part_body;
}

#[inline(always)]
fn part_body<const L: usize, T: Real>(taken: T, average: &mut [T], param: &[T]) {
    for (a, &p) in average.iter_mut().zip(param) {
        *a = (p - *a).fma::<L>(taken, *a);
    }
}
