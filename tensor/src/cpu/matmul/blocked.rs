//! Products of `f32` matrices by vectors of 16 lanes: twice those that the crate `gemm` has.
//!
//! Up to 64 columns of B are copied side by side, some hundred rows at a time, and stay in the cache
//! while tiles of C, 6 rows by these columns, go over them in registers.

use crate::cpu::conv::outer::outer;
use crate::cpu::conv::scratch;
use crate::cpu::conv::transpose::transpose_body;
use crate::cpu::conv::vector::Register;
use crate::cpu::parallel::Disjoint;
use crate::cpu::simd::{Isa, isa, simd};

/// Columns that are copied side by side.
const COLUMNS: usize = 64;
/// Rows of B that are copied at a time: 128 KiB, of a level-2 cache.
const TERMS: usize = 512;
/// Rows of a tile at most.
const ROWS: usize = 12;

/// A matrix in a slice: elements between neighbours down, and across.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    pub data: &'a [f32],
    pub down: usize,
    pub across: usize,
}

/// Where C is: its first element, and the elements between its rows.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub all: Disjoint<'a, f32>,
    pub start: usize,
    pub stride: usize,
}

/// Whether products with this B are faster here than by `gemm`.
pub fn applies(b: &Matrix<'_>) -> bool {
    isa() == Isa::Avx512 && (b.down == 1 || b.across == 1)
}

/// `C = A B`, or `C += A B` if `keep`; the shape is rows, columns and terms. The rows or the columns
/// of B must be contiguous, and the caller alone uses C.
pub fn multiply(shape: (usize, usize, usize), a: Matrix<'_>, b: Matrix<'_>, c: Target<'_>, keep: bool) {
    let (rows, columns, terms) = shape;
    let reach = |m: &Matrix<'_>, down: usize, across: usize| (down - 1) * m.down + (across - 1) * m.across;
    assert!(reach(&a, rows, terms) < a.data.len() && reach(&b, terms, columns) < b.data.len());
    let most = COLUMNS.min(columns.next_multiple_of(16)) * TERMS.min(terms);
    scratch::with(most, |packed: &mut [f32]| with_room(shape, a, b, c, keep, packed));
}

simd!(
    /// [`multiply`], with room for the columns of B that are copied.
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
                block::<L>((rows, used, count), a, packed, width, c, keep || term > 0);
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

/// All rows of C at some columns.
#[inline(always)]
fn block<const L: usize>(
    (rows, used, terms): (usize, usize, usize),
    a: Matrix<'_>,
    b: &[f32],
    width: usize,
    c: Target<'_>,
    keep: bool,
) {
    for lane in (0..width).step_by(if L == 16 { width } else { 2 * L }) {
        if lane >= used {
            break;
        }
        let shape = (rows, used - lane, terms);
        let (b, c) = (&b[lane..], Target { start: c.start + lane, ..c });
        match (L, width) {
            (16, 64) => strip::<L, 4, 6>(shape, a, b, width, c, keep),
            (16, 48) => strip::<L, 3, 8>(shape, a, b, width, c, keep),
            (16, 32) => strip::<L, 2, 12>(shape, a, b, width, c, keep),
            (16, _) => strip::<L, 1, 12>(shape, a, b, width, c, keep),
            (8, _) => strip::<L, 2, 6>(shape, a, b, width, c, keep),
            _ => strip::<L, 2, 4>(shape, a, b, width, c, keep),
        }
    }
}

/// All rows of C at `V * L` columns or less, `P` at a time.
#[inline(always)]
fn strip<const L: usize, const V: usize, const P: usize>(
    (rows, used, terms): (usize, usize, usize),
    a: Matrix<'_>,
    b: &[f32],
    width: usize,
    c: Target<'_>,
    keep: bool,
) {
    let used = used.min(V * L);
    assert!((terms - 1) * width + V * L <= b.len(), "columns beyond those that were copied");
    assert!((rows - 1) * a.down + (terms - 1) * a.across < a.data.len(), "the left matrix is too short");
    // Rows of C, where they are narrower than the tile.
    let mut narrow = [0.0; ROWS * COLUMNS];
    for row in (0..rows).step_by(P) {
        let count = P.min(rows - row);
        let mut starts = [a.data.as_ptr(); P];
        let mut to = [std::ptr::null_mut(); P];
        for p in 0..count {
            // SAFETY: the caller alone uses C.
            let c = unsafe { c.all.part(c.start + (row + p) * c.stride, used) };
            to[p] = c.as_mut_ptr();
            if used < V * L {
                let narrow = &mut narrow[p * V * L..][..V * L];
                if keep {
                    narrow[..used].copy_from_slice(c);
                }
                to[p] = narrow.as_mut_ptr();
            }
        }
        let mut sums = [[Register::<L>::splat(0.0); V]; P];
        for p in 0..P {
            let from = p.min(count - 1);
            // SAFETY: a row of A, as asserted.
            starts[p] = unsafe { starts[p].add((row + from) * a.down) };
            for v in 0..if keep { V } else { 0 } {
                // SAFETY: a row of C, or of `narrow`, has `V * L` elements.
                sums[p][v] = unsafe { Register::<L>::load(to[from].add(v * L)) };
            }
        }
        let steps = (0..terms).map(|k| (k * a.across, k * width));
        // SAFETY: as asserted.
        unsafe { outer(&mut sums, starts, b.as_ptr(), steps) };
        for p in 0..count {
            for v in 0..V {
                // SAFETY: as for loading.
                unsafe { sums[p][v].store(to[p].add(v * L)) };
            }
            if used < V * L {
                // SAFETY: the caller alone uses C.
                let c = unsafe { c.all.part(c.start + (row + p) * c.stride, used) };
                c.copy_from_slice(&narrow[p * V * L..][..used]);
            }
        }
    }
}
