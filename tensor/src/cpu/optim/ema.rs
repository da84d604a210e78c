//! Exponential moving averages.

use super::{Real, each_part, simd};

/// Updates `average = average + (1 - decay) * (param - average)`.
pub fn ema<T: Real>(decay: f64, average: &mut [T], param: &[T]) {
    part(T::of(1.0 - decay), average, param);
}

pass! {
    part(taken: T; average, param) {
        *average = (param - *average).fma::<L>(taken, *average);
    }
}
