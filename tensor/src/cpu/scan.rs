//! Running sums and products along a dimension.

use super::argmax::{around, contiguous};
use super::element::{Element, Number};
use super::parallel;
use super::strided::Strided;

type Acc<T> = <<T as Element>::Wide as Number>::Acc;

/// `y[i] = x[0] + … + x[i]` along dimension `dim`; floats are gathered in `f64`, integers in
/// `i64`.
pub fn cumsum<T: Element>(x: Strided<'_, T>, dim: usize) -> Vec<T::Total> {
    scan(x, dim, Number::ZERO, Number::add)
}

/// `y[i] = x[0] · … · x[i]` along dimension `dim`, gathered as in [`cumsum`].
pub fn cumprod<T: Element>(x: Strided<'_, T>, dim: usize) -> Vec<T::Total> {
    scan(x, dim, Number::ONE, Number::mul)
}

fn scan<T: Element>(
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
