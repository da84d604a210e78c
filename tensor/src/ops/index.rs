//! Elements read at indices.

use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

use crate::dtype::with_element;
use crate::{DType, Error, Result, Tensor, shape};

/// The dimension `dim`, counted from the front, and its size; a number counts as a vector of one element.
pub(crate) fn dimension(op: &'static str, dim: i64, size: &[usize]) -> Result<(usize, usize)> {
    let dim = shape::dim(op, dim, if size.is_empty() { &[1] } else { size })?;
    Ok((dim, size.get(dim).copied().unwrap_or(1)))
}

/// The sizes before, of, and after a dimension; a number counts as one element.
pub(crate) fn around(size: &[usize], dim: usize) -> (usize, usize, usize) {
    if size.is_empty() {
        return (1, 1, 1);
    }
    (shape::numel(&size[..dim]), size[dim], shape::numel(&size[dim + 1..]))
}

/// Contiguous indices as i64, all of them within `size`; negative ones count from the end where
/// `negative` says so.
pub(crate) fn indices(
    op: &'static str,
    index: &Tensor,
    dim: usize,
    size: usize,
    negative: bool,
) -> Result<Vec<i64>> {
    if index.dtype.is_float() {
        return Err(Error::dtype(op, index.dtype, "int64 or another integer dtype"));
    }
    let n = size as i64;
    let mut index = index.to_dtype(DType::I64)?.to_vec::<i64>()?;
    for i in &mut index {
        let at = if *i < 0 && negative { *i + n } else { *i };
        if at < 0 || at >= n {
            return Err(Error::Index { op, index: *i, dim, size });
        }
        *i = at;
    }
    Ok(index)
}

/// Returns `index` as a vector of i64, all of them within `size`; negative ones count from the end.
#[doc(hidden)]
pub fn places(op: &'static str, index: &Tensor, dim: usize, size: usize) -> Result<Tensor> {
    index.result(indices(op, index, dim, size, true)?, &[index.numel()])
}

/// Returns the size that a tensor of this `size` is expanded to, and the index, so that all dimensions but
/// `dim` are the same in both.
#[doc(hidden)]
pub fn along(op: &'static str, size: &[usize], index: &Tensor, dim: i64) -> Result<(Vec<usize>, Tensor)> {
    let (d, n) = dimension(op, dim, size)?;
    bail_if!(
        index.dim() != size.len(),
        shape(op, "index has shape {:?}, expected as many dimensions as {size:?}", index.size())
    );
    let checked = places(op, index, d, n)?.reshape(index.size())?;
    if size.is_empty() {
        return Ok((vec![], checked));
    }
    let (mut own, mut at) = (size.to_vec(), index.size().to_vec());
    (own[d], at[d]) = (1, 1);
    let mut all = shape::broadcast(op, &own, &at)?;
    all[d] = index.size()[d];
    let checked = checked.expand(&all)?;
    all[d] = n;
    Ok((all, checked))
}

/// Calls `f(position in the index, position in the tensor)` for `gather` and its like: all
/// dimensions of both are the same place, but for `dim`.
pub(crate) fn for_each_place(
    index: &[i64],
    index_size: &[usize],
    size: &[usize],
    dim: usize,
    mut f: impl FnMut(usize, usize),
) {
    let rank = size.len();
    let strides = crate::cpu::strided::contiguous_strides(size);
    let mut at = vec![0usize; rank];
    for (i, &x) in index.iter().enumerate() {
        let place: usize =
            (0..rank).map(|d| if d == dim { x as usize * strides[d] } else { at[d] * strides[d] }).sum();
        f(i, place);
        for d in (0..rank.min(index_size.len())).rev() {
            at[d] += 1;
            if at[d] < index_size[d] {
                break;
            }
            at[d] = 0;
        }
    }
}

impl Tensor {
    /// Whether an index fits for `gather` and `scatter`: as many dimensions, none larger but `dim`.
    pub(super) fn expect_index(&self, op: &'static str, dim: usize, index: &Self) -> Result<()> {
        let fits = self.dim().max(1) == index.dim().max(1)
            && (0..self.dim()).all(|d| d == dim || index.size()[d] <= self.size()[d]);
        if fits || index.numel() == 0 {
            return Ok(());
        }
        bail!(shape(
            op,
            "index of shape {:?} does not fit {:?}: no dimension but {dim} may be larger",
            index.size(),
            self.size()
        ))
    }

    /// Returns the elements at `index` along `dim`: `out[i][j] = self[i][index[i][j]]` for `dim` 1, and so on.
    ///
    /// # Errors
    /// When an index is out of range or not an integer, or the shapes do not fit.
    pub fn gather(&self, dim: i64, index: &Self) -> Result<Self> {
        let op = "gather";
        let (dim, n) = dimension(op, dim, self.size())?;
        self.expect_index(op, dim, index)?;
        let at = indices(op, index, dim, n, false)?;
        with_element!(self.dtype, T => Self::compute::<T, T>(op, &[self], index.size(), |x, y| {
            for_each_place(&at, index.size(), self.size(), dim, |i, place| y[i] = x[0][place]);
        }))
    }

    /// Returns the slices at `index`, a vector of integers, along `dim`.
    ///
    /// # Errors
    /// When an index is out of range or not an integer, or `index` is not a vector.
    pub fn index_select(&self, dim: i64, index: &Self) -> Result<Self> {
        let op = "index_select";
        let (dim, n) = dimension(op, dim, self.size())?;
        bail_if!(index.dim() > 1, shape(op, "index has shape {:?}, expected a vector", index.size()));
        let at = indices(op, index, dim, n, false)?;
        match (self.dim(), at.len()) {
            (0, 1) => self.copy(),
            (0, n) => Err(Error::shape(op, format!("{n} indices into a number, expected one"))),
            _ => self.slices_at(op, dim, &at),
        }
    }

    /// The slices at indices that have been checked.
    pub(crate) fn slices_at(&self, op: &'static str, dim: usize, at: &[i64]) -> Result<Self> {
        let (outer, n, inner) = around(self.size(), dim);
        let mut size = self.size().to_vec();
        size[dim] = at.len();
        let size = shape::shape(op, size)?;
        shape::room::<u64>(op, shape::numel(&size))?;
        with_element!(self.dtype, T => Self::make::<T, T>(op, &[self], &size, |x| {
            let mut y = Vec::with_capacity(shape::numel(&size));
            for o in 0..outer {
                for &i in at {
                    y.extend_from_slice(&x[0][(o * n + i as usize) * inner..][..inner]);
                }
            }
            y
        }))
    }

    /// Returns the rows of a table `[rows, size]` at `index`, of any shape: `[.., size]`. No gradient flows to
    /// the row `padding_idx`.
    ///
    /// # Errors
    /// When an index is out of range or not an integer, or the table does not have two dimensions.
    pub fn embedding(&self, index: &Self, padding_idx: Option<usize>) -> Result<Self> {
        let op = "embedding";
        let &[rows, width] = self.size() else {
            bail!(shape(op, "weight has shape {:?}, expected [rows, size]", self.size()));
        };
        if let Some(row) = padding_idx.filter(|&row| row >= rows) {
            bail!(value(op, "padding_idx is {row}, expected less than the {rows} rows"));
        }
        let size = [index.size(), &[width]].concat();
        self.index_select(0, &index.reshape(-1)?)?.reshape(size)
    }
}

/// Where the element `i` of an index is in a source that may be larger.
pub(crate) fn position(i: usize, index: &[usize], source: &[usize]) -> usize {
    if index == source {
        return i;
    }
    let (mut rest, mut place, mut stride) = (i, 0, 1);
    for (&n, &s) in index.iter().zip(source).rev() {
        place += rest % n * stride;
        rest /= n;
        stride *= s;
    }
    place
}

/// What stands at one place between Python's square brackets.
#[derive(Clone, Debug)]
pub enum Index {
    /// An index, negative from the end: the dimension disappears.
    At(i64),
    /// From the first bound on before the second, every `step`-th; negative bounds count from the end.
    Slice {
        /// The first element; without it the first of all.
        start: Option<i64>,
        /// The element after the last one; without it all that are left.
        end: Option<i64>,
        /// The distance between elements, at least 1.
        step: usize,
    },
    /// All dimensions that no other index takes: Python's `...`.
    Ellipsis,
    /// A new dimension of size 1: Python's `None`.
    NewAxis,
    /// The elements at these indices (integers), or where this mask (u8) is not 0.
    Tensor(Tensor),
}

impl Index {
    /// Python's `start:end:step`.
    pub fn step(range: impl Into<Self>, by: usize) -> Self {
        match range.into() {
            Self::Slice { start, end, step } => Self::Slice { start, end, step: step.saturating_mul(by) },
            other => other,
        }
    }
}

impl From<RangeFull> for Index {
    fn from(_: RangeFull) -> Self {
        Self::Slice { start: None, end: None, step: 1 }
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

/// One index, or a tuple of up to six.
pub trait IntoIndices {
    /// The indices, in order.
    fn into_indices(self) -> Vec<Index>;
}

macro_rules! single {
    ($($t:ty),*) => {$(
        impl IntoIndices for $t {
            fn into_indices(self) -> Vec<Index> {
                vec![self.into()]
            }
        }
    )*};
}

single!(Index, RangeFull, Tensor, &Tensor);

impl IntoIndices for Vec<Index> {
    fn into_indices(self) -> Vec<Index> {
        self
    }
}

macro_rules! integers {
    ($($t:ty),*) => {$(
        impl From<$t> for Index {
            fn from(i: $t) -> Self {
                Self::At(i64::try_from(i).unwrap_or(i64::MAX))
            }
        }
        integers!(@ranges $t,
            Range<$t> |r| (Some(r.start), Some(r.end)),
            RangeFrom<$t> |r| (Some(r.start), None),
            RangeTo<$t> |r| (None, Some(r.end)));
        // An inclusive end of -1 is the last element: there is none after it.
        integers!(@ranges_inclusive $t,
            RangeInclusive<$t> |r| (Some(*r.start()), *r.end()),
            RangeToInclusive<$t> |r| (None, r.end));
        single!($t);
    )*};
    (@ranges $t:ty, $($range:ty |$r:ident| $e:expr),*) => {$(
        impl From<$range> for Index {
            fn from($r: $range) -> Self {
                let bounds: (Option<$t>, Option<$t>) = $e;
                let bound = |b: Option<$t>| b.map(|b| i64::try_from(b).unwrap_or(i64::MAX));
                Self::Slice { start: bound(bounds.0), end: bound(bounds.1), step: 1 }
            }
        }
        single!($range);
    )*};
    (@ranges_inclusive $t:ty, $($range:ty |$r:ident| $e:expr),*) => {$(
        impl From<$range> for Index {
            fn from($r: $range) -> Self {
                let (start, last): (Option<$t>, $t) = $e;
                let bound = |b: $t| i64::try_from(b).unwrap_or(i64::MAX);
                let end = match bound(last) {
                    -1 => None,
                    last => Some(last.saturating_add(1)),
                };
                Self::Slice { start: start.map(bound), end, step: 1 }
            }
        }
        single!($range);
    )*};
}

integers!(i32, i64, usize);

macro_rules! tuples {
    ($($name:ident),*) => {
        impl<$($name: Into<Index>),*> IntoIndices for ($($name,)*) {
            #[allow(non_snake_case)]
            fn into_indices(self) -> Vec<Index> {
                let ($($name,)*) = self;
                vec![$($name.into()),*]
            }
        }
    };
}

tuples!(A);

tuples!(A, B);

tuples!(A, B, C);

tuples!(A, B, C, D);

tuples!(A, B, C, D, E);

tuples!(A, B, C, D, E, F);

impl Tensor {
    /// Python's `x[indices]`: integers, ranges, [`Index::step`], [`Index::Ellipsis`], [`Index::NewAxis`],
    /// masks and tensors of indices. A view, unless a mask or a tensor is among them.
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
    /// When an index is out of range, there are too many of them, or the shapes of tensors do not fit.
    pub fn i(&self, indices: impl IntoIndices) -> Result<Self> {
        let (view, tensors) = self.basic(indices.into_indices())?;
        if tensors.iter().all(Option::is_none) { Ok(view) } else { view.advanced(tensors) }
    }

    /// Python's `x[indices] = value`, where the value broadcasts.
    ///
    /// # Errors
    /// As [`Tensor::i`] and [`Tensor::copy_`].
    pub fn set_(&self, indices: impl IntoIndices, value: &Self) -> Result<()> {
        let indices = indices.into_indices();
        if !indices.iter().any(|i| matches!(i, Index::Tensor(_))) {
            return self.i(indices)?.copy_(value);
        }
        // The same indices into a tensor of places say where the values go.
        let places = Self::arange(0, self.numel() as i64, 1)?.reshape(self.size())?.i(indices)?;
        let value = value.to_dtype(self.dtype)?.expand(places.size())?.reshape(-1)?;
        let y = self.copy()?;
        y.reshape(-1)?.scatter_(0, &places.reshape(-1)?, &value)?;
        self.copy_(&y)
    }

    /// The integers, ranges and new dimensions; the tensors, each beside the dimension that it indexes.
    fn basic(&self, indices: Vec<Index>) -> Result<(Self, Vec<Option<Self>>)> {
        let op = "index";
        let taken = |i: &Index| match i {
            Index::NewAxis | Index::Ellipsis => 0,
            Index::Tensor(t) if t.dtype == DType::U8 => t.dim(),
            _ => 1,
        };
        let used: usize = indices.iter().map(taken).sum();
        let Some(rest) = self.dim().checked_sub(used) else {
            bail!(shape(op, "{used} indices are too many for shape {:?}", self.size()));
        };
        bail_if!(
            indices.iter().filter(|i| matches!(i, Index::Ellipsis)).count() > 1,
            value(op, "only one index can be an ellipsis")
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
                Index::Tensor(mask) if mask.dtype == DType::U8 => {
                    let size = &view.size()[d..][..mask.dim()];
                    bail_if!(
                        size != mask.size(),
                        shape(op, "a mask of shape {:?} does not fit dimensions {size:?}", mask.size())
                    );
                    let at = mask.nonzero()?;
                    for i in 0..mask.dim() {
                        tensors.push(Some(at.select(1, i as i64)?));
                    }
                }
                Index::Tensor(t) => tensors.push(Some(t)),
            }
        }
        tensors.resize(view.dim().max(tensors.len()), None);
        Ok((view, tensors))
    }

    /// The elements at tensors of indices, which broadcast. Their dimensions stand where the indexed ones
    /// stood, or first where those do not stand together.
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

    /// Returns a vector for each index, 1 at the index and else 0: `[..]` to `[.., classes]`.
    ///
    /// # Errors
    /// When an index is out of range or not an integer.
    pub fn one_hot(&self, classes: usize) -> Result<Self> {
        let at = indices("one_hot", self, self.dim(), classes, false)?;
        let size = shape::shape("one_hot", [self.size(), &[classes]].concat())?;
        shape::room::<u64>("one_hot", shape::numel(&size))?;
        let mut y = vec![0i64; shape::numel(&size)];
        for (row, i) in at.into_iter().enumerate() {
            y[row * classes + i as usize] = 1;
        }
        self.result(y, &size)
    }
}

/// Operations that are composed of others, for tensors and variables alike.
#[doc(hidden)]
#[macro_export]
macro_rules! composed_index {
    ($T:ident) => {
        impl $T {
            /// Returns the elements at flat positions, row-major, in the shape of `index`. Negative positions
            /// count from the end.
            ///
            /// # Errors
            /// When a position is out of range or not an integer.
            #[track_caller]
            pub fn take(&self, index: &$crate::Tensor) -> Result<Self> {
                let at = $crate::support::places("take", index, 0, self.numel())?;
                self.reshape(-1)?.index_select(0, &at)?.reshape(index.size())
            }

            /// Returns the elements at `index` along `dim`, as [`Self::gather`]; but the other dimensions of
            /// both broadcast, and negative indices count from the end. It takes what `argsort` and
            /// [`Self::argmax`] give.
            ///
            /// # Errors
            /// When an index is out of range or not an integer, or the shapes do not fit.
            #[track_caller]
            pub fn take_along_dim(&self, index: &$crate::Tensor, dim: i64) -> Result<Self> {
                let (size, index) = $crate::support::along("take_along_dim", &self.size(), index, dim)?;
                self.expand(size)?.gather(dim, &index)
            }
        }
    };
}
composed_index!(Tensor);
