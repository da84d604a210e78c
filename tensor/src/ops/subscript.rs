//! Indexing as with Python's square brackets.

use std::ops::{Bound, Range, RangeBounds, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

use crate::ops::index::indices;
use crate::shape::{self, Size};
use crate::{DType, Error, Result, Tensor};

/// An index of one dimension, as between Python's square brackets.
#[derive(Clone, Debug)]
pub enum Index {
    /// An index, counted from the end if negative. The dimension is removed.
    At(i64),
    /// Every `step`-th element from `start` to before `end`. Negative bounds count from the end.
    Slice {
        /// The index of the first element; the default is 0.
        start: Option<i64>,
        /// The index after the last element; the default is the size.
        end: Option<i64>,
        /// The distance between elements, at least 1.
        step: usize,
    },
    /// All dimensions that the other indices leave: Python's `...`.
    Ellipsis,
    /// A new dimension of size 1: Python's `None`.
    NewAxis,
    /// Integer indices of elements, or a mask.
    Tensor(Tensor),
}

impl Index {
    /// Returns an index with a step: Python's `start:end:step`.
    pub fn step(range: impl Into<Self>, by: usize) -> Self {
        match range.into() {
            Self::Slice { start, end, step } => Self::Slice { start, end, step: step.saturating_mul(by) },
            other => other,
        }
    }
}

impl From<Tensor> for Index {
    fn from(t: Tensor) -> Self {
        Self::Tensor(t)
    }
}

impl From<&Tensor> for Index {
    fn from(t: &Tensor) -> Self {
        Self::Tensor(t.clone())
    }
}

impl<T: Size> From<T> for Index {
    fn from(i: T) -> Self {
        Self::At(i.size())
    }
}

/// Converts a range of integers to Python's slice.
fn slice<T: Size>(range: &impl RangeBounds<T>) -> Index {
    let start = match range.start_bound() {
        Bound::Included(start) | Bound::Excluded(start) => Some(start.size()),
        Bound::Unbounded => None,
    };
    let end = match range.end_bound() {
        Bound::Excluded(end) => Some(end.size()),
        // The inclusive end -1 is the last element: the slice has no end.
        Bound::Included(last) => {
            Some(last.size()).filter(|&last| last != -1).map(|last| last.saturating_add(1))
        }
        Bound::Unbounded => None,
    };
    Index::Slice { start, end, step: 1 }
}

/// One index, or a tuple of up to six, as an argument.
pub trait IntoIndices {
    /// Returns the indices, in order.
    fn into_indices(self) -> Vec<Index>;
}

impl IntoIndices for Vec<Index> {
    fn into_indices(self) -> Vec<Index> {
        self
    }
}

macro_rules! ranges {
    ($($range:ty),*) => {$(
        impl<T: Size> From<$range> for Index {
            fn from(range: $range) -> Self {
                slice::<T>(&range)
            }
        }
    )*};
}
ranges!(Range<T>, RangeFrom<T>, RangeTo<T>, RangeInclusive<T>, RangeToInclusive<T>);

impl From<RangeFull> for Index {
    fn from(range: RangeFull) -> Self {
        slice::<i64>(&range)
    }
}

macro_rules! single {
    ($([$($g:tt)*] $t:ty),*) => {$(
        impl<$($g)*> IntoIndices for $t {
            fn into_indices(self) -> Vec<Index> {
                vec![self.into()]
            }
        }
    )*};
}
single!([] Index, [] RangeFull, [] Tensor, [] &Tensor, [T: Size] T);
single!([T: Size] Range<T>, [T: Size] RangeFrom<T>, [T: Size] RangeTo<T>);
single!([T: Size] RangeInclusive<T>, [T: Size] RangeToInclusive<T>);

macro_rules! tuples {
    ($first:ident $(, $name:ident)*) => {
        impl<$first: Into<Index> $(, $name: Into<Index>)*> IntoIndices for ($first, $($name,)*) {
            #[allow(non_snake_case)]
            fn into_indices(self) -> Vec<Index> {
                let ($first, $($name,)*) = self;
                vec![$first.into() $(, $name.into())*]
            }
        }
        tuples!($($name),*);
    };
    () => {};
}
tuples!(A, B, C, D, E, F);

impl Tensor {
    /// Returns the elements at `indices`: Python's `x[indices]`. Indices are integers, ranges,
    /// [`Index::step`], [`Index::Ellipsis`], [`Index::NewAxis`], masks and tensors of integers. The result is
    /// a view unless a mask or a tensor is among them.
    ///
    /// ```
    /// # use taper_tensor::{Index, Tensor};
    /// let x = Tensor::arange(0, 12, 1)?.reshape((3, 4))?;
    /// assert_eq!(x.i((.., 1))?.to_vec::<i64>()?, [1, 5, 9]);
    /// assert_eq!(x.i((-1, 1..3))?.to_vec::<i64>()?, [9, 10]);
    /// assert_eq!(x.i((0, Index::step(.., 2)))?.to_vec::<i64>()?, [0, 2]);
    /// assert_eq!(x.i(x.gt(9)?)?.to_vec::<i64>()?, [10, 11]);
    /// x.i((.., 0))?.zero_()?;
    /// assert_eq!(x.i(1)?.to_vec::<i64>()?, [0, 5, 6, 7]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// If an index is out of range, there are too many of them, or the shapes of tensors do not fit.
    pub fn i(&self, indices: impl IntoIndices) -> Result<Self> {
        let (view, tensors) = self.basic(indices.into_indices())?;
        if tensors.iter().all(Option::is_none) { Ok(view) } else { view.advanced(tensors) }
    }

    /// Sets the elements at `indices` to `value`, which broadcasts: Python's `x[indices] = value`.
    ///
    /// # Errors
    /// If an index is out of range, there are too many of them, the shapes do not fit, several elements of
    /// `self` share a place in memory, or an array view of it is held.
    pub fn set_(&self, indices: impl IntoIndices, value: &Self) -> Result<()> {
        let indices = indices.into_indices();
        if !indices.iter().any(|i| matches!(i, Index::Tensor(_))) {
            return self.i(indices)?.copy_(value);
        }
        // Indexing a tensor of positions gives the positions to write to.
        let places = Self::arange(0, self.numel() as i64, 1)?.reshape(self.size())?.i(indices)?;
        let value = value.to_dtype(self.dtype)?.expand(places.size())?.reshape(-1)?;
        let y = self.copy()?;
        y.reshape(-1)?.scatter_(0, &places.reshape(-1)?, &value)?;
        self.copy_(&y)
    }

    /// Applies the integers, ranges and new dimensions. Returns the view, and the index tensor of each of its
    /// dimensions.
    fn basic(&self, indices: Vec<Index>) -> Result<(Self, Vec<Option<Self>>)> {
        let op = "index";
        let taken = |i: &Index| match i {
            Index::NewAxis | Index::Ellipsis => 0,
            Index::Tensor(t) if t.dtype == DType::Bool => t.dim(),
            _ => 1,
        };
        let used: usize = indices.iter().map(taken).sum();
        let Some(rest) = self.dim().checked_sub(used) else {
            bail!(shape(
                op,
                "got {used} indices, expected at most one for each dimension of shape {:?}",
                self.size()
            ));
        };
        bail_if!(
            indices.iter().filter(|i| matches!(i, Index::Ellipsis)).count() > 1,
            value(op, "got more than one ellipsis, expected at most one")
        );
        let mut view = self.clone();
        let mut tensors: Vec<Option<Self>> = vec![];
        for index in indices {
            let d = tensors.len();
            match index {
                Index::At(i) => view = view.select(d as i64, i)?,
                Index::Slice { start, end, step } => {
                    view = view.slice(d as i64, start, end, step)?;
                    tensors.push(None);
                }
                Index::Ellipsis => tensors.extend(std::iter::repeat_n(None, rest)),
                Index::NewAxis => {
                    view = view.unsqueeze(d as i64)?;
                    tensors.push(None);
                }
                Index::Tensor(mask) if mask.dtype == DType::Bool => {
                    let size = &view.size()[d..][..mask.dim()];
                    bail_if!(
                        size != mask.size(),
                        shape(
                            op,
                            "got a mask of shape {:?}, expected {size:?}, the sizes of its dimensions",
                            mask.size()
                        )
                    );
                    let at = mask.nonzero()?;
                    for i in 0..mask.dim() {
                        tensors.push(Some(at.select(1, i as i64)?));
                    }
                }
                Index::Tensor(t) if t.dtype == DType::U8 => {
                    return Err(Error::value(
                        op,
                        "got an index of dtype uint8, which could be a mask or indices; convert it with \
                         .to_dtype(DType::Bool) or .to_dtype(DType::I64)",
                    ));
                }
                Index::Tensor(t) => tensors.push(Some(t)),
            }
        }
        tensors.resize(view.dim().max(tensors.len()), None);
        Ok((view, tensors))
    }

    /// Returns the elements at tensors of indices, which broadcast. Their dimensions replace the indexed ones
    /// if these are adjacent, else they come first.
    fn advanced(&self, tensors: Vec<Option<Self>>) -> Result<Self> {
        let op = "index";
        let indexed: Vec<usize> = (0..tensors.len()).filter(|&d| tensors[d].is_some()).collect();
        let rest: Vec<usize> = (0..tensors.len()).filter(|&d| tensors[d].is_none()).collect();
        let mut size = vec![];
        for t in tensors.iter().flatten() {
            size = shape::broadcast(op, &size, t.size())?;
        }
        shape::room::<i64>(op, shape::numel(&size))?;
        let mut at = vec![0i64; shape::numel(&size)];
        for &d in &indexed {
            let Some(t) = &tensors[d] else { continue };
            let n = self.size()[d];
            let index = indices(op, &t.expand(&size)?, d, n, true)?;
            at.iter_mut().zip(index).for_each(|(at, i)| *at = *at * n as i64 + i);
        }
        let left: Vec<usize> = rest.iter().map(|&d| self.size()[d]).collect();
        let joined = indexed.iter().map(|&d| self.size()[d]).product();
        let x =
            self.permute([indexed.as_slice(), &rest].concat())?.reshape([&[joined], &left[..]].concat())?;
        let y = x.slices_at(op, 0, &at)?.reshape([&size[..], &left].concat())?;
        let together = indexed.windows(2).all(|w| w[1] == w[0] + 1);
        let before = rest.iter().filter(|&&d| d < indexed[0]).count();
        if !together || before == 0 {
            return Ok(y);
        }
        let (k, rank) = (size.len(), y.dim());
        y.permute((k..k + before).chain(0..k).chain(k + before..rank).collect::<Vec<_>>())
    }
}
