//! The greatest or least element along a dimension, and its index.
//!
//! As in PyTorch, NaN beats every number, and the first of equal elements is chosen.

use std::borrow::Cow;

use super::element::{Element, Number};
use super::elementwise::map1;
use super::operators::Copied;
use super::parallel;
use super::simd::{Simd, dispatch};
use super::strided::Strided;

/// The number of results computed at once if the dimension is not the last.
const COLUMNS: usize = 256;
/// The number of elements of a task.
const TASK: usize = 65_536;

/// Returns the view's elements in row-major order, copied if they are not contiguous.
pub fn contiguous<T: Element>(x: Strided<'_, T>) -> Cow<'_, [T]> {
    x.as_slice().map_or_else(|| Cow::Owned(map1(x, Copied)), Cow::Borrowed)
}

/// Returns the number of elements before, along and after dimension `dim`.
pub(super) fn around(dims: &[usize], dim: usize) -> (usize, usize, usize) {
    (dims[..dim].iter().product(), dims[dim], dims[dim + 1..].iter().product())
}

/// The end of the order to search for.
pub trait End: Copy + Sync {
    /// Returns true if x is nearer to that end than y.
    fn beats<N: Number>(self, x: N, y: N) -> bool;
}

/// The greatest element.
#[derive(Clone, Copy, Debug)]
pub struct Greatest;
impl End for Greatest {
    #[inline(always)]
    fn beats<N: Number>(self, x: N, y: N) -> bool {
        x > y
    }
}

/// The least element.
#[derive(Clone, Copy, Debug)]
pub struct Least;
impl End for Least {
    #[inline(always)]
    fn beats<N: Number>(self, x: N, y: N) -> bool {
        x < y
    }
}

/// Returns the element at the given end along dimension `dim`, and its index there, for each index of the
/// other dimensions in row-major order.
///
/// # Panics
/// If `dim` is out of range, or its size is 0 while the others are not.
pub fn extreme<T: Element>(x: Strided<'_, T>, dim: usize, end: impl End) -> (Vec<T>, Vec<i64>) {
    let (outer, n, inner) = around(x.dims, dim);
    let data = contiguous(x);
    let mut best = vec![(T::default(), 0); outer * inner];
    assert!(n > 0 || best.is_empty(), "dimension {dim} of {:?} is empty", x.dims);
    if inner == 1 {
        let chunk = (TASK / n.max(1)).max(1);
        parallel::for_each_chunk(&mut best, chunk, 0.3 * n as f64, |i, best| {
            for (best, row) in best.iter_mut().zip(data[i * chunk * n..].chunks_exact(n)) {
                *best = search(row, 0, end);
            }
        });
    } else {
        parallel::for_each_chunk(&mut best, inner, 0.5 * n as f64, |o, best| {
            let data = &data[o * n * inner..][..n * inner];
            parallel::for_each_chunk(best, COLUMNS, 0.5 * n as f64, |c, best| {
                let found = columns(data, inner, c * COLUMNS, best.len(), 0, n, end);
                for ((best, value), index) in best.iter_mut().zip(found.0).zip(found.1) {
                    *best = (T::narrow(value), index);
                }
            });
        });
    }
    best.into_iter().unzip()
}

/// Returns the element of a contiguous row at the given end, and its index, counted from `first`.
fn search<T: Element>(row: &[T], first: usize, end: impl End) -> (T, i64) {
    if row.len() > TASK {
        let mid = row.len() / 2;
        let (a, b) = row.split_at(mid);
        let (a, b) = parallel::join(|| search(a, first, end), || search(b, first + mid, end));
        return if later_wins(a.0.wide(), b.0.wide(), end) { b } else { a };
    }
    let index = dispatch(Search { row, end });
    (row[index], (first + index) as i64)
}

#[inline(always)]
fn later_wins<N: Number>(earlier: N, later: N, end: impl End) -> bool {
    end.beats(later, earlier) || (later.is_nan() & !earlier.is_nan())
}

struct Search<'a, T, E> {
    row: &'a [T],
    end: E,
}

impl<T: Element, E: End> Simd for Search<'_, T, E> {
    type Out = usize;
    #[inline(always)]
    fn run<const L: usize>(self) -> usize {
        // First the value, in lanes; then its index.
        let (blocks, rest) = self.row.as_chunks::<32>();
        let mut lanes = [self.row[0].wide(); 32];
        for block in blocks {
            for l in 0..32 {
                let x = block[l].wide();
                lanes[l] = if self.end.beats(x, lanes[l]) | x.is_nan() { x } else { lanes[l] };
            }
        }
        let mut best = lanes[0];
        for x in lanes.into_iter().chain(rest.iter().map(|x| x.wide())) {
            best = if later_wins(best, x, self.end) { x } else { best };
        }
        let here = |x: T| (x.wide() == best) | (x.wide().is_nan() & best.is_nan());
        let skipped =
            blocks.iter().take_while(|block| !block.iter().fold(false, |any, &x| any | here(x))).count() * 32;
        skipped + self.row[skipped..].iter().position(|&x| here(x)).unwrap_or(0)
    }
}

/// Computes, for each of `width` neighbouring columns from `col`, the extreme of rows `from..to` of a matrix
/// with rows of `stride`, and its row.
fn columns<T: Element, E: End>(
    data: &[T],
    stride: usize,
    col: usize,
    width: usize,
    from: usize,
    to: usize,
    end: E,
) -> (Vec<T::Wide>, Vec<i64>) {
    if (to - from) * width > TASK && to - from > 1 {
        let mid = (from + to) / 2;
        let (mut a, b) = parallel::join(
            || columns(data, stride, col, width, from, mid, end),
            || columns(data, stride, col, width, mid, to, end),
        );
        for l in 0..width {
            if later_wins(a.0[l], b.0[l], end) {
                (a.0[l], a.1[l]) = (b.0[l], b.1[l]);
            }
        }
        return a;
    }
    let mut best: Vec<T::Wide> = data[from * stride + col..][..width].iter().map(|x| x.wide()).collect();
    let mut index = vec![0u32; width];
    let rows = &data[from * stride..to * stride];
    dispatch(Columns { rows, stride, col, best: &mut best, index: &mut index, end });
    (best, index.into_iter().map(|i| (from + i as usize) as i64).collect())
}

struct Columns<'a, T: Element, E> {
    rows: &'a [T],
    stride: usize,
    col: usize,
    best: &'a mut [T::Wide],
    /// The index from the first of `rows`: the rows of a task fit in 32 bits.
    index: &'a mut [u32],
    end: E,
}

impl<T: Element, E: End> Simd for Columns<'_, T, E> {
    type Out = ();
    #[inline(always)]
    fn run<const L: usize>(self) {
        let width = self.best.len();
        let index = &mut self.index[..width];
        for (r, row) in self.rows.chunks_exact(self.stride).enumerate() {
            let row = &row[self.col..][..width];
            for l in 0..width {
                let x = row[l].wide();
                let wins = later_wins(self.best[l], x, self.end);
                self.best[l] = if wins { x } else { self.best[l] };
                index[l] = if wins { r as u32 } else { index[l] };
            }
        }
    }
}
