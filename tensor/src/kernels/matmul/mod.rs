//! Matrix products: C = start + A B, batched, over operands of any strides.
//!
//! [`matmul`] plans one product from its shape and strides:
//!
//! | shape | kernel |
//! | --- | --- |
//! | few rows, or few terms, B's rows contiguous (dx = dy W, dW = dyᵀ x of a small batch) | [`rows`] |
//! | few rows or columns, both operands contiguous along k (y = x Wᵀ of a small batch) | [`dots`] |
//! | all others | the crate `gemm` |
//!
//! A batch is spread over the threads with a serial product inside; a large product that stands
//! alone is spread itself. Neither changes the order in which the terms of an element are added.

pub mod dots;
pub mod int;
pub mod rows;

use gemm::Parallelism;

use super::parallel::{self, Disjoint};
use super::real::Real;
use super::vector::Lanes;

/// The sizes of a product `[batch.., m, k] x [batch.., k, n] -> [batch.., m, n]`.
#[derive(Clone, Copy, Debug)]
pub struct Shape<'a> {
    /// The leading dimensions of the result.
    pub batch: &'a [usize],
    /// Rows of A and C.
    pub m: usize,
    /// Columns of A, rows of B.
    pub k: usize,
    /// Columns of B and C.
    pub n: usize,
}

/// One side of a product. Strides count elements; `data` begins at the first element.
#[derive(Debug)]
pub struct Operand<'a, T> {
    /// The elements, with whatever lies between them.
    pub data: &'a [T],
    /// From one row to the next.
    pub row: usize,
    /// From one column to the next.
    pub col: usize,
    /// From one matrix to the next, for each dimension of [`Shape::batch`]; 0 repeats the matrix.
    pub batch: &'a [usize],
}

impl<T> Clone for Operand<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Operand<'_, T> {}

impl<'a, T> Operand<'a, T> {
    /// One matrix, without a batch.
    pub fn new(data: &'a [T], row: usize, col: usize) -> Self {
        Self { data, row, col, batch: &[] }
    }

    /// The transposed matrices.
    pub fn t(self) -> Self {
        Self { row: self.col, col: self.row, ..self }
    }

    /// The matrix at position `index` of the batch.
    fn at(&self, shape: &Shape<'_>, mut index: usize) -> Self {
        let mut offset = 0;
        for (&size, &stride) in shape.batch.iter().zip(self.batch).rev() {
            offset += index % size * stride;
            index /= size;
        }
        Self { data: &self.data[offset..], row: self.row, col: self.col, batch: &[] }
    }

    /// Checks that a `rows` x `cols` matrix lies within `data`, on which the kernels rely.
    fn check(&self, rows: usize, cols: usize) {
        assert!(
            rows == 0 || cols == 0 || (rows - 1) * self.row + (cols - 1) * self.col < self.data.len(),
            "matmul: an operand ends before its last element"
        );
    }
}

/// What the product is added to.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a, T> {
    /// Nothing: C is overwritten.
    Zero,
    /// What C holds: gradients accumulate.
    Keep,
    /// This row of n elements, for each row of C: a bias.
    Row(&'a [T]),
}

/// Nanoseconds for a multiply-add of a product that runs at a core's full speed.
const NS_PER_TERM: f64 = 1.0 / 30.0;
/// The most rows that [`rows`] and [`dots`] are faster with than `gemm`.
const FEW_ROWS: usize = 8;
/// The most terms that [`rows`] is faster with than `gemm`.
const FEW_TERMS: usize = 16;
/// A product that takes longer than this is worth the threads for itself alone.
const LARGE_NS: f64 = 1e6;

/// C = start + A B, for each matrix of the batch; `c` is contiguous, `[batch.., m, n]`.
///
/// # Panics
/// Where a slice is shorter than its shape and strides say.
pub fn matmul<T: Lanes>(
    shape: Shape<'_>,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    start: Start<'_, T>,
    c: &mut [T],
) {
    let Shape { m, k, n, batch } = shape;
    let size = m * n;
    let count: usize = batch.iter().product();
    assert_eq!(c.len(), count * size, "matmul: the result has the wrong size");
    if let Start::Row(row) = start {
        assert_eq!(row.len(), n, "matmul: the row to start from has the wrong size");
    }
    if c.is_empty() {
        return;
    }
    let ns = size as f64 * k as f64 * NS_PER_TERM;
    if count == 1 {
        return product(m, k, n, a.at(&shape, 0), b.at(&shape, 0), start, c, parallel::worth(ns));
    }
    let inside = ns > LARGE_NS && parallel::worth(ns);
    parallel::for_each_chunk(c, size, if inside { 0.0 } else { ns / size as f64 }, |i, c| {
        product(m, k, n, a.at(&shape, i), b.at(&shape, i), start, c, inside);
    });
}

/// Makes `c`, in rows of `n`, what the product is added to.
fn begin<T: Real>(start: Start<'_, T>, c: &mut [T], n: usize) {
    match start {
        Start::Zero => c.fill(T::ZERO),
        Start::Keep => {}
        Start::Row(row) => c.chunks_exact_mut(n).for_each(|c| c.copy_from_slice(row)),
    }
}

/// One product, of which no dimension but `k` is 0.
#[allow(clippy::too_many_arguments)]
fn product<T: Lanes>(
    m: usize,
    k: usize,
    n: usize,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    start: Start<'_, T>,
    c: &mut [T],
    threads: bool,
) {
    a.check(m, k);
    b.check(k, n);
    if k == 0 {
        return begin(start, c, n);
    }
    if (m <= FEW_ROWS || k <= FEW_TERMS) && b.col == 1 && n > 1 {
        return rows::rows(m, k, n, a, b, start, c, threads);
    }
    if (m <= FEW_ROWS || n <= FEW_ROWS) && a.col == 1 && b.row == 1 {
        return dots::dots(m, k, n, a, b, start, c, threads);
    }
    if let Start::Row(_) = start {
        begin(start, c, n);
    }
    let keep = !matches!(start, Start::Zero);
    let parallelism = if threads { Parallelism::Rayon(0) } else { Parallelism::None };
    let (one, s) = (T::ONE, |stride: usize| stride as isize);
    // SAFETY: `check` has found each element of A and B within its slice; C is m * n contiguous
    // elements that nobody else sees.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr(),
            1,
            s(n),
            keep,
            a.data.as_ptr(),
            s(a.col),
            s(a.row),
            b.data.as_ptr(),
            s(b.col),
            s(b.row),
            one,
            one,
            false,
            false,
            false,
            parallelism,
        );
    }
}

/// The columns `0..n` in blocks of `grain`, over the threads when told so: each call may write
/// its columns of C.
fn column_blocks<T: Send>(
    n: usize,
    grain: usize,
    threads: bool,
    c: &mut [T],
    f: impl Fn(std::ops::Range<usize>, Disjoint<'_, T>) + Sync + Send,
) {
    let c = Disjoint::new(c);
    if threads {
        parallel::for_each_range(n, grain, f64::INFINITY, |columns| f(columns, c));
    } else {
        f(0..n, c);
    }
}

#[cfg(test)]
mod tests;
