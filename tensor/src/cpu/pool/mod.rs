//! Pooling over `planes` contiguous images: maximum with index, average, and adaptive.
//!
//! Pairs are (vertical, horizontal). A 1-d pooling is one of height 1, a batch with channels is
//! `batch * channels` planes.

pub mod average;
pub mod max;
mod max2x2;
#[cfg(test)]
mod tests;

/// The windows of a pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool2d {
    /// Images.
    pub planes: usize,
    /// Height and width of an input.
    pub input: [usize; 2],
    /// Height and width of an output.
    pub output: [usize; 2],
    /// Height and width of a window, in taps.
    pub kernel: [usize; 2],
    /// The distance between windows.
    pub stride: [usize; 2],
    /// Rows and columns around the input that windows may reach into.
    pub padding: [usize; 2],
    /// The distance between the elements of a window.
    pub dilation: [usize; 2],
}

impl Pool2d {
    /// Returns PyTorch's windows: `floor((input + 2 padding - dilation (kernel - 1) - 1) / stride) + 1` along
    /// each dimension, or 0 if none fits. With `ceil_mode` the division rounds up, but no window begins
    /// beyond the input and the padding before it.
    pub fn new(
        planes: usize,
        input: [usize; 2],
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: [usize; 2],
        dilation: [usize; 2],
        ceil_mode: bool,
    ) -> Self {
        let output = [0, 1].map(|d| {
            let (padded, reach) = (input[d] + 2 * padding[d], dilation[d] * (kernel[d] - 1) + 1);
            if padded < reach {
                return 0;
            }
            let up = if ceil_mode { stride[d] - 1 } else { 0 };
            let last = (padded - reach + up) / stride[d];
            if ceil_mode && last * stride[d] >= input[d] + padding[d] { last } else { last + 1 }
        });
        Self { planes, input, output, kernel, stride, padding, dilation }
    }

    /// Returns the number of elements of an input.
    pub fn in_size(&self) -> usize {
        self.input[0] * self.input[1]
    }

    /// Returns the number of elements of an output.
    pub fn out_size(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Returns the position of element `k` of window `o` along dimension `d`, if it is in the input.
    #[inline(always)]
    fn tap(&self, d: usize, o: usize, k: usize) -> Option<usize> {
        (o * self.stride[d] + k * self.dilation[d])
            .checked_sub(self.padding[d])
            .filter(|&at| at < self.input[d])
    }
}

/// The range of an average along one dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first position.
    pub start: usize,
    /// The position after the last one.
    pub end: usize,
    /// The number of positions in the divisor.
    pub count: usize,
}

/// Returns the windows of an adaptive pooling from `input` to `output` positions, as even as possible:
/// `floor(o input / output) .. ceil((o + 1) input / output)`.
pub fn adaptive_windows(input: usize, output: usize) -> Vec<Window> {
    (0..output)
        .map(|o| {
            let (start, end) = (o * input / output, ((o + 1) * input).div_ceil(output));
            Window { start, end, count: end - start }
        })
        .collect()
}
