//! Zero-padded copies of a channel, without the stride.

use super::vector::Register;
use crate::cpu::simd::simd;

/// The layout of a channel's pixels in zero-padded planes: one plane for each phase. A phase is the pixels of
/// one residue of the row and of the column modulo the stride.
///
/// The zeros to the left of a row are also those to the right of the previous row.
#[derive(Clone, Debug)]
pub struct Planes {
    height: usize,
    width: usize,
    /// The number of zero rows above, negative if rows are left out; columns likewise.
    top: isize,
    left: isize,
    /// The stride that is removed.
    steps: (usize, usize),
    /// The phases that any tap reads, vertically and horizontally.
    phases: (Vec<usize>, Vec<usize>),
    /// The number of rows of a plane.
    rows: usize,
    /// The number of elements of a row.
    pub stride: usize,
}

/// A row of a plane: zeros, elements of the image, and zeros again.
#[derive(Clone, Copy)]
pub struct Row {
    left: usize,
    count: usize,
    right: usize,
    /// The position of the first element in the channel.
    from: usize,
}

impl Planes {
    /// Returns planes of `rows` rows, in which windows of `columns` neighbouring pixels read up to `reach`
    /// further columns to the right.
    pub fn new(
        (height, width): (usize, usize),
        (top, left): (isize, isize),
        steps: (usize, usize),
        phases: (Vec<usize>, Vec<usize>),
        rows: usize,
        columns: usize,
        reach: usize,
    ) -> Self {
        let zeros = left.max(0) as usize;
        let pixels = (width as isize + left).max(0) as usize;
        // The elements that a window reads beyond the row must be the next row's zeros.
        let shared = (columns + reach).saturating_sub(zeros / steps.1);
        let stride = columns.max(pixels.div_ceil(steps.1)).max(shared);
        Self { height, width, top, left, steps, phases, rows, stride }
    }

    /// Returns the position of a pixel of a kept phase, in the first channel.
    pub fn at(&self, phase: (usize, usize), row: usize, column: usize) -> usize {
        let number = |phases: &[usize], phase| phases.iter().take_while(|&&p| p != phase).count();
        let plane = number(&self.phases.0, phase.0) * self.phases.1.len() + number(&self.phases.1, phase.1);
        (plane * self.rows + row) * self.stride + column
    }

    /// Returns the number of elements of a channel's planes.
    pub fn channel_len(&self) -> usize {
        self.phases.0.len() * self.phases.1.len() * self.rows * self.stride
    }

    /// Returns the contents of the rows of a channel's planes, from row `first` on.
    pub fn rows(&self, first: usize) -> Vec<Row> {
        let mut rows = Vec::with_capacity(self.channel_len() / self.stride.max(1));
        for &down in &self.phases.0 {
            for &across in &self.phases.1 {
                rows.extend((first..first + self.rows).map(|row| self.row(down, across, row)));
            }
        }
        rows
    }

    /// Copies the channels of `x` into planes with these rows.
    pub fn fill(&self, rows: &[Row], x: &[f32], to: &mut [f32]) {
        fill(rows, self.height * self.width, self.steps.1, x, to);
    }

    /// Returns a row of the plane of a phase: its column `j` is the image's `j * step + across - left`.
    fn row(&self, down: usize, across: usize, row: usize) -> Row {
        let row = (row * self.steps.0 + down) as isize - self.top;
        let (start, step) = (across as isize - self.left, self.steps.1);
        let left = ((-start).max(0) as usize).div_ceil(step).min(self.stride);
        let column = (start + (left * step) as isize).max(0) as usize;
        let count = self.width.saturating_sub(column).div_ceil(step).min(self.stride - left);
        if count == 0 || !(0..self.height as isize).contains(&row) {
            return Row { left: self.stride, count: 0, right: 0, from: 0 };
        }
        Row { left, count, right: self.stride - left - count, from: row as usize * self.width + column }
    }
}

simd!(
    /// Writes the rows of channels of `area` elements, taking every `step`-th element of a row of `x`.
    fn fill<const L: usize>(rows: &[Row], area: usize, step: usize, x: &[f32], to: &mut [f32]) {
        let inside = |row: &Row| row.count == 0 || row.from + (row.count - 1) * step < area;
        assert!(rows.iter().all(inside), "rows beyond their channel");
        match step {
            1 => channels::<L, 1>(rows, area, step, x, to),
            2 => channels::<L, 2>(rows, area, step, x, to),
            _ => channels::<L, 0>(rows, area, step, x, to),
        }
    }
);

/// Computes [`fill`] with `STEP` as the step, or 0 for any.
///
/// Whole vectors are written. The last ones overwrite the start of the next row, which is written later.
#[inline(always)]
fn channels<const L: usize, const STEP: usize>(
    rows: &[Row],
    area: usize,
    step: usize,
    x: &[f32],
    to: &mut [f32],
) {
    let mut at = 0;
    for x in (0..x.len().checked_div(area).unwrap_or(0)).map(|channel| &x[channel * area..]) {
        for row in rows {
            let end = at + row.left + row.count + row.right;
            let reach = row.count.next_multiple_of(L);
            if STEP == 1 && row.left + row.right > 0 && end + L <= to.len() {
                let stop = row.left + row.count;
                for i in (0..end - at).step_by(L) {
                    let (start, stop) = (row.left.clamp(i, i + L) - i, stop.clamp(i, i + L) - i);
                    // SAFETY: lanes `start..stop` are elements of the row, which is in the channel, as
                    // asserted; the write ends less than L after `end`.
                    unsafe {
                        let from = x.as_ptr().add(row.from).wrapping_add(i).wrapping_sub(row.left);
                        Register::<L>::load_between(from, start, stop).store(to.as_mut_ptr().add(at + i));
                    }
                }
            } else if STEP == 0 || end + L > to.len() || row.from + reach * STEP > x.len() {
                to[at..end].fill(0.0);
                let values = x[row.from.min(x.len())..].iter().step_by(step);
                to[at + row.left..][..row.count].iter_mut().zip(values).for_each(|(to, &x)| *to = x);
            } else {
                // SAFETY: the write ends less than L after `end`, and the read at `reach`.
                unsafe {
                    let (x, to) = (x.as_ptr().add(row.from), to.as_mut_ptr().add(at));
                    zeros::<L>(to, row.left);
                    for i in (0..row.count).step_by(L) {
                        let mut vector = Register::<L>::load(x.add(i * STEP));
                        if STEP == 2 {
                            vector = vector.evens(Register::<L>::load(x.add(i * STEP + L)));
                        }
                        vector.store(to.add(row.left + i));
                    }
                    zeros::<L>(to.add(row.left + row.count), row.right);
                }
            }
            at = end;
        }
    }
}

/// Writes `count` zeros, rounded up to whole vectors.
///
/// # Safety
/// That many elements must be writable.
#[inline(always)]
unsafe fn zeros<const L: usize>(to: *mut f32, count: usize) {
    if count == 1 {
        // SAFETY: as the caller guarantees, and below.
        return unsafe { *to = 0.0 };
    }
    for i in (0..count).step_by(L) {
        // SAFETY: likewise.
        unsafe { Register::<L>::splat(0.0).store(to.add(i)) };
    }
}
