//! Images in another size.

use crate::cpu::upsample::{Mode, Upsample};
use crate::ops::pool::{expect_filled, expect_room, images};
use crate::{AlignCorners, Result, Tensor};

const NEAREST: &str = "upsample_nearest2d";

const BILINEAR: &str = "upsample_bilinear2d";

impl Tensor {
    /// Returns images `[N, C, H, W]` in another size, each pixel the nearest one: `floor(i · H / oh)`.
    ///
    /// # Errors
    /// When the input is not a batch of images, or an image is empty; on an integer dtype.
    pub fn upsample_nearest2d(&self, output: (usize, usize)) -> Result<Self> {
        self.upsample(NEAREST, Mode::Nearest, output)
    }

    /// Returns images `[N, C, H, W]` in another size, each pixel a mixture of the four nearest; with
    /// `align_corners` the corners' centres keep their places, or else the corners themselves.
    ///
    /// # Errors
    /// As [`Tensor::upsample_nearest2d`].
    pub fn upsample_bilinear2d(&self, output: (usize, usize), align_corners: AlignCorners) -> Result<Self> {
        self.upsample(BILINEAR, Mode::Linear { align_corners: align_corners.0 }, output)
    }

    /// Returns the gradient of [`Tensor::upsample_nearest2d`] with respect to images of the shape `input`;
    /// `self` is that of the result.
    ///
    /// # Errors
    /// When the shapes do not fit; on an integer dtype.
    pub fn upsample_nearest2d_grad(&self, input: &[usize]) -> Result<Self> {
        self.upsample_grad(NEAREST, Mode::Nearest, input)
    }

    /// Returns the gradient of [`Tensor::upsample_bilinear2d`], as [`Tensor::upsample_nearest2d_grad`].
    ///
    /// # Errors
    /// As [`Tensor::upsample_nearest2d_grad`].
    pub fn upsample_bilinear2d_grad(&self, input: &[usize], align_corners: AlignCorners) -> Result<Self> {
        self.upsample_grad(BILINEAR, Mode::Linear { align_corners: align_corners.0 }, input)
    }

    fn upsample(&self, op: &'static str, mode: Mode, (oh, ow): (usize, usize)) -> Result<Self> {
        self.expect_float(op)?;
        let [n, c, h, w] = images(op, self.size())?;
        let size = [n, c, oh, ow];
        expect_room(op, &size)?;
        expect_filled(op, h, w)?;
        real_kernel!(compute, op, [self], &size, T => |x, y| {
            Upsample::<T>::new(mode, [h, w], [oh, ow], [None; 2]).forward(x[0], y)
        })
    }

    fn upsample_grad(&self, op: &'static str, mode: Mode, input: &[usize]) -> Result<Self> {
        self.expect_float(op)?;
        let ([n, c, h, w], [dn, dc, oh, ow]) = (images(op, input)?, images(op, self.size())?);
        expect_filled(op, h, w)?;
        expect_room(op, &[dn, dc, oh, ow])?;
        bail_if!(
            (n, c) != (dn, dc),
            shape(op, "the gradient has shape {:?}, the images {input:?}", self.size())
        );
        real_kernel!(compute, op, [self], input, T => |dy, dx| {
            Upsample::<T>::new(mode, [h, w], [oh, ow], [None; 2]).gradient(dy[0], dx)
        })
    }
}
