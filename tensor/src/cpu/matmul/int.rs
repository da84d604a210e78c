//! Products of integers, which wrap around as in PyTorch.

use super::{Operand, Shape, Start};
use crate::cpu::element::Number;
use crate::cpu::parallel;

/// Computes C = start + A B over integers; see [`matmul`](super::matmul).
///
/// # Panics
/// If a slice is shorter than its shape and strides require.
pub fn matmul_int<T: Number>(
    shape: Shape<'_>,
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    start: Start<'_, T>,
    c: &mut [T],
) {
    let Shape { m, k, n, batch } = shape;
    assert_eq!(c.len(), batch.iter().product::<usize>() * m * n, "matmul: the result has the wrong size");
    if c.is_empty() {
        return;
    }
    parallel::for_each_chunk(c, n, k as f64, |row, c| {
        let (a, b, i) = (a.at(&shape, row / m), b.at(&shape, row / m), row % m);
        match start {
            Start::Zero => c.fill(T::ZERO),
            Start::Row(row) => c.copy_from_slice(row),
        }
        for p in 0..k {
            let a = a.data[i * a.row + p * a.col];
            let row = &b.data[p * b.row..];
            if b.col == 1 {
                c.iter_mut().zip(row).for_each(|(c, &b)| *c = a.mul(b).add(*c));
            } else {
                c.iter_mut().enumerate().for_each(|(j, c)| *c = a.mul(row[j * b.col]).add(*c));
            }
        }
    });
}
