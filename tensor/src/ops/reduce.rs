//! Sums, means, products and norms.

use crate::cpu::element::Element as Kernel;
use crate::cpu::reduce::reduce;
use crate::cpu::reducers::{self, All, Any, CountNonzero, Max, Prod, Sum, SumOf};
use crate::dtype::{with_real, with_working};
use crate::{DType, Dims, Element, Error, IntoDims, IntoShape, Result, Tensor, cuda, shape};

/// The shape without the dimensions `over`, or with 1 for each with `keepdim`.
pub(crate) fn reduced(op: &'static str, size: &[usize], over: &[usize], keepdim: bool) -> Result<Vec<usize>> {
    let left = size.iter().enumerate().filter_map(|(d, &n)| match over.contains(&d) {
        true => keepdim.then_some(1),
        false => Some(n),
    });
    let left: Vec<usize> = left.collect();
    // Of no elements there may be many sums.
    shape::room::<f64>(op, shape::numel(&left))?;
    Ok(left)
}

/// All dimensions where none is given, as PyTorch's `dim=None` and `dim=[]`.
pub(crate) fn over(op: &'static str, dims: impl IntoShape, size: &[usize]) -> Result<Vec<usize>> {
    let dims = shape::dims(op, dims, size)?;
    Ok(if dims.is_empty() { (0..size.len()).collect() } else { dims })
}

/// The dimensions to reduce, see [`over`], and the shape of the result, see [`reduced`].
pub(crate) fn reduction(
    op: &'static str,
    x: &Tensor,
    dims: impl IntoDims,
) -> Result<(Vec<usize>, Vec<usize>)> {
    let Dims { dims, keepdim } = dims.into_dims();
    let over = over(op, dims, x.size())?;
    let size = reduced(op, x.size(), &over, keepdim)?;
    Ok((over, size))
}

macro_rules! reductions {
    ($($(#[$doc:meta])* $name:ident $op:literal = $fold:expr, $out:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// When there is no such dimension, or one is given twice.
        pub fn $name(&self, dims: impl IntoDims) -> Result<Self> {
            let (over, size) = reduction($op, self, dims)?;
            with_working!(self.dtype, T => {
                let y = self.in_dtype(T::TYPE)?.lend_view::<T, _>($op, |x| reduce(x, &over, $fold))?;
                self.result(y, &size)?.cast($out(self.dtype))
            })
        }
    )*};
}

/// The dtype of a sum or a product.
pub(super) fn total(dtype: DType) -> DType {
    if dtype.is_float() { dtype } else { DType::I64 }
}

impl Tensor {
    /// Returns the sum of all elements; integers are summed as i64.
    pub fn sum(&self) -> Result<Self> {
        self.sum_dim(())
    }

    /// Returns the sums over some dimensions, all where none is given.
    ///
    /// # Errors
    /// When there is no such dimension, or one is given twice.
    pub fn sum_dim(&self, dims: impl IntoDims) -> Result<Self> {
        let Dims { dims, keepdim } = dims.into_dims();
        self.sum_over(&over("sum", dims, self.size())?, keepdim)
    }

    fn sum_over(&self, over: &[usize], keepdim: bool) -> Result<Self> {
        let total = total(self.dtype);
        if over.is_empty() {
            return if total == self.dtype { self.copy() } else { self.to_dtype(total) };
        }
        let size = reduced("sum", self.size(), over, keepdim)?;
        with_working!(self.dtype, T => {
            let x = self.in_dtype(T::TYPE)?;
            if let Some(y) = cuda::reduce::sum("sum", &x, over, 1.0, &size)? {
                return y.cast(total);
            }
            let y = x.lend_view::<T, _>("sum", |x| reduce(x, over, Sum))?;
            self.result(y, &size)?.cast(total)
        })
    }

    /// Returns the mean of all elements; NaN of none.
    ///
    /// # Errors
    /// On an integer dtype.
    pub fn mean(&self) -> Result<Self> {
        self.mean_dim(())
    }

    /// Returns the means over some dimensions, all where none is given.
    ///
    /// # Errors
    /// As [`Tensor::sum_dim`]; and on an integer dtype.
    pub fn mean_dim(&self, dims: impl IntoDims) -> Result<Self> {
        self.expect_float("mean")?;
        let (over, size) = reduction("mean", self, dims)?;
        with_real!(self.dtype, T => {
            let x = self.in_dtype(T::TYPE)?;
            if let Some(y) = cuda::reduce::mean("mean", &x, &over, &size)? {
                return y.cast(self.dtype);
            }
            let y = x.lend_view::<T, _>("mean", |x| reducers::mean(x, &over))?;
            self.result(y, &size)?.cast(self.dtype)
        })
    }

    /// Returns the product of all elements; integers are multiplied as i64, and wrap around.
    pub fn prod(&self) -> Result<Self> {
        self.prod_dim(())
    }

    reductions! {
        /// Returns the products over some dimensions, all where none is given.
        prod_dim "prod" = Prod, total;
        /// Returns whether any element over some dimensions, all where none is given, is not 0.
        any_dim "any" = Any, |_| DType::Bool;
        /// Returns whether no element over some dimensions, all where none is given, is 0.
        all_dim "all" = All, |_| DType::Bool;
        /// Returns how many elements over some dimensions, all where none is given, are not 0, as i64.
        count_nonzero_dim "count_nonzero" = CountNonzero, |_| DType::I64;
    }

    /// Returns `ln(Σ e^x)` over some dimensions, all where none is given, without overflow.
    ///
    /// # Errors
    /// As [`Tensor::sum_dim`]; and on an integer dtype.
    pub fn logsumexp(&self, dims: impl IntoDims) -> Result<Self> {
        self.expect_float("logsumexp")?;
        let (over, size) = reduction("logsumexp", self, dims)?;
        with_real!(self.dtype, T => {
            let x = self.in_dtype(T::TYPE)?;
            let mut shift = x.lend_view::<T, _>("logsumexp", |x| reduce(x, &over, Max))?;
            // Where all are -inf, or one is inf, there is nothing to shift by.
            shift.iter_mut().filter(|m| m.is_infinite()).for_each(|m| *m = 0.0);
            let shift = self.result(shift, &reduced("logsumexp", self.size(), &over, true)?)?;
            let y = x.sub(&shift)?;
            y.exp_()?;
            let y = y.sum_over(&over, true)?;
            y.log_()?;
            y.add(shift)?.reshape(size.as_slice())?.cast(self.dtype)
        })
    }

    /// Returns the p-norm over some dimensions, all where none is given: `(Σ |x|^p)^(1/p)`; the largest or
    /// smallest `|x|` for an infinite p, the number of elements that are not 0 for a p of 0.
    ///
    /// # Errors
    /// As [`Tensor::sum_dim`]; and on an integer dtype.
    pub fn norm_p(&self, p: f64, dims: impl IntoDims) -> Result<Self> {
        self.expect_float("norm")?;
        let dims = dims.into_dims();
        if p.is_infinite() {
            return if p > 0.0 { self.abs()?.amax(&dims) } else { self.abs()?.amin(&dims) };
        }
        if p == 0.0 {
            return self.count_nonzero_dim(&dims)?.cast(self.dtype);
        }
        let (over, size) = reduction("norm", self, &dims)?;
        if self.inner.device().is_cuda() && (p == 1.0 || p == 2.0) {
            // Of operations that have kernels there.
            let x = self.to_dtype(DType::F64)?;
            let x = if p == 1.0 { x.abs()? } else { x.square()? };
            let y = x.sum_over(&over, dims.keepdim)?;
            let y = if p == 1.0 { y } else { y.sqrt()? };
            return y.cast(self.dtype.working())?.cast(self.dtype);
        }
        with_real!(self.dtype, T => {
            let y = self.in_dtype(T::TYPE)?.lend_view::<T, _>("norm", |x| {
                let root = move |sum: f64, ()| if p == 2.0 { sum.sqrt() as T } else { sum.powf(1.0 / p) as T };
                match p {
                    1.0 => reduce(x, &over, SumOf { of: |x: T, ()| Kernel::to_f64(x).abs(), finish: root }),
                    2.0 => reduce(x, &over, SumOf { of: |x: T, ()| Kernel::to_f64(x).powi(2), finish: root }),
                    _ => {
                        let of = move |x: T, ()| Kernel::to_f64(x).abs().powf(p);
                        reduce(x, &over, SumOf { of, finish: root })
                    }
                }
            })?;
            self.result(y, &size)?.cast(self.dtype)
        })
    }

    /// Sums what broadcasting to the shape of `self` repeated: the result has the shape `target`.
    ///
    /// # Errors
    /// When `target` does not broadcast to the shape of `self`.
    pub fn sum_to(&self, target: &[usize]) -> Result<Self> {
        if self.size() == target {
            return Ok(self.clone());
        }
        bail_if!(
            shape::broadcast("sum_to", self.size(), target)? != self.size(),
            shape("sum_to", "shape {target:?} does not broadcast to {:?}", self.size())
        );
        let new = self.dim() - target.len();
        let repeated = |&d: &usize| d < new || (target[d - new] == 1 && self.size()[d] != 1);
        let dims: Vec<usize> = (0..self.dim()).filter(repeated).collect();
        let y = self.sum_over(&dims, true)?;
        if new == 0 { Ok(y) } else { y.reshape(target) }
    }
}

/// Checks that an operation's operand is of integers.
pub(super) fn expect_integer(op: &'static str, dtype: DType) -> Result<()> {
    if dtype.is_float() || dtype == DType::Bool {
        return Err(Error::dtype(op, dtype, "int64 or another integer dtype"));
    }
    Ok(())
}

/// Checks that an operation's result is of numbers: bool has no minus and no remainder.
pub(super) fn expect_numbers(op: &'static str, dtype: DType) -> Result<()> {
    if dtype == DType::Bool {
        return Err(Error::dtype(op, dtype, "int64 or another dtype of numbers"));
    }
    Ok(())
}

/// Checks that an operation's operand is real.
#[doc(hidden)]
pub fn expect_float(op: &'static str, dtype: DType) -> Result<()> {
    if dtype.is_float() { Ok(()) } else { Err(Error::dtype(op, dtype, "float32 or another real dtype")) }
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_reduce {
    ($T:ident) => {
        impl $T {
            /// Returns whether any element is not 0.
            pub fn any(&self) -> Result<$crate::Tensor> {
                self.any_dim(())
            }

            /// Returns whether no element is 0.
            pub fn all(&self) -> Result<$crate::Tensor> {
                self.all_dim(())
            }

            /// Returns how many elements are not 0, as i64.
            pub fn count_nonzero(&self) -> Result<$crate::Tensor> {
                self.count_nonzero_dim(())
            }

            /// Returns the Euclidean norm of all elements.
            ///
            /// # Errors
            /// On an integer dtype.
            #[track_caller]
            pub fn norm(&self) -> Result<Self> {
                self.norm_p(2.0, ())
            }

            /// Returns the sums over some dimensions, all where none is given; NaN counts as 0.
            ///
            /// # Errors
            /// As [`Self::sum_dim`].
            #[track_caller]
            pub fn nansum(&self, dims: impl $crate::IntoDims) -> Result<Self> {
                self.masked_fill(&self.isnan()?, 0.0)?.sum_dim(dims)
            }

            /// Returns the means of the elements that are not NaN over some dimensions, all where none is
            /// given.
            ///
            /// # Errors
            /// As [`Self::mean_dim`].
            #[track_caller]
            pub fn nanmean(&self, dims: impl $crate::IntoDims) -> Result<Self> {
                $crate::support::expect_float("nanmean", self.dtype())?;
                let dims = dims.into_dims();
                let count = self.isnan()?.logical_not()?.sum_dim(&dims)?;
                self.in_f32(|x| x.nansum(&dims)?.div(&count))
            }

            /// Returns the p-norm of the difference from another tensor; they broadcast.
            ///
            /// # Errors
            /// When the shapes do not broadcast, or the devices differ; on an integer dtype.
            #[track_caller]
            pub fn dist(&self, other: impl $crate::AsTensor<Self>, p: f64) -> Result<Self> {
                self.sub(&*other.as_tensor())?.norm_p(p, ())
            }
        }
    };
}
composed_reduce!(Tensor);
