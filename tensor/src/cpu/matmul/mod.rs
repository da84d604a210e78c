//! Matrix products: C = start + A B, batched, over operands of any strides.
//!
//! [`matmul`] plans one product from its shape and strides:
//!
//! | shape | kernel |
//! | --- | --- |
//! | few rows, or few terms, B's rows contiguous (dx = dy W, dW = dyᵀ x of a small batch) | [`rows`] |
//! | few rows or columns, both operands contiguous along k (y = x Wᵀ of a small batch) | [`dots`] |
//! | other products of f32 with AVX-512, a side of B contiguous | [`blocked`] |
//! | all others | the crate `gemm` |
//!
//! A batch is distributed over the threads, with a serial product on each; a large single product is
//! distributed itself. Neither changes the order in which the terms of an element are added.

mod blocked;
pub mod dots;
pub mod int;
pub mod rows;

use gemm::Parallelism;

use super::elementwise::map1;
use super::fresh::overwritten;
use super::parallel::{self, Disjoint};
use super::real::Real;
use super::strided::Strided;
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

/// An operand of a product. Strides count elements; `data` begins at the first element.
#[derive(Clone, Copy, Debug)]
pub struct Operand<'a, T> {
    /// The elements, with any gaps between them.
    pub data: &'a [T],
    /// The stride between rows.
    pub row: usize,
    /// The stride between columns.
    pub col: usize,
    /// The strides between matrices, for each dimension of [`Shape::batch`]; 0 repeats the matrix.
    pub batch: &'a [usize],
}

impl<'a, T: Copy> Operand<'a, T> {
    /// Returns an operand of one matrix, without a batch.
    #[cfg(test)]
    fn new(data: &'a [T], row: usize, col: usize) -> Self {
        Self { data, row, col, batch: &[] }
    }

    /// Returns the transposed matrices.
    pub fn t(self) -> Self {
        Self { row: self.col, col: self.row, ..self }
    }

    /// Returns the matrix at position `index` of the batch.
    fn at(&self, shape: &Shape<'_>, mut index: usize) -> Self {
        let mut offset = 0;
        for (&size, &stride) in shape.batch.iter().zip(self.batch).rev() {
            offset += index % size * stride;
            index /= size;
        }
        // Matrices without elements may begin beyond the last element.
        let data = self.data.get(offset..).unwrap_or(&[]);
        Self { data, row: self.row, col: self.col, batch: &[] }
    }

    /// Checks that a `rows` x `cols` matrix lies within `data`. The kernels rely on it.
    fn check(&self, rows: usize, cols: usize) {
        assert!(
            rows == 0 || cols == 0 || (rows - 1) * self.row + (cols - 1) * self.col < self.data.len(),
            "matmul: an operand ends before its last element"
        );
    }
}

/// The value that a product is added to.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a, T> {
    /// Zero: C is overwritten.
    Zero,
    /// A bias: this row of n elements, for each row of C.
    Row(&'a [T]),
}

/// The cost of a multiply-add at the full speed of a core, in nanoseconds.
const NS_PER_TERM: f64 = 1.0 / 30.0;
/// The maximum number of rows for which [`rows`] and [`dots`] are faster than `gemm`.
const FEW_ROWS: usize = 8;
/// The maximum number of terms for which [`rows`] is faster than `gemm`.
const FEW_TERMS: usize = 16;
/// The minimum sizes for which a transposed A is first copied to rows: its columns are then pages apart.
const FAR: usize = 256;
/// The maximum number of terms that are copied at a time.
const COPIED: usize = 4096;
/// The number of rows of A that are multiplied at a time, if it has many more.
const ROWS: usize = 1024;
/// The cost above which a product is distributed over the threads by itself.
const LARGE_NS: f64 = 1e6;

/// Returns start + A B for each matrix of the batch, in new memory that is not zeroed first.
///
/// # Panics
/// If a slice is shorter than its shape and strides require.
pub fn matmul_new<T: Element>(
    shape: Shape<'_>,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    start: Start<'_, T>,
) -> Vec<T> {
    let len = shape.batch.iter().product::<usize>() * shape.m * shape.n;
    // SAFETY: `matmul` writes all of C, and reads only the elements that `begin` has written.
    unsafe { overwritten(len, |c| matmul(shape, a, b, start, c)) }
}

/// Computes C = start + A B for each matrix of the batch. `c` is contiguous, `[batch.., m, n]`.
///
/// # Panics
/// If a slice is shorter than its shape and strides require.
pub fn matmul<T: Element>(
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

/// Initialises `c`, in rows of `n`, with the value that the product is added to.
fn begin<T: Real>(start: Start<'_, T>, c: &mut [T], n: usize) {
    match start {
        Start::Zero => c.fill(T::ZERO),
        Start::Row(row) => c.chunks_exact_mut(n).for_each(|c| c.copy_from_slice(row)),
    }
}

/// Computes one product. No dimension but `k` is 0.
fn product<T: Element>(
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
    let in_place = n >= FAR && T::reads_in_place([b.row, b.col]);
    // This many rows of A stay in the cache while all blocks of columns are computed.
    let tall = if in_place { m.div_ceil((m / ROWS).max(1)) } else { m };
    let pieces = if in_place && a.row == 1 && m >= FAR && k >= FAR { k.div_ceil(COPIED) } else { 0 };
    for (i, c) in c.chunks_mut(tall * n).enumerate() {
        let (top, rows) = (i * tall * a.row, c.len() / n);
        if pieces == 0 {
            blocks((rows, k, n), Operand { data: &a.data[top..], ..a }, b, keep, c, threads);
        }
        for piece in 0..pieces {
            let (first, end) = (piece * k / pieces, (piece + 1) * k / pieces);
            let terms = end - first;
            let copy =
                map1(Strided::new(a.data, &[rows, terms], &[a.row, a.col], top + first * a.col), |x| x);
            let a = Operand { data: &copy, row: terms, col: 1, batch: &[] };
            let b = Operand { data: &b.data[first * b.row..], ..b };
            blocks((rows, terms, n), a, b, keep || piece > 0, c, threads);
        }
    }
}

/// Computes [`product`] by the kernels for large matrices.
fn blocks<T: Element>(
    (m, k, n): (usize, usize, usize),
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    keep: bool,
    c: &mut [T],
    threads: bool,
) {
    // Blocks of columns, or of rows if there are many more of them, because each block packs all of B. The
    // blocks depend on the shape alone, because `gemm`'s sums depend on them.
    let (by_rows, steps) = (m > n && n < 256, ([a.row, a.col], [b.row, b.col]));
    let (along, pieces) = if by_rows { (m, 4) } else { (n, 8) };
    let large = (m * n) as f64 * k as f64 * NS_PER_TERM > parallel::SERIAL_NS;
    let block = if large { along.div_ceil(pieces).next_multiple_of(64) } else { along };
    let c = Disjoint::new(c);
    let multiply = |part: std::ops::Range<usize>| {
        let (rows, columns) = if by_rows { (part, 0..n) } else { (0..m, part) };
        let (a, b) = (&a.data[rows.start * a.row..], &b.data[columns.start * b.col..]);
        // SAFETY: `check` has checked that each element of A and B is within its slice; nothing else uses
        // this block of C.
        unsafe {
            T::product(
                (rows.len(), columns.len(), k),
                (a, steps.0),
                (b, steps.1),
                (c, rows.start * n + columns.start, n),
                keep,
            );
        }
    };
    if threads {
        parallel::for_each_range(along, block, f64::INFINITY, multiply);
    } else {
        (0..along).step_by(block).for_each(|at| multiply(at..(at + block).min(along)));
    }
}

/// The element types of products.
pub trait Element: Lanes {
    /// Returns true if the kernel reads A in place for every block of columns, with B of these strides.
    fn reads_in_place(_b_steps: [usize; 2]) -> bool {
        false
    }

    /// Computes C = A B, or C += A B if `keep`, on the caller's thread. C begins at an element of a slice,
    /// and is row-major with a stride.
    ///
    /// # Safety
    /// All elements of A and B must be within their slices, and nothing else may use those of C.
    unsafe fn product(
        (m, n, k): (usize, usize, usize),
        (a, a_steps): (&[Self], [usize; 2]),
        (b, b_steps): (&[Self], [usize; 2]),
        (c, start, stride): (Disjoint<'_, Self>, usize, usize),
        keep: bool,
    ) {
        // SAFETY: as the caller guarantees.
        unsafe { general((m, n, k), (a, a_steps), (b, b_steps), (c, start, stride), keep) }
    }
}

/// Computes [`Element::product`] by the crate `gemm`.
///
/// # Safety
/// See [`Element::product`].
unsafe fn general<T: Lanes>(
    (m, n, k): (usize, usize, usize),
    (a, a_steps): (&[T], [usize; 2]),
    (b, b_steps): (&[T], [usize; 2]),
    (c, start, stride): (Disjoint<'_, T>, usize, usize),
    keep: bool,
) {
    let s = |stride: usize| stride as isize;
    let (one, parallelism) = (T::ONE, Parallelism::None);
    // SAFETY: as the caller guarantees; `matrix` has checked that C is within its slice.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.matrix(start, m, n, stride),
            1,
            s(stride),
            keep,
            a.as_ptr(),
            s(a_steps[1]),
            s(a_steps[0]),
            b.as_ptr(),
            s(b_steps[1]),
            s(b_steps[0]),
            one,
            one,
            false,
            false,
            false,
            parallelism,
        );
    }
}

impl Element for f64 {}

impl Element for f32 {
    fn reads_in_place([down, across]: [usize; 2]) -> bool {
        blocked::applies(&blocked::Matrix { data: &[], down, across })
    }

    unsafe fn product(
        (m, n, k): (usize, usize, usize),
        (a, a_steps): (&[Self], [usize; 2]),
        (b, b_steps): (&[Self], [usize; 2]),
        (c, start, stride): (Disjoint<'_, Self>, usize, usize),
        keep: bool,
    ) {
        let matrix = |data, [down, across]: [usize; 2]| blocked::Matrix { data, down, across };
        let (a, b) = (matrix(a, a_steps), matrix(b, b_steps));
        if blocked::applies(&b) {
            return blocked::multiply((m, n, k), a, b, blocked::Target { all: c, start, stride }, keep);
        }
        // SAFETY: as the caller guarantees.
        unsafe { general((m, n, k), (a.data, a_steps), (b.data, b_steps), (c, start, stride), keep) }
    }
}

/// Calls `f` with blocks of `grain` of the columns `0..n`, over the threads if requested. Each call may write
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
