//! Products whose right operand has contiguous rows, with few rows or few terms. Nothing is packed.
//!
//! A tile of C, up to 4 rows by a few vectors, stays in registers while k advances. Each step loads the
//! vectors of one row of B and multiplies them by one element of A for each row.

use std::ops::Range;

use super::{Operand, Start, column_blocks};
use crate::cpu::parallel::{self, Disjoint};
use crate::cpu::simd::simd;
use crate::cpu::vector::{Lanes, Vector};

/// The number of columns that one thread computes at a time: a multiple of the width of every tile.
const COLUMNS: usize = 256;
/// The number of rows that one thread computes at a time.
const ROWS: usize = 32;

/// Computes C = start + A B, of m x k and k x n. B's column stride is 1.
pub(super) fn rows<T: Lanes>(
    m: usize,
    k: usize,
    n: usize,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    start: Start<'_, T>,
    c: &mut [T],
    threads: bool,
) {
    if threads && m > ROWS {
        return parallel::for_each_chunk(c, ROWS * n, f64::INFINITY, |i, c| {
            let a = Operand { data: &a.data[i * ROWS * a.row..], ..a };
            block(c.len() / n, k, 0..n, a, b, start, Disjoint::new(c), n);
        });
    }
    column_blocks(n, COLUMNS, threads, c, |columns, c| block(m, k, columns, a, b, start, c, n));
}

simd!(
    /// Computes the columns `columns` of C.
    fn block<const L: usize, T: Lanes>(
        m: usize,
        k: usize,
        columns: Range<usize>,
        a: Operand<'_, T>,
        b: Operand<'_, T>,
        start: Start<'_, T>,
        c: Disjoint<'_, T>,
        n: usize,
    ) {
        let tile = Tile { m, k, a, b, start, c, n };
        let mut j = columns.start;
        // 32 registers hold 4 x 4 vectors and their operands, 16 hold 4 x 2.
        if L == 16 && size_of::<T>() == 4 {
            while j + 4 * L <= columns.end {
                tile.rows::<L, 4>(j, L);
                j += 4 * L;
            }
        }
        while j + 2 * L <= columns.end {
            tile.rows::<L, 2>(j, L);
            j += 2 * L;
        }
        while j < columns.end {
            tile.rows::<L, 1>(j, L.min(columns.end - j));
            j += L;
        }
    }
);

struct Tile<'a, T> {
    m: usize,
    k: usize,
    a: Operand<'a, T>,
    b: Operand<'a, T>,
    start: Start<'a, T>,
    c: Disjoint<'a, T>,
    n: usize,
}

impl<T: Lanes> Tile<'_, T> {
    /// Computes `V` vectors of each row, from column `j` on. The last one has `last` columns.
    #[inline(always)]
    fn rows<const L: usize, const V: usize>(&self, j: usize, last: usize) {
        let mut i = 0;
        while i + 4 <= self.m {
            self.tile::<L, V, 4>(i, j, last);
            i += 4;
        }
        match self.m - i {
            1 => self.tile::<L, V, 1>(i, j, last),
            2 => self.tile::<L, V, 2>(i, j, last),
            3 => self.tile::<L, V, 3>(i, j, last),
            _ => {}
        }
    }

    #[inline(always)]
    fn tile<const L: usize, const V: usize, const R: usize>(&self, i: usize, j: usize, last: usize) {
        let mut sum = [[Vector::<T, L>::ZERO; V]; R];
        if last == L {
            for p in 0..self.k {
                self.step(i, j, p, L, &mut sum);
            }
        } else {
            for p in 0..self.k {
                self.step(i, j, p, last, &mut sum);
            }
        }
        for r in 0..R {
            for v in 0..V {
                let (j, width) = (j + v * L, if v + 1 < V { L } else { last });
                let row = match self.start {
                    Start::Row(row) => &row[j..][..width],
                    _ => &[],
                };
                // SAFETY: concurrent calls differ in their rows or their columns.
                let c = unsafe { self.c.part((i + r) * self.n + j, width) };
                let sum = match self.start {
                    Start::Zero => sum[r][v],
                    Start::Row(_) => sum[r][v].add(Vector::of(row)),
                };
                sum.put(c);
            }
        }
    }

    /// Adds row p of B times its elements of A.
    #[inline(always)]
    fn step<const L: usize, const V: usize, const R: usize>(
        &self,
        i: usize,
        j: usize,
        p: usize,
        last: usize,
        sum: &mut [[Vector<T, L>; V]; R],
    ) {
        let mut b = [Vector::ZERO; V];
        for v in 0..V {
            let at = self.b.data.as_ptr().wrapping_add(p * self.b.row + j + v * L);
            // SAFETY: `Operand::check` has checked all of row p < k, which contains these columns.
            b[v] = unsafe {
                if v + 1 < V || last == L { Vector::load(at) } else { Vector::load_first(at, last) }
            };
        }
        for r in 0..R {
            // SAFETY: `Operand::check` has checked the element at row i + r < m, column p < k.
            let a = unsafe { *self.a.data.get_unchecked((i + r) * self.a.row + p * self.a.col) };
            for v in 0..V {
                sum[r][v] = Vector::splat(a).fma(b[v], sum[r][v]);
            }
        }
    }
}
