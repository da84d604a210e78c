//! Pooling: a maximum's gradient goes to the element that was the largest, a mean's to all of its window.

use taper_tensor::{DType, PoolOptions, Tensor};

use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// Returns the largest element of each window of images `[N, C, H, W]`, as `[N, C, H', W']`; a NaN is
    /// larger than all. The options can be a window's size alone, a number or a pair.
    ///
    /// # Errors
    /// When the input is not a batch of images, or the window does not fit; on an integer dtype.
    #[track_caller]
    pub fn max_pool2d(&self, options: impl Into<PoolOptions>) -> Result<Self> {
        let options = options.into();
        let (y, places) = self.tensor().max_pool2d_places(options)?;
        self.maxima("MaxPool2d", y, places, Some(options))
    }

    /// Returns the largest elements as [`Variable::max_pool2d`], and their places in their images as
    /// `row · W + column`, int64 `[N, C, H', W']`: PyTorch's `max_pool2d(…, return_indices=True)`. The first of
    /// equal ones counts.
    ///
    /// # Errors
    /// As [`Variable::max_pool2d`].
    #[track_caller]
    pub fn max_pool2d_with_indices(&self, options: impl Into<PoolOptions>) -> Result<(Self, Tensor)> {
        let options = options.into();
        let (y, places) = self.tensor().max_pool2d_places(options)?;
        let indices = places.to_dtype(DType::I64)?;
        Ok((self.maxima("MaxPool2d", y, places, Some(options))?, indices))
    }

    /// Returns the largest element of each of `oh` x `ow` windows that cover images `[N, C, H, W]` as evenly as
    /// can be, as in [`Variable::adaptive_avg_pool2d`], and its place as in
    /// [`Variable::max_pool2d_with_indices`].
    ///
    /// # Errors
    /// As [`Variable::adaptive_avg_pool2d`].
    #[track_caller]
    pub fn adaptive_max_pool2d(&self, size: (usize, usize)) -> Result<(Self, Tensor)> {
        let (y, places) = self.tensor().adaptive_max_pool2d(size)?;
        Ok((self.maxima("AdaptiveMaxPool2d", y, places.clone(), None)?, places))
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
        record(name, &[self]).unary(y, move |g, _| g.to_places(&places, &size, windows))
    }

    /// Returns the mean of each window of images `[N, C, H, W]`, as `[N, C, H', W']`; the padding's zeros count,
    /// unless `count_include_pad` is off.
    ///
    /// # Errors
    /// As [`Variable::max_pool2d`]; and when there is a dilation, or a divisor of 0.
    #[track_caller]
    pub fn avg_pool2d(&self, options: impl Into<PoolOptions>) -> Result<Self> {
        let options = options.into();
        let (y, size) = (self.tensor().avg_pool2d(options)?, self.size());
        record("AvgPool2d", &[self]).unary(y, move |g, _| g.avg_pool2d_grad(&size, options))
    }

    #[track_caller]
    fn avg_pool2d_grad(&self, size: &[usize], options: PoolOptions) -> Result<Self> {
        let dx = self.tensor().avg_pool2d_grad(size, options)?;
        record("AvgPool2dGrad", &[self]).unary(dx, move |g, _| g.avg_pool2d(options))
    }

    /// Returns the means of `oh` x `ow` windows that cover images `[N, C, H, W]` as evenly as can be:
    /// `floor(i H / oh)` to `ceil((i + 1) H / oh)`.
    ///
    /// # Errors
    /// When the input is not a batch of images, or an image is empty; on an integer dtype.
    #[track_caller]
    pub fn adaptive_avg_pool2d(&self, size: (usize, usize)) -> Result<Self> {
        let (y, input) = (self.tensor().adaptive_avg_pool2d(size)?, self.size());
        record("AdaptiveAvgPool2d", &[self]).unary(y, move |g, _| g.adaptive_avg_pool2d_grad(&input))
    }

    #[track_caller]
    fn adaptive_avg_pool2d_grad(&self, input: &[usize]) -> Result<Self> {
        let (dx, size) = (self.tensor().adaptive_avg_pool2d_grad(input)?, self.size());
        record("AdaptiveAvgPool2dGrad", &[self])
            .unary(dx, move |g, _| g.adaptive_avg_pool2d((size[2], size[3])))
    }

    /// Adds each element to its place in an image of zeros.
    #[track_caller]
    fn to_places(&self, places: &Tensor, size: &[usize], windows: Option<PoolOptions>) -> Result<Self> {
        let dx = match windows {
            Some(options) => self.tensor().max_pool2d_grad(places, size, options)?,
            None => self.tensor().adaptive_max_pool2d_grad(places, size)?,
        };
        let places = places.clone();
        record("MaxPool2dGrad", &[self]).unary(dx, move |g, _| g.at_places(&places, windows))
    }

    /// Takes the element at each place of an image.
    #[track_caller]
    fn at_places(&self, places: &Tensor, windows: Option<PoolOptions>) -> Result<Self> {
        let size = self.size();
        let (planes, plane) = ((size[0] * size[1]) as i64, (size[2] * size[3]) as i64);
        let index = places.reshape((planes, if planes == 0 { 0 } else { -1 }))?;
        let y = self.tensor().reshape((planes, plane))?.gather(1, &index)?.reshape(places.size())?;
        let places = places.clone();
        record("MaxPool2dGather", &[self]).unary(y, move |g, _| g.to_places(&places, &size, windows))
    }
}
