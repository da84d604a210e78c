//! Activation functions. Each row has the formula of the function and of its gradient; tensors and variables
//! get their methods from this table.

use crate::cpu::functions;
use crate::formula::{elementwise_methods, elementwise_types};
use crate::ops::arithmetic::function2;
use crate::{Result, Tensor};

/// Calls `$callback!` with the table of activations. `σ` is the sigmoid function, `Φ` and `φ` are the normal
/// distribution function and its density, and `g` is the gradient with respect to the output.
#[doc(hidden)]
#[macro_export]
macro_rules! activations {
    ($callback:ident) => { $callback! {
        /// Returns `min(max(x, 0), 6)`: dy/dx is 1 between 0 and 6, else 0.
        Relu6 relu6 relu6_() [0.3]
            value |x| x.maximum(M::zero()).minimum(M::of(6.0));
            gradient of input |g, x| {
                x.where_at_most(M::zero(), M::zero(), M::of(6.0).where_at_most(x, M::zero(), g))
            };
        /// Returns `x` if positive, else `negative_slope · x`; PyTorch's default is 0.01.
        LeakyRelu leaky_relu leaky_relu_(negative_slope = 0.01) [0.3]
            value |x| x.where_greater(M::zero(), x, x * negative_slope);
            gradient of input |g, x| x.where_greater(M::zero(), g, g * negative_slope);
        /// Returns `x` if positive, else `alpha · (e^x - 1)`, whose derivative is `alpha · e^x`.
        Elu elu elu_(alpha = 1.0) [0.6]
            value |x| x.where_greater(M::zero(), x, x.expm1() * alpha);
            gradient of input |g, x| {
                x.where_at_most(M::zero(), g * (alpha * x.minimum(M::zero()).exp()), g)
            };
        /// Returns `max(x, 0) + min(alpha · (e^(x / alpha) - 1), 0)` (Barron, "Continuously differentiable
        /// exponential linear units", 2017): dy/dx is 1 for x > 0, else `e^(x / alpha)`. PyTorch's default is
        /// 1.
        Celu celu celu_(alpha = 1.0) [0.7]
            value |x| x.where_greater(M::zero(), x, (x / alpha).expm1() * alpha);
            gradient of input |g, x| {
                x.where_at_most(M::zero(), g * (x.minimum(M::zero()) / alpha).exp(), g)
            };
        /// Returns the scaled [`Self::elu`] that preserves mean 0 and variance 1 from layer to layer, with
        /// the constants of Klambauer et al., "Self-normalizing neural networks", 2017.
        Selu selu selu_() [0.6]
            value |x| {
                let (scale, alpha) = (M::of(1.050_700_987_355_480_5), M::of(1.673_263_242_354_377_2));
                scale * x.where_greater(M::zero(), x, x.expm1() * alpha)
            };
            gradient of input |g, x| {
                let (scale, alpha) = (M::of(1.050_700_987_355_480_5), M::of(1.673_263_242_354_377_2));
                g * x.where_at_most(M::zero(), scale * alpha * x.minimum(M::zero()).exp(), scale)
            };
        /// Returns `x σ(x)`, also called swish: `dy/dx = σ + x (σ - σ²)`.
        Silu silu silu_() [0.6]
            value |x| x * x.sigmoid();
            gradient of input |g, x| {
                let s = x.sigmoid();
                g * (s + x * (s - s * s))
            };
        /// Returns `ln σ(x)`, without overflow: `dy/dx = σ(-x)`.
        LogSigmoid logsigmoid logsigmoid_() [1.0]
            value |x| x.minimum(M::zero()) - (-x.abs()).exp().log1p();
            gradient of input |g, x| g * (-x).sigmoid();
        /// Returns `ln(1 + e^(beta x)) / beta`, or `x` if `beta x` exceeds the threshold: `dy/dx = σ(beta
        /// x)`. PyTorch's defaults are 1 and 20.
        Softplus softplus softplus_(beta = 1.0, threshold = 20.0) [1.0; autocast full_on_gpu]
            value |x| {
                let z = x * beta;
                z.where_greater(threshold, x, z.exp().log1p() / beta)
            };
            gradient of input |g, x| {
                let z = x * beta;
                z.where_greater(threshold, g, g * z.sigmoid())
            };
        /// Returns `x tanh(ln(1 + e^x))`: `dy/dx = t + x (1 - t²) σ(x)` with `t = tanh(ln(1 + e^x))`.
        Mish mish mish_() [0.7]
            value |x| {
                // The tanh is n / (n + 2) with n = e^x (e^x + 2); beyond 20, the quotient is 1.
                let e = x.minimum(M::of(20.0)).exp();
                let n = e * (e + M::of(2.0));
                x * (n / (n + M::of(2.0)))
            };
            gradient of input |g, x| {
                let e = x.minimum(M::of(20.0)).exp();
                let n = e * (e + M::of(2.0));
                let t = n / (n + M::of(2.0));
                g * (t + x * ((M::one() - t * t) * x.sigmoid()))
            };
        /// Returns `x Φ(x)` (Hendrycks and Gimpel, "Gaussian error linear units", 2016), and 0 for minus
        /// infinity: `dy/dx = Φ(x) + x φ(x)`.
        Gelu gelu gelu_() [0.8, gelu]
            value |x| x.where_at_most(M::of(f64::NEG_INFINITY), M::zero(), x * x.normal_cdf());
            gradient of input |g, x| {
                let density = (x * x * M::of(-0.5)).exp() * M::of(0.398_942_280_401_432_7);
                g * (x.normal_cdf() + x * density)
            };
        /// Returns `x/2 (1 + tanh u)` with `u = √(2/π) (x + 0.044715 x³)`, an approximation of
        /// [`Self::gelu`]; PyTorch's `gelu(x, approximate="tanh")`.
        GeluTanh gelu_tanh gelu_tanh_() [0.7]
            value |x| {
                // (1 + tanh u) / 2 is σ(2u).
                let inner = x + M::of(0.044_715) * x * x * x;
                x * (M::of(1.595_769_121_605_730_8) * inner).sigmoid()
            };
            gradient of input |g, x| {
                // Beyond 20 the second term is 0, but its factors would overflow.
                let z = x.minimum(M::of(20.0)).maximum(M::of(-20.0));
                let square = z * z;
                let s = (M::of(1.595_769_121_605_730_8) * z * (M::one() + M::of(0.044_715) * square)).sigmoid();
                let slope = M::of(1.595_769_121_605_730_8) * (M::one() + M::of(0.134_145) * square);
                g * (s + z * (s * (M::one() - s)) * slope)
            };
        /// Returns `x / (1 + |x|)`: `dy/dx = 1 / (1 + |x|)²`.
        Softsign softsign softsign_() [0.3]
            value |x| x / (M::one() + x.abs());
            gradient of input |g, x| {
                let d = M::one() + x.abs();
                g / (d * d)
            };
        /// Returns `min(max(x, min_val), max_val)`: dy/dx is 1 strictly between the two, else 0.
        Hardtanh hardtanh hardtanh_(min_val = -1.0, max_val = 1.0) [0.3]
            value |x| x.maximum(min_val).minimum(max_val);
            gradient of input |g, x| x.where_greater(min_val, max_val.where_greater(x, g, M::zero()), M::zero());
        /// Returns `min(max(x + 3, 0), 6) / 6`: dy/dx is 1/6 between -3 and 3, else 0.
        Hardsigmoid hardsigmoid hardsigmoid_() [0.3]
            value |x| (x + M::of(3.0)).maximum(M::zero()).minimum(M::of(6.0)) / M::of(6.0);
            gradient of input |g, x| {
                // PyTorch uses 1/6 rounded to f32, also for f64.
                let slope = g * M::of(0.166_666_671_633_720_4);
                x.where_greater(M::of(-3.0), M::of(3.0).where_greater(x, slope, M::zero()), M::zero())
            };
        /// Returns `x · hardsigmoid(x)`: dy/dx is 0 up to -3, `x / 3 + 1/2` up to 3, then 1.
        Hardswish hardswish hardswish_() [0.3]
            value |x| x * ((x + M::of(3.0)).maximum(M::zero()).minimum(M::of(6.0)) / M::of(6.0));
            gradient of input |g, x| {
                let between = g * (x / M::of(3.0) + M::of(0.5));
                x.where_greater(M::of(-3.0), M::of(3.0).where_at_most(x, g, between), M::zero())
            };
        /// Returns `x` if above the threshold, else `value`: dy/dx is 1 above it, else 0.
        Threshold threshold threshold_(threshold = 0.1, value = 20.0) [0.3]
            value |x| x.where_at_most(threshold, value, x);
            gradient of input |g, x| x.where_at_most(threshold, M::zero(), g);
    } };
}

activations!(elementwise_types);
activations!(elementwise_methods);

impl Tensor {
    /// Returns the gradient of [`Tensor::relu`] with respect to its input, where `self` is the gradient with
    /// respect to the output `y`: `self` where `y` is positive or NaN, else 0. The input of relu may be given
    /// instead of its output.
    ///
    /// ```
    /// use taper_tensor::Tensor;
    /// let y = Tensor::new(&[-1.0f32, 0.0, 2.0])?.relu()?;
    /// assert_eq!(Tensor::new(&[5.0f32, 6.0, 7.0])?.relu_grad(&y)?.to_vec::<f32>()?, [0.0, 0.0, 7.0]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the shapes or dtypes differ, or the dtype is not floating point.
    pub fn relu_grad(&self, y: &Self) -> Result<Self> {
        let op = "relu_grad";
        self.expect_like(op, y)?;
        self.expect_float(op)?;
        function2(op, self, y, functions::RELU_GRAD, self.dtype)
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_activation {
    ($T:ident) => {
        impl $T {
            /// Returns `x` if positive, else `weight · x`. The weight has one number for each channel
            /// (dimension 1), or one for all channels.
            ///
            /// # Shapes
            /// Input `[N, C, …]`, weight `[C]` or `[1]`, output `[N, C, …]`.
            ///
            /// # Errors
            /// If the weight has neither one element nor one for each channel.
            #[track_caller]
            pub fn prelu(&self, weight: impl $crate::AsTensor<Self>) -> Result<Self> {
                let weight = &*weight.as_tensor();
                let (size, count) = (self.size().to_vec(), weight.numel());
                let channels = if size.len() > 1 { size[1] } else { 1 };
                $crate::bail_if!(
                    count != 1 && count != channels,
                    shape(
                        "prelu",
                        "weight has {count} elements, expected 1 or {channels}, the number of channels"
                    )
                );
                let (x, weight) = (self.autocast_low()?, weight.autocast_low()?);
                let mut shape = vec![1; size.len()];
                if size.len() > 1 {
                    shape[1] = count;
                }
                x.where_(&x.gt(0)?, &x.mul(weight.reshape(shape)?)?)
            }
        }
    };
}
composed_activation!(Tensor);
