//! Sums, means, products and norms.

use crate::cpu::element::Element as Kernel;
use crate::cpu::reduce::reduce;
use crate::cpu::reducers::{self, All, Any, CountNonzero, Max, Prod, Sum, SumOf};
use crate::dtype::{with_real, with_working};
use crate::{DType, Dims, Element, Error, IntoDims, IntoShape, Result, Tensor, cuda, shape};

/// Returns the shape without the dimensions `over`, or with size 1 in their place with `keepdim`.
pub(crate) fn reduced(op: &'static str, size: &[usize], over: &[usize], keepdim: bool) -> Result<Vec<usize>> {
    let left = size.iter().enumerate().filter_map(|(d, &n)| match over.contains(&d) {
        true => keepdim.then_some(1),
        false => Some(n),
    });
    let left: Vec<usize> = left.collect();
    // A tensor without elements may have a huge result.
    shape::room::<f64>(op, shape::numel(&left))?;
    Ok(left)
}

/// Returns the dimensions to reduce: all of them if none is given, as PyTorch's `dim=None` and `dim=[]`.
pub(crate) fn over(op: &'static str, dims: impl IntoShape, size: &[usize]) -> Result<Vec<usize>> {
    let dims = shape::dims(op, dims, size)?;
    Ok(if dims.is_empty() { (0..size.len()).collect() } else { dims })
}

/// Returns the dimensions to reduce (see [`over`]) and the shape of the result (see [`reduced`]).
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
        /// If a dimension is out of range or given twice.
        pub fn $name(&self, dims: impl IntoDims) -> Result<Self> {
            let (over, size) = reduction($op, self, dims)?;
            with_working!(self.dtype, T => {
                let y = self.in_dtype(T::TYPE)?.lend_view::<T, _>($op, |x| reduce(x, &over, $fold))?;
                self.result(y, &size)?.cast($out(self.dtype))
            })
        }
    )*};
}

/// Returns the dtype of a sum or a product.
pub(super) fn total(dtype: DType) -> DType {
    if dtype.is_float() { dtype } else { DType::I64 }
}

impl Tensor {
    /// Returns the sum of all elements. Integers are summed in int64.
    pub fn sum(&self) -> Result<Self> {
        self.sum_dim(())
    }

    /// Returns the sums over `dims`, or over all dimensions if none is given. Integers are summed in int64.
    ///
    /// # Shapes
    /// Input `[.., n, ..]`, output `[.., ..]`, or `[.., 1, ..]` with [`Keepdim`](crate::Keepdim).
    ///
    /// # Errors
    /// If a dimension is out of range or given twice.
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

    /// Returns the mean of all elements, or NaN if there are none.
    ///
    /// # Errors
    /// If the dtype is not floating point.
    pub fn mean(&self) -> Result<Self> {
        self.mean_dim(())
    }

    /// Returns the means over `dims`, or over all dimensions if none is given.
    ///
    /// # Shapes
    /// Input `[.., n, ..]`, output `[.., ..]`, or `[.., 1, ..]` with [`Keepdim`](crate::Keepdim).
    ///
    /// # Errors
    /// If a dimension is out of range or given twice, or the dtype is not floating point.
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

    /// Returns the product of all elements. Integers are multiplied in int64 and wrap around.
    pub fn prod(&self) -> Result<Self> {
        self.prod_dim(())
    }

    reductions! {
        /// Returns the products over `dims`, or over all dimensions if none is given.
        prod_dim "prod" = Prod, total;
        /// Returns true where any element over `dims`, or over all dimensions if none is given, is not 0.
        any_dim "any" = Any, |_| DType::Bool;
        /// Returns true where all elements over `dims`, or over all dimensions if none is given, are not 0.
        all_dim "all" = All, |_| DType::Bool;
        /// Returns the number of elements that are not 0, as int64, over `dims`, or over all dimensions if
        /// none is given.
        count_nonzero_dim "count_nonzero" = CountNonzero, |_| DType::I64;
    }

    /// Returns `ln(Σ e^x)` over `dims`, or over all dimensions if none is given, without overflow.
    ///
    /// # Errors
    /// If a dimension is out of range or given twice, or the dtype is not floating point.
    pub fn logsumexp(&self, dims: impl IntoDims) -> Result<Self> {
        self.expect_float("logsumexp")?;
        let (over, size) = reduction("logsumexp", self, dims)?;
        with_real!(self.dtype, T => {
            let x = self.in_dtype(T::TYPE)?;
            let mut shift = x.lend_view::<T, _>("logsumexp", |x| reduce(x, &over, Max))?;
            // If all elements are -inf, or one is inf, the shift would give NaN.
            shift.iter_mut().filter(|m| m.is_infinite()).for_each(|m| *m = 0.0);
            let shift = self.result(shift, &reduced("logsumexp", self.size(), &over, true)?)?;
            let y = x.sub(&shift)?;
            y.exp_()?;
            let y = y.sum_over(&over, true)?;
            y.log_()?;
            y.add(shift)?.reshape(size.as_slice())?.cast(self.dtype)
        })
    }

    /// Returns the p-norm `(Σ |x|^p)^(1/p)` over `dims`, or over all dimensions if none is given. For an
    /// infinite `p` it is the largest (or smallest, for `-inf`) `|x|`, and for `p = 0` the number of elements
    /// that are not 0.
    ///
    /// # Errors
    /// If a dimension is out of range or given twice, or the dtype is not floating point.
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
            // A GPU has kernels for these operations.
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

    /// Sums over the dimensions that broadcasting expanded, so that the result has the shape `target`.
    ///
    /// # Errors
    /// If `target` does not broadcast to the shape of `self`.
    pub fn sum_to(&self, target: &[usize]) -> Result<Self> {
        if self.size() == target {
            return Ok(self.clone());
        }
        bail_if!(
            shape::broadcast("sum_to", self.size(), target)? != self.size(),
            shape(
                "sum_to",
                "got the target shape {target:?}, expected one that broadcasts to {:?}",
                self.size()
            )
        );
        let new = self.dim() - target.len();
        let repeated = |&d: &usize| d < new || (target[d - new] == 1 && self.size()[d] != 1);
        let dims: Vec<usize> = (0..self.dim()).filter(repeated).collect();
        let y = self.sum_over(&dims, true)?;
        if new == 0 { Ok(y) } else { y.reshape(target) }
    }
}

/// Checks that a dtype is an integer dtype.
pub(super) fn expect_integer(op: &'static str, dtype: DType) -> Result<()> {
    if dtype.is_float() || dtype == DType::Bool {
        return Err(Error::dtype(op, dtype, "int64 or another integer dtype"));
    }
    Ok(())
}

/// Checks that a dtype is not bool, for which negation and remainder have no meaning.
pub(super) fn expect_numbers(op: &'static str, dtype: DType) -> Result<()> {
    if dtype == DType::Bool {
        return Err(Error::dtype(op, dtype, "int64 or another numeric dtype"));
    }
    Ok(())
}

/// Checks that a dtype is floating point.
#[doc(hidden)]
pub fn expect_float(op: &'static str, dtype: DType) -> Result<()> {
    if dtype.is_float() {
        Ok(())
    } else {
        Err(Error::dtype(op, dtype, "float32 or another floating-point dtype"))
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_reduce {
    ($T:ident) => {
        impl $T {
            /// Returns true if any element is not 0.
            pub fn any(&self) -> Result<$crate::Tensor> {
                self.any_dim(())
            }

            /// Returns true if all elements are not 0.
            pub fn all(&self) -> Result<$crate::Tensor> {
                self.all_dim(())
            }

            /// Returns the number of elements that are not 0, as int64.
            pub fn count_nonzero(&self) -> Result<$crate::Tensor> {
                self.count_nonzero_dim(())
            }

            /// Returns the Euclidean norm of all elements.
            ///
            /// # Errors
            /// If the dtype is not floating point.
            #[track_caller]
            pub fn norm(&self) -> Result<Self> {
                self.norm_p(2.0, ())
            }

            /// Returns the sums over `dims`, or over all dimensions if none is given, counting NaN as 0.
            ///
            /// # Errors
            /// If a dimension is out of range or given twice.
            #[track_caller]
            pub fn nansum(&self, dims: impl $crate::IntoDims) -> Result<Self> {
                self.masked_fill(&self.isnan()?, 0.0)?.sum_dim(dims)
            }

            /// Returns the means of the elements that are not NaN, over `dims`, or over all dimensions if
            /// none is given.
            ///
            /// # Errors
            /// If a dimension is out of range or given twice, or the dtype is not floating point.
            #[track_caller]
            pub fn nanmean(&self, dims: impl $crate::IntoDims) -> Result<Self> {
                $crate::support::expect_float("nanmean", self.dtype())?;
                let dims = dims.into_dims();
                let count = self.isnan()?.logical_not()?.sum_dim(&dims)?;
                self.in_f32(|x| x.nansum(&dims)?.div(&count))
            }

            /// Returns the p-norm of the difference to another tensor; they broadcast.
            ///
            /// # Errors
            /// If the shapes do not broadcast, the devices differ, or the dtype is not floating point.
            #[track_caller]
            pub fn dist(&self, other: impl $crate::AsTensor<Self>, p: f64) -> Result<Self> {
                self.sub(&*other.as_tensor())?.norm_p(p, ())
            }
        }
    };
}
composed_reduce!(Tensor);
