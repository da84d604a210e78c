//! Other dtypes, devices and copies.

use smallvec::smallvec;
use taper_tensor::{DType, Device, Tensor};

use crate::record::record;
use crate::{Error, Result, Variable, is_grad_enabled};

impl Variable {
    /// The elements in another dtype; the gradient comes back in this one.
    ///
    /// # Errors
    /// To or from integers, where this variable requires a gradient.
    #[track_caller]
    pub fn to_dtype(&self, dtype: DType) -> Result<Self> {
        let from = self.dtype();
        if from == dtype {
            return Ok(self.clone());
        }
        if !dtype.is_float() {
            return self.without_gradient("to_dtype", |x| x.to_dtype(dtype));
        }
        let y = self.data().to_dtype(dtype)?;
        record("ToDtype", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.to_dtype(from)?)]))
    }

    /// The elements on another device; the gradient comes back to this one.
    ///
    /// # Errors
    /// When the device runs out of memory.
    #[track_caller]
    pub fn to(&self, device: &Device) -> Result<Self> {
        let (y, from) = (self.data().to(device)?, self.device());
        record("To", &[self]).view().output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.to(&from)?)]))
    }

    /// Any function of the data, as a constant: for what has no gradient. Where one is required, that
    /// is an error at once, and never a graph that is cut unseen.
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
    /// When this variable requires a gradient and operations are recorded; and those of `f`.
    pub fn without_gradient(
        &self,
        op: &'static str,
        f: impl FnOnce(&Tensor) -> taper_tensor::Result<Tensor>,
    ) -> Result<Self> {
        self.expect_no_gradient(op)?;
        Ok(Self::new(f(&self.tensor())?))
    }

    /// Refuses an operation that has no gradient, where this variable requires one.
    pub(super) fn expect_no_gradient(&self, op: &'static str) -> Result<()> {
        if is_grad_enabled() && self.is_requires_grad() {
            Err(Error::NotDifferentiable { op })
        } else {
            Ok(())
        }
    }
}

taper_tensor::composed_cast!(Variable);
