//! Which elements make up which result, and in which order.

use std::cmp::Reverse;

use super::LANES;

#[derive(Clone, Copy)]
pub struct Axis {
    pub len: usize,
    pub stride: usize,
}

pub struct Plan {
    /// In the order of the results, merged.
    pub kept: Vec<Axis>,
    /// From the largest stride to the smallest, merged; never empty.
    reduced: Vec<Axis>,
    /// Elements in one result.
    pub len: usize,
    /// Whether accumulators run along contiguous rows.
    pub by_rows: bool,
}

impl Plan {
    pub fn new(dims: &[usize], strides: &[usize], over: &[usize]) -> Self {
        assert!(over.iter().all(|&d| d < dims.len()), "no dimension {over:?} in {dims:?}");
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

    /// The kept dimension whose results are reduced side by side.
    pub fn lanes(&self) -> Axis {
        self.kept.last().copied().unwrap_or(Axis { len: 1, stride: 0 })
    }

    /// Whether a result's elements are next to each other.
    #[inline(always)]
    pub fn is_line(&self) -> bool {
        self.by_rows && self.reduced.len() == 1
    }

    /// The stretches of the innermost reduced dimension that make up the reduced elements `from..to`.
    #[inline(always)]
    pub fn stretches(&self, from: usize, to: usize) -> Stretches<'_> {
        Stretches { plan: self, at: from, to }
    }
}

/// Stretches of a dimension. An iterator, as the body of a loop is compiled for the instruction set of
/// the function around it, which a closure need not be.
pub struct Stretches<'a> {
    plan: &'a Plan,
    at: usize,
    to: usize,
}

impl Iterator for Stretches<'_> {
    /// Offset, stride, length.
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

/// Where result `index` starts, given the kept axes.
#[inline(always)]
pub fn start(kept: &[Axis], mut index: usize) -> usize {
    // No division for the outermost, which has the rest.
    let Some((outermost, inner)) = kept.split_first() else { return 0 };
    let mut offset = 0;
    for axis in inner.iter().rev() {
        offset += index % axis.len * axis.stride;
        index /= axis.len;
    }
    offset + index * outermost.stride
}
