//! Normalisation of rows, each by its own mean and deviation: layer norm, group norm and RMS norm.
//!
//! A row is read from memory once; its statistics, sums and result are computed from the cache. Statistics
//! are computed as for batch norm: of blocks, merged in f64. The gradient computes them again, which costs
//! less than keeping them.

use std::ops::Range;

use super::batch_norm::{BLOCK, moments_of, sums};
use super::fresh::overwritten;
use super::parallel::{self, Disjoint};
use super::simd::simd;
use super::vector::{Lanes, Vector};

/// The maximum number of tasks of a gradient. Each has its own sums of the parameters' gradients.
const TASKS: usize = 64;

/// The value that a normalisation subtracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Centre {
    /// The mean.
    Mean,
    /// Zero, as in RMS norm.
    Zero,
}

/// Rows of `parameters · inner` values each. `inner` neighbours share a weight and a bias. Row `r` uses the
/// parameters of set `r % sets`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rows {
    /// Rows.
    pub rows: usize,
    /// Sets of parameters: the groups of group norm, else 1.
    pub sets: usize,
    /// Parameters of a set.
    pub parameters: usize,
    /// Values that share a parameter.
    pub inner: usize,
    /// The value that is subtracted.
    pub centre: Centre,
    /// The number added to the variance, or to the mean square.
    pub eps: f64,
}

impl Rows {
    fn size(&self) -> usize {
        self.parameters * self.inner
    }

    fn len(&self) -> usize {
        self.rows * self.size()
    }

    /// Returns the index of the first parameter of row `r`.
    #[inline(always)]
    fn set(&self, r: usize) -> usize {
        r % self.sets * self.parameters
    }

    /// Returns the value subtracted from a row, and the factor of the differences.
    #[inline(always)]
    fn statistics<const L: usize, T: Lanes>(&self, x: &[T]) -> (T, f64) {
        let moments = moments_of::<L, T>(x, self.centre);
        (T::of(moments.mean), 1.0 / (moments.squares / moments.count + self.eps).sqrt())
    }
}

/// Returns `(x - mean) / sqrt(variance + eps) · weight + bias` of each row.
///
/// # Panics
/// If the length of a slice does not match `s`, as in all functions here.
pub fn forward<T: Lanes>(s: &Rows, x: &[T], weight: &[T], bias: &[T]) -> Vec<T> {
    let parameters = s.sets * s.parameters;
    assert_eq!([x.len(), weight.len(), bias.len()], [s.len(), parameters, parameters], "wrong sizes");
    if s.len() == 0 {
        return Vec::new();
    }
    let fill = |y: &mut [T]| {
        let y = Disjoint::new(y);
        let grain = ((1 << 14) / s.size()).max(1);
        parallel::for_each_range(s.rows, grain, 0.5 * s.size() as f64, |range| {
            forward_rows(s, x, weight, bias, range, y);
        });
    };
    // SAFETY: it writes all rows.
    unsafe { overwritten(s.len(), fill) }
}

/// Returns the gradients of the input, the weights and the biases. Without `parameters`, the last two are
/// empty.
///
/// ```text
/// dbias = sum dy, dweight = sum dy h, dx = (dy weight - mean(dy weight) - h mean(dy weight h)) / d
/// with d = sqrt(variance + eps), h = (x - mean) / d
/// ```
///
/// RMS norm does not subtract the mean, neither in `h` nor in `dx`.
pub fn backward<T: Lanes>(s: &Rows, x: &[T], dy: &[T], weight: &[T], parameters: bool) -> [Vec<T>; 3] {
    let count = s.sets * s.parameters;
    assert_eq!([x.len(), dy.len(), weight.len()], [s.len(), s.len(), count], "wrong sizes");
    let wanted = if parameters { count } else { 0 };
    if s.len() == 0 {
        return [Vec::new(), vec![T::ZERO; wanted], vec![T::ZERO; wanted]];
    }
    // The sums of all tasks use a fraction of the input's memory.
    let tasks = if parameters { (s.len() / (4 * count)).max(1) } else { TASKS };
    let grain = s.rows.div_ceil(tasks.min(TASKS));
    let tasks = s.rows.div_ceil(grain);
    let mut partial = vec![0.0; tasks * 2 * wanted];
    let partials = Disjoint::new(&mut partial);
    let fill = |dx: &mut [T]| {
        let dx = Disjoint::new(dx);
        parallel::for_each(tasks, 0.8 * (grain * s.size()) as f64, |task| {
            // SAFETY: each task has its own part.
            let sums = unsafe { partials.part(task * 2 * wanted, 2 * wanted) };
            let range = task * grain..((task + 1) * grain).min(s.rows);
            gradient_rows(s, x, dy, weight, range, sums, dx);
        });
    };
    // SAFETY: it writes all rows.
    let dx = unsafe { overwritten(s.len(), fill) };
    let mut total = vec![0.0; 2 * wanted];
    if wanted > 0 {
        for partial in partial.chunks_exact(2 * wanted) {
            for (total, partial) in total.iter_mut().zip(partial) {
                *total += partial;
            }
        }
    }
    let of = |sums: &[f64]| sums.iter().map(|&sum| T::of(sum)).collect();
    [dx, of(&total[..wanted]), of(&total[wanted..])]
}

simd!(
    /// Normalises the rows `range`. Nothing else may use those rows of `y`.
    fn forward_rows<const L: usize, T: Lanes>(
        s: &Rows,
        x: &[T],
        weight: &[T],
        bias: &[T],
        range: Range<usize>,
        y: Disjoint<'_, T>,
    ) {
        let size = s.size();
        for r in range {
            let x = &x[r * size..][..size];
            // SAFETY: nothing else uses this row.
            let y = unsafe { y.part(r * size, size) };
            let (w, b) = (&weight[s.set(r)..][..s.parameters], &bias[s.set(r)..][..s.parameters]);
            let (mean, inverse) = s.statistics::<L, T>(x);
            if s.inner == 1 {
                let inverse = T::of(inverse);
                for i in 0..size {
                    y[i] = ((x[i] - mean) * inverse).fma::<L>(w[i], b[i]);
                }
                continue;
            }
            for (p, (x, y)) in x.chunks_exact(s.inner).zip(y.chunks_exact_mut(s.inner)).enumerate() {
                let (scale, bias) = (T::of(inverse * w[p].f64()), b[p]);
                for i in 0..s.inner {
                    y[i] = (x[i] - mean).fma::<L>(scale, bias);
                }
            }
        }
    }
);

simd!(
    /// Computes the gradient of the rows `range`. Nothing else may use those rows of `dx`. Adds the gradients
    /// of the weights and of the biases to `totals`, unless that is empty.
    fn gradient_rows<const L: usize, T: Lanes>(
        s: &Rows,
        x: &[T],
        dy: &[T],
        weight: &[T],
        range: Range<usize>,
        totals: &mut [f64],
        dx: Disjoint<'_, T>,
    ) {
        let size = s.size();
        let (dweight, dbias) = totals.split_at_mut(totals.len() / 2);
        for r in range {
            let (x, dy) = (&x[r * size..][..size], &dy[r * size..][..size]);
            // SAFETY: nothing else uses this row.
            let dx = unsafe { dx.part(r * size, size) };
            let set = s.set(r)..s.set(r) + s.parameters;
            let w = &weight[set.clone()];
            let (mean, inverse) = s.statistics::<L, T>(x);
            let (mut sum, mut dot) = (0.0, 0.0);
            if s.inner == 1 {
                (sum, dot) = weighted_sums::<L, T>(x, dy, w, mean);
                if !dweight.is_empty() {
                    let (dweight, dbias) = (&mut dweight[set.clone()], &mut dbias[set]);
                    let inverse = T::of(inverse);
                    for i in 0..size {
                        dweight[i] += (dy[i] * ((x[i] - mean) * inverse)).f64();
                    }
                    for i in 0..size {
                        dbias[i] += dy[i].f64();
                    }
                }
            } else {
                for (p, (x, dy)) in x.chunks_exact(s.inner).zip(dy.chunks_exact(s.inner)).enumerate() {
                    let (part, part_dot) = sums::<L, T>(x, dy, mean);
                    sum += part * w[p].f64();
                    dot += part_dot * w[p].f64();
                    if !dweight.is_empty() {
                        dweight[set.start + p] += part_dot * inverse;
                        dbias[set.start + p] += part;
                    }
                }
            }
            let share = inverse / size as f64;
            let level = if s.centre == Centre::Mean { T::of(-sum * share) } else { T::ZERO };
            let slope = T::of(dot * inverse * inverse * share);
            if s.inner == 1 {
                let inverse = T::of(inverse);
                for i in 0..size {
                    dx[i] = (dy[i] * w[i]).fma::<L>(inverse, (mean - x[i]).fma::<L>(slope, level));
                }
                continue;
            }
            for (p, dx) in dx.chunks_exact_mut(s.inner).enumerate() {
                let (x, dy) = (&x[p * s.inner..][..s.inner], &dy[p * s.inner..][..s.inner]);
                let scale = T::of(inverse * w[p].f64());
                for i in 0..s.inner {
                    dx[i] = dy[i].fma::<L>(scale, (mean - x[i]).fma::<L>(slope, level));
                }
            }
        }
    }
);

/// Returns the sums of dy weight and of dy weight (x - mean).
#[inline(always)]
fn weighted_sums<const L: usize, T: Lanes>(x: &[T], dy: &[T], weight: &[T], mean: T) -> (f64, f64) {
    let (means, mut total) = (Vector::<T, L>([-mean; L]), (0.0, 0.0));
    for from in (0..x.len()).step_by(BLOCK) {
        let to = (from + BLOCK).min(x.len());
        let (mut sum, mut dot) = ([Vector::<T, L>::ZERO; 2], [Vector::<T, L>::ZERO; 2]);
        let mut at = from;
        while at < to {
            for a in 0..2 {
                let part = at.min(to)..(at + L).min(to);
                // Lanes beyond the end have dy = 0.
                let dy = Vector::<T, L>::of(&dy[part.clone()]);
                let dy = dy.fma(Vector::of(&weight[part.clone()]), Vector::ZERO);
                sum[a] = sum[a].add(dy);
                dot[a] = dy.fma(Vector::of(&x[part]).add(means), dot[a]);
                at += L;
            }
        }
        total.0 += sum[0].add(sum[1]).sum().f64();
        total.1 += dot[0].add(dot[1]).sum().f64();
    }
    total
}

#[cfg(test)]
mod tests;
