//! Larger images, by the nearest pixel or by a line between neighbours.

use taper_tensor::{Error, Tensor};

use crate::{Result, Variable};

impl Variable {
    /// Images `[N, C, H, W]` in another size, each pixel the nearest one: `floor(i · H / H')`.
    ///
    /// # Errors
    /// When the input is no batch of images, or a size is 0.
    #[track_caller]
    pub fn upsample_nearest2d(&self, size: (usize, usize)) -> Result<Self> {
        let (h, w) = images("upsample_nearest2d", self, size)?;
        let nearest = |from: usize, to: usize| {
            let scale = from as f64 / to as f64;
            self.indices((0..to).map(|i| ((i as f64 * scale) as i64).min(from as i64 - 1)).collect())
        };
        self.index_select(2, &nearest(h, size.0)?)?.index_select(3, &nearest(w, size.1)?)
    }

    /// Images `[N, C, H, W]` in another size, each pixel weighted from its four neighbours. With
    /// `align_corners` the corners' centres keep their places, or else the corners themselves.
    ///
    /// # Errors
    /// As [`Variable::upsample_nearest2d`].
    #[track_caller]
    pub fn upsample_bilinear2d(&self, size: (usize, usize), align_corners: bool) -> Result<Self> {
        let (h, w) = images("upsample_bilinear2d", self, size)?;
        // Along each dimension the result is a matrix times the image.
        let matrix = |from: usize, to: usize| -> Result<Self> {
            let mut weights = vec![0.0f64; from * to];
            for i in 0..to {
                let at = if align_corners {
                    if to > 1 { i as f64 * (from - 1) as f64 / (to - 1) as f64 } else { 0.0 }
                } else {
                    ((i as f64 + 0.5) * from as f64 / to as f64 - 0.5).max(0.0)
                };
                let low = (at as usize).min(from - 1);
                let part = at - low as f64;
                weights[i * from + low] += 1.0 - part;
                weights[i * from + (low + 1).min(from - 1)] += part;
            }
            let matrix = Tensor::from_vec(weights, (to, from))?;
            Ok(Self::new(matrix.to_dtype(self.dtype())?.to(&self.device())?))
        };
        matrix(h, size.0)?.matmul(self)?.matmul(&matrix(w, size.1)?.t()?)
    }
}

fn images(op: &'static str, x: &Variable, size: (usize, usize)) -> Result<(usize, usize)> {
    match x.shape()[..] {
        [_, _, h, w] if h.min(w).min(size.0).min(size.1) > 0 => Ok((h, w)),
        ref shape => Err(Error::shape(
            op,
            format!("from {shape:?} to {size:?}: expected [batch, channels, height, width], no size 0"),
        )
        .into()),
    }
}
