//! Conversions between dtypes and devices, and copies.

use taper_tensor::{DType, Device, Tensor};

use crate::record::record;
use crate::{Error, Result, Variable, is_grad_enabled};

impl Variable {
    /// Returns the elements converted to `dtype`, or the variable itself if it has that dtype. The gradient
    /// is converted back.
    ///
    /// # Errors
    /// If this variable requires a gradient and `dtype` is not floating point.
    #[track_caller]
    pub fn to_dtype(&self, dtype: DType) -> Result<Self> {
        let from = self.dtype();
        if from == dtype {
            return Ok(self.clone());
        }
        if !dtype.is_float() {
            return self.without_gradient("to_dtype", |x| x.to_dtype(dtype));
        }
        self.linear_in(self.tensor().to_dtype(dtype)?, "ToDtype", move |g| g.to_dtype(from))
    }

    operations! {
        /// Returns the variable on `device`. The gradient is copied back.
        pub fn to(&self, device: &Device) -> Result<Self> {
            let from = self.device();
            record("To", &[self]).view().unary(self.tensor().to(device)?, move |g, _| g.to(&from))
        }

        /// Returns a contiguous variable of the same elements: the variable itself if it is contiguous, else
        /// a copy.
        pub fn contiguous(&self) -> Result<Self> {
            if self.tensor().is_contiguous() { Ok(self.clone()) } else { self.copy() }
        }

        /// Returns a contiguous copy in new memory; PyTorch's `clone()`. The gradient flows through
        /// unchanged.
        pub fn copy(&self) -> Result<Self> = linear_in("Copy", Ok);
    }

    /// Returns a function of the data as a constant, for functions without a gradient. If this variable
    /// requires one, it returns an error instead of silently cutting the graph.
    ///
    /// ```
    /// use taper_autograd::{Variable, no_grad};
    /// use taper_tensor::Tensor;
    /// let x = Variable::requires_grad(Tensor::new(&[1.0f32, 3.0])?);
    /// let count = |x: &Variable| x.without_gradient("count_nonzero", |x| x.count_nonzero());
    /// assert!(count(&x).unwrap_err().to_string().starts_with("count_nonzero: this operation has no gradient"));
    /// assert_eq!(no_grad(|| count(&x))?.item::<i64>()?, 2);
    /// # Ok::<(), taper_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// If this variable requires a gradient and operations are recorded, or `f` returns an error.
    pub fn without_gradient(
        &self,
        op: &'static str,
        f: impl FnOnce(&Tensor) -> taper_tensor::Result<Tensor>,
    ) -> Result<Self> {
        self.expect_no_gradient(op)?;
        Ok(Self::new(f(&self.tensor())?))
    }

    /// Refuses an operation without a gradient if this variable requires one.
    pub(super) fn expect_no_gradient(&self, op: &'static str) -> Result<()> {
        if is_grad_enabled() && self.is_requires_grad() {
            Err(Error::NotDifferentiable { op })
        } else {
            Ok(())
        }
    }
}

taper_tensor::composed_cast!(Variable);
