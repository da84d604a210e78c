//! Sums and means: the gradient goes to each element that was summed.

use smallvec::smallvec;
use taper_tensor::IntoShape;

use crate::node::record;
use crate::{Result, Variable};

impl Variable {
    /// The sum of all elements.
    ///
    /// # Errors
    /// When the device runs out of memory; so for all that follow.
    #[track_caller]
    pub fn sum(&self) -> Result<Self> {
        let (y, size) = (self.data().sum()?, self.size());
        Ok(record("Sum", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.expand(&size)?)])))
    }

    /// The sums over some dimensions, which become 1 with `keepdim`, or else disappear.
    ///
    /// # Errors
    /// When there is no such dimension, or one is given twice.
    #[track_caller]
    pub fn sum_dim(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        let (dims, size) = (dims.into_sizes(), self.size());
        let y = self.data().sum_dim(dims.as_slice(), keepdim)?;
        let rank = size.len() as i64;
        let summed: Vec<usize> = dims.iter().map(|&d| if d < 0 { d + rank } else { d } as usize).collect();
        let kept: Vec<usize> =
            (0..size.len()).map(|d| if summed.contains(&d) { 1 } else { size[d] }).collect();
        Ok(record("SumDim", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.reshape(&kept)?.expand(&size)?)])))
    }

    /// The mean of all elements.
    ///
    /// # Errors
    /// On an integer dtype.
    #[track_caller]
    pub fn mean(&self) -> Result<Self> {
        let (y, size) = (self.data().mean()?, self.size());
        let count = self.numel() as f64;
        Ok(record("Mean", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.div(count)?.expand(&size)?)])))
    }

    /// Sums what broadcasting repeated, so that the result has the shape `target`.
    ///
    /// # Errors
    /// When `target` does not broadcast to the shape of `self`.
    #[track_caller]
    pub fn sum_to(&self, target: &[usize]) -> Result<Self> {
        let size = self.size();
        if size == target {
            return Ok(self.clone());
        }
        let y = self.data().sum_to(target)?;
        Ok(record("SumTo", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.expand(&size)?)])))
    }
}
