//! Matrix products on the caller's thread, by the crate `gemm`.

use gemm::Parallelism;

use super::Element;

/// A read-only matrix inside a slice.
#[derive(Clone, Copy)]
pub struct Matrix<'a, T> {
    data: &'a [T],
    row_stride: usize,
    col_stride: usize,
}

impl<'a, T: Element> Matrix<'a, T> {
    /// Row-major, `stride` elements from row to row.
    pub fn rows(data: &'a [T], stride: usize) -> Self {
        Self { data, row_stride: stride, col_stride: 1 }
    }

    /// The transpose.
    pub fn t(self) -> Self {
        Self { row_stride: self.col_stride, col_stride: self.row_stride, ..self }
    }

    fn check(&self, rows: usize, cols: usize) {
        let last = (rows - 1) * self.row_stride + (cols - 1) * self.col_stride;
        assert!(last < self.data.len(), "a matrix of {rows} by {cols} reaches past its slice");
    }
}

/// `c = a b`, or `c += a b` where `accumulate`: `a` is `m` by `k`, `b` is `k` by `n`, `c` is
/// `m` by `n`, row-major with `stride` elements from row to row.
///
/// # Safety
/// `c` must be valid for writes (and initialised, where `accumulate`) over all its rows, and
/// nothing else may touch these elements meanwhile.
pub unsafe fn product<T: Element>(
    (m, n, k): (usize, usize, usize),
    (c, stride): (*mut T, usize),
    accumulate: bool,
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
) {
    if m == 0 || n == 0 {
        return;
    }
    assert!(k > 0, "a product over no terms");
    a.check(m, k);
    b.check(k, n);
    let (rs, cs) = (|m: &Matrix<'_, T>| m.row_stride as isize, |m: &Matrix<'_, T>| m.col_stride as isize);
    // SAFETY: `a` and `b` lie in their slices, as checked; the caller vouches for `c`.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c,
            1,
            stride as isize,
            accumulate,
            a.data.as_ptr(),
            cs(&a),
            rs(&a),
            b.data.as_ptr(),
            cs(&b),
            rs(&b),
            T::ONE,
            T::ONE,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
