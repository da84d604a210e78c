//! Running sums and products, and the order of elements.

use crate::dtype::{with_element, with_working};
use crate::gather::around;
use crate::kernels::element::Element as Kernel;
use crate::kernels::scan;
use crate::{DType, Element, Error, Result, Tensor, shape};

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
    /// The running sums along a dimension; integers as i64.
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn cumsum(&self, dim: i64) -> Result<Self> {
        self.scan("cumsum", dim, true)
    }

    /// The running products along a dimension; integers as i64.
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn cumprod(&self, dim: i64) -> Result<Self> {
        self.scan("cumprod", dim, false)
    }

    fn scan(&self, op: &'static str, dim: i64, sum: bool) -> Result<Self> {
        let dtype = if self.dtype.is_float() { self.dtype } else { DType::I64 };
        if self.dim() == 0 && (dim == 0 || dim == -1) {
            return self.copy()?.cast(dtype);
        }
        let dim = shape::dim(op, dim, self.size())?;
        if self.numel() == 0 {
            return self.copy()?.cast(dtype);
        }
        with_working!(self.dtype, T => {
            let x = self.in_dtype(T::TYPE)?;
            let y = x.lend_view::<T, _>(op, |x| if sum { scan::cumsum(x, dim) } else { scan::cumprod(x, dim) })?;
            self.result(y, self.size())?.cast(dtype)
        })
    }

    /// The elements in ascending order along a dimension, or `descending`, and their indices as i64. NaN
    /// is above all numbers; equal elements keep their order.
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn sort(&self, dim: i64, descending: bool) -> Result<(Self, Self)> {
        self.ordered("sort", dim, None, descending)
    }

    /// The indices that sort a dimension, see [`Tensor::sort`].
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn argsort(&self, dim: i64, descending: bool) -> Result<Self> {
        self.sort(dim, descending).map(|(_, index)| index)
    }

    /// The `k` largest elements along a dimension, or smallest, and their indices as i64. They are always
    /// in order; `sorted` is there for PyTorch's sake.
    ///
    /// # Errors
    /// When there is no such dimension, or it has fewer elements.
    pub fn topk(&self, k: usize, dim: i64, largest: bool, sorted: bool) -> Result<(Self, Self)> {
        let _ = sorted;
        self.ordered("topk", dim, Some(k), largest)
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
        if k > n {
            return Err(Error::shape(op, format!("dimension {d} of size {n} has no {k} elements")));
        }
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
            Ok((self.result(values, &size)?, self.result(indices, &size)?))
        })
    }

    /// The middle elements along a dimension, the lower of two, and their indices; the first NaN where
    /// there is one.
    ///
    /// # Errors
    /// When there is no such dimension, or it is empty.
    pub fn median_dim(&self, dim: i64, keepdim: bool) -> Result<(Self, Self)> {
        let op = "median";
        if self.dim() == 0 {
            return self.sort(dim, false);
        }
        let d = shape::dim(op, dim, self.size())?;
        let n = self.size()[d];
        if n == 0 {
            return Err(Error::shape(op, format!("dimension {d} of shape {:?} is empty", self.size())));
        }
        let (values, indices) = self.sort(dim, false)?;
        let middle = (n as i64 - 1) / 2;
        // NaNs stand last, the first of them first.
        let nan = values.isnan()?;
        let count = nan.sum_dim(dim, true)?;
        let at = count.neg()?.add(n as i64)?.where_(&count, &count.full_like(middle)?)?;
        let (values, indices) = (values.gather(dim, &at)?, indices.gather(dim, &at)?);
        if keepdim { Ok((values, indices)) } else { Ok((values.squeeze(dim)?, indices.squeeze(dim)?)) }
    }

    /// The middle element of all, the lower of two; NaN if there is one.
    ///
    /// # Errors
    /// When there is no element.
    pub fn median(&self) -> Result<Self> {
        self.reshape(-1)?.median_dim(0, false).map(|(value, _)| value)
    }

    /// The different elements in ascending order, for each element its index among them (the shape of
    /// `self`, i64), and how often each occurs (i64).
    ///
    /// # Errors
    /// When memory runs out.
    pub fn unique(&self) -> Result<(Self, Self, Self)> {
        with_element!(self.dtype, T => {
            let x = self.to_vec::<T>()?;
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
            Ok((self.result(values, &n)?, self.result(inverse, self.size())?, self.result(counts, &n)?))
        })
    }

    /// How often each of the numbers 0, 1, … occurs in a vector of them: at least `minlength` counts, i64.
    ///
    /// # Errors
    /// On a negative number, a real dtype, or numbers too large to count.
    pub fn bincount(&self, minlength: usize) -> Result<Self> {
        let op = "bincount";
        if self.dtype.is_float() {
            return Err(Error::dtype(op, self.dtype, "int64 or another integer dtype"));
        }
        let x = self.to_dtype(DType::I64)?.to_vec::<i64>()?;
        if let Some(bad) = x.iter().find(|&&v| v < 0) {
            return Err(Error::value(op, format!("{bad} is negative, and cannot be counted")));
        }
        let n = x.iter().max().map_or(0, |&m| m.saturating_add(1));
        let n = shape::shape(op, n.max(i64::try_from(minlength).unwrap_or(i64::MAX)))?;
        shape::room::<i64>(op, n[0])?;
        let mut counts = vec![0i64; n[0]];
        x.into_iter().for_each(|v| counts[v as usize] += 1);
        self.result(counts, &n)
    }

    /// How many elements are in each of `bins` equal parts of [min, max], in the dtype of `self`; from the
    /// smallest to the largest element where the bounds are equal. Elements outside are not counted.
    ///
    /// # Errors
    /// When `bins` is 0, the bounds are not finite or in the wrong order; on an integer dtype.
    pub fn histc(&self, bins: usize, min: f64, max: f64) -> Result<Self> {
        let op = "histc";
        self.expect_float(op)?;
        let x = self.to_dtype(DType::F64)?.to_vec::<f64>()?;
        let (mut low, mut high) = (min, max);
        if low == high && !x.is_empty() {
            low = x.iter().copied().fold(f64::INFINITY, f64::min);
            high = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        }
        if low == high {
            (low, high) = (low - 1.0, high + 1.0);
        }
        if bins == 0 || !(low.is_finite() && high.is_finite() && low < high) {
            return Err(Error::value(
                op,
                format!(
                    "{bins} bins from {low} to {high}: expected at least one bin, and finite bounds in order"
                ),
            ));
        }
        let size = shape::shape(op, bins)?;
        shape::room::<f64>(op, bins)?;
        let mut counts = vec![0.0f64; bins];
        for v in x.into_iter().filter(|v| (low..=high).contains(v)) {
            let bin = ((v - low) / (high - low) * bins as f64) as usize;
            counts[bin.min(bins - 1)] += 1.0;
        }
        self.result(counts, &size)?.cast(self.dtype)
    }
}
