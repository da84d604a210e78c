//! Products of operands that are both contiguous along k, with few rows or few columns. Each element of C is
//! a dot product, computed a vector of k at a time, for a tile of C at once.

use std::ops::Range;

use super::{Operand, Start, column_blocks};
use crate::cpu::parallel::Disjoint;
use crate::cpu::simd::simd;
use crate::cpu::vector::{Lanes, Vector};

/// The number of columns that one thread computes at a time.
const COLUMNS: usize = 32;

/// Computes C = start + A B, of m x k and k x n. A's column stride and B's row stride are 1.
pub(super) fn dots<T: Lanes>(
    m: usize,
    k: usize,
    n: usize,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    start: Start<'_, T>,
    c: &mut [T],
    threads: bool,
) {
    // The side with fewer vectors is x; the other one, y, is read once.
    let (x, y, p, q, steps) = if m <= n { (a, b.t(), m, n, [n, 1]) } else { (b.t(), a, n, m, [1, n]) };
    let (bias, bias_steps): (&[T], _) = match start {
        Start::Row(row) => (row, if m <= n { [0, 1] } else { [1, 0] }),
        _ => (&[], [0, 0]),
    };
    column_blocks(q, COLUMNS, threads, c, |range, c| {
        block(Tiles { p, k, x, y, out: Out { c, steps, bias, bias_steps } }, range);
    });
}

/// The position of the product of x's row i and y's row j, and the bias that is added.
#[derive(Clone, Copy)]
struct Out<'a, T> {
    c: Disjoint<'a, T>,
    steps: [usize; 2],
    bias: &'a [T],
    bias_steps: [usize; 2],
}

simd!(
    /// Computes all rows of x by the rows `range` of y.
    fn block<const L: usize, T: Lanes>(tiles: Tiles<'_, T>, range: Range<usize>) {
        // 32 registers hold the sums of 4 x 4 dot products, 16 those of 4 x 2.
        if L == 16 && size_of::<T>() == 4 {
            tiles.columns::<L, 4>(range);
        } else {
            tiles.columns::<L, 2>(range);
        }
    }
);

/// The `p` rows of x and those of y, with `k` elements each, and the positions of their products.
#[derive(Clone, Copy)]
struct Tiles<'a, T> {
    p: usize,
    k: usize,
    x: Operand<'a, T>,
    y: Operand<'a, T>,
    out: Out<'a, T>,
}

impl<T: Lanes> Tiles<'_, T> {
    #[inline(always)]
    fn columns<const L: usize, const Q: usize>(self, range: Range<usize>) {
        let mut j = range.start;
        while j + Q <= range.end {
            self.rows::<L, Q>(j);
            j += Q;
        }
        while j < range.end {
            self.rows::<L, 1>(j);
            j += 1;
        }
    }

    #[inline(always)]
    fn rows<const L: usize, const Q: usize>(self, j: usize) {
        let mut i = 0;
        while i + 4 <= self.p {
            self.tile::<L, 4, Q>(i, j);
            i += 4;
        }
        match self.p - i {
            1 => self.tile::<L, 1, Q>(i, j),
            2 => self.tile::<L, 2, Q>(i, j),
            3 => self.tile::<L, 3, Q>(i, j),
            _ => {}
        }
    }

    #[inline(always)]
    fn tile<const L: usize, const P: usize, const Q: usize>(self, i: usize, j: usize) {
        let Self { k, x, y, out, .. } = self;
        let mut sum = [[Vector::<T, L>::ZERO; Q]; P];
        // The sums of the elements from `at` on, `n` of them.
        macro_rules! add {
            ($at:expr, $n:expr) => {{
                let mut vx = [Vector::ZERO; P];
                for r in 0..P {
                    vx[r] = part(x, i + r, $at, $n);
                }
                let mut vy = [Vector::ZERO; Q];
                for s in 0..Q {
                    vy[s] = part(y, j + s, $at, $n);
                }
                for r in 0..P {
                    for s in 0..Q {
                        sum[r][s] = vx[r].fma(vy[s], sum[r][s]);
                    }
                }
            }};
        }
        let mut at = 0;
        while at + L <= k {
            add!(at, L);
            at += L;
        }
        if at < k {
            add!(at, k - at);
        }
        // From here on the sums are in memory. Otherwise, because of the indices below, the compiler would
        // keep them in memory all along.
        let sum = std::hint::black_box(sum);
        for r in 0..P {
            for s in 0..Q {
                let mut total = sum[r][s].sum();
                let [row, column] = out.steps;
                // SAFETY: concurrent calls differ in j.
                let c = unsafe { &mut out.c.part((i + r) * row + (j + s) * column, 1)[0] };
                if !out.bias.is_empty() {
                    total += out.bias[(i + r) * out.bias_steps[0] + (j + s) * out.bias_steps[1]];
                }
                *c = total;
            }
        }
    }
}

/// Loads `n` elements of a row, up to a vector, from column `at` on.
#[inline(always)]
fn part<T: Lanes, const L: usize>(x: Operand<'_, T>, row: usize, at: usize, n: usize) -> Vector<T, L> {
    let at = row * x.row + at;
    // SAFETY: `Operand::check` has checked the whole row.
    unsafe {
        let at = x.data.as_ptr().add(at);
        if n < L { Vector::load_first(at, n) } else { Vector::load(at) }
    }
}
