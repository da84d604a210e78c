//! Variances, covariances, quantiles and counts.

use crate::cpu::reducers;
use crate::dtype::{with_element, with_real};
use crate::ops::reduce::{expect_float, expect_integer, reduction};
use crate::ops::sort::rank;
use crate::{DType, Descending, Device, Element, IntoDims, Keepdim, Result, Tensor, shape};

impl Tensor {
    /// Returns the most frequent elements along a dimension, of equally frequent ones the smallest, and the index
    /// where each is last.
    ///
    /// # Errors
    /// When there is no such dimension, or it is empty.
    pub fn mode(&self, dim: impl IntoDims) -> Result<(Self, Self)> {
        let (op, dims) = ("mode", dim.into_dims());
        let dim = dims.one(op)?;
        let (outer, n, inner) = self.rows_of(op, dim)?;
        bail_if!(n == 0, shape(op, "dimension {dim} of shape {:?} is empty", self.size()));
        let at = with_element!(self.dtype, T => Self::lend::<T, _>(op, &[self], |x| {
            let mut at = Vec::with_capacity(outer * inner);
            for (o, i) in (0..outer).flat_map(|o| (0..inner).map(move |i| (o, i))) {
                let mut row: Vec<(u64, usize)> =
                    (0..n).map(|j| (rank(x[0][(o * n + j) * inner + i], false), j)).collect();
                row.sort_unstable();
                // The first of the longest runs.
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

    /// Returns the variances over some dimensions, all where none is given: the squared distances from the
    /// mean, summed, over `n - correction`; PyTorch's default correction is 1.
    ///
    /// # Errors
    /// As [`Tensor::sum_dim`]; and on an integer dtype.
    pub fn var(&self, dims: impl IntoDims, correction: f64) -> Result<Self> {
        self.var_mean(dims, correction).map(|(var, _)| var)
    }

    /// Returns the variances and the means; see [`Tensor::var`].
    ///
    /// # Errors
    /// As [`Tensor::var`].
    pub fn var_mean(&self, dims: impl IntoDims, correction: f64) -> Result<(Self, Self)> {
        self.moments("var", dims, correction, |var| var)
    }

    /// Returns the standard deviations, the square roots of [`Tensor::var`].
    ///
    /// # Errors
    /// As [`Tensor::var`].
    pub fn std(&self, dims: impl IntoDims, correction: f64) -> Result<Self> {
        self.std_mean(dims, correction).map(|(std, _)| std)
    }

    /// Returns the standard deviations and the means; see [`Tensor::std`].
    ///
    /// # Errors
    /// As [`Tensor::var`].
    pub fn std_mean(&self, dims: impl IntoDims, correction: f64) -> Result<(Self, Self)> {
        self.moments("std", dims, correction, f64::sqrt)
    }

    /// `f` of the variances, and the means.
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

    /// Returns the middle elements along a dimension, the lower of two, and their indices; the first NaN where
    /// there is one.
    ///
    /// # Errors
    /// When there is no such dimension, or it is empty.
    pub fn median_dim(&self, dim: impl IntoDims) -> Result<(Self, Self)> {
        let (op, dims) = ("median", dim.into_dims());
        let dim = dims.one(op)?;
        if self.dim() == 0 {
            return self.sort(dim, Descending(false));
        }
        let d = shape::dim(op, dim, self.size())?;
        let n = self.size()[d];
        bail_if!(n == 0, shape(op, "dimension {d} of shape {:?} is empty", self.size()));
        let (values, indices) = self.sort(dim, Descending(false))?;
        let middle = (n as i64 - 1) / 2;
        // NaNs stand last, the first of them first.
        let nan = values.isnan()?;
        let count = nan.sum_dim(Keepdim(dim))?;
        let at = count.neg()?.add(n as i64)?.where_(&count.gt(0)?, &count.full_like(middle)?)?;
        self.gathered(dim, indices.gather(dim, &at)?, dims.keepdim)
    }

    /// Returns the middle element of all, the lower of two; NaN if there is one.
    ///
    /// # Errors
    /// When there is no element.
    pub fn median(&self) -> Result<Self> {
        self.reshape(-1)?.median_dim(0).map(|(value, _)| value)
    }

    /// Returns how often each of the numbers 0, 1, … occurs: at least `minlength` counts, as i64.
    ///
    /// # Errors
    /// On a negative number, a real dtype, or numbers too large to count.
    pub fn bincount(&self, minlength: usize) -> Result<Self> {
        let op = "bincount";
        expect_integer(op, self.dtype)?;
        let x = self.to_dtype(DType::I64)?.to_vec::<i64>()?;
        if let Some(bad) = x.iter().find(|&&v| v < 0) {
            bail!(value(op, "{bad} is negative, and cannot be counted"));
        }
        let n = x.iter().max().map_or(0, |&m| m.saturating_add(1));
        let n = shape::new_shape(op, n.max(i64::try_from(minlength).unwrap_or(i64::MAX)))?;
        let mut counts = vec![0i64; n[0]];
        x.into_iter().for_each(|v| counts[v as usize] += 1);
        self.result(counts, &n)
    }

    /// Returns how many elements are in each of `bins` equal parts of `[min, max]`, in the dtype of `self`; from
    /// the smallest to the largest element where the bounds are equal. Elements outside are not counted.
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
        bail_if!(
            bins == 0 || !(low.is_finite() && high.is_finite() && low < high),
            value(
                op,
                "{bins} bins from {low} to {high}: expected at least one bin, and finite bounds in order"
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

/// Checks the fractions of a quantile of `n` elements, and returns the indices of the sorted elements below
/// and above each, and how far it lies between them.
#[doc(hidden)]
pub fn quantile_indices(q: &Tensor, n: usize, dtype: DType, device: &Device) -> Result<[Tensor; 3]> {
    let op = "quantile";
    expect_float(op, dtype)?;
    q.expect_dtype(op, dtype)?;
    let fractions = q.to_dtype(DType::F64)?.to_vec::<f64>()?;
    bail_if!(
        n == 0 || q.dim() > 1 || fractions.iter().any(|q| !(0.0..=1.0).contains(q)),
        value(op, "{fractions:?} of {n} elements: expected fractions from 0 to 1 of at least one")
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
            /// Returns the quantiles along a dimension: for each of the fractions `q`, a number or a vector,
            /// the number below which that part of the elements lies, interpolated between two elements. The
            /// fractions' dimension comes first. NaN where an element is.
            ///
            /// ```
            /// # use taper_tensor::Tensor;
            /// let x = Tensor::new(&[4.0f32, 1.0, 3.0, 2.0])?;
            /// assert_eq!(x.quantile(&Tensor::new([0.5, 1.0])?, 0)?.to_vec::<f32>()?, [2.5, 4.0]);
            /// # Ok::<(), taper_tensor::Error>(())
            /// ```
            ///
            /// # Errors
            /// When there is no such dimension, it is empty, or a fraction is not from 0 to 1; on an integer
            /// dtype, or different ones.
            #[track_caller]
            pub fn quantile(&self, q: &$crate::Tensor, dim: impl $crate::IntoDims) -> Result<Self> {
                let dims = dim.into_dims();
                let dim = dims.one("quantile")?;
                let x = if self.dim() == 0 { self.reshape(1)? } else { self.clone() };
                let n = x.size_of(dim)?;
                let indices = $crate::support::quantile_indices(q, n, self.dtype(), &self.device())?;
                let [below, above, part] = &indices;
                // Rows, of which NaN is last.
                let sorted = x.sort(dim, $crate::Descending(false))?.0.movedim(dim, -1)?;
                let (low, high) = (sorted.index_select(-1, below)?, sorted.index_select(-1, above)?);
                // Between an infinite element and any other lies an infinite one, which `lerp` misses.
                let infinite = low.isinf()?.logical_or(high.isinf()?)?;
                let y = low.add(&high)?.where_(&infinite, &low.lerp(&high, part)?)?;
                let y = y.masked_fill(&sorted.narrow(-1, -1, 1)?.isnan()?, f64::NAN)?.movedim(-1, 0)?;
                let y = match dims.keepdim && self.dim() > 0 {
                    true => y.unsqueeze(if dim < 0 { dim } else { dim + 1 })?,
                    false => y,
                };
                if q.dim() == 0 { y.squeeze(0) } else { Ok(y) }
            }

            /// Returns the covariances `[n, n]` of `n` variables: the rows of a matrix, whose columns are
            /// the observations. The sums are divided by `observations - correction`, where PyTorch's default
            /// is 1. A vector is one variable, whose variance is a number.
            ///
            /// # Errors
            /// When there are more than two dimensions.
            #[track_caller]
            pub fn cov(&self, correction: i64) -> Result<Self> {
                $crate::bail_if!(
                    self.dim() > 2,
                    shape("cov", "shape {:?} has more than 2 dimensions", self.size())
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

            /// Returns the correlations `[n, n]` of `n` variables, the rows of a matrix: [`Self::cov`] over
            /// the product of the standard deviations. That of one variable is a number.
            ///
            /// # Errors
            /// As [`Self::cov`].
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
