//! Sorting, the largest few, and searching in order.

use std::borrow::Cow;

use crate::cpu::element::Element as Kernel;
use crate::dtype::with_element;
use crate::ops::index::around;
use crate::{
    DType, Descending, Element, IntoDims, IntoOperand, Largest, Operand, Result, Right, Tensor, shape,
};

impl Tensor {
    /// Returns the `k`-th smallest elements along a dimension, counted from 1, and their indices. NaN is above all
    /// numbers.
    ///
    /// # Errors
    /// When there is no such dimension, or it has not `k` elements.
    pub fn kthvalue(&self, k: usize, dim: impl IntoDims) -> Result<(Self, Self)> {
        let (op, dims) = ("kthvalue", dim.into_dims());
        let dim = dims.one(op)?;
        let size = self.rows_of(op, dim)?.1;
        bail_if!(k == 0 || k > size, shape(op, "k is {k}, expected 1 to {size}, the dimension's size"));
        let (values, indices) = self.topk(k, dim, Largest(false))?;
        if self.dim() == 0 {
            return Ok((values, indices));
        }
        self.gathered(dim, indices.narrow(dim, -1, 1)?.copy()?, dims.keepdim)
    }

    /// The elements at indices along a dimension of size 1 there, which disappears unless `keepdim`, and the
    /// indices.
    pub(super) fn gathered(&self, dim: i64, indices: Self, keepdim: bool) -> Result<(Self, Self)> {
        let values = self.gather(dim, &indices)?;
        if keepdim { Ok((values, indices)) } else { Ok((values.squeeze(dim)?, indices.squeeze(dim)?)) }
    }

    /// The sizes before, of and after a dimension, where a number is a vector of one.
    pub(super) fn rows_of(&self, op: &'static str, dim: i64) -> Result<(usize, usize, usize)> {
        if self.dim() == 0 && (-1..=0).contains(&dim) {
            return Ok((1, 1, 1));
        }
        Ok(around(self.size(), shape::dim(op, dim, self.size())?))
    }

    /// Returns for each of `values` the index, as i64, at which it would go in this sorted vector, or in the same
    /// row of sorted rows: before elements equal to it, or after them with `right`.
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
    /// When the rows of both are not as many, or this is a number.
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
                "sorted rows of shape {:?} do not fit values of shape {:?}",
                self.size(),
                values.size()
            )
        );
        let n = self.size()[self.dim() - 1];
        let dtype = self.dtype.promote(values.dtype);
        let each = if self.dim() == 1 { values.numel() } else { values.size()[self.dim() - 1] };
        // In the order of sorting, where NaN is above all numbers.
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

    /// Returns the elements without those equal to the one before, for each element the index of its own
    /// among them (the shape of `self`, i64), and how often each stood in a row (i64).
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

/// A number in whose order the elements are sorted, the largest first if `descending`: NaN is above
/// all numbers, as in PyTorch. Sorting by numbers is compiled once for all element types.
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
    /// Returns the elements in ascending order along a dimension, or `descending`, and their indices as i64.
    /// NaN is above all numbers; equal elements keep their order.
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn sort(&self, dim: i64, descending: Descending) -> Result<(Self, Self)> {
        self.ordered("sort", dim, None, descending.0)
    }

    /// Returns the `k` largest elements along a dimension in descending order, or the smallest in ascending
    /// order, and their indices as i64.
    ///
    /// # Errors
    /// When there is no such dimension, or it has fewer elements.
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
        bail_if!(k > n, shape(op, "dimension {d} of size {n} has no {k} elements"));
        let mut size = self.size().to_vec();
        size[d] = k;
        with_element!(self.dtype, T => {
            let (values, indices) = Self::lend::<T, _>(op, &[self], |x| {
            let mut values = vec![T::default(); outer * k * inner];
            let mut indices = vec![0i64; values.len()];
            let mut row: Vec<(u64, usize)> = Vec::with_capacity(n);
            for (o, i) in (0..outer).flat_map(|o| (0..inner).map(move |i| (o, i))) {
                row.clear();
                // By the index where the elements are equal, so that the order is that of a stable sort.
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

    /// Returns the different elements in ascending order, for each element its index among them (the shape of
    /// `self`, i64), and how often each occurs (i64).
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
            /// Returns the indices that sort a dimension, see [`Self::sort`].
            ///
            /// # Errors
            /// When there is no such dimension.
            pub fn argsort(&self, dim: i64, descending: $crate::Descending) -> Result<$crate::Tensor> {
                self.sort(dim, descending).map(|(_, index)| index)
            }

            /// Returns for each element the number of the bucket between sorted boundaries that it is in, as
            /// i64. An element equal to a boundary is below it, or above with `right`.
            ///
            /// # Errors
            /// When the boundaries are not a vector.
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
