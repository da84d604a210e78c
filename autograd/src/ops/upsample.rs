//! Images in another size, by the nearest pixel or by a line between neighbours.

use smallvec::smallvec;

use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// Images `[N, C, H, W]` in another size, each pixel the nearest one: `floor(i · H / H')`.
    ///
    /// # Errors
    /// When the input is no batch of images, or empty.
    #[track_caller]
    pub fn upsample_nearest2d(&self, size: (usize, usize)) -> Result<Self> {
        let (y, input) = (self.data().upsample_nearest2d(size)?, self.size());
        record("UpsampleNearest2d", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.upsample_nearest2d_grad(&input)?)]))
    }

    #[track_caller]
    fn upsample_nearest2d_grad(&self, input: &[usize]) -> Result<Self> {
        let (dx, size) = (self.data().upsample_nearest2d_grad(input)?, self.size());
        record("UpsampleNearest2dGrad", &[self])
            .output(dx, move |ctx| Ok(smallvec![Some(ctx.grad()?.upsample_nearest2d((size[2], size[3]))?)]))
    }

    /// Images `[N, C, H, W]` in another size, each pixel weighted from its four neighbours. With
    /// `align_corners` the corners' centres keep their places, or else the corners themselves.
    ///
    /// # Errors
    /// As [`Variable::upsample_nearest2d`].
    #[track_caller]
    pub fn upsample_bilinear2d(&self, size: (usize, usize), align_corners: bool) -> Result<Self> {
        let (y, input) = (self.data().upsample_bilinear2d(size, align_corners)?, self.size());
        record("UpsampleBilinear2d", &[self]).output(y, move |ctx| {
            Ok(smallvec![Some(ctx.grad()?.upsample_bilinear2d_grad(&input, align_corners)?)])
        })
    }

    #[track_caller]
    fn upsample_bilinear2d_grad(&self, input: &[usize], align_corners: bool) -> Result<Self> {
        let (dx, size) = (self.data().upsample_bilinear2d_grad(input, align_corners)?, self.size());
        record("UpsampleBilinear2dGrad", &[self]).output(dx, move |ctx| {
            Ok(smallvec![Some(ctx.grad()?.upsample_bilinear2d((size[2], size[3]), align_corners)?)])
        })
    }
}
