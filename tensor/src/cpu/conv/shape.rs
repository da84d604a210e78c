//! The geometry of a convolution.

use std::ops::Range;

/// The geometry of one 2-d convolution over contiguous NCHW tensors. A 1-d convolution is one of
/// height 1.
///
/// The input is `[batch, in_channels, height, width]`, the weight
/// `[out_channels, in_channels / groups, kernel.0, kernel.1]`, the output
/// `[batch, out_channels, out_height, out_width]`. Pairs are (vertical, horizontal). Strides,
/// dilations, kernel sizes and groups are at least 1, and groups divides both channel counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Conv2dShape {
    /// The number of images.
    pub batch: usize,
    /// The number of input channels, over all groups.
    pub in_channels: usize,
    /// The number of rows of the input.
    pub height: usize,
    /// The number of columns of the input.
    pub width: usize,
    /// The number of output channels, over all groups.
    pub out_channels: usize,
    /// The size of the kernel.
    pub kernel: (usize, usize),
    /// The distance between the windows of neighbouring outputs, in input pixels.
    pub stride: (usize, usize),
    /// The number of zeros at each side of the input.
    pub padding: (usize, usize),
    /// The distance between neighbouring taps, in input pixels.
    pub dilation: (usize, usize),
    /// The number of independent convolutions, each over its share of the channels.
    pub groups: usize,
}

impl Conv2dShape {
    /// Returns the number of rows of the output: `floor((height + 2 padding - dilation (kernel - 1) - 1) /
    /// stride) + 1`, or 0 if the kernel does not fit.
    pub fn out_height(&self) -> usize {
        outputs(self.height, self.kernel.0, self.stride.0, self.padding.0, self.dilation.0)
    }

    /// Returns the number of columns of the output; see [`Self::out_height`].
    pub fn out_width(&self) -> usize {
        outputs(self.width, self.kernel.1, self.stride.1, self.padding.1, self.dilation.1)
    }

    /// Returns the number of pixels of one input channel.
    pub fn in_pixels(&self) -> usize {
        self.height * self.width
    }

    /// Returns the number of pixels of one output channel.
    pub fn out_pixels(&self) -> usize {
        self.out_height() * self.out_width()
    }

    /// Returns the number of input channels of one group.
    pub fn group_in(&self) -> usize {
        self.in_channels / self.groups
    }

    /// Returns the number of output channels of one group.
    pub fn group_out(&self) -> usize {
        self.out_channels / self.groups
    }

    /// Returns the number of taps of one channel.
    pub fn taps(&self) -> usize {
        self.kernel.0 * self.kernel.1
    }

    /// Returns the number of weights of one output channel, which is the number of terms of an output.
    pub fn depth(&self) -> usize {
        self.group_in() * self.taps()
    }

    /// Returns the number of elements of the input.
    pub fn input_len(&self) -> usize {
        self.batch * self.in_channels * self.in_pixels()
    }

    /// Returns the number of elements of the weight.
    pub fn weight_len(&self) -> usize {
        self.out_channels * self.depth()
    }

    /// Returns the number of elements of the output.
    pub fn output_len(&self) -> usize {
        self.batch * self.out_channels * self.out_pixels()
    }

    /// Returns the number of multiplications of one pass.
    pub fn products(&self) -> usize {
        self.output_len() * self.depth()
    }

    /// Returns the output rows for which tap row `ky` lies inside the image.
    pub fn rows_of(&self, ky: usize) -> Range<usize> {
        inside(self.out_height(), self.height, ky * self.dilation.0, self.stride.0, self.padding.0)
    }

    /// Returns the output columns for which tap column `kx` lies inside the image.
    pub fn columns_of(&self, kx: usize) -> Range<usize> {
        inside(self.out_width(), self.width, kx * self.dilation.1, self.stride.1, self.padding.1)
    }
}

fn outputs(size: usize, kernel: usize, stride: usize, padding: usize, dilation: usize) -> usize {
    let reach = dilation * (kernel - 1) + 1;
    (size + 2 * padding).checked_sub(reach).map_or(0, |free| free / stride + 1)
}

/// Returns the `o` in `0..outputs` with `0 <= o * stride + tap - padding < size`, possibly none.
fn inside(outputs: usize, size: usize, tap: usize, stride: usize, padding: usize) -> Range<usize> {
    let start = padding.saturating_sub(tap).div_ceil(stride).min(outputs);
    let end = (size + padding).saturating_sub(tap).div_ceil(stride).min(outputs);
    start..end.max(start)
}
