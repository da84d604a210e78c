//! Rows of several operands one after the other.

use std::mem::MaybeUninit;

use super::parallel;

/// Elements of a task.
const TASK: usize = 65_536;
/// Nanoseconds an element.
const NS: f64 = 0.3;

/// For each `o` in `0..outer`, the `o`th of the `outer` equal parts of each operand in turn.
///
/// # Panics
/// If an operand cannot be cut into `outer` equal parts.
pub fn cat<T: Copy + Send + Sync>(operands: &[&[T]], outer: usize) -> Vec<T> {
    let len = operands.iter().map(|x| x.len()).sum();
    if len == 0 {
        return Vec::new();
    }
    // Each operand, the length of its rows, and where these end in a row of the result.
    let mut end = 0;
    let mut rows = Vec::with_capacity(operands.len());
    for x in operands {
        assert_eq!(x.len() % outer, 0, "equal parts");
        end += x.len() / outer;
        rows.push((*x, x.len() / outer, end));
    }
    let mut y = Vec::with_capacity(len);
    parallel::for_each_chunk(&mut y.spare_capacity_mut()[..len], TASK, NS, |i, y| {
        let (mut o, mut at) = (i * TASK / end, i * TASK % end);
        let mut done = 0;
        while done < y.len() {
            for &(x, width, until) in &rows {
                if at < until && done < y.len() {
                    let from = width - (until - at);
                    let count = (until - at).min(y.len() - done);
                    copy(&x[o * width + from..][..count], &mut y[done..done + count]);
                    (at, done) = (at + count, done + count);
                }
            }
            (o, at) = (o + 1, 0);
        }
    });
    // SAFETY: each chunk is written from its first element to its last, and the chunks are all of it.
    unsafe { y.set_len(len) };
    y
}

fn copy<T: Copy>(from: &[T], to: &mut [MaybeUninit<T>]) {
    // SAFETY: as long as each other, which the callers see to, and no memory is in both.
    unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to.as_mut_ptr().cast(), from.len().min(to.len())) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_one_after_the_other() {
        for widths in [&[1usize][..], &[3, 1], &[0, 5, 0, 2], &[70_000, 1, 30_000], &[0]] {
            for outer in [1, 2, 7, 9000] {
                if outer * widths.iter().sum::<usize>() > 1_000_000 {
                    continue;
                }
                let operands: Vec<Vec<u64>> = (0..widths.len())
                    .map(|x| (0..outer * widths[x]).map(|i| (x * 1_000_000 + i) as u64).collect())
                    .collect();
                let mut expected = Vec::new();
                for o in 0..outer {
                    for (x, &width) in operands.iter().zip(widths) {
                        expected.extend_from_slice(&x[o * width..(o + 1) * width]);
                    }
                }
                let lent: Vec<&[u64]> = operands.iter().map(Vec::as_slice).collect();
                assert!(cat(&lent, outer) == expected, "{widths:?} {outer}");
            }
        }
    }
}
