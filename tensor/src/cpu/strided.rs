//! Strided operands, and the iteration over up to four of them in tiles.
//!
//! Dimensions are merged if every operand allows it, so most calls see one long row. The remaining space is
//! cut into tiles of rows and columns that fit the L1 cache. A tile has the offset and the two strides of
//! each operand, and the kernel packs operands that are not contiguous along the columns. The rows of the
//! tile follow the dimension in which a transposed operand is contiguous, so that each cache line is read
//! once.

use smallvec::SmallVec;

use super::parallel;

/// The maximum number of elements of a tile.
pub(super) const TILE: usize = 4096;
/// The number of operands: a destination and three sources.
pub(super) const OPERANDS: usize = 4;

/// The strides of a broadcast number; a tensor has at most 64 dimensions.
const ZEROS: [usize; 64] = [0; 64];

/// A borrowed view of elements: `data[offset + sum(index[d] * strides[d])]`. Strides count
/// elements; 0 repeats one element along a dimension (broadcasting).
#[derive(Clone, Copy, Debug)]
pub struct Strided<'a, T> {
    pub(super) data: &'a [T],
    pub(super) dims: &'a [usize],
    pub(super) strides: &'a [usize],
    pub(super) offset: usize,
}

impl<'a, T> Strided<'a, T> {
    /// Returns a view of `data`.
    ///
    /// # Panics
    /// If an index in range would lie outside `data`.
    pub fn new(data: &'a [T], dims: &'a [usize], strides: &'a [usize], offset: usize) -> Self {
        check_bounds(data.len(), dims, strides, offset);
        Self { data, dims, strides, offset }
    }

    /// Returns a view with `value` at every index.
    ///
    /// # Panics
    /// If there are more than 64 dimensions.
    pub fn scalar(value: &'a T, dims: &'a [usize]) -> Self {
        Self { data: std::slice::from_ref(value), dims, strides: &ZEROS[..dims.len()], offset: 0 }
    }

    /// Returns the number of elements of the view.
    pub fn len(&self) -> usize {
        self.dims.iter().product()
    }

    /// Returns the elements in row-major order, if they are contiguous in memory.
    pub fn as_slice(&self) -> Option<&'a [T]> {
        is_contiguous(self.dims, self.strides).then(|| &self.data[self.offset..self.offset + self.len()])
    }
}

/// A mutable view of elements. No two indices refer to the same element.
#[derive(Debug)]
pub struct StridedMut<'a, T> {
    pub(super) data: &'a mut [T],
    pub(super) dims: &'a [usize],
    pub(super) strides: &'a [usize],
    pub(super) offset: usize,
}

impl<'a, T> StridedMut<'a, T> {
    /// Returns a mutable view of `data`.
    ///
    /// # Panics
    /// If an index in range would lie outside `data`, or two indices may refer to the same element. (With the
    /// strides sorted, each stride must exceed the reach of the smaller ones.)
    pub fn new(data: &'a mut [T], dims: &'a [usize], strides: &'a [usize], offset: usize) -> Self {
        check_bounds(data.len(), dims, strides, offset);
        assert!(is_distinct(dims, strides), "overlapping destination: dims {dims:?}, strides {strides:?}");
        Self { data, dims, strides, offset }
    }
}

/// Returns the strides of a contiguous row-major layout.
pub fn contiguous_strides(dims: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; dims.len()];
    for d in (1..dims.len()).rev() {
        strides[d - 1] = strides[d] * dims[d].max(1);
    }
    strides
}

/// Returns true if the layout is row-major without gaps.
pub fn is_contiguous(dims: &[usize], strides: &[usize]) -> bool {
    let mut expected = 1;
    dims.iter().zip(strides).rev().all(|(&d, &s)| {
        let fits = d == 1 || s == expected;
        expected *= d;
        fits
    }) || dims.contains(&0)
}

/// Returns true if the sorted strides show that no two indices refer to the same element.
pub fn is_distinct(dims: &[usize], strides: &[usize]) -> bool {
    let mut axes: Vec<(usize, usize)> =
        dims.iter().zip(strides).filter(|(d, _)| **d != 1).map(|(&d, &s)| (s, d)).collect();
    axes.sort_unstable();
    let mut reach = 0;
    dims.contains(&0)
        || axes.into_iter().all(|(stride, len)| {
            let distinct = stride > reach;
            reach += stride * (len - 1);
            distinct
        })
}

fn check_bounds(len: usize, dims: &[usize], strides: &[usize], offset: usize) {
    assert_eq!(dims.len(), strides.len(), "one stride for each dimension");
    if !dims.contains(&0) {
        let last =
            dims.iter().zip(strides).fold(offset, |o, (&d, &s)| o.saturating_add((d - 1).saturating_mul(s)));
        assert!(last < len, "dims {dims:?} with strides {strides:?} from {offset} leave {len} elements");
    }
}

/// One dimension of the iteration: its length and each operand's stride.
#[derive(Clone, Copy)]
struct Axis {
    len: usize,
    stride: [usize; OPERANDS],
}

/// A part of the iteration: element (r, c) of operand k is at `at[k] + r * row[k] + c * col[k]`.
pub(super) struct Tile {
    pub rows: usize,
    pub cols: usize,
    pub at: [usize; OPERANDS],
    pub row: [usize; OPERANDS],
    pub col: [usize; OPERANDS],
}

/// Returns the dimensions longer than 1, by descending stride of operand 0, merged if all operands continue
/// from one to the next. There is at least one. Few of them need no allocation, which costs as much as a
/// small kernel.
fn merged_axes(dims: &[usize], strides: [&[usize]; OPERANDS]) -> SmallVec<[Axis; 4]> {
    let mut axes: SmallVec<[Axis; 4]> = SmallVec::new();
    axes.extend(
        (0..dims.len())
            .filter(|&d| dims[d] != 1)
            .map(|d| Axis { len: dims[d], stride: strides.map(|s| s[d]) }),
    );
    axes.sort_by_key(|a| std::cmp::Reverse(a.stride[0]));
    axes.dedup_by(|inner, outer| {
        let joins = (0..OPERANDS).all(|k| outer.stride[k] == inner.stride[k] * inner.len);
        if joins {
            *outer = Axis { len: outer.len * inner.len, stride: inner.stride };
        }
        joins
    });
    if axes.is_empty() {
        axes.push(Axis { len: 1, stride: [1; OPERANDS] });
    }
    axes
}

/// Calls `f` once for each tile of the space `dims`, in parallel if the cost of `ns` nanoseconds per element
/// makes that worth it. Operand k has `strides[k]` and starts at `base[k]`. Tiles depend on shapes and
/// strides alone.
pub(super) fn walk(
    dims: &[usize],
    strides: [&[usize]; OPERANDS],
    base: [usize; OPERANDS],
    ns: f64,
    f: &(dyn Fn(&Tile) + Sync),
) {
    if dims.contains(&0) {
        return;
    }
    let mut axes = merged_axes(dims, strides);
    let Some(cols) = axes.pop() else { return };
    // A source whose unit stride is in another dimension: tiles extend along it.
    let turned = (1..OPERANDS).find(|&k| cols.stride[k] > 1);
    let nearest =
        |k: usize| (0..axes.len()).filter(|&a| axes[a].stride[k] > 0).min_by_key(|&a| axes[a].stride[k]);
    let rows = match turned.and_then(nearest) {
        Some(a) => axes.remove(a),
        None => axes.pop().unwrap_or(Axis { len: 1, stride: [0; OPERANDS] }),
    };
    let width = cols.len.min(if turned.is_some() && rows.len > 1 { 64 } else { TILE });
    let height = rows.len.min((TILE / width).max(1));
    let width = cols.len.min(TILE / height);
    let (across, down) = (cols.len.div_ceil(width), rows.len.div_ceil(height));
    let units = axes.iter().map(|a| a.len).product::<usize>() * down * across;
    // A task of 65,536 elements is long enough to distribute, and short enough to balance.
    let grain = (16 * TILE).div_ceil(width * height);
    parallel::for_each_range(units, grain, ns * (width * height) as f64, |range| {
        for unit in range {
            let (mut outer, r, c) =
                (unit / across / down, unit / across % down * height, unit % across * width);
            let mut at: [usize; OPERANDS] =
                std::array::from_fn(|k| base[k] + r * rows.stride[k] + c * cols.stride[k]);
            for axis in axes.iter().rev() {
                let i = outer % axis.len;
                outer /= axis.len;
                for (at, stride) in at.iter_mut().zip(axis.stride) {
                    *at += i * stride;
                }
            }
            f(&Tile {
                rows: height.min(rows.len - r),
                cols: width.min(cols.len - c),
                at,
                row: rows.stride,
                col: cols.stride,
            });
        }
    });
}
