//! Sums and means: the gradient goes to each element that was summed.

use smallvec::smallvec;
use taper_tensor::IntoShape;

use crate::node::record;
use crate::ops::view::index_of;
use crate::variable::Shape;
use crate::{Result, Variable};

impl Variable {
    /// The sum of all elements.
    ///
    /// # Errors
    /// When the device runs out of memory; so for all that follow.
    #[track_caller]
    pub fn sum(&self) -> Result<Self> {
        let (y, size) = (self.data().sum()?, self.shape());
        Ok(record("Sum", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.expand(&size[..])?)])))
    }

    /// The sums over some dimensions, which become 1 with `keepdim`, or else disappear.
    ///
    /// # Errors
    /// When there is no such dimension, or one is given twice.
    #[track_caller]
    pub fn sum_dim(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        let (dims, size) = (dims.into_sizes(), self.shape());
        let y = self.data().sum_dim(dims.as_slice(), keepdim)?;
        let kept = kept(&dims, &size);
        Ok(record("SumDim", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.reshape(&kept[..])?.expand(&size[..])?)])))
    }

    /// The mean of all elements.
    ///
    /// # Errors
    /// On an integer dtype.
    #[track_caller]
    pub fn mean(&self) -> Result<Self> {
        let (y, size) = (self.data().mean()?, self.shape());
        let count = self.numel() as f64;
        Ok(record("Mean", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.div(count)?.expand(&size[..])?)])))
    }

    /// The means over some dimensions, which become 1 with `keepdim`, or else disappear.
    ///
    /// # Errors
    /// As [`Variable::sum_dim`]; and on an integer dtype.
    #[track_caller]
    pub fn mean_dim(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        let (dims, size) = (dims.into_sizes(), self.shape());
        let y = self.data().mean_dim(&dims, keepdim)?;
        let kept = kept(&dims, &size);
        let count = size.iter().zip(&kept).filter(|(n, k)| n != k).map(|(n, _)| *n as f64).product::<f64>();
        Ok(record("MeanDim", &[self]).output(y, move |ctx| {
            Ok(smallvec![Some(ctx.grad()?.reshape(&kept[..])?.div(count)?.expand(&size[..])?)])
        }))
    }

    /// Sums what broadcasting repeated, so that the result has the shape `target`.
    ///
    /// # Errors
    /// When `target` does not broadcast to the shape of `self`.
    #[track_caller]
    pub fn sum_to(&self, target: &[usize]) -> Result<Self> {
        let size = self.shape();
        if size[..] == *target {
            return Ok(self.clone());
        }
        let y = self.data().sum_to(target)?;
        Ok(record("SumTo", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.expand(&size[..])?)])))
    }
}

/// The shape with these dimensions, which the tensor operation has accepted, become 1; all of them
/// where none is named.
fn kept(dims: &[i64], size: &[usize]) -> Shape {
    let mut kept = Shape::from_slice(size);
    for &d in dims {
        kept[index_of(d, size.len())] = 1;
    }
    kept
}
