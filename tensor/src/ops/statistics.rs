//! Variances, covariances, quantiles and counts.

use crate::cpu::reducers;
use crate::dtype::{with_element, with_real};
use crate::ops::reduce::{expect_float, expect_integer, reduction};
use crate::ops::sort::rank;
use crate::{DType, Descending, Device, Element, IntoDims, Keepdim, Result, Tensor, shape};

impl Tensor {
    /// Returns the most frequent elements along `dim`, the smallest of equally frequent ones, and the int64
    /// index of the last occurrence of each.
    ///
    /// # Errors
    /// If `dim` is out of range, or its size is 0.
    pub fn mode(&self, dim: impl IntoDims) -> Result<(Self, Self)> {
        let (op, dims) = ("mode", dim.into_dims());
        let dim = dims.one(op)?;
        let (outer, n, inner) = self.rows_of(op, dim)?;
        bail_if!(
            n == 0,
            shape(op, "got dimension {dim} of shape {:?}, expected at least one element", self.size())
        );
        let at = with_element!(self.dtype, T => Self::lend::<T, _>(op, &[self], |x| {
            let mut at = Vec::with_capacity(outer * inner);
            for (o, i) in (0..outer).flat_map(|o| (0..inner).map(move |i| (o, i))) {
                let mut row: Vec<(u64, usize)> =
                    (0..n).map(|j| (rank(x[0][(o * n + j) * inner + i], false), j)).collect();
                row.sort_unstable();
                // Selects the first of the longest runs.
                let longest = row.chunk_by(|a, b| a.0 == b.0).rev().max_by_key(|run| run.len());
                at.push(longest.and_then(|run| run.last()).map_or(0, |&(_, j)| j as i64));
            }
            at
        }))?;
        if self.dim() == 0 {
            return Ok((self.copy()?, self.result(at, &[])?));
        }
        let mut size = self.size().to_vec();
        size[shape::dim(op, dim, self.size())?] = 1;
        let index = self.result(at, &size)?;
        self.gathered(dim, index, dims.keepdim)
    }

    /// Returns the variances over `dims`, or over all dimensions if none is given: the sums of squared
    /// differences from the mean, divided by `n - correction`. PyTorch's default correction is 1.
    ///
    /// # Shapes
    /// Input `[.., n, ..]`, output `[.., ..]`, or `[.., 1, ..]` with [`Keepdim`](crate::Keepdim).
    ///
    /// # Errors
    /// If a dimension is out of range or given twice, or the dtype is not floating point.
    pub fn var(&self, dims: impl IntoDims, correction: f64) -> Result<Self> {
        self.var_mean(dims, correction).map(|(var, _)| var)
    }

    /// Returns the variances and the means; see [`Tensor::var`].
    ///
    /// # Errors
    /// If a dimension is out of range or given twice, or the dtype is not floating point.
    pub fn var_mean(&self, dims: impl IntoDims, correction: f64) -> Result<(Self, Self)> {
        self.moments("var", dims, correction, |var| var)
    }

    /// Returns the standard deviations, the square roots of [`Tensor::var`].
    ///
    /// # Errors
    /// If a dimension is out of range or given twice, or the dtype is not floating point.
    pub fn std(&self, dims: impl IntoDims, correction: f64) -> Result<Self> {
        self.std_mean(dims, correction).map(|(std, _)| std)
    }

    /// Returns the standard deviations and the means; see [`Tensor::std`].
    ///
    /// # Errors
    /// If a dimension is out of range or given twice, or the dtype is not floating point.
    pub fn std_mean(&self, dims: impl IntoDims, correction: f64) -> Result<(Self, Self)> {
        self.moments("std", dims, correction, f64::sqrt)
    }

    /// Returns `f` of the variances, and the means.
    fn moments(
        &self,
        op: &'static str,
        dims: impl IntoDims,
        correction: f64,
        f: fn(f64) -> f64,
    ) -> Result<(Self, Self)> {
        self.expect_float(op)?;
        let (over, size) = reduction(op, self, dims)?;
        with_real!(self.dtype, T => {
            let x = self.in_dtype(T::TYPE)?;
            let (y, mean) = x.lend_view::<T, _>(op, |x| reducers::var_mean(x, &over, correction, f))?;
            Ok((self.result(y, &size)?.cast(self.dtype)?, self.result(mean, &size)?.cast(self.dtype)?))
        })
    }

    /// Returns the medians along `dim`, the lower of two middle elements, and their int64 indices. If there
    /// is a NaN, the first one is the median.
    ///
    /// # Errors
    /// If `dim` is out of range, or its size is 0.
    pub fn median_dim(&self, dim: impl IntoDims) -> Result<(Self, Self)> {
        let (op, dims) = ("median", dim.into_dims());
        let dim = dims.one(op)?;
        if self.dim() == 0 {
            return self.sort(dim, Descending(false));
        }
        let d = shape::dim(op, dim, self.size())?;
        let n = self.size()[d];
        bail_if!(
            n == 0,
            shape(op, "got dimension {d} of shape {:?}, expected at least one element", self.size())
        );
        let (values, indices) = self.sort(dim, Descending(false))?;
        let middle = (n as i64 - 1) / 2;
        // Sorting puts NaNs last, in their original order.
        let nan = values.isnan()?;
        let count = nan.sum_dim(Keepdim(dim))?;
        let at = count.neg()?.add(n as i64)?.where_(&count.gt(0)?, &count.full_like(middle)?)?;
        self.gathered(dim, indices.gather(dim, &at)?, dims.keepdim)
    }

    /// Returns the median of all elements, the lower of two middle ones, or NaN if an element is NaN.
    ///
    /// # Errors
    /// If the tensor has no elements.
    pub fn median(&self) -> Result<Self> {
        self.reshape(-1)?.median_dim(0).map(|(value, _)| value)
    }

    /// Returns the number of occurrences of each of the integers 0, 1, …, as int64: at least `minlength`
    /// counts.
    ///
    /// # Errors
    /// If an element is negative or too large, or the dtype is not an integer dtype.
    pub fn bincount(&self, minlength: usize) -> Result<Self> {
        let op = "bincount";
        expect_integer(op, self.dtype)?;
        let x = self.to_dtype(DType::I64)?.to_vec::<i64>()?;
        if let Some(bad) = x.iter().find(|&&v| v < 0) {
            bail!(value(op, "got the element {bad}, expected elements of at least 0"));
        }
        let n = x.iter().max().map_or(0, |&m| m.saturating_add(1));
        let n = shape::new_shape(op, n.max(i64::try_from(minlength).unwrap_or(i64::MAX)))?;
        let mut counts = vec![0i64; n[0]];
        x.into_iter().for_each(|v| counts[v as usize] += 1);
        self.result(counts, &n)
    }

    /// Returns the number of elements in each of `bins` equal parts of `[min, max]`, in the dtype of `self`.
    /// If both bounds are equal, the smallest and the largest elements are the bounds. Elements outside are
    /// not counted.
    ///
    /// # Errors
    /// If `bins` is 0, the bounds are not finite or not in order, or the dtype is not floating point.
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
        bail_if!(
            bins == 0 || !(low.is_finite() && high.is_finite() && low < high),
            value(
                op,
                "got {bins} bins from {low} to {high}, expected at least one bin, and finite bounds in order"
            )
        );
        let size = shape::new_shape(op, bins)?;
        let mut counts = vec![0.0f64; bins];
        for v in x.into_iter().filter(|v| (low..=high).contains(v)) {
            let bin = ((v - low) / (high - low) * bins as f64) as usize;
            counts[bin.min(bins - 1)] += 1.0;
        }
        self.result(counts, &size)?.cast(self.dtype)
    }
}

/// Checks the fractions of a quantile of `n` elements. Returns the indices of the sorted elements below and
/// above each quantile, and its position between them.
#[doc(hidden)]
pub fn quantile_indices(q: &Tensor, n: usize, dtype: DType, device: &Device) -> Result<[Tensor; 3]> {
    let op = "quantile";
    expect_float(op, dtype)?;
    q.expect_dtype(op, dtype)?;
    let fractions = q.to_dtype(DType::F64)?.to_vec::<f64>()?;
    bail_if!(
        n == 0 || q.dim() > 1 || fractions.iter().any(|q| !(0.0..=1.0).contains(q)),
        value(
            op,
            "got the fractions {fractions:?} of {n} elements, expected fractions in [0, 1] of at least one element"
        )
    );
    let at = Tensor::from_vec(fractions, [q.numel()])?.mul((n - 1) as f64)?;
    let index = |x: Tensor| x.to_dtype(DType::I64)?.to(device);
    Ok([index(at.floor()?)?, index(at.ceil()?)?, at.frac()?.to_dtype(dtype)?.to(device)?])
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_statistics {
    ($T:ident) => {
        impl $T {
            /// Computes the `q`-th quantiles along `dim`, interpolated linearly between two elements. `q` is
            /// a number or a vector of fractions. The quantile is NaN if an element is NaN.
            ///
            /// # Shapes
            /// Input `[.., n, ..]`, `q` `[]` or `[m]`, output `[.., ..]` or `[m, .., ..]`.
            ///
            /// ```
            /// # use taper_tensor::Tensor;
            /// let x = Tensor::new(&[4.0f32, 1.0, 3.0, 2.0])?;
            /// assert_eq!(x.quantile(&Tensor::new([0.5, 1.0])?, 0)?.to_vec::<f32>()?, [2.5, 4.0]);
            /// # Ok::<(), taper_tensor::Error>(())
            /// ```
            ///
            /// # Errors
            /// If `dim` is out of range, its size is 0, a fraction is not in [0, 1], the dtypes differ, or
            /// the dtype is not floating point.
            #[track_caller]
            pub fn quantile(&self, q: &$crate::Tensor, dim: impl $crate::IntoDims) -> Result<Self> {
                let dims = dim.into_dims();
                let dim = dims.one("quantile")?;
                let x = if self.dim() == 0 { self.reshape(1)? } else { self.clone() };
                let n = x.size_of(dim)?;
                let indices = $crate::support::quantile_indices(q, n, self.dtype(), &self.device())?;
                let [below, above, part] = &indices;
                // Sorting puts NaN last in each row.
                let sorted = x.sort(dim, $crate::Descending(false))?.0.movedim(dim, -1)?;
                let (low, high) = (sorted.index_select(-1, below)?, sorted.index_select(-1, above)?);
                // Between an infinite and a finite element the quantile is infinite; `lerp` would give NaN.
                let infinite = low.isinf()?.logical_or(high.isinf()?)?;
                let y = low.add(&high)?.where_(&infinite, &low.lerp(&high, part)?)?;
                let y = y.masked_fill(&sorted.narrow(-1, -1, 1)?.isnan()?, f64::NAN)?.movedim(-1, 0)?;
                let y = match dims.keepdim && self.dim() > 0 {
                    true => y.unsqueeze(if dim < 0 { dim } else { dim + 1 })?,
                    false => y,
                };
                if q.dim() == 0 { y.squeeze(0) } else { Ok(y) }
            }

            /// Returns the covariance matrix of the variables in the rows of a matrix, whose columns are the
            /// observations. The sums are divided by `observations - correction`; PyTorch's default
            /// correction is 1.
            ///
            /// # Shapes
            /// Input `[n, observations]`, output `[n, n]`; or input `[observations]`, output `[]`.
            ///
            /// # Errors
            /// If there are more than two dimensions.
            #[track_caller]
            pub fn cov(&self, correction: i64) -> Result<Self> {
                $crate::bail_if!(
                    self.dim() > 2,
                    shape("cov", "got shape {:?}, expected at most 2 dimensions", self.size())
                );
                if !self.dtype().is_float() {
                    return self.to_dtype($crate::DType::F32)?.cov(correction);
                }
                self.in_f32(|x| {
                    let rows = if x.dim() < 2 { x.reshape((1, -1))? } else { x.clone() };
                    let left = (rows.size()[1] as i64).saturating_sub(correction).max(0);
                    let centred = rows.sub(rows.mean_dim($crate::Keepdim(1))?)?;
                    let y = centred.matmul(centred.t()?)?.div(left)?;
                    if x.dim() < 2 { y.reshape(()) } else { Ok(y) }
                })
            }

            /// Returns the correlation matrix of the variables in the rows of a matrix: [`Self::cov`] divided
            /// by the products of the standard deviations.
            ///
            /// # Shapes
            /// Input `[n, observations]`, output `[n, n]`; or input `[observations]`, output `[]`.
            ///
            /// # Errors
            /// If there are more than two dimensions.
            #[track_caller]
            pub fn corrcoef(&self) -> Result<Self> {
                self.in_f32(|x| {
                    let cov = x.cov(1)?;
                    if cov.dim() == 0 {
                        return cov.div(&cov);
                    }
                    let std = cov.diagonal(0, 0, 1)?.sqrt()?;
                    cov.div(std.unsqueeze(1)?)?.div(&std)?.maximum(-1.0)?.minimum(1.0)
                })
            }
        }
    };
}
composed_statistics!(Tensor);
