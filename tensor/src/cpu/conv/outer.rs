//! The innermost loops: sums of products held in registers.

use super::vector::Register;

/// Adds `sums[p][v] += a[p][i] * b[j + v * L ..][..L]` for each `(i, j)` of `steps`: the outer product of `P`
/// single values and `V` vectors, summed.
///
/// # Safety
/// Everything that is read must be readable: `a[p].add(i)`, and `V * L` values from `b.add(j)` on.
#[inline(always)]
pub unsafe fn outer<const L: usize, const V: usize, const P: usize>(
    sums: &mut [[Register<L>; V]; P],
    a: [*const f32; P],
    b: *const f32,
    steps: impl Iterator<Item = (usize, usize)>,
) {
    // The sums are copied so that they stay in registers.
    let mut held = *sums;
    let mut row = [Register::<L>::splat(0.0); V];
    for (i, j) in steps {
        for (v, row) in row.iter_mut().enumerate() {
            // SAFETY: the caller guarantees `b`.
            *row = unsafe { Register::<L>::load(b.add(j + v * L)) };
        }
        for p in 0..P {
            // SAFETY: the caller guarantees `a`.
            let value = Register::<L>::splat(unsafe { *a[p].add(i) });
            for v in 0..V {
                held[p][v] = value.fma(row[v], held[p][v]);
            }
        }
    }
    *sums = held;
}

/// Computes `c = start + a b` for `width` columns, a block of results packed side by side. Row `r` of `a` has
/// term `k` at `a.1(r) + a.2(k)` from `a.0` on, and `b` has rows of `width`. `c` and `start` have a row
/// stride each; without `start` the sums begin at 0.
///
/// # Safety
/// Everything that is read must be readable, and `c` writable, for these rows and terms.
#[inline(always)]
pub unsafe fn block<const L: usize>(
    (rows, terms, width): (usize, usize, usize),
    a: (*const f32, impl Fn(usize) -> usize + Copy, impl Fn(usize) -> usize + Copy),
    b: *const f32,
    (c, stride): (*mut f32, usize),
    start: Option<(*const f32, usize)>,
) {
    let shape = (rows, terms, width);
    for lane in (0..width).step_by(if L == 16 { width } else { 2 * L }) {
        // SAFETY: as the caller vouches; a width is a multiple of 16.
        unsafe {
            let (b, c) = (b.add(lane), (c.add(lane), stride));
            let start = start.map(|(start, stride)| (start.add(lane), stride));
            match (L, width) {
                (16, 64) => strip::<L, 4, 6>(shape, a, b, c, start),
                (16, 48) => strip::<L, 3, 8>(shape, a, b, c, start),
                (16, 32) => strip::<L, 2, 12>(shape, a, b, c, start),
                (16, _) => strip::<L, 1, 12>(shape, a, b, c, start),
                (8, _) => strip::<L, 2, 6>(shape, a, b, c, start),
                _ => strip::<L, 2, 4>(shape, a, b, c, start),
            }
        }
    }
}

/// Computes [`block`] for `V * L` of the columns, `P` rows at a time.
///
/// # Safety
/// See [`block`].
#[inline(always)]
unsafe fn strip<const L: usize, const V: usize, const P: usize>(
    (rows, terms, width): (usize, usize, usize),
    a: (*const f32, impl Fn(usize) -> usize + Copy, impl Fn(usize) -> usize + Copy),
    b: *const f32,
    (c, stride): (*mut f32, usize),
    start: Option<(*const f32, usize)>,
) {
    for row in (0..rows).step_by(P) {
        let count = P.min(rows - row);
        let mut starts = [a.0; P];
        let mut sums = [[Register::<L>::splat(0.0); V]; P];
        for p in 0..P {
            let row = row + p.min(count - 1);
            // SAFETY: a row of `a`, as the caller guarantees.
            starts[p] = unsafe { a.0.add(a.1(row)) };
            if let Some((start, stride)) = start {
                for v in 0..V {
                    // SAFETY: a row of `start`, as the caller guarantees.
                    sums[p][v] = unsafe { Register::<L>::load(start.add(row * stride + v * L)) };
                }
            }
        }
        // SAFETY: the caller guarantees `a` and `b`.
        unsafe { outer(&mut sums, starts, b, (0..terms).map(|k| (a.2(k), k * width))) };
        for p in 0..count {
            for v in 0..V {
                // SAFETY: a row of `c`, as the caller guarantees.
                unsafe { sums[p][v].store(c.add((row + p) * stride + v * L)) };
            }
        }
    }
}

/// Adds `sums[p][v] += a[p][i..][..L] * b[v][i..][..L]` for each `i` in `0..len` that is a multiple of `L`:
/// dot products, with `L` partial sums each.
///
/// # Safety
/// `len` values, rounded up to a multiple of `L`, must be readable from each pointer on.
#[inline(always)]
pub unsafe fn dots<const L: usize, const V: usize, const P: usize>(
    sums: &mut [[Register<L>; V]; P],
    a: [*const f32; P],
    b: [*const f32; V],
    len: usize,
) {
    let mut held = *sums;
    let mut left = [Register::<L>::splat(0.0); P];
    for i in (0..len).step_by(L) {
        for p in 0..P {
            // SAFETY: the caller guarantees `a`.
            left[p] = unsafe { Register::<L>::load(a[p].add(i)) };
        }
        for v in 0..V {
            // SAFETY: the caller guarantees `b`.
            let right = unsafe { Register::<L>::load(b[v].add(i)) };
            for p in 0..P {
                held[p][v] = left[p].fma(right, held[p][v]);
            }
        }
    }
    *sums = held;
}
