//! Images in another size, by the nearest pixel or by a line between neighbours.

use crate::{Result, Variable};
use taper_tensor::AlignCorners;

impl Variable {
    operations! {
        /// Returns images `[N, C, H, W]` in another size, each pixel the nearest one: `floor(i · H / oh)`.
        pub fn upsample_nearest2d(&self, output: (usize, usize)) -> Result<Self> = linear_pair(
            ["UpsampleNearest2d", "UpsampleNearest2dGrad"],
            move |x, _| x.upsample_nearest2d(output),
            |g, size| g.upsample_nearest2d_grad(size),
        );
        /// Returns images `[N, C, H, W]` in another size, each pixel a mixture of the four nearest; with
        /// `align_corners` the corners' centres keep their places, or else the corners themselves.
        pub fn upsample_bilinear2d(&self, output: (usize, usize), align_corners: AlignCorners) -> Result<Self> = linear_pair(
            ["UpsampleBilinear2d", "UpsampleBilinear2dGrad"],
            move |x, _| x.upsample_bilinear2d(output, align_corners),
            move |g, size| g.upsample_bilinear2d_grad(size, align_corners),
        );
    }
}
