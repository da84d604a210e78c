//! Matrix products: C = start + A B, batched, over operands of any strides.
//!
//! [`matmul`] plans one product from its shape and strides:
//!
//! | shape | kernel |
//! | --- | --- |
//! | few rows, or few terms, B's rows contiguous (dx = dy W, dW = dyᵀ x of a small batch) | [`rows`] |
//! | few rows or columns, both operands contiguous along k (y = x Wᵀ of a small batch) | [`dots`] |
//! | others of f32 where there is AVX-512, a side of B contiguous | [`blocked`] |
//! | all others | the crate `gemm` |
//!
//! A batch is spread over the threads with a serial product inside; a large product that stands
//! alone is spread itself. Neither changes the order in which the terms of an element are added.

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

/// One side of a product. Strides count elements; `data` begins at the first element.
#[derive(Clone, Copy, Debug)]
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

impl<'a, T: Copy> Operand<'a, T> {
    /// One matrix, without a batch.
    #[cfg(test)]
    fn new(data: &'a [T], row: usize, col: usize) -> Self {
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
        // Matrices without elements may begin beyond the last one.
        let data = self.data.get(offset..).unwrap_or(&[]);
        Self { data, row: self.row, col: self.col, batch: &[] }
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
    /// This row of n elements, for each row of C: a bias.
    Row(&'a [T]),
}

/// Nanoseconds for a multiply-add of a product that runs at a core's full speed.
const NS_PER_TERM: f64 = 1.0 / 30.0;
/// The most rows that [`rows`] and [`dots`] are faster with than `gemm`.
const FEW_ROWS: usize = 8;
/// The most terms that [`rows`] is faster with than `gemm`.
const FEW_TERMS: usize = 16;
/// The sizes from which on a transposed A, whose columns then lie pages apart, is copied to rows first.
const FAR: usize = 256;
/// The most terms of it that are copied at a time.
const COPIED: usize = 4096;
/// Rows of A that are multiplied at a time, where it has many more.
const ROWS: usize = 1024;
/// A product that takes longer than this is worth the threads for itself alone.
const LARGE_NS: f64 = 1e6;

/// start + A B, for each matrix of the batch, in new memory that nobody fills with zeros first.
///
/// # Panics
/// Where a slice is shorter than its shape and strides say.
pub fn matmul_new<T: Element>(
    shape: Shape<'_>,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    start: Start<'_, T>,
) -> Vec<T> {
    let len = shape.batch.iter().product::<usize>() * shape.m * shape.n;
    // SAFETY: `matmul` writes all of C, and reads of it only what `begin` has written.
    unsafe { overwritten(len, |c| matmul(shape, a, b, start, c)) }
}

/// C = start + A B, for each matrix of the batch; `c` is contiguous, `[batch.., m, n]`.
///
/// # Panics
/// Where a slice is shorter than its shape and strides say.
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

/// Makes `c`, in rows of `n`, what the product is added to.
fn begin<T: Real>(start: Start<'_, T>, c: &mut [T], n: usize) {
    match start {
        Start::Zero => c.fill(T::ZERO),
        Start::Row(row) => c.chunks_exact_mut(n).for_each(|c| c.copy_from_slice(row)),
    }
}

/// One product, of which no dimension but `k` is 0.
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
    // So many rows of A at a time stay in the cache while the blocks of columns go over them.
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

/// [`product`] by the kernels for large matrices.
fn blocks<T: Element>(
    (m, k, n): (usize, usize, usize),
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    keep: bool,
    c: &mut [T],
    threads: bool,
) {
    // Blocks of the columns, or of the rows where these are many more, as each copies all of B. They
    // follow from the shape alone: `gemm`'s sums depend on it.
    let (by_rows, steps) = (m > n && n < 256, ([a.row, a.col], [b.row, b.col]));
    let (along, pieces) = if by_rows { (m, 4) } else { (n, 8) };
    let large = (m * n) as f64 * k as f64 * NS_PER_TERM > parallel::SERIAL_NS;
    let block = if large { along.div_ceil(pieces).next_multiple_of(64) } else { along };
    let c = Disjoint::new(c);
    let multiply = |part: std::ops::Range<usize>| {
        let (rows, columns) = if by_rows { (part, 0..n) } else { (0..m, part) };
        let (a, b) = (&a.data[rows.start * a.row..], &b.data[columns.start * b.col..]);
        // SAFETY: `check` has found each element of A and B within its slice; nobody else sees this block
        // of C.
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

/// The types that products are computed in.
pub trait Element: Lanes {
    /// Whether the kernel reads A where it lies, for every block of columns, with B of these steps.
    fn reads_in_place(_b_steps: [usize; 2]) -> bool {
        false
    }

    /// C = A B, or C += A B if `keep`, on the caller's thread; C, from some element of a slice on, is
    /// row-major with a stride.
    ///
    /// # Safety
    /// All elements of A and B lie in their slices, and nobody else sees those of C.
    unsafe fn product(
        (m, n, k): (usize, usize, usize),
        (a, a_steps): (&[Self], [usize; 2]),
        (b, b_steps): (&[Self], [usize; 2]),
        (c, start, stride): (Disjoint<'_, Self>, usize, usize),
        keep: bool,
    ) {
        // SAFETY: as the caller promises.
        unsafe { general((m, n, k), (a, a_steps), (b, b_steps), (c, start, stride), keep) }
    }
}

/// [`Element::product`] by the crate `gemm`.
///
/// # Safety
/// As there.
unsafe fn general<T: Lanes>(
    (m, n, k): (usize, usize, usize),
    (a, a_steps): (&[T], [usize; 2]),
    (b, b_steps): (&[T], [usize; 2]),
    (c, start, stride): (Disjoint<'_, T>, usize, usize),
    keep: bool,
) {
    let s = |stride: usize| stride as isize;
    let (one, parallelism) = (T::ONE, Parallelism::None);
    // SAFETY: as the caller promises; `matrix` has found the elements of C within its slice.
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
        // SAFETY: as the caller promises.
        unsafe { general((m, n, k), (a.data, a_steps), (b.data, b_steps), (c, start, stride), keep) }
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
