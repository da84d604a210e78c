//! Elements by their rank: quantiles, the most frequent, places in a sorted row.

use crate::dtype::{with_element, with_working};
use crate::gather::around;
use crate::kernels::element::Number;
use crate::scan::rank;
use crate::{DType, Element, Error, IntoOperand, Operand, Result, Tensor, shape};

impl Tensor {
    /// The `k`-th smallest elements along a dimension, counted from 1, and their indices. NaN is above all
    /// numbers.
    ///
    /// # Errors
    /// When there is no such dimension, or it has not `k` elements.
    pub fn kthvalue(&self, k: usize, dim: i64, keepdim: bool) -> Result<(Self, Self)> {
        let op = "kthvalue";
        let size = self.rows_of(op, dim)?.1;
        if k == 0 || k > size {
            return Err(Error::shape(op, format!("k is {k}, expected 1 to {size}, the dimension's size")));
        }
        let (values, indices) = self.topk(k, dim, false, true)?;
        if self.dim() == 0 {
            return Ok((values, indices));
        }
        let (values, indices) = (values.narrow(dim, -1, 1)?, indices.narrow(dim, -1, 1)?);
        if keepdim {
            return Ok((values.copy()?, indices.copy()?));
        }
        Ok((values.squeeze(dim)?.copy()?, indices.squeeze(dim)?.copy()?))
    }

    /// The most frequent elements along a dimension, of equally frequent ones the smallest, and the index
    /// where each is last.
    ///
    /// # Errors
    /// When there is no such dimension, or it is empty.
    pub fn mode(&self, dim: i64, keepdim: bool) -> Result<(Self, Self)> {
        let op = "mode";
        let (outer, n, inner) = self.rows_of(op, dim)?;
        if n == 0 {
            return Err(Error::shape(op, format!("dimension {dim} of shape {:?} is empty", self.size())));
        }
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
        let values = self.gather(dim, &index)?;
        if keepdim { Ok((values, index)) } else { Ok((values.squeeze(dim)?, index.squeeze(dim)?)) }
    }

    /// The sizes before, of and after a dimension, where a number is a vector of one.
    fn rows_of(&self, op: &'static str, dim: i64) -> Result<(usize, usize, usize)> {
        if self.dim() == 0 && (-1..=0).contains(&dim) {
            return Ok((1, 1, 1));
        }
        Ok(around(self.size(), shape::dim(op, dim, self.size())?))
    }

    /// Below each of the fractions `q`, a number or a vector, lies that part of the elements along a
    /// dimension, between two elements in proportion. The fractions' dimension comes first. NaN where
    /// there is one.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::new(&[4.0f32, 1.0, 3.0, 2.0])?;
    /// assert_eq!(x.quantile(&Tensor::new(&[0.5f32, 1.0])?, 0, false)?.to_vec::<f32>()?, [2.5, 4.0]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such dimension, it is empty, or a fraction is not from 0 to 1; on another dtype
    /// than float32 and float64, or different ones.
    pub fn quantile(&self, q: &Self, dim: i64, keepdim: bool) -> Result<Self> {
        let op = "quantile";
        self.expect_float(op)?;
        q.expect_dtype(op, self.dtype)?;
        let x = if self.dim() == 0 { self.reshape(1)? } else { self.clone() };
        let n = x.size_of(dim)?;
        let fractions = q.to_dtype(DType::F64)?.to_vec::<f64>()?;
        if n == 0 || q.dim() > 1 || fractions.iter().any(|q| !(0.0..=1.0).contains(q)) {
            return Err(Error::value(
                op,
                format!("{fractions:?} of {n} elements: expected fractions from 0 to 1 of at least one"),
            ));
        }
        let sorted = x.sort(dim, false)?.0.movedim(dim, 0)?;
        let nan = sorted.select(0, -1)?.isnan()?;
        let mut parts = vec![];
        for q in fractions {
            let at = q * (n - 1) as f64;
            let (low, high) = (sorted.select(0, at.floor() as i64)?, sorted.select(0, at.ceil() as i64)?);
            let y = low.lerp(&high, at.fract())?.masked_fill(&nan, f64::NAN)?;
            parts.push(if keepdim && self.dim() > 0 { y.unsqueeze(dim)? } else { y });
        }
        if parts.is_empty() {
            return self.like().zeros([&[0], nan.size()].concat());
        }
        let y = Self::stack(&parts, 0)?;
        if q.dim() == 0 { y.squeeze(0) } else { Ok(y) }
    }

    /// For each of `values` the index in this sorted vector, or in the same row of sorted rows, at which it
    /// would go: before elements equal to it, or after them with `right`. i64.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let sorted = Tensor::new(&[1i64, 3, 5])?;
    /// assert_eq!(sorted.searchsorted(&Tensor::new(&[3i64, 6])?, false)?.to_vec::<i64>()?, [1, 3]);
    /// assert_eq!(sorted.searchsorted(3, true)?.item::<i64>()?, 2);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the rows of both are not as many, or this is a number.
    pub fn searchsorted(&self, values: impl IntoOperand, right: bool) -> Result<Self> {
        let op = "searchsorted";
        let number;
        let values = match values.operand() {
            Operand::Tensor(t) => t,
            Operand::Scalar(v) => {
                number = Self::full((), v)?;
                &number
            }
        };
        let fits = self.dim() == 1
            || (self.dim() == values.dim()
                && self.dim() > 1
                && self.size()[..self.dim() - 1] == values.size()[..self.dim() - 1]);
        if !fits {
            return Err(Error::shape(
                op,
                format!(
                    "sorted rows of shape {:?} do not fit values of shape {:?}",
                    self.size(),
                    values.size()
                ),
            ));
        }
        let n = self.size()[self.dim() - 1];
        let dtype = self.dtype.promote(values.dtype);
        let each = if self.dim() == 1 { values.numel() } else { values.size()[self.dim() - 1] };
        // In the order of sorting, where NaN is above all numbers.
        let ranks = |t: &Self| -> Result<Vec<u64>> {
            let t = t.in_dtype(dtype)?;
            with_element!(dtype, T => Ok(t.to_vec::<T>()?.into_iter().map(|x| rank(x, false)).collect()))
        };
        let (sorted, values_ranks) = (ranks(self)?, ranks(values)?);
        let place = |(i, &v): (usize, &u64)| {
            let row = if self.dim() == 1 { &sorted[..] } else { &sorted[i / each * n..][..n] };
            row.partition_point(|&s| if right { s <= v } else { s < v }) as i64
        };
        self.result(values_ranks.iter().enumerate().map(place).collect(), values.size())
    }

    /// For each element the number of the bucket between sorted boundaries that it is in; an element equal
    /// to a boundary is below it, or above with `right`. i64.
    ///
    /// # Errors
    /// When the boundaries are no vector.
    pub fn bucketize(&self, boundaries: &Self, right: bool) -> Result<Self> {
        if boundaries.dim() != 1 {
            return Err(Error::shape(
                "bucketize",
                format!("boundaries have shape {:?}, expected a vector", boundaries.size()),
            ));
        }
        boundaries.searchsorted(self, right)
    }

    /// 1 where the element is one of `elements`, else 0.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn isin(&self, elements: &Self) -> Result<Self> {
        let dtype = self.dtype.promote(elements.dtype);
        let (x, set) = (self.to_dtype(dtype)?, elements.to_dtype(dtype)?.unique()?.0);
        let n = set.numel();
        if n == 0 {
            return self.like().dtype(DType::U8).zeros(self.size());
        }
        let at = set.searchsorted(&x, false)?.minimum(n as i64 - 1)?;
        x.eq(set.take(&at)?)
    }

    /// The elements without those equal to the one before, for each element the index of its own among
    /// them (the shape of `self`, i64), and how often each stood in a row (i64).
    ///
    /// # Errors
    /// When memory runs out.
    pub fn unique_consecutive(&self) -> Result<(Self, Self, Self)> {
        with_element!(self.dtype, T => {
            let x = self.to_vec::<T>()?;
            let (mut values, mut inverse, mut counts) = (vec![], Vec::with_capacity(x.len()), vec![]);
            for run in x.chunk_by(|a, b| a == b) {
                inverse.extend(std::iter::repeat_n(values.len() as i64, run.len()));
                values.push(run[0]);
                counts.push(run.len() as i64);
            }
            let n = [values.len()];
            Ok((self.result(values, &n)?, self.result(inverse, self.size())?, self.result(counts, &n)?))
        })
    }

    /// The largest elements so far along a dimension, and their indices: of equal ones the last. A NaN
    /// stays the largest.
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn cummax(&self, dim: i64) -> Result<(Self, Self)> {
        self.running("cummax", dim, true)
    }

    /// The smallest elements so far along a dimension, and their indices; see [`Tensor::cummax`].
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn cummin(&self, dim: i64) -> Result<(Self, Self)> {
        self.running("cummin", dim, false)
    }

    fn running(&self, op: &'static str, dim: i64, max: bool) -> Result<(Self, Self)> {
        let (_, n, inner) = self.rows_of(op, dim)?;
        let index = with_working!(self.dtype, T => {
            let x = self.in_dtype(T::TYPE)?.to_vec::<T>()?;
            let mut index = vec![0i64; x.len()];
            for i in 0..x.len() {
                let j = i / inner % n;
                if j == 0 {
                    continue;
                }
                let best = index[i - inner];
                let (old, new) = (x[i - (j - best as usize) * inner], x[i]);
                let better = if max { new >= old } else { new <= old };
                index[i] = if Number::is_nan(new) || (better && !Number::is_nan(old)) { j as i64 } else { best };
            }
            self.result(index, self.size())?
        });
        if self.dim() == 0 {
            return Ok((self.copy()?, index));
        }
        Ok((self.gather(dim, &index)?, index))
    }
}
