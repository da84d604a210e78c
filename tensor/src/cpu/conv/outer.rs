//! The innermost loops: sums of products held in registers.

use super::vector::Register;

/// `sums[p][v] += a[p][i] * b[j + v * L ..][..L]` for each `(i, j)` of `steps`: the outer product
/// of `P` single values and `V` vectors, summed.
///
/// # Safety
/// All that is read must be readable: `a[p].add(i)`, and `V * L` values from `b.add(j)` on.
#[inline(always)]
pub unsafe fn outer<const L: usize, const V: usize, const P: usize>(
    sums: &mut [[Register<L>; V]; P],
    a: [*const f32; P],
    b: *const f32,
    steps: impl Iterator<Item = (usize, usize)>,
) {
    // The sums are copied so that they live in registers, not behind the reference.
    let mut held = *sums;
    let mut row = [Register::<L>::splat(0.0); V];
    for (i, j) in steps {
        for (v, row) in row.iter_mut().enumerate() {
            // SAFETY: the caller vouches for `b`.
            *row = unsafe { Register::<L>::load(b.add(j + v * L)) };
        }
        for p in 0..P {
            // SAFETY: the caller vouches for `a`.
            let value = Register::<L>::splat(unsafe { *a[p].add(i) });
            for v in 0..V {
                held[p][v] = value.fma(row[v], held[p][v]);
            }
        }
    }
    *sums = held;
}

/// `sums[p][v] += a[p][i..][..L] * b[v][i..][..L]` for each `i` in `0..len` that is a multiple of
/// `L`: dot products, `L` partial sums each.
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
            // SAFETY: the caller vouches for `a`.
            left[p] = unsafe { Register::<L>::load(a[p].add(i)) };
        }
        for v in 0..V {
            // SAFETY: the caller vouches for `b`.
            let right = unsafe { Register::<L>::load(b[v].add(i)) };
            for p in 0..P {
                held[p][v] = left[p].fma(right, held[p][v]);
            }
        }
    }
    *sums = held;
}
