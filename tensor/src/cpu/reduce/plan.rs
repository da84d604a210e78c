//! The order in which elements are reduced to results.

use std::cmp::Reverse;

use super::LANES;

#[derive(Clone, Copy)]
pub struct Axis {
    pub len: usize,
    pub stride: usize,
}

pub struct Plan {
    /// The kept dimensions in the order of the results, merged.
    pub kept: Vec<Axis>,
    /// The reduced dimensions from the largest stride to the smallest, merged; never empty.
    reduced: Vec<Axis>,
    /// The number of elements of one result.
    pub len: usize,
    /// True if accumulators run along contiguous rows.
    pub by_rows: bool,
}

impl Plan {
    pub fn new(dims: &[usize], strides: &[usize], over: &[usize]) -> Self {
        assert!(over.iter().all(|&d| d < dims.len()), "dimensions {over:?} out of range for {dims:?}");
        let axes = |reduced: bool| {
            let dims_of = (0..dims.len()).filter(|d| over.contains(d) == reduced && dims[*d] != 1);
            dims_of.map(|d| Axis { len: dims[d], stride: strides[d] }).collect::<Vec<_>>()
        };
        let (mut kept, mut reduced) = (axes(false), axes(true));
        reduced.sort_by_key(|a| Reverse(a.stride));
        for axes in [&mut kept, &mut reduced] {
            axes.dedup_by(|inner, outer| {
                let joins = outer.stride == inner.stride * inner.len;
                if joins {
                    *outer = Axis { len: outer.len * inner.len, stride: inner.stride };
                }
                joins
            });
        }
        if reduced.is_empty() {
            reduced.push(Axis { len: 1, stride: 1 });
        }
        let len = reduced.iter().map(|a| a.len).product();
        let inner = reduced[reduced.len() - 1];
        let alone = kept.iter().all(|a| a.len == 1);
        let by_rows = inner.stride == 1 && (inner.len >= LANES || alone);
        Self { kept, reduced, len, by_rows }
    }

    /// Returns the kept dimension whose results are reduced side by side.
    pub fn lanes(&self) -> Axis {
        self.kept.last().copied().unwrap_or(Axis { len: 1, stride: 0 })
    }

    /// Returns true if the elements of a result are contiguous.
    #[inline(always)]
    pub fn is_line(&self) -> bool {
        self.by_rows && self.reduced.len() == 1
    }

    /// Returns the stretches of the innermost reduced dimension that form the reduced elements `from..to`.
    #[inline(always)]
    pub fn stretches(&self, from: usize, to: usize) -> Stretches<'_> {
        Stretches { plan: self, at: from, to }
    }
}

/// An iterator over stretches of a dimension. The body of a loop is compiled for the instruction set of the
/// function around it; a closure need not be.
pub struct Stretches<'a> {
    plan: &'a Plan,
    at: usize,
    to: usize,
}

impl Iterator for Stretches<'_> {
    /// The offset, stride and length.
    type Item = (usize, usize, usize);

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.to {
            return None;
        }
        let (inner, outer) = self.plan.reduced.split_last()?;
        let (row, col) = (self.at / inner.len, self.at % inner.len);
        let offset = col * inner.stride + start(outer, row);
        let len = (inner.len - col).min(self.to - self.at);
        self.at += len;
        Some((offset, inner.stride, len))
    }
}

/// Returns the offset of result `index`, given the kept axes.
#[inline(always)]
pub fn start(kept: &[Axis], mut index: usize) -> usize {
    // The outermost dimension needs no division.
    let Some((outermost, inner)) = kept.split_first() else { return 0 };
    let mut offset = 0;
    for axis in inner.iter().rev() {
        offset += index % axis.len * axis.stride;
        index /= axis.len;
    }
    offset + index * outermost.stride
}
