//! Products of `f32` matrices by vectors of 16 lanes, twice as wide as those of the crate `gemm`.
//!
//! Up to 64 columns of B are packed side by side, a thousand rows at a time. They stay in the cache while
//! tiles of C, 6 rows by these columns, are computed in registers.

use crate::cpu::conv::outer::block;
use crate::cpu::conv::scratch;
use crate::cpu::conv::transpose::transpose_body;
use crate::cpu::parallel::Disjoint;
use crate::cpu::simd::{Isa, isa, simd};

/// The number of columns that are packed side by side.
const COLUMNS: usize = 64;
/// The number of rows of B that are packed at a time: 256 KiB, which fits a level-2 cache.
const TERMS: usize = 1024;
/// The number of rows that are copied at a time if they are narrower than the vectors: a multiple of the rows
/// of every tile.
const ROWS: usize = 24;

/// A matrix in a slice, with the strides between rows and between columns.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    pub data: &'a [f32],
    pub down: usize,
    pub across: usize,
}

/// The position of C: its first element, and the stride between its rows.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub all: Disjoint<'a, f32>,
    pub start: usize,
    pub stride: usize,
}

/// Returns true if products with this B are faster here than by `gemm`.
pub fn applies(b: &Matrix<'_>) -> bool {
    isa() == Isa::Avx512 && (b.down == 1 || b.across == 1)
}

/// Computes `C = A B`, or `C += A B` if `keep`. The shape is rows, columns and terms. The rows or the columns
/// of B must be contiguous, and nothing else may use C.
pub fn multiply(shape: (usize, usize, usize), a: Matrix<'_>, b: Matrix<'_>, c: Target<'_>, keep: bool) {
    let (rows, columns, terms) = shape;
    let reach = |m: &Matrix<'_>, down: usize, across: usize| (down - 1) * m.down + (across - 1) * m.across;
    assert!(reach(&a, rows, terms) < a.data.len() && reach(&b, terms, columns) < b.data.len());
    let most = COLUMNS.min(columns.next_multiple_of(16)) * TERMS.min(terms);
    scratch::with(most, |packed: &mut [f32]| with_room(shape, a, b, c, keep, packed));
}

simd!(
    /// Computes [`multiply`] with memory for the packed columns of B.
    fn with_room<const L: usize>(
        shape: (usize, usize, usize),
        a: Matrix<'_>,
        b: Matrix<'_>,
        c: Target<'_>,
        keep: bool,
        packed: &mut [f32],
    ) {
        let (rows, columns, terms) = shape;
        for first in (0..columns).step_by(COLUMNS) {
            let used = COLUMNS.min(columns - first);
            let width = used.next_multiple_of(16);
            for term in (0..terms).step_by(TERMS) {
                let count = TERMS.min(terms - term);
                pack::<L>(&b.data[term * b.down + first * b.across..], &b, (count, used), width, packed);
                let a = Matrix { data: &a.data[term * a.across..], ..a };
                let c = Target { start: c.start + first, ..c };
                part::<L>((rows, used, count), a, packed, width, c, keep || term > 0);
            }
        }
    }
);

/// Copies `used` columns of `count` rows to rows of `width`.
#[inline(always)]
fn pack<const L: usize>(
    from: &[f32],
    b: &Matrix<'_>,
    (count, used): (usize, usize),
    width: usize,
    packed: &mut [f32],
) {
    let packed = &mut packed[..count * width];
    if b.across == 1 {
        for (i, packed) in packed.chunks_exact_mut(width).enumerate() {
            packed[..used].copy_from_slice(&from[i * b.down..][..used]);
            packed[used..].fill(0.0);
        }
    } else {
        if used < width {
            packed.fill(0.0);
        }
        transpose_body::<L>((used, count), (from, b.across), (packed, width));
    }
}

/// Computes all rows of C in some columns.
#[inline(always)]
fn part<const L: usize>(
    (rows, used, terms): (usize, usize, usize),
    a: Matrix<'_>,
    b: &[f32],
    width: usize,
    c: Target<'_>,
    keep: bool,
) {
    let shape = (rows, terms, width);
    if used == width {
        let to = c.all.matrix(c.start, rows, used, c.stride);
        // SAFETY: `to` has this many rows of `width`.
        return unsafe { product::<L>(shape, a, b, (to, c.stride), keep) };
    }
    // Rows of C, if they are narrower than the vectors.
    let mut narrow = [0.0; ROWS * COLUMNS];
    for first in (0..rows).step_by(ROWS) {
        let shape = (ROWS.min(rows - first), terms, width);
        // SAFETY: nothing else uses C.
        let row = |row: usize| unsafe { c.all.part(c.start + (first + row) * c.stride, used) };
        if keep {
            narrow
                .chunks_mut(width)
                .take(shape.0)
                .enumerate()
                .for_each(|(i, to)| to[..used].copy_from_slice(row(i)));
        }
        let a = Matrix { data: &a.data[first * a.down..], ..a };
        // SAFETY: `narrow` has this many rows of `width`.
        unsafe { product::<L>(shape, a, b, (narrow.as_mut_ptr(), width), keep) };
        narrow
            .chunks(width)
            .take(shape.0)
            .enumerate()
            .for_each(|(i, from)| row(i).copy_from_slice(&from[..used]));
    }
}

/// Computes [`part`] for whole rows of `width`.
///
/// # Safety
/// `c` must have this many rows with this stride.
#[inline(always)]
unsafe fn product<const L: usize>(
    shape: (usize, usize, usize),
    a: Matrix<'_>,
    b: &[f32],
    c: (*mut f32, usize),
    keep: bool,
) {
    let (rows, terms, width) = shape;
    assert!(terms * width <= b.len(), "columns beyond those that were copied");
    assert!((rows - 1) * a.down + (terms - 1) * a.across < a.data.len(), "the left matrix is too short");
    let start = keep.then_some((c.0.cast_const(), c.1));
    let a = (a.data.as_ptr(), |row| row * a.down, |term| term * a.across);
    // SAFETY: as asserted, and as the caller guarantees.
    unsafe { block::<L>(shape, a, b.as_ptr(), c, start) };
}
