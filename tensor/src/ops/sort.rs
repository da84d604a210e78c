//! Sorting, selection of the largest elements, and search in sorted tensors.

use std::borrow::Cow;

use crate::cpu::element::Element as Kernel;
use crate::dtype::with_element;
use crate::ops::index::around;
use crate::{
    DType, Descending, Element, IntoDims, IntoOperand, Largest, Operand, Result, Right, Tensor, shape,
};

impl Tensor {
    /// Returns the `k`-th smallest elements along `dim`, counted from 1, and their int64 indices. NaN is
    /// larger than all numbers.
    ///
    /// # Errors
    /// If `dim` is out of range, or it has fewer than `k` elements.
    pub fn kthvalue(&self, k: usize, dim: impl IntoDims) -> Result<(Self, Self)> {
        let (op, dims) = ("kthvalue", dim.into_dims());
        let dim = dims.one(op)?;
        let size = self.rows_of(op, dim)?.1;
        bail_if!(
            k == 0 || k > size,
            shape(op, "got k = {k}, expected 1 to {size}, the size of the dimension")
        );
        let (values, indices) = self.topk(k, dim, Largest(false))?;
        if self.dim() == 0 {
            return Ok((values, indices));
        }
        self.gathered(dim, indices.narrow(dim, -1, 1)?.copy()?, dims.keepdim)
    }

    /// Returns the elements at `indices`, which has size 1 along `dim`, and the indices. The dimension is
    /// removed unless `keepdim` is true.
    pub(super) fn gathered(&self, dim: i64, indices: Self, keepdim: bool) -> Result<(Self, Self)> {
        let values = self.gather(dim, &indices)?;
        if keepdim { Ok((values, indices)) } else { Ok((values.squeeze(dim)?, indices.squeeze(dim)?)) }
    }

    /// Returns the number of elements before, along and after a dimension. A tensor without dimensions counts
    /// as a vector of one element.
    pub(super) fn rows_of(&self, op: &'static str, dim: i64) -> Result<(usize, usize, usize)> {
        if self.dim() == 0 && (-1..=0).contains(&dim) {
            return Ok((1, 1, 1));
        }
        Ok(around(self.size(), shape::dim(op, dim, self.size())?))
    }

    /// Returns the int64 index at which each of `values` would be inserted into this sorted vector, or into
    /// the same row of sorted rows: before equal elements, or after them with `right`.
    ///
    /// # Shapes
    /// Sorted `[n]` and values `[..]`, or sorted `[.., n]` and values `[.., m]`; the output has the shape of
    /// `values`.
    ///
    /// ```
    /// # use taper_tensor::{Right, Tensor};
    /// let sorted = Tensor::new([1, 3, 5])?;
    /// assert_eq!(sorted.searchsorted(&Tensor::new([3, 6])?, Right(false))?.to_vec::<i64>()?, [1, 3]);
    /// assert_eq!(sorted.searchsorted(3, Right(true))?.item::<i64>()?, 2);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the leading dimensions of both differ, or `self` has no dimensions.
    pub fn searchsorted(&self, values: impl IntoOperand, right: Right) -> Result<Self> {
        let op = "searchsorted";
        let values = match values.operand() {
            Operand::Tensor(t) => t,
            Operand::Scalar(v) => Cow::Owned(Self::full((), v)?),
        };
        let fits = self.dim() == 1
            || (self.dim() == values.dim()
                && self.dim() > 1
                && self.size()[..self.dim() - 1] == values.size()[..self.dim() - 1]);
        bail_if!(
            !fits,
            shape(
                op,
                "got sorted rows of shape {:?} and values of shape {:?}, expected equal leading dimensions",
                self.size(),
                values.size()
            )
        );
        let n = self.size()[self.dim() - 1];
        let dtype = self.dtype.promote(values.dtype);
        let each = if self.dim() == 1 { values.numel() } else { values.size()[self.dim() - 1] };
        // Ranks order NaN above all numbers, as sorting does.
        let ranks = |t: &Self| -> Result<Vec<u64>> {
            let t = t.in_dtype(dtype)?;
            with_element!(dtype, T => Ok(t.elements::<T>()?.into_iter().map(|x| rank(x, false)).collect()))
        };
        let (sorted, values_ranks) = (ranks(self)?, ranks(&values)?);
        let place = |(i, &v): (usize, &u64)| {
            let row = if self.dim() == 1 { &sorted[..] } else { &sorted[i / each * n..][..n] };
            row.partition_point(|&s| if right.0 { s <= v } else { s < v }) as i64
        };
        self.result(values_ranks.iter().enumerate().map(place).collect(), values.size())
    }

    /// Returns the elements without consecutive duplicates, the int64 index into these for each element, and
    /// the int64 length of each run.
    ///
    /// # Shapes
    /// Input `[..]`, outputs `[n]`, `[..]` and `[n]`.
    pub fn unique_consecutive(&self) -> Result<(Self, Self, Self)> {
        with_element!(self.dtype, T => {
            let x = self.elements::<T>()?;
            let (mut values, mut inverse, mut counts) = (vec![], Vec::with_capacity(x.len()), vec![]);
            for run in x.chunk_by(|a, b| a == b) {
                inverse.extend(std::iter::repeat_n(values.len() as i64, run.len()));
                values.push(run[0]);
                counts.push(run.len() as i64);
            }
            let n = [values.len()];
            Ok((self.result(values, &n)?.stored_as(self.dtype), self.result(inverse, self.size())?, self.result(counts, &n)?))
        })
    }
}

/// Returns a number whose order is that of the elements, or their reverse if `descending`. NaN is above all
/// numbers, as in PyTorch. Sorting by these numbers is compiled once for all element types.
pub(crate) fn rank<T: Element>(x: T, descending: bool) -> u64 {
    let key = if T::TYPE.is_float() {
        let x = Kernel::to_f64(x) + 0.0; // -0 is 0
        let bits = x.to_bits();
        match (x.is_nan(), x.is_sign_negative()) {
            (true, _) => u64::MAX,
            (false, true) => !bits,
            (false, false) => bits | 1 << 63,
        }
    } else {
        Kernel::cast::<i64>(x) as u64 ^ 1 << 63
    };
    if descending { !key } else { key }
}

impl Tensor {
    /// Sorts the elements along `dim` in ascending order, or in descending order with `descending`. Returns
    /// them and their int64 indices. NaN is larger than all numbers; equal elements keep their order.
    ///
    /// # Errors
    /// If `dim` is out of range.
    pub fn sort(&self, dim: i64, descending: Descending) -> Result<(Self, Self)> {
        self.ordered("sort", dim, None, descending.0)
    }

    /// Returns the `k` largest elements along `dim` in descending order, or the smallest in ascending order,
    /// and their int64 indices.
    ///
    /// # Shapes
    /// Input `[.., n, ..]`, outputs `[.., k, ..]`.
    ///
    /// # Errors
    /// If `dim` is out of range, or it has fewer elements.
    pub fn topk(&self, k: usize, dim: i64, largest: Largest) -> Result<(Self, Self)> {
        self.ordered("topk", dim, Some(k), largest.0)
    }

    fn ordered(
        &self,
        op: &'static str,
        dim: i64,
        k: Option<usize>,
        descending: bool,
    ) -> Result<(Self, Self)> {
        if self.dim() == 0 && (dim == 0 || dim == -1) {
            return Ok((self.copy()?, self.like().dtype(DType::I64).zeros(())?));
        }
        let d = shape::dim(op, dim, self.size())?;
        let (outer, n, inner) = around(self.size(), d);
        let k = k.unwrap_or(n);
        bail_if!(k > n, shape(op, "got k = {k}, expected at most {n}, the size of dimension {d}"));
        let mut size = self.size().to_vec();
        size[d] = k;
        with_element!(self.dtype, T => {
            let (values, indices) = Self::lend::<T, _>(op, &[self], |x| {
            let mut values = vec![T::default(); outer * k * inner];
            let mut indices = vec![0i64; values.len()];
            let mut row: Vec<(u64, usize)> = Vec::with_capacity(n);
            for (o, i) in (0..outer).flat_map(|o| (0..inner).map(move |i| (o, i))) {
                row.clear();
                // Equal elements are ordered by index, so that the sort is stable.
                row.extend((0..n).map(|j| (rank(x[0][(o * n + j) * inner + i], descending), j)));
                if k > 0 && k < n {
                    row.select_nth_unstable(k - 1);
                }
                row[..k].sort_unstable();
                for (j, &(_, index)) in row[..k].iter().enumerate() {
                    let at = (o * k + j) * inner + i;
                    (values[at], indices[at]) = (x[0][(o * n + index) * inner + i], index as i64);
                }
            }
            (values, indices)
            })?;
            Ok((self.result(values, &size)?.stored_as(self.dtype), self.result(indices, &size)?))
        })
    }

    /// Returns the distinct elements in ascending order, the int64 index into these for each element, and the
    /// int64 number of occurrences of each.
    ///
    /// # Shapes
    /// Input `[..]`, outputs `[n]`, `[..]` and `[n]`.
    pub fn unique(&self) -> Result<(Self, Self, Self)> {
        with_element!(self.dtype, T => {
            let x = self.elements::<T>()?;
            let mut by_value: Vec<(u64, usize)> = x.iter().enumerate().map(|(i, &x)| (rank(x, false), i)).collect();
            by_value.sort_unstable();
            let (mut values, mut inverse, mut counts) = (Vec::<T>::new(), vec![0i64; x.len()], Vec::<i64>::new());
            for (_, i) in by_value {
                match (values.last(), counts.last_mut()) {
                    (Some(last), Some(count)) if *last == x[i] => *count += 1,
                    _ => {
                        values.push(x[i]);
                        counts.push(1);
                    }
                }
                inverse[i] = values.len() as i64 - 1;
            }
            let n = [values.len()];
            Ok((self.result(values, &n)?.stored_as(self.dtype), self.result(inverse, self.size())?, self.result(counts, &n)?))
        })
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_sort {
    ($T:ident) => {
        impl $T {
            /// Returns the int64 indices that sort the elements along `dim`; see [`Self::sort`].
            ///
            /// # Errors
            /// If `dim` is out of range.
            pub fn argsort(&self, dim: i64, descending: $crate::Descending) -> Result<$crate::Tensor> {
                self.sort(dim, descending).map(|(_, index)| index)
            }

            /// Returns the int64 index of the bucket between sorted boundaries for each element. An element
            /// equal to a boundary is below it, or above it with `right`.
            ///
            /// # Errors
            /// If the boundaries are not a vector.
            pub fn bucketize(
                &self,
                boundaries: impl $crate::AsTensor<Self>,
                right: $crate::Right,
            ) -> Result<$crate::Tensor> {
                let boundaries = boundaries.as_tensor();
                $crate::bail_if!(
                    boundaries.dim() != 1,
                    shape("bucketize", "boundaries have shape {:?}, expected a vector", boundaries.size())
                );
                boundaries.searchsorted(self, right)
            }
        }
    };
}
composed_sort!(Tensor);
