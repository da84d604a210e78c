//! Resizing of images.

use crate::{Result, Variable};
use taper_tensor::AlignCorners;

impl Variable {
    operations! {
        /// Resizes images by copying the nearest pixel, `floor(i · H / oh)`: `[N, C, H, W]` to `[N, C, oh,
        /// ow]`.
        pub fn upsample_nearest2d(&self, output: (usize, usize)) -> Result<Self> = linear_pair(
            ["UpsampleNearest2d", "UpsampleNearest2dGrad"],
            move |x, _| x.upsample_nearest2d(output),
            |g, size| g.upsample_nearest2d_grad(size),
        );
        /// Resizes images by bilinear interpolation between the four nearest pixels: `[N, C, H, W]` to `[N,
        /// C, oh, ow]`. With `align_corners`, the centres of the corner pixels are aligned, else the corners
        /// of the image.
        pub fn upsample_bilinear2d(&self, output: (usize, usize), align_corners: AlignCorners) -> Result<Self> = linear_pair(
            ["UpsampleBilinear2d", "UpsampleBilinear2dGrad"],
            move |x, _| x.upsample_bilinear2d(output, align_corners),
            move |g, size| g.upsample_bilinear2d_grad(size, align_corners),
        );
    }
}
