//! Running sums, products and extremes, and differences of neighbours.

use crate::cpu::element::Number;
use crate::cpu::scan::{Scan, scan};
use crate::dtype::with_working;
use crate::ops::reduce::total;
use crate::{Element, Result, Tensor, shape};

impl Tensor {
    /// Returns the largest elements so far along a dimension, and their indices: of equal ones the last. A NaN
    /// stays the largest.
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn cummax(&self, dim: i64) -> Result<(Self, Self)> {
        self.running("cummax", dim, true)
    }

    /// Returns the smallest elements so far along a dimension, and their indices; see [`Tensor::cummax`].
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn cummin(&self, dim: i64) -> Result<(Self, Self)> {
        self.running("cummin", dim, false)
    }

    /// Returns the running sums along a dimension; integers as i64.
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn cumsum(&self, dim: i64) -> Result<Self> {
        self.scan("cumsum", dim, Scan::Sum)
    }

    /// Returns the running products along a dimension; integers as i64.
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn cumprod(&self, dim: i64) -> Result<Self> {
        self.scan("cumprod", dim, Scan::Product)
    }

    /// Returns `ln(Σ e^x)` of the elements so far along a dimension, without overflow.
    ///
    /// # Errors
    /// When there is no such dimension; on an integer dtype.
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
            /// Returns the differences between neighbours along a dimension, `n` times.
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
            /// When there is no such dimension.
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
