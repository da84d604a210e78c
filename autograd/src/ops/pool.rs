//! Pooling: a maximum's gradient goes to the element that was the largest, a mean's to all of its window.

use smallvec::smallvec;
use taper_tensor::{DType, PoolOptions, Tensor};

use crate::record::record;
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

    /// [`Variable::max_pool2d`] with other strides, padding, dilation or `ceil_mode`.
    ///
    /// # Errors
    /// As [`Variable::max_pool2d`].
    #[track_caller]
    pub fn max_pool2d_with(&self, options: PoolOptions) -> Result<Self> {
        let (y, places) = self.data().max_pool2d(options)?;
        self.maxima("MaxPool2d", y, places, Some(options))
    }

    /// The largest element of each window, and its place in its image, `row · W + column`, as int64;
    /// PyTorch's `max_pool2d(…, return_indices=True)`.
    ///
    /// ```
    /// use taper_autograd::{Variable, tensor::{PoolOptions, Tensor}};
    /// let x = Variable::new(Tensor::new(&[[[[1f32, 5.0], [7.0, 3.0]]]])?);
    /// let (y, places) = x.max_pool2d_with_indices(PoolOptions::new((2, 2)))?;
    /// assert_eq!((y.item::<f32>()?, places.item::<i64>()?), (7.0, 2));
    /// # Ok::<(), taper_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Variable::max_pool2d`].
    #[track_caller]
    pub fn max_pool2d_with_indices(&self, options: PoolOptions) -> Result<(Self, Tensor)> {
        let (y, places) = self.data().max_pool2d(options)?;
        let indices = places.to_dtype(DType::I64)?;
        Ok((self.maxima("MaxPool2d", y, places, Some(options))?, indices))
    }

    /// The largest elements of windows that cover images `[N, C, H, W]` evenly, so that there are
    /// `size` of them, and their places; the windows are those of [`Variable::adaptive_avg_pool2d`].
    ///
    /// # Errors
    /// When the input is no batch of images, or empty.
    #[track_caller]
    pub fn adaptive_max_pool2d(&self, size: (usize, usize)) -> Result<(Self, Tensor)> {
        let (y, places) = self.data().adaptive_max_pool2d(size)?;
        let indices = places.to_dtype(DType::I64)?;
        Ok((self.maxima("AdaptiveMaxPool2d", y, places, None)?, indices))
    }

    /// Records maxima that were at `places`; `windows` are theirs, or none where they are adaptive.
    #[track_caller]
    fn maxima(
        &self,
        name: &'static str,
        y: Tensor,
        places: Tensor,
        windows: Option<PoolOptions>,
    ) -> Result<Self> {
        let size = self.size();
        record(name, &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.to_places(&places, &size, windows)?)]))
    }

    /// The mean of each window of images `[N, C, H, W]`; the border counts as zeros, unless
    /// `count_include_pad` is off.
    ///
    /// # Errors
    /// As [`Variable::max_pool2d`].
    #[track_caller]
    pub fn avg_pool2d(&self, options: PoolOptions) -> Result<Self> {
        let (y, size) = (self.data().avg_pool2d(options)?, self.size());
        record("AvgPool2d", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.avg_pool2d_grad(&size, options)?)]))
    }

    #[track_caller]
    fn avg_pool2d_grad(&self, size: &[usize], options: PoolOptions) -> Result<Self> {
        let dx = self.data().avg_pool2d_grad(size, options)?;
        record("AvgPool2dGrad", &[self])
            .output(dx, move |ctx| Ok(smallvec![Some(ctx.grad()?.avg_pool2d(options)?)]))
    }

    /// Images `[N, C, H, W]` in another size: pixel `i` is the mean from `floor(i · H / H')` to before
    /// `ceil((i + 1) · H / H')`.
    ///
    /// # Errors
    /// When the input is no batch of images, or empty.
    #[track_caller]
    pub fn adaptive_avg_pool2d(&self, size: (usize, usize)) -> Result<Self> {
        let (y, input) = (self.data().adaptive_avg_pool2d(size)?, self.size());
        record("AdaptiveAvgPool2d", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.adaptive_avg_pool2d_grad(&input)?)]))
    }

    #[track_caller]
    fn adaptive_avg_pool2d_grad(&self, input: &[usize]) -> Result<Self> {
        let (dx, size) = (self.data().adaptive_avg_pool2d_grad(input)?, self.size());
        record("AdaptiveAvgPool2dGrad", &[self])
            .output(dx, move |ctx| Ok(smallvec![Some(ctx.grad()?.adaptive_avg_pool2d((size[2], size[3]))?)]))
    }

    /// Adds each element to its place in an image of zeros.
    #[track_caller]
    fn to_places(&self, places: &Tensor, size: &[usize], windows: Option<PoolOptions>) -> Result<Self> {
        let dx = match windows {
            Some(options) => self.data().max_pool2d_grad(places, size, options)?,
            None => self.data().adaptive_max_pool2d_grad(places, size)?,
        };
        let places = places.clone();
        record("MaxPool2dGrad", &[self])
            .output(dx, move |ctx| Ok(smallvec![Some(ctx.grad()?.at_places(&places, windows)?)]))
    }

    /// Takes the element at each place of an image.
    #[track_caller]
    fn at_places(&self, places: &Tensor, windows: Option<PoolOptions>) -> Result<Self> {
        let size = self.size();
        let (planes, plane) = ((size[0] * size[1]) as i64, (size[2] * size[3]) as i64);
        let index = places.reshape((planes, if planes == 0 { 0 } else { -1 }))?;
        let y = self.data().reshape((planes, plane))?.gather(1, &index)?.reshape(places.size())?;
        let places = places.clone();
        record("MaxPool2dGather", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.to_places(&places, &size, windows)?)]))
    }
}
