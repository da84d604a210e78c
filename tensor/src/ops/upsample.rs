//! Resizing of images.

use crate::cpu::upsample::{Mode, Upsample};
use crate::ops::pool::{expect_filled, expect_room, images};
use crate::{AlignCorners, Result, Tensor};

const NEAREST: &str = "upsample_nearest2d";

const BILINEAR: &str = "upsample_bilinear2d";

impl Tensor {
    /// Resizes images by copying the nearest pixel, `floor(i · H / oh)`.
    ///
    /// # Shapes
    /// Input `[N, C, H, W]`, output `[N, C, oh, ow]`.
    ///
    /// # Errors
    /// If the input does not have four dimensions, an image is empty, or the dtype is not floating point.
    pub fn upsample_nearest2d(&self, output: (usize, usize)) -> Result<Self> {
        self.upsample(NEAREST, Mode::Nearest, output)
    }

    /// Resizes images by bilinear interpolation between the four nearest pixels. With `align_corners`, the
    /// centres of the corner pixels are aligned, else the corners of the image.
    ///
    /// # Shapes
    /// Input `[N, C, H, W]`, output `[N, C, oh, ow]`.
    ///
    /// # Errors
    /// If the input does not have four dimensions, an image is empty, or the dtype is not floating point.
    pub fn upsample_bilinear2d(&self, output: (usize, usize), align_corners: AlignCorners) -> Result<Self> {
        self.upsample(BILINEAR, Mode::Linear { align_corners: align_corners.0 }, output)
    }

    /// Returns the gradient of [`Tensor::upsample_nearest2d`] with respect to images of the shape `input`,
    /// from the gradient with respect to the result, `self`.
    ///
    /// # Errors
    /// If the shapes do not fit, or the dtype is not floating point.
    pub fn upsample_nearest2d_grad(&self, input: &[usize]) -> Result<Self> {
        self.upsample_grad(NEAREST, Mode::Nearest, input)
    }

    /// Returns the gradient of [`Tensor::upsample_bilinear2d`] with respect to images of the shape `input`,
    /// from the gradient with respect to the result, `self`.
    ///
    /// # Errors
    /// If the shapes do not fit, or the dtype is not floating point.
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
            shape(
                op,
                "the gradient has shape {:?} and the images {input:?}, expected equal batch sizes and channels",
                self.size()
            )
        );
        real_kernel!(compute, op, [self], input, T => |dy, dx| {
            Upsample::<T>::new(mode, [h, w], [oh, ow], [None; 2]).gradient(dy[0], dx)
        })
    }
}
