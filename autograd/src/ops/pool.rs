//! Pooling: the gradient goes to the element that was the largest.

use smallvec::smallvec;
use taper_tensor::{PoolOptions, Tensor};

use crate::node::record;
use crate::{Result, Variable};

impl Variable {
    /// The largest element of each `kernel` x `kernel` window, side by side, of images `[N, C, H, W]`.
    ///
    /// # Errors
    /// When the input is no batch of images, or smaller than the window.
    #[track_caller]
    pub fn max_pool2d(&self, kernel: usize) -> Result<Self> {
        self.max_pool2d_with(PoolOptions::new((kernel, kernel)))
    }

    /// [`Variable::max_pool2d`] with other strides and padding.
    ///
    /// # Errors
    /// As [`Variable::max_pool2d`].
    #[track_caller]
    pub fn max_pool2d_with(&self, options: PoolOptions) -> Result<Self> {
        let size = self.shape();
        let (y, places) = self.data().max_pool2d(options)?;
        Ok(record("MaxPool2d", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.to_places(&places, &size)?)])))
    }

    /// Adds each element to its place in an image of zeros.
    fn to_places(&self, places: &Tensor, size: &[usize]) -> Result<Self> {
        let (planes, plane) = ((size[0] * size[1]) as i64, (size[2] * size[3]) as i64);
        let index = places.reshape((planes, if planes == 0 { 0 } else { -1 }))?;
        let rows = self.data().reshape(index.size())?;
        let y = rows.like().zeros((planes, plane))?.scatter_add(1, &index, &rows)?.reshape(size)?;
        let places = places.clone();
        Ok(record("MaxPool2dGrad", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.at_places(&places)?)])))
    }

    /// Takes the element at each place of an image.
    fn at_places(&self, places: &Tensor) -> Result<Self> {
        let size = self.shape();
        let (planes, plane) = ((size[0] * size[1]) as i64, (size[2] * size[3]) as i64);
        let index = places.reshape((planes, if planes == 0 { 0 } else { -1 }))?;
        let y = self.data().reshape((planes, plane))?.gather(1, &index)?.reshape(places.size())?;
        let places = places.clone();
        Ok(record("MaxPool2dGather", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.to_places(&places, &size)?)])))
    }
}
