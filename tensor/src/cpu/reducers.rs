//! The common reductions: `reduce(x, &[0, 2], Sum)`.

use super::element::{Element, FloatElement, Number};
use super::reduce::{Fold, fold, reduce};
use super::simd::inlined;
use super::strided::Strided;

type Acc<T> = <<T as Element>::Wide as Number>::Acc;

/// Returns a small depth for elements that are as wide as their accumulator. The error of a sum then stays
/// below that of pairwise summation.
const fn depth<T: Element>() -> usize {
    if size_of::<T>() == 8 { 8 } else { 256 }
}

/// Declares folds of elements `T`: the accumulator's type, the result's type and the depth; then the empty
/// accumulator, the functions that add an element and merge two accumulators, and the result.
macro_rules! folds {
    ($($(#[$meta:meta])* $name:ident: $acc:ty => $out:ty, $depth:expr;
        $empty:expr, |$to:ident, $x:ident| $step:expr, |$a:ident, $b:ident| $merge:expr, |$end:ident| $finish:expr;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl<T: Element> Fold<T> for $name {
            type Acc = $acc;
            type Out = $out;
            const DEPTH: usize = $depth;
            inlined! {
                fn empty(self) -> $acc = $empty;
                fn step<const L: usize>(self, $to: $acc, $x: T, (): ()) -> $acc = $step;
                fn merge(self, $a: $acc, $b: $acc) -> $acc = $merge;
                fn finish(self, $end: $acc, (): ()) -> $out = $finish;
            }
        }
    )*};
}
folds! {
    /// The sum: of floats in `f64`; of integers in `i64`, wrapping around.
    Sum: Acc<T> => T::Total, depth::<T>();
        Number::ZERO, |acc, x| acc.add(x.wide().acc()), |a, b| a.add(b), |acc| T::total(acc);
    /// The product, accumulated like [`Sum`].
    Prod: Acc<T> => T::Total, depth::<T>();
        Number::ONE, |acc, x| acc.mul(x.wide().acc()), |a, b| a.mul(b), |acc| T::total(acc);
    /// The largest element, NaN if an element is NaN, or the type's smallest value if there are no elements.
    Max: T::Wide => T, 256;
        Number::LOWEST, |acc, x| x.wide().maximum(acc), |a, b| a.maximum(b), |acc| T::narrow(acc);
    /// The smallest element, NaN if an element is NaN, or the type's largest value if there are no elements.
    Min: T::Wide => T, 256;
        Number::HIGHEST, |acc, x| x.wide().minimum(acc), |a, b| a.minimum(b), |acc| T::narrow(acc);
    /// The number of elements that are not 0.
    CountNonzero: i64 => i64, 256;
        0, |acc, x| acc + (x.wide() != Number::ZERO) as i64, |a, b| a + b, |acc| acc;
    /// 1 if any element is not 0; NaN is not 0.
    Any: u8 => u8, 256;
        0, |acc, x| acc | (x.wide() != Number::ZERO) as u8, |a, b| a | b, |acc| acc;
    /// 1 if no element is 0.
    All: u8 => u8, 256;
        1, |acc, x| acc & (x.wide() != Number::ZERO) as u8, |a, b| a & b, |acc| acc;
}

/// The function `finish` of the sum of `of(x, p)` in `f64`: for means, norms and variances.
#[derive(Clone, Copy, Debug)]
pub struct SumOf<G, H> {
    /// The summand.
    pub of: G,
    /// The function from the sum to the result.
    pub finish: H,
}
impl<T: Element, P, Y, G, H> Fold<T, P> for SumOf<G, H>
where
    Y: Copy + Default + Send,
    G: Fn(T, P) -> f64 + Copy + Sync,
    H: Fn(f64, P) -> Y + Copy + Sync,
{
    type Acc = f64;
    type Out = Y;
    const DEPTH: usize = depth::<T>();
    inlined! {
        fn empty(self) -> f64 = 0.0;
        fn step<const L: usize>(self, acc: f64, x: T, p: P) -> f64 = acc + (self.of)(x, p);
        fn merge(self, a: f64, b: f64) -> f64 = a + b;
        fn finish(self, acc: f64, p: P) -> Y = (self.finish)(acc, p);
    }
}

/// Returns the number of elements of each result of reducing `over`.
fn count(x: &[usize], over: &[usize]) -> f64 {
    over.iter().map(|&d| x[d]).product::<usize>() as f64
}

/// Returns the mean over some dimensions, accumulated in `f64`; NaN of no elements.
pub fn mean<T: FloatElement>(x: Strided<'_, T>, over: &[usize]) -> Vec<T> {
    let n = count(x.dims, over);
    reduce(x, over, SumOf { of: |x: T, ()| x.to_f64(), finish: move |sum, ()| T::from_f64(sum / n) })
}

/// Returns `f` of the variance over some dimensions, and the mean. The variance is the mean of the squared
/// differences from the mean (two passes, in `f64`), with `n - correction` instead of `n`. It is NaN if that
/// is not positive and the differences are 0.
pub fn var_mean<T: FloatElement>(
    x: Strided<'_, T>,
    over: &[usize],
    correction: f64,
    f: fn(f64) -> f64,
) -> (Vec<T>, Vec<T>) {
    let n = count(x.dims, over);
    let mean = reduce(x, over, SumOf { of: |x: T, ()| x.to_f64(), finish: move |sum, ()| sum / n });
    let squared_distance = |x: T, mean| {
        let d = x.to_f64() - mean;
        d * d
    };
    let divisor = (n - correction).max(0.0);
    let y = fold(
        x,
        over,
        &mean,
        SumOf { of: squared_distance, finish: move |sum, _| T::from_f64(f(sum / divisor)) },
    );
    (y, mean.into_iter().map(T::from_f64).collect())
}
