//! Cumulative sums, products, maxima and minima, and differences.

use crate::cpu::element::Number;
use crate::cpu::scan::{Scan, scan};
use crate::dtype::with_working;
use crate::ops::reduce::total;
use crate::{Element, Result, Tensor, shape};

impl Tensor {
    /// Returns the cumulative maxima along `dim`, and their indices: the last of equal elements. After a NaN,
    /// the maximum is NaN.
    ///
    /// # Errors
    /// If `dim` is out of range.
    pub fn cummax(&self, dim: i64) -> Result<(Self, Self)> {
        self.running("cummax", dim, true)
    }

    /// Returns the cumulative minima along `dim`, and their indices; see [`Tensor::cummax`].
    ///
    /// # Errors
    /// If `dim` is out of range.
    pub fn cummin(&self, dim: i64) -> Result<(Self, Self)> {
        self.running("cummin", dim, false)
    }

    /// Returns the cumulative sums along `dim`. Integers are summed in int64.
    ///
    /// # Errors
    /// If `dim` is out of range.
    pub fn cumsum(&self, dim: i64) -> Result<Self> {
        self.scan("cumsum", dim, Scan::Sum)
    }

    /// Returns the cumulative products along `dim`. Integers are multiplied in int64.
    ///
    /// # Errors
    /// If `dim` is out of range.
    pub fn cumprod(&self, dim: i64) -> Result<Self> {
        self.scan("cumprod", dim, Scan::Product)
    }

    /// Returns the cumulative `ln(Σ e^x)` along `dim`, without overflow.
    ///
    /// # Errors
    /// If `dim` is out of range, or the dtype is not floating point.
    pub fn logcumsumexp(&self, dim: i64) -> Result<Self> {
        self.expect_float("logcumsumexp")?;
        self.scan("logcumsumexp", dim, Scan::LogSumExp)
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

    fn scan(&self, op: &'static str, dim: i64, kind: Scan) -> Result<Self> {
        let dtype = total(self.dtype);
        if self.dim() == 0 && (dim == 0 || dim == -1) {
            return self.copy()?.cast(dtype);
        }
        let dim = shape::dim(op, dim, self.size())?;
        if self.numel() == 0 {
            return self.copy()?.cast(dtype);
        }
        with_working!(self.dtype, T => {
            let x = self.in_dtype(T::TYPE)?;
            self.result(x.lend_view::<T, _>(op, |x| scan(x, dim, kind))?, self.size())?.cast(dtype)
        })
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_scan {
    ($T:ident) => {
        impl $T {
            /// Returns the differences between neighbouring elements along `dim`, applied `n` times.
            ///
            /// # Shapes
            /// Input `[.., m, ..]`, output `[.., m - n, ..]`.
            ///
            /// ```
            /// # use taper_tensor::Tensor;
            /// let x = Tensor::new(&[1i64, 4, 9, 16])?;
            /// assert_eq!(x.diff(1, 0)?.to_vec::<i64>()?, [3, 5, 7]);
            /// assert_eq!(x.diff(2, 0)?.to_vec::<i64>()?, [2, 2]);
            /// # Ok::<(), taper_tensor::Error>(())
            /// ```
            ///
            /// # Errors
            /// If `dim` is out of range.
            #[track_caller]
            pub fn diff(&self, n: usize, dim: i64) -> Result<Self> {
                let size = self.size_of(dim)?;
                if n == 0 {
                    return self.copy();
                }
                let mut y = self.clone();
                for left in (0..size).rev().take(n) {
                    y = y.narrow(dim, 1, left)?.sub(y.narrow(dim, 0, left)?)?;
                }
                Ok(y)
            }
        }
    };
}
composed_scan!(Tensor);
