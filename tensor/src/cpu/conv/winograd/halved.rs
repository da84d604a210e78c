//! The transforms of stride 2, each lane another channel.
//!
//! With stride 2, an output row sees an even row of the input with the middle row of the kernel,
//! and two neighbouring odd rows with the other two. For 4 outputs, the sums over the odd rows are
//! F(4, 2): products at 5 points. Those over the even rows are products with one number each, and
//! can be written at 4 of these points, so that both are added up before they are transformed
//! back: 9 products instead of 12, and 81 instead of 144 for a tile of 4 by 4 pixels.
//!
//! The points are ±1/2, ±5/4 and infinity. `n` being the polynomial whose roots are the finite
//! points and `n_p` that without the root `p`, an input `d` becomes `n_p(d) / n_p(p)`, and `n(d)` at
//! infinity, where `x^i` stands for `d[i]`; a kernel `[g0, g1]` becomes `g0 + p g1`, and `g1`; and
//! products `m` become the outputs `sum over p of p^i m_p`, plus that at infinity for the last.

use super::transform::Map;
use crate::cpu::conv::vector::Register;

/// The finite points are these and their opposites.
const A: f32 = 0.5;
const B: f32 = 1.25;
const A2: f32 = A * A;
const B2: f32 = B * B;

/// The number of a transformed input's row (or column) among those of the products, and of the
/// kernels.
pub fn partners(row: usize) -> (usize, usize) {
    if row < 5 { (row, row) } else { (row - 5, 5) }
}

/// 9 rows, of which the even numbered are odd rows of the image, to the odd rows at 5 points and
/// then the others at 4.
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

/// `n_p(d) / n_p(p)`: `n_a` is `(x + a) (x² - b²)`.
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

/// The kernel's outer rows at 5 points, and the middle one.
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

/// Products at 5 points to 4 outputs.
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
