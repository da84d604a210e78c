//! Images in another size, by the nearest pixel or by a line between neighbours.

use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// Returns images `[N, C, H, W]` in another size, each pixel the nearest one: `floor(i · H / oh)`.
    ///
    /// # Errors
    /// When the input is not a batch of images, or an image is empty; on an integer dtype.
    #[track_caller]
    pub fn upsample_nearest2d(&self, output: (usize, usize)) -> Result<Self> {
        let (y, input) = (self.tensor().upsample_nearest2d(output)?, self.size());
        record("UpsampleNearest2d", &[self]).unary(y, move |g, _| g.upsample_nearest2d_grad(&input))
    }

    #[track_caller]
    fn upsample_nearest2d_grad(&self, input: &[usize]) -> Result<Self> {
        let (dx, size) = (self.tensor().upsample_nearest2d_grad(input)?, self.size());
        record("UpsampleNearest2dGrad", &[self])
            .unary(dx, move |g, _| g.upsample_nearest2d((size[2], size[3])))
    }

    /// Returns images `[N, C, H, W]` in another size, each pixel a mixture of the four nearest; with
    /// `align_corners` the corners' centres keep their places, or else the corners themselves.
    ///
    /// # Errors
    /// As [`Variable::upsample_nearest2d`].
    #[track_caller]
    pub fn upsample_bilinear2d(&self, output: (usize, usize), align_corners: bool) -> Result<Self> {
        let (y, input) = (self.tensor().upsample_bilinear2d(output, align_corners)?, self.size());
        record("UpsampleBilinear2d", &[self])
            .unary(y, move |g, _| g.upsample_bilinear2d_grad(&input, align_corners))
    }

    #[track_caller]
    fn upsample_bilinear2d_grad(&self, input: &[usize], align_corners: bool) -> Result<Self> {
        let (dx, size) = (self.tensor().upsample_bilinear2d_grad(input, align_corners)?, self.size());
        record("UpsampleBilinear2dGrad", &[self])
            .unary(dx, move |g, _| g.upsample_bilinear2d((size[2], size[3]), align_corners))
    }
}
