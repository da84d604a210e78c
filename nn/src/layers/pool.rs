//! Pooling, and the activation of the tutorial, as layers.

use taper_autograd::Variable;
use taper_tensor::PoolOptions;

use super::IntoPair;
use crate::{Forward, Module, Result};

/// The largest of each window of images `[N, C, H, W]`; PyTorch's `nn.MaxPool2d`.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::{Forward, MaxPool2d};
/// use taper_tensor::Tensor;
///
/// let layer = MaxPool2d::new(3).stride(2).padding(1);
/// assert_eq!(layer.forward(&Variable::new(Tensor::ones((1, 2, 8, 8))?))?.size(), [1, 2, 4, 4]);
/// # Ok::<(), taper_nn::Error>(())
/// ```
#[derive(Module, Debug)]
#[module(extra_repr = "Self::describe")]
pub struct MaxPool2d {
    #[module(skip)]
    options: PoolOptions,
}

impl MaxPool2d {
    /// Square or, from a pair, rectangular windows, side by side.
    pub fn new(kernel_size: impl IntoPair) -> Self {
        Self { options: PoolOptions::new(kernel_size.pair()) }
    }

    /// The distance between neighbouring windows; by default their size.
    pub fn stride(mut self, stride: impl IntoPair) -> Self {
        self.options.stride = stride.pair();
        self
    }

    /// The border added on each side, at most half of the window; by default none.
    pub fn padding(mut self, padding: impl IntoPair) -> Self {
        self.options.padding = padding.pair();
        self
    }

    fn describe(&self) -> String {
        // A number, where both are the same, or both.
        let short = |(a, b)| if a == b { format!("{a}") } else { format!("({a}, {b})") };
        let PoolOptions { kernel, stride, padding, .. } = self.options;
        let (kernel, stride, padding) = (short(kernel), short(stride), short(padding));
        format!("kernel_size={kernel}, stride={stride}, padding={padding}, dilation=1, ceil_mode=False")
    }
}

impl Forward for MaxPool2d {
    fn forward(&self, x: &Variable) -> Result<Variable> {
        Ok(x.max_pool2d_with(self.options)?)
    }
}

/// `max(x, 0)`; PyTorch's `nn.ReLU`.
#[derive(Module, Debug, Default)]
#[module(rename = "ReLU")]
pub struct Relu;

impl Forward for Relu {
    fn forward(&self, x: &Variable) -> Result<Variable> {
        Ok(x.relu()?)
    }
}
