//! The transforms of stride 2, with one channel per lane.
//!
//! With stride 2, an output row depends on an even row of the input by the middle row of the kernel, and on
//! two neighbouring odd rows by the other two. For 4 outputs, the sums over the odd rows are F(4, 2):
//! products at 5 points. Those over the even rows are products with one number each, and can be written at 4
//! of these points, so that both are added before they are transformed back. This takes 9 products instead of
//! 12, and 81 instead of 144 for a tile of 4 by 4 pixels.
//!
//! The points are ±1/2, ±5/4 and infinity. Let `n` be the polynomial whose roots are the finite points, and
//! `n_p` the one without the root `p`. An input `d` becomes `n_p(d) / n_p(p)`, and `n(d)` at infinity, where
//! `x^i` stands for `d[i]`. A kernel `[g0, g1]` becomes `g0 + p g1`, and `g1` at infinity. Products `m`
//! become the outputs `sum over p of p^i m_p`, plus the product at infinity for the last one.

use super::transform::Map;
use crate::cpu::conv::vector::Register;

/// The finite points are these and their opposites.
const A: f32 = 0.5;
const B: f32 = 1.25;
const A2: f32 = A * A;
const B2: f32 = B * B;

/// Returns the row (or column) of the products, and of the kernels, for a row of a transformed input.
pub fn partners(row: usize) -> (usize, usize) {
    if row < 5 { (row, row) } else { (row - 5, 5) }
}

/// The map of 9 rows to the odd rows of the image (those with even indices) at 5 points, and then the even
/// rows at 4 points.
pub struct Input;

impl<const L: usize> Map<L, 9, 9> for Input {
    #[inline(always)]
    fn apply(d: [Register<L>; 9]) -> [Register<L>; 9] {
        let by = Register::<L>::splat;
        let [a, minus_a, b, minus_b] = finite([d[0], d[2], d[4], d[6]]);
        let infinity = by(A2 * B2).fma(d[0], by(-A2 - B2).fma(d[4], d[8]));
        let [c, minus_c, e, minus_e] = finite([d[1], d[3], d[5], d[7]]);
        [a, minus_a, b, minus_b, infinity, c, minus_c, e, minus_e]
    }
}

/// Returns `n_p(d) / n_p(p)`: `n_a` is `(x + a) (x² - b²)`.
#[inline(always)]
fn finite<const L: usize>(d: [Register<L>; 4]) -> [Register<L>; 4] {
    let by = Register::<L>::splat;
    let (na, nb) = (1.0 / (2.0 * A * (A2 - B2)), 1.0 / (2.0 * B * (B2 - A2)));
    // x² - b² and x³ - b² x, for ±a; likewise for ±b.
    let (even, odd) = (by(-B2).fma(d[0], d[2]), by(-B2).fma(d[1], d[3]).mul(by(na)));
    let (even_b, odd_b) = (by(-A2).fma(d[0], d[2]), by(-A2).fma(d[1], d[3]).mul(by(nb)));
    [
        by(na * A).fma(even, odd),
        by(na * A).mul(even).sub(odd),
        by(nb * B).fma(even_b, odd_b),
        by(nb * B).mul(even_b).sub(odd_b),
    ]
}

/// The map of the kernel's outer rows to 5 points, and of its middle row.
pub struct Weight;

impl<const L: usize> Map<L, 3, 6> for Weight {
    #[inline(always)]
    fn apply(g: [Register<L>; 3]) -> [Register<L>; 6] {
        let by = Register::<L>::splat;
        [
            by(A).fma(g[2], g[0]),
            by(-A).fma(g[2], g[0]),
            by(B).fma(g[2], g[0]),
            by(-B).fma(g[2], g[0]),
            g[2],
            g[1],
        ]
    }
}

/// The map of products at 5 points to 4 outputs.
pub struct Output;

impl<const L: usize> Map<L, 5, 4> for Output {
    #[inline(always)]
    fn apply(m: [Register<L>; 5]) -> [Register<L>; 4] {
        let by = Register::<L>::splat;
        let (even, even_b) = (m[0].add(m[1]), m[2].add(m[3]));
        let (odd, odd_b) = (m[0].sub(m[1]), m[2].sub(m[3]));
        [
            even.add(even_b),
            by(A).fma(odd, by(B).mul(odd_b)),
            by(A2).fma(even, by(B2).mul(even_b)),
            by(A * A2).fma(odd, by(B * B2).fma(odd_b, m[4])),
        ]
    }
}
