//! Activation functions.

use crate::cpu::functions;
use crate::ops::arithmetic::function2;
use crate::{Error, Result, Tensor};

macro_rules! activations {
    ($($(#[$doc:meta])* $name:ident($($p:ident),*) = $f:ident $params:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// When memory runs out.
        pub fn $name(&self $(, $p: f64)*) -> Result<Self> {
            self.function(stringify!($name), functions::$f, $params)
        }
    )*};
}

impl Tensor {
    activations! {
        /// `min(max(x, 0), 6)`.
        relu6() = RELU6 [0.0; 2];
        /// `x · sigmoid(x)`, also called swish.
        silu() = SILU [0.0; 2];
        /// `x` where positive, else `slope · x`; PyTorch's default slope is 0.01.
        leaky_relu(slope) = LEAKY_RELU [slope, 0.0];
        /// `x` where positive, else `alpha · (e^x - 1)`.
        elu(alpha) = ELU [alpha, 0.0];
        /// The scaled [`Tensor::elu`] that keeps mean 0 and variance 1.
        selu() = SELU [0.0; 2];
        /// `ln(sigmoid(x))`, without overflow.
        logsigmoid() = LOG_SIGMOID [0.0; 2];
        /// `ln(1 + e^(beta x)) / beta`; `x` where `beta x` is above the threshold. PyTorch's defaults: 1, 20.
        softplus(beta, threshold) = SOFTPLUS [beta, threshold];
        /// `x · tanh(softplus(x))`.
        mish() = MISH [0.0; 2];
        /// `x / (1 + |x|)`.
        softsign() = SOFTSIGN [0.0; 2];
        /// `min(max(x, low), high)`.
        hardtanh(low, high) = HARDTANH [low, high];
        /// `min(max(x + 3, 0), 6) / 6`.
        hardsigmoid() = HARDSIGMOID [0.0; 2];
        /// `x · hardsigmoid(x)`.
        hardswish() = HARDSWISH [0.0; 2];
        /// `x` where above the threshold, else `value`.
        threshold(threshold, value) = THRESHOLD [threshold, value];
    }

    /// The gradient of [`Tensor::relu`], where `self` is that of the result `y`: `self` where `y` is
    /// positive (or NaN), else 0. The argument of relu does as well as its result.
    ///
    /// ```
    /// use taper_tensor::Tensor;
    /// let y = Tensor::new(&[-1.0f32, 0.0, 2.0])?.relu()?;
    /// assert_eq!(Tensor::new(&[5.0f32, 6.0, 7.0])?.relu_grad(&y)?.to_vec::<f32>()?, [0.0, 0.0, 7.0]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the shapes or dtypes differ; on an integer dtype.
    pub fn relu_grad(&self, y: &Self) -> Result<Self> {
        let op = "relu_grad";
        self.expect_like(op, y)?;
        self.expect_float(op)?;
        function2(op, self, y, functions::RELU_GRAD, self.dtype)
    }

    /// `x` where positive, else `weight · x`, with a number for each channel (dimension 1), or one for all.
    ///
    /// # Errors
    /// When the weight has neither one element nor one for each channel.
    pub fn prelu(&self, weight: &Self) -> Result<Self> {
        let channels = if self.dim() > 1 { self.size()[1] } else { 1 };
        if weight.numel() != 1 && weight.numel() != channels {
            return Err(Error::shape(
                "prelu",
                format!("weight has {} elements, {channels} channels expect 1 or {channels}", weight.numel()),
            ));
        }
        let mut size = vec![1; self.dim()];
        if self.dim() > 1 {
            size[1] = weight.numel();
        }
        self.where_(&self.gt(0)?, &self.mul(weight.reshape(size)?)?)
    }

    /// `x · Φ(x)`, where Φ is the distribution function of the standard normal distribution; with
    /// `approximate`, by way of tanh (Hendrycks and Gimpel, "Gaussian error linear units", 2016).
    ///
    /// # Errors
    /// When memory runs out.
    pub fn gelu(&self, approximate: bool) -> Result<Self> {
        let f = if approximate { functions::GELU_TANH } else { functions::GELU };
        self.function("gelu", f, [0.0; 2])
    }
}
