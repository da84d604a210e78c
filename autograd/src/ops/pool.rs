//! Pooling. The gradient of a maximum goes to the largest element, the gradient of a mean to its whole
//! window.

use taper_tensor::{DType, PoolOptions, Tensor};

use crate::{Result, Variable};

impl Variable {
    operations! {
        /// Returns the maximum of each window of images: `[N, C, H, W]` to `[N, C, H', W']`. NaN is larger
        /// than all numbers. `options` may be the window's size alone, a number or a pair.
        pub fn max_pool2d(&self, options: impl Into<PoolOptions>) -> Result<Self> {
            Ok(self.max_pool(options.into())?.0)
        }

        /// Returns the maxima of [`Variable::max_pool2d`] and their int64 indices in their images, `row · W +
        /// column`: PyTorch's `max_pool2d(…, return_indices=True)`. The first of equal elements is chosen.
        pub fn max_pool2d_with_indices(&self, options: impl Into<PoolOptions>) -> Result<(Self, Tensor)> {
            let (y, places) = self.max_pool(options.into())?;
            Ok((y, places.to_dtype(DType::I64)?))
        }

        /// Returns the maximum of each of `oh` x `ow` windows that cover images `[N, C, H, W]` as evenly as
        /// possible (see [`Variable::adaptive_avg_pool2d`]), and its index as in
        /// [`Variable::max_pool2d_with_indices`].
        pub fn adaptive_max_pool2d(&self, size: (usize, usize)) -> Result<(Self, Tensor)> {
            let (y, places) = self.tensor().adaptive_max_pool2d(size)?;
            let y = self.maxima(y, "AdaptiveMaxPool2d", &places, |g, places, size| {
                g.adaptive_max_pool2d_grad(places, size)
            })?;
            Ok((y, places))
        }

        /// Returns the mean of each window of images: `[N, C, H, W]` to `[N, C, H', W']`. The zeros of the
        /// padding count, unless `count_include_pad` is false.
        pub fn avg_pool2d(&self, options: impl Into<PoolOptions>) -> Result<Self> {
            let options = options.into();
            self.linear_pair(
                self.tensor().avg_pool2d(options)?,
                ["AvgPool2d", "AvgPool2dGrad"],
                move |x, _| x.avg_pool2d(options),
                move |g, size| g.avg_pool2d_grad(size, options),
            )
        }

        /// Returns the means of `oh` x `ow` windows that cover images `[N, C, H, W]` as evenly as possible:
        /// rows `floor(i H / oh)` to `ceil((i + 1) H / oh)`, and columns likewise.
        pub fn adaptive_avg_pool2d(&self, output: (usize, usize)) -> Result<Self> = linear_pair(
            ["AdaptiveAvgPool2d", "AdaptiveAvgPool2dGrad"],
            move |x, _| x.adaptive_avg_pool2d(output),
            |g, size| g.adaptive_avg_pool2d_grad(size),
        );
    }

    /// Returns the maxima of windows, and their indices as u32.
    #[track_caller]
    fn max_pool(&self, options: PoolOptions) -> Result<(Self, Tensor)> {
        let (y, places) = self.tensor().max_pool2d_places(options)?;
        let to_places =
            move |g: &Tensor, places: &Tensor, size: &[usize]| g.max_pool2d_grad(places, size, options);
        Ok((self.maxima(y, "MaxPool2d", &places, to_places)?, places))
    }

    /// Records maxima whose indices are `places`. `to_places` adds the gradient at them, in images of a given
    /// size.
    #[track_caller]
    fn maxima<F>(&self, y: Tensor, node: &'static str, places: &Tensor, to_places: F) -> Result<Self>
    where
        F: Fn(&Tensor, &Tensor, &[usize]) -> taper_tensor::Result<Tensor> + Clone + Send + Sync + 'static,
    {
        let (at, to) = (places.clone(), places.clone());
        let gather = move |x: &Tensor, _: &[usize]| {
            let size = x.size();
            let (planes, plane) = ((size[0] * size[1]) as i64, (size[2] * size[3]) as i64);
            let index = at.reshape((planes, if planes == 0 { 0 } else { -1 }))?;
            x.reshape((planes, plane))?.gather(1, &index)?.reshape(at.size())
        };
        self.linear_pair(y, [node, "MaxPool2dGrad"], gather, move |g, size| to_places(g, &to, size))
    }
}
