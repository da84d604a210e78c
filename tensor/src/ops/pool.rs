//! Pooling: the largest element or the mean of each window, and the gradients of these.

use crate::cpu::pool::average::Average;
use crate::cpu::pool::{Pool2d, adaptive_windows, max};
use crate::dtype::with_real;
use crate::storage::start;
use crate::{DType, Element, Error, Result, Tensor, cuda, shape};

/// The windows of a pooling, with PyTorch's names; pairs are (vertical, horizontal).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    /// The window's size.
    pub kernel: (usize, usize),
    /// The distance between neighbouring windows.
    pub stride: (usize, usize),
    /// The border added on each side, at most half of the window: never the largest, zeros for a mean.
    pub padding: (usize, usize),
    /// The distance between a window's elements; of a maximum only.
    pub dilation: (usize, usize),
    /// Whether a last window may reach beyond the border, where a part of it is within.
    pub ceil_mode: bool,
    /// Whether a mean is over the border's zeros too; of a mean only.
    pub count_include_pad: bool,
    /// What sums are divided by, if not by the number of elements; of a mean only.
    pub divisor_override: Option<usize>,
}

impl PoolOptions {
    /// Windows side by side without a border, as PyTorch's default.
    pub const fn new(kernel: (usize, usize)) -> Self {
        Self {
            kernel,
            stride: kernel,
            padding: (0, 0),
            dilation: (1, 1),
            ceil_mode: false,
            count_include_pad: true,
            divisor_override: None,
        }
    }

    /// The windows over images of `size` `[N, C, H, W]`.
    fn windows(&self, op: &'static str, size: &[usize]) -> Result<Pool2d> {
        let [n, c, h, w] = images(op, size)?;
        let PoolOptions { kernel, stride, padding, dilation, ceil_mode, .. } = *self;
        // The size with the border, and a window's size within it.
        let fit = |size: usize, k: usize, s: usize, p: usize, d: usize| {
            // From a window's first element to its last.
            let reach = k.checked_sub(1).and_then(|k| k.checked_mul(d)?.checked_add(1)).filter(|_| d > 0)?;
            let bordered = size.checked_add(p.checked_mul(2)?)?;
            let beyond = if ceil_mode { s.saturating_sub(1) } else { 0 };
            let fits = bordered.saturating_add(beyond) >= reach;
            let within = if reach > bordered { bordered.saturating_sub(1) / d + 1 } else { k };
            (size > 0 && s > 0 && p <= reach / 2 && fits).then_some((bordered, within))
        };
        let rows = fit(h, kernel.0, stride.0, padding.0, dilation.0);
        let columns = fit(w, kernel.1, stride.1, padding.1, dilation.1);
        let (Some((rows, kh)), Some((columns, kw))) = (rows, columns) else {
            bail!(shape(
                op,
                "{self:?} does not fit an image of {h} x {w}: the window must fit, the padding be at most half of it"
            ));
        };
        expect_pixels(op, rows, columns)?;
        let pair = |(v, h): (usize, usize)| [v, h];
        // A stride beyond the border leaves one window, whatever it is.
        let stride = [stride.0.min(rows), stride.1.min(columns)];
        Ok(Pool2d::new(n * c, [h, w], [kh, kw], stride, pair(padding), pair(dilation), ceil_mode))
    }

    /// What a kernel of a GPU divides by.
    fn divisor(&self) -> cuda::pool::Means {
        let (count_padding, divisor) = (self.count_include_pad, self.divisor_override);
        cuda::pool::Means { adaptive: false, count_padding, divisor }
    }

    /// The windows of a mean, and the size of its output.
    fn means(&self, op: &'static str, size: &[usize]) -> Result<(Average, [usize; 2])> {
        bail_if!(
            self.dilation != (1, 1) || self.divisor_override == Some(0),
            value(op, "{self:?}: a mean has no dilation and no divisor 0")
        );
        let windows = self.windows(op, size)?;
        expect_room(op, &[size[0], size[1], windows.output[0], windows.output[1]])?;
        Ok((Average::new(&windows, self.count_include_pad, self.divisor_override), windows.output))
    }
}

/// Checks that the places in an image, with a border or without, are numbers of 32 bits.
fn expect_pixels(op: &'static str, h: usize, w: usize) -> Result<()> {
    if h.checked_mul(w).is_some_and(|n| n < u32::MAX as usize) {
        return shape::room::<f64>(op, h * w);
    }
    Err(Error::shape(op, format!("an image of {h} x {w} has more than 2^32 - 2 pixels")))
}

/// Checks that there is memory for images of this size, and for tables with an entry for each row and column.
pub(crate) fn expect_room(op: &'static str, size: &[usize; 4]) -> Result<()> {
    shape::room::<f64>(op, shape::numel(&shape::shape(op, size)?))?;
    size[2..].iter().try_for_each(|&n| shape::room::<[usize; 3]>(op, n))
}

/// `[N, C, H, W]`, or an error that says how it is missed.
pub(crate) fn images(op: &'static str, size: &[usize]) -> Result<[usize; 4]> {
    shape::shape(op, size)?;
    size.try_into().map_err(|_| {
        let hint =
            if size.len() == 3 { "; give a single sample a batch dimension with .unsqueeze(0)" } else { "" };
        Error::shape(op, format!("input has shape {size:?}, expected [batch, channels, height, width]{hint}"))
    })
}

impl From<usize> for PoolOptions {
    /// Square windows side by side.
    fn from(kernel: usize) -> Self {
        Self::new((kernel, kernel))
    }
}

impl From<(usize, usize)> for PoolOptions {
    /// Windows side by side.
    fn from(kernel: (usize, usize)) -> Self {
        Self::new(kernel)
    }
}

impl Tensor {
    /// Returns the largest element of each window of images `[N, C, H, W]`, as `[N, C, H', W']`; a NaN is
    /// larger than all. The options can be a window's size alone, a number or a pair.
    ///
    /// ```
    /// use taper_tensor::Tensor;
    /// let x = Tensor::new(&[[[[1f32, 5.0], [7.0, 3.0]]]])?;
    /// assert_eq!(x.max_pool2d(2)?.to_vec::<f32>()?, [7.0]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the input is not a batch of images, or the window does not fit; on an integer dtype.
    pub fn max_pool2d(&self, options: impl Into<PoolOptions>) -> Result<Self> {
        Ok(self.max_pool2d_places(options.into())?.0)
    }

    /// Returns the largest elements as [`Tensor::max_pool2d`], and their places in their images as
    /// `row · W + column`, int64 `[N, C, H', W']`: PyTorch's `max_pool2d(…, return_indices=True)`. The first of
    /// equal ones counts.
    ///
    /// ```
    /// use taper_tensor::Tensor;
    /// let x = Tensor::new(&[[[[1f32, 5.0], [7.0, 3.0]]]])?;
    /// let (y, places) = x.max_pool2d_with_indices(2)?;
    /// assert_eq!((y.to_vec::<f32>()?, places.to_vec::<i64>()?), (vec![7.0], vec![2]));
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Tensor::max_pool2d`].
    pub fn max_pool2d_with_indices(&self, options: impl Into<PoolOptions>) -> Result<(Self, Self)> {
        let (y, places) = self.max_pool2d_places(options.into())?;
        Ok((y, places.to_dtype(DType::I64)?))
    }

    /// The largest elements, and their places as u32, in which gradients keep them.
    #[doc(hidden)]
    pub fn max_pool2d_places(&self, options: PoolOptions) -> Result<(Self, Self)> {
        let op = "max_pool2d";
        self.expect_float(op)?;
        let windows = options.windows(op, self.size())?;
        let size = self.pooled(windows.output);
        if let Some(done) = cuda::pool::maxima(&windows, self, &size)? {
            return Ok(done);
        }
        with_real!(self.dtype, T => {
            let x = self.in_dtype(T::TYPE)?;
            let (y, places) = Self::lend::<T, _>(op, &[&x], |x| max::maxima(&windows, x[0]))?;
            Ok((self.result(y, &size)?.cast(self.dtype)?, self.result(places, &size)?))
        })
    }

    /// Returns the gradient of [`Tensor::max_pool2d`] with respect to images of the shape `input`: each element
    /// of `self`, the gradient of the maxima, is added at its place.
    ///
    /// # Errors
    /// When the shapes are not those of the pooling, or a place is outside of its image.
    pub fn max_pool2d_grad(&self, places: &Self, input: &[usize], options: PoolOptions) -> Result<Self> {
        let op = "max_pool2d_grad";
        self.to_places(op, places, input, &options.windows(op, input)?)
    }

    /// Returns the largest element of each of `oh` x `ow` windows that cover images `[N, C, H, W]` as evenly as
    /// can be, as in [`Tensor::adaptive_avg_pool2d`], and its place as in [`Tensor::max_pool2d_with_indices`].
    ///
    /// # Errors
    /// As [`Tensor::adaptive_avg_pool2d`].
    pub fn adaptive_max_pool2d(&self, (oh, ow): (usize, usize)) -> Result<(Self, Self)> {
        let op = "adaptive_max_pool2d";
        self.expect_float(op)?;
        let [_, _, h, w] = filled(op, self.size(), [oh, ow])?;
        let (rows, cols) = (adaptive_windows(h, oh), adaptive_windows(w, ow));
        let size = self.pooled([oh, ow]);
        let mut places = vec![0u32; shape::numel(&size)];
        let y: Result<Self> = real_kernel!(compute, op, [self], &size, T => |x, y| {
            max::adaptive_max_pool2d([h, w], &rows, &cols, x[0], y, &mut places);
        });
        Ok((y?, self.result(places, &size)?.to_dtype(DType::I64)?))
    }

    /// Returns the gradient of [`Tensor::adaptive_max_pool2d`]; see [`Tensor::max_pool2d_grad`].
    ///
    /// # Errors
    /// As [`Tensor::max_pool2d_grad`].
    pub fn adaptive_max_pool2d_grad(&self, places: &Self, input: &[usize]) -> Result<Self> {
        let op = "adaptive_max_pool2d_grad";
        let [_, _, oh, ow] = images(op, self.size())?;
        let [n, c, h, w] = filled(op, input, [oh, ow])?;
        // Whatever the windows are, the places say where the gradient goes.
        let mut windows = Pool2d::new(n * c, [h, w], [1, 1], [1, 1], [0, 0], [1, 1], false);
        windows.output = [oh, ow];
        // A GPU's kernel asks for each pixel in the windows that may hold it: so wide, in all of them.
        (windows.kernel, windows.padding) = ([h + oh, w + ow], [oh, ow]);
        self.to_places(op, places, input, &windows)
    }

    /// Images of the shape `input`: each element of `self` added at its place.
    fn to_places(&self, op: &'static str, places: &Self, input: &[usize], windows: &Pool2d) -> Result<Self> {
        self.expect_pooled(op, self, input, windows.output)?;
        self.expect_pooled(op, places, input, windows.output)?;
        let places = places.to_dtype(DType::U32)?.contiguous()?;
        if let Some(dx) = cuda::pool::maxima_grad(windows, self, &places, input)? {
            return Ok(dx);
        }
        let pixels = windows.in_size();
        places.read::<u32, _>(op, |all, layout| {
            let places = &all[start(layout)..][..layout.shape().elem_count()];
            // The largest, as that is found many at a time.
            if let Some(last) = max::largest(places)
                && last as usize >= pixels
            {
                return Err(Error::Index { op, index: i64::from(last), dim: 2, size: pixels });
            }
            real_kernel!(make, op, [self], input, T => |dy| max::gradient(windows, dy[0], places))
        })
    }

    /// Returns the mean of each window of images `[N, C, H, W]`, as `[N, C, H', W']`; the padding's zeros count,
    /// unless `count_include_pad` is off.
    ///
    /// # Errors
    /// As [`Tensor::max_pool2d`]; and when there is a dilation, or a divisor of 0.
    pub fn avg_pool2d(&self, options: impl Into<PoolOptions>) -> Result<Self> {
        let (op, options) = ("avg_pool2d", options.into());
        let (windows, output) = options.means(op, self.size())?;
        let (images, means) = (options.windows(op, self.size())?, options.divisor());
        if let Some(y) = cuda::pool::means(op, &images, means, self, &self.pooled(output), false)? {
            return Ok(y);
        }
        self.averages(op, &windows, output)
    }

    /// Returns the gradient of [`Tensor::avg_pool2d`] with respect to images of the shape `input`; `self` is
    /// that of the means.
    ///
    /// # Errors
    /// When the shapes are not those of the pooling.
    pub fn avg_pool2d_grad(&self, input: &[usize], options: PoolOptions) -> Result<Self> {
        let op = "avg_pool2d_grad";
        let (windows, output) = options.means(op, input)?;
        self.expect_pooled(op, self, input, output)?;
        let (images, means) = (options.windows(op, input)?, options.divisor());
        if let Some(dx) = cuda::pool::means(op, &images, means, self, input, true)? {
            return Ok(dx);
        }
        self.averages_grad(op, &windows, input, output)
    }

    /// Returns the means of `oh` x `ow` windows that cover images `[N, C, H, W]` as evenly as can be:
    /// `floor(i H / oh)` to `ceil((i + 1) H / oh)`.
    ///
    /// # Errors
    /// When the input is not a batch of images, or an image is empty; on an integer dtype.
    pub fn adaptive_avg_pool2d(&self, (oh, ow): (usize, usize)) -> Result<Self> {
        let op = "adaptive_avg_pool2d";
        if let Some(y) = cuda::pool::even_means(op, self, self.size(), [oh, ow], false)? {
            return Ok(y);
        }
        self.averages(op, &adaptive(op, self.size(), [oh, ow])?, [oh, ow])
    }

    /// Returns the gradient of [`Tensor::adaptive_avg_pool2d`] with respect to images of the shape `input`;
    /// `self` is that of the means.
    ///
    /// # Errors
    /// When the shapes are not those of the pooling.
    pub fn adaptive_avg_pool2d_grad(&self, input: &[usize]) -> Result<Self> {
        let op = "adaptive_avg_pool2d_grad";
        let [_, _, oh, ow] = images(op, self.size())?;
        if let Some(dx) = cuda::pool::even_means(op, self, input, [oh, ow], true)? {
            return Ok(dx);
        }
        self.averages_grad(op, &adaptive(op, input, [oh, ow])?, input, [oh, ow])
    }

    fn averages(&self, op: &'static str, windows: &Average, output: [usize; 2]) -> Result<Self> {
        self.expect_float(op)?;
        real_kernel!(compute, op, [self], &self.pooled(output), T => |x, y| windows.forward(x[0], y))
    }

    fn averages_grad(
        &self,
        op: &'static str,
        windows: &Average,
        input: &[usize],
        output: [usize; 2],
    ) -> Result<Self> {
        self.expect_pooled(op, self, input, output)?;
        real_kernel!(compute, op, [self], input, T => |dy, dx| windows.gradient(dy[0], dx))
    }

    /// `[N, C, H', W']`
    fn pooled(&self, [h, w]: [usize; 2]) -> [usize; 4] {
        [self.size()[0], self.size()[1], h, w]
    }

    /// Checks that `of` has a number for each window over images of the shape `input`.
    fn expect_pooled(&self, op: &'static str, of: &Self, input: &[usize], [h, w]: [usize; 2]) -> Result<()> {
        self.expect_float(op)?;
        let expected = [input[0], input[1], h, w];
        if of.size() == expected {
            return Ok(());
        }
        bail!(shape(
            op,
            "gradient or places have shape {:?}, images {input:?} expect {expected:?}",
            of.size()
        ))
    }
}

fn adaptive(op: &'static str, size: &[usize], output: [usize; 2]) -> Result<Average> {
    let [_, _, h, w] = filled(op, size, output)?;
    Ok(Average::adaptive([h, w], output))
}

/// Checks that an image is not empty.
pub(crate) fn expect_filled(op: &'static str, h: usize, w: usize) -> Result<()> {
    bail_if!(h == 0 || w == 0, shape(op, "an image of {h} x {w} is empty"));
    Ok(())
}

/// [`images`] that are not empty, and can have outputs of this size.
pub(crate) fn filled(op: &'static str, size: &[usize], output: [usize; 2]) -> Result<[usize; 4]> {
    let [n, c, h, w] = images(op, size)?;
    expect_room(op, &[n, c, output[0], output[1]])?;
    expect_filled(op, h, w)?;
    expect_pixels(op, h, w)?;
    Ok([n, c, h, w])
}
