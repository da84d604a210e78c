//! Pooling: the gradient goes to the element that was the largest.

use smallvec::smallvec;
use taper_tensor::{Conv2dOptions, Error, PoolOptions, Tensor};

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

    /// The mean of each window of images `[N, C, H, W]`; the border counts as zeros.
    ///
    /// # Errors
    /// As [`Variable::max_pool2d`].
    #[track_caller]
    pub fn avg_pool2d(&self, options: PoolOptions) -> Result<Self> {
        let op = "avg_pool2d";
        let (_, channels, _, _) = images(op, self)?;
        let (kernel, half) = (options.kernel, (options.kernel.0 / 2, options.kernel.1 / 2));
        if kernel.0.min(kernel.1) == 0 || options.padding.0 > half.0 || options.padding.1 > half.1 {
            let message =
                format!("{options:?}: expected a kernel of at least 1, padding of at most half of it");
            return Err(Error::value(op, message).into());
        }
        // A convolution of each channel with a constant.
        let weight =
            self.data().like().full((channels, 1, kernel.0, kernel.1), 1.0 / (kernel.0 * kernel.1) as f64)?;
        let conv = Conv2dOptions {
            stride: options.stride,
            padding: options.padding,
            dilation: (1, 1),
            groups: channels,
        };
        self.conv2d(&Self::new(weight), None, conv)
    }

    /// Images `[N, C, H, W]` in another size: pixel `i` is the mean from `floor(i · H / H')` to before
    /// `ceil((i + 1) · H / H')`.
    ///
    /// # Errors
    /// When the input is no batch of images, or empty.
    #[track_caller]
    pub fn adaptive_avg_pool2d(&self, size: (usize, usize)) -> Result<Self> {
        let op = "adaptive_avg_pool2d";
        let (_, _, h, w) = images(op, self)?;
        if h.min(w) == 0 {
            return Err(
                Error::shape(op, format!("input has shape {:?}, expected pixels", self.size())).into()
            );
        }
        if size == (1, 1) {
            return self.mean_dim((2, 3), true);
        }
        // Along each dimension the result is a matrix times the image.
        let matrix = |from: usize, to: usize| -> Result<Self> {
            let mut weights = vec![0.0f64; from * to];
            for i in 0..to {
                let window = i * from / to..((i + 1) * from).div_ceil(to);
                let share = 1.0 / window.len() as f64;
                window.for_each(|j| weights[i * from + j] = share);
            }
            let matrix = Tensor::from_vec(weights, (to, from))?;
            Ok(Self::new(matrix.to_dtype(self.dtype())?.to(&self.device())?))
        };
        matrix(h, size.0)?.matmul(self)?.matmul(&matrix(w, size.1)?.t()?)
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

fn images(op: &'static str, x: &Variable) -> Result<(usize, usize, usize, usize)> {
    match x.shape()[..] {
        [n, c, h, w] => Ok((n, c, h, w)),
        ref size => {
            let hint = if size.len() == 3 {
                "; give a single sample a batch dimension with .unsqueeze(0)"
            } else {
                ""
            };
            let message =
                format!("input has shape {size:?}, expected [batch, channels, height, width]{hint}");
            Err(Error::shape(op, message).into())
        }
    }
}
