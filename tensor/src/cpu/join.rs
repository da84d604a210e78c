//! Concatenation of the rows of several operands.

use super::fresh::overwritten;
use super::parallel;

/// The number of elements of a task.
const TASK: usize = 65_536;
/// The cost per element, in nanoseconds.
const NS: f64 = 0.3;

/// Concatenates, for each `o` in `0..outer`, the `o`-th of the `outer` equal parts of each operand.
///
/// # Panics
/// If an operand cannot be cut into `outer` equal parts.
pub fn cat<T: Copy + Send + Sync>(operands: &[&[T]], outer: usize) -> Vec<T> {
    let len = operands.iter().map(|x| x.len()).sum();
    if len == 0 {
        return Vec::new();
    }
    // Each operand with the length of its rows, and their end in a row of the result.
    let mut end = 0;
    let mut rows = Vec::with_capacity(operands.len());
    for x in operands {
        assert_eq!(x.len() % outer, 0, "equal parts");
        end += x.len() / outer;
        rows.push((*x, x.len() / outer, end));
    }
    let part = |i: usize, y: &mut [T]| {
        let (mut o, mut at) = (i * TASK / end, i * TASK % end);
        let mut done = 0;
        while done < y.len() {
            for &(x, width, until) in &rows {
                if at < until && done < y.len() {
                    let from = width - (until - at);
                    let count = (until - at).min(y.len() - done);
                    y[done..done + count].copy_from_slice(&x[o * width + from..][..count]);
                    (at, done) = (at + count, done + count);
                }
            }
            (o, at) = (o + 1, 0);
        }
    };
    // SAFETY: each chunk is written from its first element to its last, and the chunks cover the result.
    unsafe { overwritten(len, |y| parallel::for_each_chunk(y, TASK, NS, part)) }
}

#[cfg(test)]
mod tests;
