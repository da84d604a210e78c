//! The common reductions: `reduce(x, &[0, 2], Sum)`.

use super::element::{Element, FloatElement, Number};
use super::reduce::{Fold, fold, reduce};
use super::strided::Strided;

type Acc<T> = <<T as Element>::Wide as Number>::Acc;

/// In sequence few, where elements are as wide as what gathers them: the error of a sum then
/// stays below that of pairwise summation.
const fn depth<T: Element>() -> usize {
    if size_of::<T>() == 8 { 8 } else { 256 }
}

/// The sum: of floats, gathered in `f64`; of integers, `i64`, wrapping around.
#[derive(Clone, Copy, Debug)]
pub struct Sum;
impl<T: Element> Fold<T> for Sum {
    type Acc = Acc<T>;
    type Out = T::Total;
    const DEPTH: usize = depth::<T>();
    #[inline(always)]
    fn empty(self) -> Acc<T> {
        Number::ZERO
    }
    #[inline(always)]
    fn step<const L: usize>(self, acc: Acc<T>, x: T, (): ()) -> Acc<T> {
        acc.add(x.wide().acc())
    }
    #[inline(always)]
    fn merge(self, a: Acc<T>, b: Acc<T>) -> Acc<T> {
        a.add(b)
    }
    #[inline(always)]
    fn finish(self, acc: Acc<T>, (): ()) -> T::Total {
        T::total(acc)
    }
}

/// The product, gathered as [`Sum`] is.
#[derive(Clone, Copy, Debug)]
pub struct Prod;
impl<T: Element> Fold<T> for Prod {
    type Acc = Acc<T>;
    type Out = T::Total;
    const DEPTH: usize = depth::<T>();
    #[inline(always)]
    fn empty(self) -> Acc<T> {
        Number::ONE
    }
    #[inline(always)]
    fn step<const L: usize>(self, acc: Acc<T>, x: T, (): ()) -> Acc<T> {
        acc.mul(x.wide().acc())
    }
    #[inline(always)]
    fn merge(self, a: Acc<T>, b: Acc<T>) -> Acc<T> {
        a.mul(b)
    }
    #[inline(always)]
    fn finish(self, acc: Acc<T>, (): ()) -> T::Total {
        T::total(acc)
    }
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
    #[inline(always)]
    fn empty(self) -> f64 {
        0.0
    }
    #[inline(always)]
    fn step<const L: usize>(self, acc: f64, x: T, p: P) -> f64 {
        acc + (self.of)(x, p)
    }
    #[inline(always)]
    fn merge(self, a: f64, b: f64) -> f64 {
        a + b
    }
    #[inline(always)]
    fn finish(self, acc: f64, p: P) -> Y {
        (self.finish)(acc, p)
    }
}

/// Folds that keep one of the elements.
macro_rules! extremes {
    ($($(#[$meta:meta])* $name:ident $op:ident $empty:ident;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl<T: Element> Fold<T> for $name {
            type Acc = T::Wide;
            type Out = T;
            #[inline(always)]
            fn empty(self) -> T::Wide {
                Number::$empty
            }
            #[inline(always)]
            fn step<const L: usize>(self, acc: T::Wide, x: T, (): ()) -> T::Wide {
                x.wide().$op(acc)
            }
            #[inline(always)]
            fn merge(self, a: T::Wide, b: T::Wide) -> T::Wide {
                a.$op(b)
            }
            #[inline(always)]
            fn finish(self, acc: T::Wide, (): ()) -> T {
                T::narrow(acc)
            }
        }
    )*};
}
extremes! {
    /// The greatest element; NaN if there is one, the type's least value if there is none at all.
    Max maximum LOWEST;
    /// The least element; NaN if there is one, the type's greatest value if there is none at all.
    Min minimum HIGHEST;
}

/// How many elements are not 0.
#[derive(Clone, Copy, Debug)]
pub struct CountNonzero;
impl<T: Element> Fold<T> for CountNonzero {
    type Acc = i64;
    type Out = i64;
    #[inline(always)]
    fn empty(self) -> i64 {
        0
    }
    #[inline(always)]
    fn step<const L: usize>(self, acc: i64, x: T, (): ()) -> i64 {
        acc + (x.wide() != Number::ZERO) as i64
    }
    #[inline(always)]
    fn merge(self, a: i64, b: i64) -> i64 {
        a + b
    }
    #[inline(always)]
    fn finish(self, acc: i64, (): ()) -> i64 {
        acc
    }
}

/// Folds of truth values, 0 or 1.
macro_rules! truths {
    ($($(#[$meta:meta])* $name:ident $op:tt $empty:literal;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl<T: Element> Fold<T> for $name {
            type Acc = u8;
            type Out = u8;
            #[inline(always)]
            fn empty(self) -> u8 {
                $empty
            }
            #[inline(always)]
            fn step<const L: usize>(self, acc: u8, x: T, (): ()) -> u8 {
                acc $op (x.wide() != Number::ZERO) as u8
            }
            #[inline(always)]
            fn merge(self, a: u8, b: u8) -> u8 {
                a $op b
            }
            #[inline(always)]
            fn finish(self, acc: u8, (): ()) -> u8 {
                acc
            }
        }
    )*};
}
truths! {
    /// Whether any element is not 0; NaN is not 0.
    Any | 0;
    /// Whether no element is 0.
    All & 1;
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
