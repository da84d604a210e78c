//! Running sums, products and extremes, and differences of neighbours.

use smallvec::smallvec;
use taper_tensor::Tensor;

use crate::autocast::widened;
use crate::ops::view::index_of;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// The largest elements so far along a dimension, and their indices: of equal ones the last.
    ///
    /// # Errors
    /// When there is no such dimension.
    #[track_caller]
    pub fn cummax(&self, dim: i64) -> Result<(Self, Tensor)> {
        let (values, index) = self.data().cummax(dim)?;
        self.picked("Cummax", dim, true, values, index)
    }

    /// The smallest elements so far along a dimension, and their indices; see [`Variable::cummax`].
    ///
    /// # Errors
    /// When there is no such dimension.
    #[track_caller]
    pub fn cummin(&self, dim: i64) -> Result<(Self, Tensor)> {
        let (values, index) = self.data().cummin(dim)?;
        self.picked("Cummin", dim, true, values, index)
    }

    /// The differences between neighbours along a dimension, `n` times.
    ///
    /// # Errors
    /// When there is no such dimension.
    #[track_caller]
    pub fn diff(&self, n: usize, dim: i64) -> Result<Self> {
        let size = self.data().size_of(dim)?;
        let mut y = self.clone();
        for left in (0..size).rev().take(n) {
            y = y.narrow(dim, 1, left)?.sub(y.narrow(dim, 0, left)?)?;
        }
        Ok(y)
    }

    /// The running products along a dimension, by doubling: log n products of shifted tensors, whose
    /// gradients are right where elements are 0 too.
    ///
    /// # Errors
    /// When there is no such dimension.
    #[track_caller]
    pub fn cumprod(&self, dim: i64) -> Result<Self> {
        if let Some(scope) = widened("cumprod", self) {
            return scope.full(self)?.cumprod(dim);
        }
        if self.dim() == 0 && (-1..=0).contains(&dim) {
            return Ok(self.clone());
        }
        let n = self.data().size_of(dim)?;
        let d = index_of(dim, self.dim());
        let (mut y, mut shift) = (self.clone(), 1);
        while shift < n {
            y = y.mul(y.pad_constant(d, shift as i64, -(shift as i64), 1.0)?)?;
            shift *= 2;
        }
        Ok(y)
    }

    /// Running sums along a dimension: the gradient is summed from the other end.
    ///
    /// # Errors
    /// When there is no such dimension.
    #[track_caller]
    pub fn cumsum(&self, dim: i64) -> Result<Self> {
        if let Some(scope) = widened("cumsum", self) {
            return scope.full(self)?.cumsum(dim);
        }
        let y = self.data().cumsum(dim)?;
        record("Cumsum", &[self]).output(y, move |ctx| {
            let g = ctx.grad()?;
            if g.dim() == 0 {
                return Ok(smallvec![Some(g)]);
            }
            Ok(smallvec![Some(g.flip(dim)?.cumsum(dim)?.flip(dim)?)])
        })
    }
}
