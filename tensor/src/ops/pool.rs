//! Pooling: the maximum or the mean of each window, and their gradients.

use crate::cpu::pool::average::Average;
use crate::cpu::pool::{Pool2d, adaptive_windows, max};
use crate::dtype::with_real;
use crate::storage::start;
use crate::{DType, Element, Error, Result, Tensor, cuda, shape};

/// Options of pooling, with PyTorch's names. Pairs are (vertical, horizontal).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    /// The size of the window.
    pub kernel: (usize, usize),
    /// The distance between neighbouring windows.
    pub stride: (usize, usize),
    /// The padding added on each side, at most half the window. It is never a maximum, and counts as zeros in
    /// a mean.
    pub padding: (usize, usize),
    /// The distance between the elements of a window. For maxima only.
    pub dilation: (usize, usize),
    /// Allows the last window to extend beyond the padding, if it begins within the image or the padding
    /// before it.
    pub ceil_mode: bool,
    /// Includes the padding in the number of elements that a mean divides by. For means only.
    pub count_include_pad: bool,
    /// The divisor of a mean's sum, instead of the number of elements. For means only.
    pub divisor_override: Option<usize>,
}

impl PoolOptions {
    /// Returns options for adjacent windows without padding: PyTorch's defaults.
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

    /// Returns the windows over images of `size` `[N, C, H, W]`.
    fn windows(&self, op: &'static str, size: &[usize]) -> Result<Pool2d> {
        let [n, c, h, w] = images(op, size)?;
        let PoolOptions { kernel, stride, padding, dilation, ceil_mode, .. } = *self;
        // Returns the padded size, and the size of a window in it.
        let fit = |size: usize, k: usize, s: usize, p: usize, d: usize| {
            // The distance from a window's first element to its last, plus 1.
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
                "got {self:?} for an image of {h} x {w}, expected a window that fits, and a padding of at most half of it"
            ));
        };
        expect_pixels(op, rows, columns)?;
        let pair = |(v, h): (usize, usize)| [v, h];
        // A larger stride has the same effect: one window.
        let stride = [stride.0.min(rows), stride.1.min(columns)];
        Ok(Pool2d::new(n * c, [h, w], [kh, kw], stride, pair(padding), pair(dilation), ceil_mode))
    }

    /// Returns the divisor for a GPU's kernel.
    fn divisor(&self) -> cuda::pool::Means {
        let (count_padding, divisor) = (self.count_include_pad, self.divisor_override);
        cuda::pool::Means { adaptive: false, count_padding, divisor }
    }

    /// Returns the windows of a mean, and the size of the output.
    fn means(&self, op: &'static str, size: &[usize]) -> Result<(Average, [usize; 2])> {
        bail_if!(
            self.dilation != (1, 1) || self.divisor_override == Some(0),
            value(op, "got {self:?}, expected a dilation of (1, 1) and a divisor other than 0")
        );
        let windows = self.windows(op, size)?;
        expect_room(op, &[size[0], size[1], windows.output[0], windows.output[1]])?;
        Ok((Average::new(&windows, self.count_include_pad, self.divisor_override), windows.output))
    }
}

/// Checks that the positions in an image, with or without padding, fit in 32 bits.
fn expect_pixels(op: &'static str, h: usize, w: usize) -> Result<()> {
    if h.checked_mul(w).is_some_and(|n| n < u32::MAX as usize) {
        return shape::room::<f64>(op, h * w);
    }
    Err(Error::shape(op, format!("got an image of {h} x {w}, expected at most 2^32 - 2 pixels")))
}

/// Checks that memory for images of this size can be allocated, and for tables with an entry for each row and
/// column.
pub(crate) fn expect_room(op: &'static str, size: &[usize; 4]) -> Result<()> {
    shape::room::<f64>(op, shape::numel(&shape::shape(op, size)?))?;
    size[2..].iter().try_for_each(|&n| shape::room::<[usize; 3]>(op, n))
}

/// Returns the size as `[N, C, H, W]`, or an error if it has another number of dimensions.
pub(crate) fn images(op: &'static str, size: &[usize]) -> Result<[usize; 4]> {
    shape::shape(op, size)?;
    size.try_into().map_err(|_| {
        let hint =
            if size.len() == 3 { "; give a single sample a batch dimension with .unsqueeze(0)" } else { "" };
        Error::shape(op, format!("input has shape {size:?}, expected [batch, channels, height, width]{hint}"))
    })
}

impl From<usize> for PoolOptions {
    /// Returns options for adjacent square windows.
    fn from(kernel: usize) -> Self {
        Self::new((kernel, kernel))
    }
}

impl From<(usize, usize)> for PoolOptions {
    /// Returns options for adjacent windows.
    fn from(kernel: (usize, usize)) -> Self {
        Self::new(kernel)
    }
}

impl Tensor {
    /// Returns the maximum of each window. NaN is larger than all numbers. `options` may be the window's size
    /// alone, a number or a pair.
    ///
    /// # Shapes
    /// Input `[N, C, H, W]`, output `[N, C, H', W']` with `H' = floor((H + 2·padding - dilation·(h - 1) - 1)
    /// / stride) + 1`, and `W'` likewise; `ceil_mode` rounds up.
    ///
    /// ```
    /// use taper_tensor::Tensor;
    /// let x = Tensor::new(&[[[[1f32, 5.0], [7.0, 3.0]]]])?;
    /// assert_eq!(x.max_pool2d(2)?.to_vec::<f32>()?, [7.0]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the input does not have four dimensions, the window does not fit, or the dtype is not floating
    /// point.
    pub fn max_pool2d(&self, options: impl Into<PoolOptions>) -> Result<Self> {
        Ok(self.max_pool2d_places(options.into())?.0)
    }

    /// Returns the maxima of [`Tensor::max_pool2d`] and their int64 indices in their images, `row · W +
    /// column`: PyTorch's `max_pool2d(…, return_indices=True)`. The first of equal elements is chosen.
    ///
    /// # Shapes
    /// Input `[N, C, H, W]`, outputs `[N, C, H', W']`.
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
    /// If the input does not have four dimensions, the window does not fit, or the dtype is not floating
    /// point.
    pub fn max_pool2d_with_indices(&self, options: impl Into<PoolOptions>) -> Result<(Self, Self)> {
        let (y, places) = self.max_pool2d_places(options.into())?;
        Ok((y, places.to_dtype(DType::I64)?))
    }

    /// Returns the maxima and their indices in the form that gradients keep, as u32.
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

    /// Returns the gradient of [`Tensor::max_pool2d`] with respect to images of the shape `input`. Each
    /// element of `self`, the gradient with respect to the maxima, is added at its index in `places`.
    ///
    /// # Errors
    /// If the shapes are not those of the pooling, or an index is out of range.
    pub fn max_pool2d_grad(&self, places: &Self, input: &[usize], options: PoolOptions) -> Result<Self> {
        let op = "max_pool2d_grad";
        self.to_places(op, places, input, &options.windows(op, input)?)
    }

    /// Returns the maximum of each of `oh` x `ow` windows that cover the image as evenly as possible (see
    /// [`Tensor::adaptive_avg_pool2d`]), and its index as in [`Tensor::max_pool2d_with_indices`].
    ///
    /// # Shapes
    /// Input `[N, C, H, W]`, outputs `[N, C, oh, ow]`.
    ///
    /// # Errors
    /// If the input does not have four dimensions, an image is empty, or the dtype is not floating point.
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
    /// If the shapes are not those of the pooling, or an index is out of range.
    pub fn adaptive_max_pool2d_grad(&self, places: &Self, input: &[usize]) -> Result<Self> {
        let op = "adaptive_max_pool2d_grad";
        let [_, _, oh, ow] = images(op, self.size())?;
        let [n, c, h, w] = filled(op, input, [oh, ow])?;
        // The gradient depends on the indices alone, not on the windows.
        let mut windows = Pool2d::new(n * c, [h, w], [1, 1], [1, 1], [0, 0], [1, 1], false);
        windows.output = [oh, ow];
        // A GPU's kernel searches all windows that may contain a pixel. These are so large that every window
        // does.
        (windows.kernel, windows.padding) = ([h + oh, w + ow], [oh, ow]);
        self.to_places(op, places, input, &windows)
    }

    /// Returns images of the shape `input`, with each element of `self` added at its index.
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
            // Finding the largest index is vectorised; checking each is not.
            if let Some(last) = max::largest(places)
                && last as usize >= pixels
            {
                return Err(Error::Index { op, index: i64::from(last), dim: 2, size: pixels });
            }
            real_kernel!(make, op, [self], input, T => |dy| max::gradient(windows, dy[0], places))
        })
    }

    /// Returns the mean of each window. The zeros of the padding count, unless `count_include_pad` is false.
    ///
    /// # Shapes
    /// Input `[N, C, H, W]`, output `[N, C, H', W']` with `H' = floor((H + 2·padding - h) / stride) + 1`, and
    /// `W'` likewise; `ceil_mode` rounds up.
    ///
    /// # Errors
    /// If the input does not have four dimensions, the window does not fit, the dtype is not floating point,
    /// the dilation is not 1, or the divisor is 0.
    pub fn avg_pool2d(&self, options: impl Into<PoolOptions>) -> Result<Self> {
        let (op, options) = ("avg_pool2d", options.into());
        let (windows, output) = options.means(op, self.size())?;
        let (images, means) = (options.windows(op, self.size())?, options.divisor());
        if let Some(y) = cuda::pool::means(op, &images, means, self, &self.pooled(output), false)? {
            return Ok(y);
        }
        self.averages(op, &windows, output)
    }

    /// Returns the gradient of [`Tensor::avg_pool2d`] with respect to images of the shape `input`, from the
    /// gradient with respect to the means, `self`.
    ///
    /// # Errors
    /// If the shapes are not those of the pooling.
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

    /// Returns the means of `oh` x `ow` windows that cover the image as evenly as possible: rows `floor(i H /
    /// oh)` to `ceil((i + 1) H / oh)`, and columns likewise.
    ///
    /// # Shapes
    /// Input `[N, C, H, W]`, output `[N, C, oh, ow]`.
    ///
    /// # Errors
    /// If the input does not have four dimensions, an image is empty, or the dtype is not floating point.
    pub fn adaptive_avg_pool2d(&self, (oh, ow): (usize, usize)) -> Result<Self> {
        let op = "adaptive_avg_pool2d";
        if let Some(y) = cuda::pool::even_means(op, self, self.size(), [oh, ow], false)? {
            return Ok(y);
        }
        self.averages(op, &adaptive(op, self.size(), [oh, ow])?, [oh, ow])
    }

    /// Returns the gradient of [`Tensor::adaptive_avg_pool2d`] with respect to images of the shape `input`,
    /// from the gradient with respect to the means, `self`.
    ///
    /// # Errors
    /// If the shapes are not those of the pooling.
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

    /// Returns the shape `[N, C, H', W']`.
    fn pooled(&self, [h, w]: [usize; 2]) -> [usize; 4] {
        [self.size()[0], self.size()[1], h, w]
    }

    /// Checks that `of` has one element for each window over images of the shape `input`.
    fn expect_pooled(&self, op: &'static str, of: &Self, input: &[usize], [h, w]: [usize; 2]) -> Result<()> {
        self.expect_float(op)?;
        let expected = [input[0], input[1], h, w];
        if of.size() == expected {
            return Ok(());
        }
        bail!(shape(
            op,
            "the gradient or the indices have shape {:?}, expected {expected:?} for images {input:?}",
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
    bail_if!(h == 0 || w == 0, shape(op, "got an image of {h} x {w}, expected at least one pixel"));
    Ok(())
}

/// Returns [`images`], checked to be non-empty and to have outputs of this size.
pub(crate) fn filled(op: &'static str, size: &[usize], output: [usize; 2]) -> Result<[usize; 4]> {
    let [n, c, h, w] = images(op, size)?;
    expect_room(op, &[n, c, output[0], output[1]])?;
    expect_filled(op, h, w)?;
    expect_pixels(op, h, w)?;
    Ok([n, c, h, w])
}
