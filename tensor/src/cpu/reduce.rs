//! Reductions over any set of dimensions, in an order that depends on shapes alone.
//!
//! A [`Fold`] adds one element to an accumulator, and merges two accumulators. If the innermost reduced
//! dimension is contiguous, 32 accumulators run along it; otherwise up to 1024 neighbouring results are
//! reduced at once. Either way an accumulator takes at most [`Fold::DEPTH`] elements in sequence, and is then
//! merged pairwise with the others, in parallel if that is worth it.

mod plan;
mod tree;

use plan::{Plan, start};
use tree::tree;

use super::parallel;
use super::simd::{Simd, dispatch};
use super::strided::Strided;

/// The number of accumulators along a contiguous row.
const LANES: usize = 32;
/// The number of results reduced at once if the reduced dimension is not contiguous.
const COLUMNS: usize = 1024;
/// The number of elements of a task.
const TASK: usize = 65_536;

/// A reduction of elements `T`. `P` is a parameter of each result, such as the mean that a variance is
/// measured from.
pub trait Fold<T, P = ()>: Copy + Sync {
    /// The accumulator.
    type Acc: Copy + Send + Sync;
    /// The result.
    type Out: Copy + Default + Send;
    /// The number of elements that an accumulator takes in sequence.
    const DEPTH: usize = 256;
    /// The cost per element, in nanoseconds.
    const NS: f64 = 0.2;
    /// Returns the accumulator of no elements.
    fn empty(self) -> Self::Acc;
    /// Adds an element to the accumulator.
    fn step<const L: usize>(self, acc: Self::Acc, x: T, p: P) -> Self::Acc;
    /// Merges two accumulators; the first one has the earlier elements.
    fn merge(self, a: Self::Acc, b: Self::Acc) -> Self::Acc;
    /// Returns the result of an accumulator.
    fn finish(self, acc: Self::Acc, p: P) -> Self::Out;
}

/// Reduces the dimensions `over` of x. The results are in row-major order of the remaining dimensions;
/// `params` has one element for each.
///
/// # Panics
/// If a dimension is out of range, or there are not as many parameters as results.
pub fn fold<T, P, F>(x: Strided<'_, T>, over: &[usize], params: &[P], f: F) -> Vec<F::Out>
where
    T: Copy + Send + Sync,
    P: Copy + Send + Sync,
    F: Fold<T, P>,
{
    let plan = Plan::new(x.dims, x.strides, over);
    let outputs: usize = plan.kept.iter().map(|a| a.len).product();
    assert_eq!(outputs, params.len(), "a parameter for each result");
    let mut y = vec![F::Out::default(); outputs];
    let job = Job { data: x.data, offset: x.offset, plan: &plan, params, f };
    if plan.len == 0 {
        for (y, &p) in y.iter_mut().zip(params) {
            *y = f.finish(f.empty(), p);
        }
        return y;
    }
    let block = if plan.by_rows { 1 } else { COLUMNS.min(plan.lanes().len).max(1) };
    // A chunk of results: whole blocks, with at least a task's elements.
    let chunk = (TASK / plan.len.max(1)).max(1).next_multiple_of(block);
    parallel::for_each_chunk(&mut y, chunk, F::NS * plan.len as f64, |i, y| {
        if plan.by_rows { job.rows(i * chunk, y) } else { job.columns(i * chunk, y) }
    });
    y
}

/// Reduces without parameters; see [`fold`].
pub fn reduce<T: Copy + Send + Sync, F: Fold<T>>(x: Strided<'_, T>, over: &[usize], f: F) -> Vec<F::Out> {
    let outputs: usize = (0..x.dims.len()).filter(|d| !over.contains(d)).map(|d| x.dims[d]).product();
    fold(x, over, &vec![(); outputs], f)
}

struct Job<'a, T, P, F> {
    data: &'a [T],
    offset: usize,
    plan: &'a Plan,
    params: &'a [P],
    f: F,
}

impl<T, P, F> Job<'_, T, P, F>
where
    T: Copy + Send + Sync,
    P: Copy + Send + Sync,
    F: Fold<T, P>,
{
    /// Computes results from `first` on, each along contiguous rows.
    fn rows(&self, first: usize, y: &mut [F::Out]) {
        if self.plan.len <= F::DEPTH * LANES {
            dispatch(Rows { job: self, first, y });
            return;
        }
        for (i, y) in y.iter_mut().enumerate() {
            let p = self.params[first + i];
            let at = self.offset + start(&self.plan.kept, first + i);
            *y = self.f.finish(gather(self.f, self.row_tree(at, 0, self.plan.len, p)), p);
        }
    }

    fn row_tree(&self, at: usize, from: usize, to: usize, p: P) -> [F::Acc; LANES] {
        tree(
            (from, to, F::DEPTH * LANES, TASK),
            F::NS,
            |from, to| dispatch(RowLeaf { job: self, at, from, to, p }),
            &|a: [F::Acc; LANES], b: [F::Acc; LANES]| std::array::from_fn(|l| self.f.merge(a[l], b[l])),
        )
    }

    /// Computes results from `first` on, up to `COLUMNS` neighbours at a time.
    fn columns(&self, first: usize, y: &mut [F::Out]) {
        let lanes = self.plan.lanes();
        let outer = &self.plan.kept[..self.plan.kept.len().saturating_sub(1)];
        let mut done = 0;
        while done < y.len() {
            let (row, col) = ((first + done) / lanes.len, (first + done) % lanes.len);
            let width = (lanes.len - col).min(COLUMNS).min(y.len() - done);
            let at = self.offset + start(outer, row) + col * lanes.stride;
            let params = &self.params[first + done..][..width];
            let acc = self.column_tree(at, 0, self.plan.len, params);
            for ((y, acc), &p) in y[done..].iter_mut().zip(acc).zip(params) {
                *y = self.f.finish(acc, p);
            }
            done += width;
        }
    }

    /// Reduces the elements `from..to` of as many neighbouring results as there are `params`.
    fn column_tree(&self, at: usize, from: usize, to: usize, params: &[P]) -> Vec<F::Acc> {
        let width = params.len();
        tree(
            (from, to, F::DEPTH, (TASK / width).max(F::DEPTH)),
            F::NS * width as f64,
            |from, to| {
                let mut acc = vec![self.f.empty(); width];
                dispatch(ColumnLeaf { job: self, at, from, to, params, acc: &mut acc });
                acc
            },
            &|mut a: Vec<F::Acc>, b: Vec<F::Acc>| {
                a.iter_mut().zip(b).for_each(|(a, b)| *a = self.f.merge(*a, b));
                a
            },
        )
    }
}

/// Merges the accumulators of the lanes.
#[inline(always)]
fn gather<T, P, F: Fold<T, P>>(f: F, mut lanes: [F::Acc; LANES]) -> F::Acc {
    let mut n = LANES / 2;
    while n > 0 {
        for l in 0..n {
            lanes[l] = f.merge(lanes[l], lanes[l + n]);
        }
        n /= 2;
    }
    lanes[0]
}

struct Rows<'a, 'b, T, P, F: Fold<T, P>> {
    job: &'a Job<'b, T, P, F>,
    first: usize,
    y: &'a mut [F::Out],
}

impl<T: Copy, P: Copy, F: Fold<T, P>> Simd for Rows<'_, '_, T, P, F> {
    type Out = ();
    #[inline(always)]
    fn run<const L: usize>(self) {
        let Job { plan, f, .. } = *self.job;
        for (i, y) in self.y.iter_mut().enumerate() {
            let p = self.job.params[self.first + i];
            let at = self.job.offset + start(&plan.kept, self.first + i);
            let leaf = RowLeaf { job: self.job, at, from: 0, to: plan.len, p };
            *y = f.finish(gather(f, leaf.run::<L>()), p);
        }
    }
}

struct RowLeaf<'a, 'b, T, P, F> {
    job: &'a Job<'b, T, P, F>,
    at: usize,
    from: usize,
    to: usize,
    p: P,
}

impl<T: Copy, P: Copy, F: Fold<T, P>> Simd for RowLeaf<'_, '_, T, P, F> {
    type Out = [F::Acc; LANES];
    #[inline(always)]
    fn run<const L: usize>(self) -> Self::Out {
        let Job { data, plan, f, .. } = *self.job;
        let mut acc = [f.empty(); LANES];
        if plan.is_line() {
            let row = &data[self.at + self.from..self.at + self.to];
            acc = along::<L, T, P, F>(f, acc, row, self.p);
        } else {
            for (offset, _, len) in plan.stretches(self.from, self.to) {
                let row = &data[self.at + offset..][..len];
                acc = along::<L, T, P, F>(f, acc, row, self.p);
            }
        }
        // Through memory: if the compiler sees how the lanes are merged, it keeps two in a register instead
        // of eight.
        std::hint::black_box(acc)
    }
}

/// Adds the elements of a row, a block of them to the lanes at a time. The accumulators are passed by value,
/// so that they stay in registers.
#[inline(always)]
fn along<const L: usize, T: Copy, P: Copy, F: Fold<T, P>>(
    f: F,
    mut acc: [F::Acc; LANES],
    row: &[T],
    p: P,
) -> [F::Acc; LANES] {
    let (blocks, rest) = row.as_chunks::<LANES>();
    for block in blocks {
        for l in 0..LANES {
            acc[l] = f.step::<L>(acc[l], block[l], p);
        }
    }
    for (acc, &x) in acc.iter_mut().zip(rest) {
        *acc = f.step::<L>(*acc, x, p);
    }
    acc
}

struct ColumnLeaf<'a, 'b, T, P, F: Fold<T, P>> {
    job: &'a Job<'b, T, P, F>,
    at: usize,
    from: usize,
    to: usize,
    params: &'a [P],
    acc: &'a mut [F::Acc],
}

impl<T: Copy, P: Copy, F: Fold<T, P>> Simd for ColumnLeaf<'_, '_, T, P, F> {
    type Out = ();
    #[inline(always)]
    fn run<const L: usize>(self) {
        let f = self.job.f;
        let width = self.params.len();
        let lanes = self.job.plan.lanes().stride;
        self.acc.fill(f.empty());
        let (acc, params) = (&mut self.acc[..width], &self.params[..width]);
        for (offset, step, len) in self.job.plan.stretches(self.from, self.to) {
            let data = &self.job.data[self.at + offset..];
            let mut r = 0;
            while r + 4 <= len {
                let rows = [
                    &data[r * step..],
                    &data[(r + 1) * step..],
                    &data[(r + 2) * step..],
                    &data[(r + 3) * step..],
                ];
                columns::<L, 4, T, P, F>(f, rows, lanes, acc, params);
                r += 4;
            }
            for r in r..len {
                columns::<L, 1, T, P, F>(f, [&data[r * step..]], lanes, acc, params);
            }
        }
    }
}

/// Adds the elements of `N` rows, `stride` apart.
#[inline(always)]
fn columns<const L: usize, const N: usize, T: Copy, P: Copy, F: Fold<T, P>>(
    f: F,
    rows: [&[T]; N],
    stride: usize,
    acc: &mut [F::Acc],
    params: &[P],
) {
    let width = acc.len();
    let params = &params[..width];
    if stride == 1 {
        let mut near = rows;
        for row in &mut near {
            *row = &row[..width];
        }
        for l in 0..width {
            let mut sum = acc[l];
            for row in near {
                sum = f.step::<L>(sum, row[l], params[l]);
            }
            acc[l] = sum;
        }
    } else {
        for l in 0..width {
            for row in rows {
                acc[l] = f.step::<L>(acc[l], row[l * stride], params[l]);
            }
        }
    }
}

#[cfg(test)]
mod tests;
