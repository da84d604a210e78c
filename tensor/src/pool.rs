//! Pooling: the largest element of each window, and where it was.

use crate::{DType, Element, Error, Result, Tensor};

/// The parameters of a pooling window, each as (vertical, horizontal).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    /// The window's size.
    pub kernel: (usize, usize),
    /// The distance between neighbouring windows.
    pub stride: (usize, usize),
    /// The border added on each side, which is never the largest; at most half of the window.
    pub padding: (usize, usize),
}

impl PoolOptions {
    /// Windows side by side without a border, as PyTorch's default.
    pub fn new(kernel: (usize, usize)) -> Self {
        Self { kernel, stride: kernel, padding: (0, 0) }
    }
}

impl Tensor {
    /// The largest element of each window of images `[N, C, H, W]`, and its place in its image as
    /// an i64 `row · W + column`: two tensors `[N, C, H', W']`. The first of equal ones counts; a NaN
    /// is larger than all.
    ///
    /// # Errors
    /// When the input is no batch of images, or the window does not fit.
    pub fn max_pool2d(&self, options: PoolOptions) -> Result<(Self, Self)> {
        let op = "max_pool2d";
        self.expect_float(op)?;
        match self.dtype {
            DType::F32 => self.max_pool::<f32>(options),
            DType::F64 => self.max_pool::<f64>(options),
            dtype => {
                let (y, places) = self.to_dtype(DType::F32)?.max_pool::<f32>(options)?;
                Ok((y.to_dtype(dtype)?, places))
            }
        }
    }

    fn max_pool<T: Element>(&self, o: PoolOptions) -> Result<(Self, Self)> {
        let op = "max_pool2d";
        let &[n, c, h, w] = self.size() else {
            let hint = if self.dim() == 3 {
                "; give a single sample a batch dimension with .unsqueeze(0)"
            } else {
                ""
            };
            return Err(Error::shape(
                op,
                format!("input has shape {:?}, expected [batch, channels, height, width]{hint}", self.size()),
            ));
        };
        let out = |size: usize, k: usize, s: usize, p: usize| {
            (k > 0 && s > 0 && p <= k / 2 && size + 2 * p >= k).then(|| (size + 2 * p - k) / s + 1)
        };
        let rows = out(h, o.kernel.0, o.stride.0, o.padding.0);
        let columns = out(w, o.kernel.1, o.stride.1, o.padding.1);
        let Some((oh, ow)) = rows.zip(columns) else {
            return Err(Error::shape(
                op,
                format!(
                    "{o:?} does not fit an image of {h} x {w}: the window must fit, the padding be at most half of it"
                ),
            ));
        };
        let mut places = vec![0i64; n * c * oh * ow];
        let y = Self::compute::<T, T>(op, &[self], &[n, c, oh, ow], |x, y| {
            for (i, (y, place)) in y.iter_mut().zip(&mut places).enumerate() {
                let (image, r, q) = (i / (oh * ow), i / ow % oh, i % ow);
                let range = |at: usize, k: usize, s: usize, p: usize, size: usize| {
                    (at * s).saturating_sub(p)..(at * s + k - p.min(at * s + k)).min(size)
                };
                let mut best: Option<(T, usize)> = None;
                for row in range(r, o.kernel.0, o.stride.0, o.padding.0, h) {
                    for column in range(q, o.kernel.1, o.stride.1, o.padding.1, w) {
                        let v = x[0][(image * h + row) * w + column];
                        if best.is_none_or(|(b, _)| {
                            v > b || (v.partial_cmp(&v).is_none() && b.partial_cmp(&b).is_some())
                        }) {
                            best = Some((v, row * w + column));
                        }
                    }
                }
                if let Some((v, at)) = best {
                    (*y, *place) = (v, at as i64);
                }
            }
        })?;
        Ok((y, Self::own(places, &[n, c, oh, ow])))
    }
}
