//! Cumulative sums, products and sums of exponentials along a dimension.

use super::argmax::{around, contiguous};
use super::element::{Element, Number};
use super::parallel;
use super::strided::Strided;

type Acc<T> = <<T as Element>::Wide as Number>::Acc;

/// A cumulative function.
#[derive(Clone, Copy, Debug)]
pub enum Scan {
    /// The sum.
    Sum,
    /// The product.
    Product,
    /// The logarithm of the sum of the exponentials; for floats only.
    LogSumExp,
}

/// Computes `y[i]` of `x[0]` to `x[i]` along dimension `dim`. Floats are accumulated in `f64`, integers in
/// `i64`.
pub fn scan<T: Element>(x: Strided<'_, T>, dim: usize, kind: Scan) -> Vec<T::Total> {
    match kind {
        Scan::Sum => gather(x, dim, Number::ZERO, Number::add),
        Scan::Product => gather(x, dim, Number::ONE, Number::mul),
        Scan::LogSumExp => gather(x, dim, Number::LOWEST, |a, b| {
            let (a, b) = (a.to_f64(), b.to_f64());
            // Equal numbers may be infinite.
            let apart = if a == b { 0.0 } else { (a - b).abs() };
            Element::from_f64(a.max(b) + (-apart).exp().ln_1p())
        }),
    }
}

fn gather<T: Element>(
    x: Strided<'_, T>,
    dim: usize,
    start: Acc<T>,
    f: impl Fn(Acc<T>, Acc<T>) -> Acc<T> + Sync + Send,
) -> Vec<T::Total> {
    let (_, n, inner) = around(x.dims, dim);
    let data = contiguous(x);
    let mut y = vec![T::Total::default(); data.len()];
    let slab = n * inner;
    parallel::for_each_chunk(&mut y, slab, 1.0, |o, y| {
        let mut acc = vec![start; inner];
        let rows = data[o * slab..].chunks_exact(inner);
        for (y, x) in y.chunks_exact_mut(inner).zip(rows) {
            for ((y, x), acc) in y.iter_mut().zip(x).zip(&mut acc) {
                *acc = f(*acc, x.wide().acc());
                *y = T::total(*acc);
            }
        }
    });
    y
}
