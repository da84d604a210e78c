//! Softmax and its logarithm.

use crate::cpu::softmax;
use crate::cuda::kernel::Softmax;
use crate::dtype::with_real;
use crate::ops::index::around;
use crate::{Element, Error, Result, Tensor, cuda, shape};

/// Runs a kernel over slabs of `n` rows of `inner` elements.
macro_rules! along {
    ($op:expr, $gpu:ident, $operands:expr, $dim:expr, $kernel:expr) => {{
        let (op, dim, operands) = ($op, $dim, $operands);
        let x = operands[0];
        x.expect_float(op)?;
        let dim = if x.dim() == 0 && (dim == 0 || dim == -1) { 0 } else { shape::dim(op, dim, x.size())? };
        let (_, n, inner) = around(x.size(), dim);
        with_real!(x.dtype, T => {
            let wide = operands.map(|x| x.in_dtype(T::TYPE)).into_iter().collect::<Result<Vec<_>>>()?;
            let wide: Vec<&Tensor> = wide.iter().map(|x| &**x).collect();
            if let Some(y) = cuda::softmax::along(op, Softmax::$gpu, &wide, dim)? {
                return y.cast(x.dtype);
            }
            let y = Tensor::lend::<T, _>(op, &wide, |x| $kernel(x, n, inner))?;
            x.result(y, x.size())?.cast(x.dtype)
        })
    }};
}

impl Tensor {
    /// Returns `exp(x) / sum(exp(x))` along `dim`, in the shape of `self`.
    ///
    /// # Errors
    /// If `dim` is out of range, or the dtype is not floating point.
    pub fn softmax(&self, dim: i64) -> Result<Self> {
        along!("softmax", Softmax, [self], dim, |x: &[&[T]], n, inner| softmax::softmax(x[0], n, inner))
    }

    /// Returns `x - log(sum(exp(x)))` along `dim`, in the shape of `self`.
    ///
    /// # Errors
    /// If `dim` is out of range, or the dtype is not floating point.
    pub fn log_softmax(&self, dim: i64) -> Result<Self> {
        along!("log_softmax", LogSoftmax, [self], dim, |x: &[&[T]], n, inner| softmax::log_softmax(
            x[0], n, inner
        ))
    }

    /// Returns the gradient of [`Tensor::softmax`] from its output `y`: `y · (dy - sum(y · dy))`, where `dy`
    /// is `self`.
    ///
    /// # Errors
    /// If `dim` is out of range, the dtype is not floating point, or the shapes or dtypes differ.
    pub fn softmax_grad(&self, y: &Self, dim: i64) -> Result<Self> {
        self.expect_like("softmax_grad", y)?;
        along!("softmax_grad", SoftmaxGrad, [y, self], dim, |x: &[&[T]], n, inner| {
            softmax::softmax_grad(x[0], x[1], n, inner)
        })
    }

    /// Returns the gradient of [`Tensor::log_softmax`] from its output `y`: `dy - exp(y) · sum(dy)`, where
    /// `dy` is `self`.
    ///
    /// # Errors
    /// If `dim` is out of range, the dtype is not floating point, or the shapes or dtypes differ.
    pub fn log_softmax_grad(&self, y: &Self, dim: i64) -> Result<Self> {
        self.expect_like("log_softmax_grad", y)?;
        along!("log_softmax_grad", LogSoftmaxGrad, [y, self], dim, |x: &[&[T]], n, inner| {
            softmax::log_softmax_grad(x[0], x[1], n, inner)
        })
    }

    /// Checks that a result has the shape, dtype and device of its gradient, `self`.
    pub(crate) fn expect_like(&self, op: &'static str, y: &Self) -> Result<()> {
        self.expect_device(op, y)?;
        Self::expect_one_dtype(op, &[("the gradient", self), ("the result", y)])?;
        if self.size() == y.size() {
            return Ok(());
        }
        Err(Error::shape(
            op,
            format!(
                "the gradient has shape {:?} and the result {:?}, expected equal shapes",
                self.size(),
                y.size()
            ),
        ))
    }
}
