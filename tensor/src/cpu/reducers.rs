//! The common reductions: `reduce(x, &[0, 2], Sum)`.

use super::element::{Element, FloatElement, Number};
use super::reduce::{Fold, fold, reduce};
use super::simd::inlined;
use super::strided::Strided;

type Acc<T> = <<T as Element>::Wide as Number>::Acc;

/// In sequence few, where elements are as wide as what gathers them: the error of a sum then
/// stays below that of pairwise summation.
const fn depth<T: Element>() -> usize {
    if size_of::<T>() == 8 { 8 } else { 256 }
}

/// Folds of elements `T`: what gathers them, the result and the depth; then the accumulator of no element,
/// how it takes an element, how two are merged, and the result.
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
    /// The sum: of floats, gathered in `f64`; of integers, `i64`, wrapping around.
    Sum: Acc<T> => T::Total, depth::<T>();
        Number::ZERO, |acc, x| acc.add(x.wide().acc()), |a, b| a.add(b), |acc| T::total(acc);
    /// The product, gathered as [`Sum`] is.
    Prod: Acc<T> => T::Total, depth::<T>();
        Number::ONE, |acc, x| acc.mul(x.wide().acc()), |a, b| a.mul(b), |acc| T::total(acc);
    /// The greatest element; NaN if there is one, the type's least value if there is none at all.
    Max: T::Wide => T, 256;
        Number::LOWEST, |acc, x| x.wide().maximum(acc), |a, b| a.maximum(b), |acc| T::narrow(acc);
    /// The least element; NaN if there is one, the type's greatest value if there is none at all.
    Min: T::Wide => T, 256;
        Number::HIGHEST, |acc, x| x.wide().minimum(acc), |a, b| a.minimum(b), |acc| T::narrow(acc);
    /// How many elements are not 0.
    CountNonzero: i64 => i64, 256;
        0, |acc, x| acc + (x.wide() != Number::ZERO) as i64, |a, b| a + b, |acc| acc;
    /// Whether any element is not 0; NaN is not 0.
    Any: u8 => u8, 256;
        0, |acc, x| acc | (x.wide() != Number::ZERO) as u8, |a, b| a | b, |acc| acc;
    /// Whether no element is 0.
    All: u8 => u8, 256;
        1, |acc, x| acc & (x.wide() != Number::ZERO) as u8, |a, b| a & b, |acc| acc;
}

/// `finish` of the sum of `of(x, p)` in `f64`: means, norms, variances.
#[derive(Clone, Copy, Debug)]
pub struct SumOf<G, H> {
    /// What is summed.
    pub of: G,
    /// The result, from the sum.
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

/// How many elements each result of reducing `over` has.
fn count(x: &[usize], over: &[usize]) -> f64 {
    over.iter().map(|&d| x[d]).product::<usize>() as f64
}

/// The mean over some dimensions, gathered in `f64`; NaN of nothing.
pub fn mean<T: FloatElement>(x: Strided<'_, T>, over: &[usize]) -> Vec<T> {
    let n = count(x.dims, over);
    reduce(x, over, SumOf { of: |x: T, ()| x.to_f64(), finish: move |sum, ()| T::from_f64(sum / n) })
}

/// `f` of the variance over some dimensions, and the mean. The variance is the mean of the squared distances
/// from the mean (two passes, in `f64`), with `n - correction` for `n`; NaN where that is not positive
/// and the distances are 0.
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
