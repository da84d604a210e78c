//! Pooling: a maximum's gradient goes to the element that was the largest, a mean's to all of its window.

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
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.to_places(&places, &size, options)?)])))
    }

    /// The mean of each window of images `[N, C, H, W]`; the border counts as zeros.
    ///
    /// # Errors
    /// As [`Variable::max_pool2d`].
    #[track_caller]
    pub fn avg_pool2d(&self, options: PoolOptions) -> Result<Self> {
        let (y, size) = (self.data().avg_pool2d(options)?, self.shape());
        Ok(record("AvgPool2d", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.avg_pool2d_grad(&size, options)?)])))
    }

    #[track_caller]
    fn avg_pool2d_grad(&self, size: &[usize], options: PoolOptions) -> Result<Self> {
        let dx = self.data().avg_pool2d_grad(size, options)?;
        Ok(record("AvgPool2dGrad", &[self])
            .output(dx, move |ctx| Ok(smallvec![Some(ctx.grad()?.avg_pool2d(options)?)])))
    }

    /// Images `[N, C, H, W]` in another size: pixel `i` is the mean from `floor(i · H / H')` to before
    /// `ceil((i + 1) · H / H')`.
    ///
    /// # Errors
    /// When the input is no batch of images, or empty.
    #[track_caller]
    pub fn adaptive_avg_pool2d(&self, size: (usize, usize)) -> Result<Self> {
        let (y, input) = (self.data().adaptive_avg_pool2d(size)?, self.shape());
        Ok(record("AdaptiveAvgPool2d", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.adaptive_avg_pool2d_grad(&input)?)])))
    }

    #[track_caller]
    fn adaptive_avg_pool2d_grad(&self, input: &[usize]) -> Result<Self> {
        let (dx, size) = (self.data().adaptive_avg_pool2d_grad(input)?, self.shape());
        Ok(record("AdaptiveAvgPool2dGrad", &[self])
            .output(dx, move |ctx| Ok(smallvec![Some(ctx.grad()?.adaptive_avg_pool2d((size[2], size[3]))?)])))
    }

    /// Adds each element to its place in an image of zeros.
    #[track_caller]
    fn to_places(&self, places: &Tensor, size: &[usize], options: PoolOptions) -> Result<Self> {
        let dx = self.data().max_pool2d_grad(places, size, options)?;
        let places = places.clone();
        Ok(record("MaxPool2dGrad", &[self])
            .output(dx, move |ctx| Ok(smallvec![Some(ctx.grad()?.at_places(&places, options)?)])))
    }

    /// Takes the element at each place of an image.
    #[track_caller]
    fn at_places(&self, places: &Tensor, options: PoolOptions) -> Result<Self> {
        let size = self.shape();
        let (planes, plane) = ((size[0] * size[1]) as i64, (size[2] * size[3]) as i64);
        let index = places.reshape((planes, if planes == 0 { 0 } else { -1 }))?;
        let y = self.data().reshape((planes, plane))?.gather(1, &index)?.reshape(places.size())?;
        let places = places.clone();
        Ok(record("MaxPool2dGather", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.to_places(&places, &size, options)?)])))
    }
}
