//! Average pooling, plain and adaptive, forward and backward.
//!
//! A window's sum is taken down its columns first, whole rows at a time, and then along the row
//! of sums: kernel height + kernel width additions an output instead of their product.

use super::{Pool2d, Window, adaptive_windows};
use crate::cpu::parallel;
use crate::cpu::simd::simd;
use crate::cpu::vector::{Lanes, Vector};

/// The cost of adding one element of the input, in nanoseconds.
const NS_PER_TAP: f64 = 0.3;

/// The windows of an average pooling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Average {
    /// Height and width of an input.
    input: [usize; 2],
    rows: Vec<Window>,
    cols: Vec<Window>,
    /// The divisor of sums, instead of the number of elements in the windows.
    divisor: Option<usize>,
}

impl Average {
    /// Returns the windows of PyTorch's `avg_pool2d`. Sums are divided by `divisor_override` if given, else
    /// by the size of the window within the padded input (with `count_include_pad`) or within the input.
    /// `pool`'s dilation is ignored.
    pub fn new(pool: &Pool2d, count_include_pad: bool, divisor_override: Option<usize>) -> Self {
        let windows = |d: usize| {
            let (size, padding) = (pool.input[d], pool.padding[d]);
            let window = |o: usize| {
                let start = o * pool.stride[d];
                let end = (start + pool.kernel[d]).min(size + 2 * padding);
                let inside = |at: usize| at.saturating_sub(padding).min(size);
                let (first, after) = (inside(start), inside(end));
                let count = if count_include_pad { end - start } else { after - first };
                Window { start: first, end: after, count }
            };
            (0..pool.output[d]).map(window).collect()
        };
        Self { input: pool.input, rows: windows(0), cols: windows(1), divisor: divisor_override }
    }

    /// Returns the windows of PyTorch's `adaptive_avg_pool2d`.
    pub fn adaptive(input: [usize; 2], output: [usize; 2]) -> Self {
        let [rows, cols] = [0, 1].map(|d| adaptive_windows(input[d], output[d]));
        Self { input, rows, cols, divisor: None }
    }

    /// Returns true if the only window is the whole input.
    fn global(&self) -> bool {
        let whole = |w: &[Window], size: usize| matches!(w, [w] if w.start == 0 && w.end == size);
        whole(&self.rows, self.input[0]) && whole(&self.cols, self.input[1])
    }

    fn divisor(&self, row: &Window, col: &Window) -> usize {
        self.divisor.unwrap_or(row.count * col.count).max(1)
    }

    fn sizes(&self) -> (usize, usize) {
        (self.input[0] * self.input[1], self.rows.len() * self.cols.len())
    }

    /// Computes the average of each window: `x` is `[planes, height, width]`, `y` `[planes, rows, cols]`.
    pub fn forward<T: Lanes>(&self, x: &[T], y: &mut [T]) {
        let (size, out) = self.sizes();
        if out == 0 {
            return;
        }
        assert_eq!(x.len(), y.len() / out * size);
        if self.global() {
            let divisor = T::of(self.divisor(&self.rows[0], &self.cols[0]) as f64);
            let many = (4096 / size.max(1)).max(1);
            return parallel::for_each_chunk(y, many, NS_PER_TAP * size as f64, |i, y| {
                means(&x[i * many * size..], size, divisor, y);
            });
        }
        parallel::for_each_chunk(y, out, NS_PER_TAP * size as f64 / out as f64, |p, y| {
            forward(self, &x[p * size..][..size], y);
        });
    }

    /// Computes the gradient with respect to x: `dy` is `[planes, rows, cols]`; `dx` is `[planes, height,
    /// width]` and overwritten.
    pub fn gradient<T: Lanes>(&self, dy: &[T], dx: &mut [T]) {
        let (size, out) = self.sizes();
        if size == 0 {
            return;
        }
        assert_eq!(dy.len(), dx.len() / size * out);
        parallel::for_each_chunk(dx, size, NS_PER_TAP, |p, dx| backward(self, &dy[p * out..][..out], dx));
    }
}

simd!(
    /// Computes one plane.
    fn forward<const L: usize, T: Lanes>(pool: &Average, x: &[T], y: &mut [T]) {
        let width = pool.input[1];
        let mut sums = vec![T::ZERO; width];
        for (row, y) in pool.rows.iter().zip(y.chunks_exact_mut(pool.cols.len())) {
            sums.fill(T::ZERO);
            for x in x[row.start * width..row.end * width].chunks_exact(width.max(1)) {
                for (sum, &x) in sums.iter_mut().zip(x) {
                    *sum += x;
                }
            }
            for (col, y) in pool.cols.iter().zip(y) {
                let mut total = T::ZERO;
                for &sum in &sums[col.start..col.end] {
                    total += sum;
                }
                *y = total / T::of(pool.divisor(row, col) as f64);
            }
        }
    }
);

simd!(
    /// Computes planes with a single window over all elements.
    fn means<const L: usize, T: Lanes>(x: &[T], size: usize, divisor: T, y: &mut [T]) {
        for (p, y) in y.iter_mut().enumerate() {
            let mut sum = Vector::<T, L>::ZERO;
            for x in x[p * size..][..size].chunks(L) {
                sum = sum.add(Vector::of(x));
            }
            *y = sum.sum() / divisor;
        }
    }
);

simd!(
    /// Computes one plane.
    fn backward<const L: usize, T: Lanes>(pool: &Average, dy: &[T], dx: &mut [T]) {
        if pool.global() {
            return dx.fill(dy[0] / T::of(pool.divisor(&pool.rows[0], &pool.cols[0]) as f64));
        }
        let width = pool.input[1];
        dx.fill(T::ZERO);
        if pool.cols.is_empty() {
            return;
        }
        let mut sums = vec![T::ZERO; width];
        for (row, dy) in pool.rows.iter().zip(dy.chunks_exact(pool.cols.len())) {
            sums.fill(T::ZERO);
            for (col, &dy) in pool.cols.iter().zip(dy) {
                let share = dy / T::of(pool.divisor(row, col) as f64);
                for sum in &mut sums[col.start..col.end] {
                    *sum += share;
                }
            }
            for dx in dx[row.start * width..row.end * width].chunks_exact_mut(width) {
                for (dx, &sum) in dx.iter_mut().zip(&sums) {
                    *dx += sum;
                }
            }
        }
    }
);
