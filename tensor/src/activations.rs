//! Activation functions and other real functions with parameters.

use crate::arithmetic::function2;
use crate::dtype::{with_real, with_working};
use crate::kernels::element::{Float, Number};
use crate::kernels::elementwise::{Op3, map3};
use crate::kernels::functions;
use crate::{Element, Error, IntoOperand, Operand, Result, Scalar, Tensor, shape};

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
}

impl Tensor {
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
}

/// `a + w (b - a)`, from the nearer end as PyTorch does.
#[derive(Clone, Copy)]
struct Lerp;
impl<T: Float> Op3<T, T, T, T> for Lerp {
    const SIMD: bool = T::SIMD;
    #[inline(always)]
    fn call<const L: usize>(self, a: T, b: T, w: T) -> T {
        let d = b.sub(a);
        if w.abs() < T::of(0.5) { a.add(w.mul(d)) } else { b.sub(d.mul(T::ONE.sub(w))) }
    }
}

/// `a + v · b · c`, or `a + v · b / c`.
#[derive(Clone, Copy)]
struct AddC<T>(T, bool);
impl<T: Number> Op3<T, T, T, T> for AddC<T> {
    const SIMD: bool = T::SIMD;
    #[inline(always)]
    fn call<const L: usize>(self, a: T, b: T, c: T) -> T {
        let product = self.0.mul(b);
        a.add(if self.1 { product.div(c) } else { product.mul(c) })
    }
}

impl Tensor {
    /// Each element within bounds, which are numbers or tensors; NaN stays. PyTorch's `clamp(min, max)`.
    ///
    /// # Errors
    /// When the shapes do not broadcast.
    pub fn clamp(&self, min: impl IntoOperand, max: impl IntoOperand) -> Result<Self> {
        self.maximum(min)?.minimum(max)
    }

    /// [`Tensor::clamp`] in place.
    ///
    /// # Errors
    /// As [`Tensor::clamp`] and [`Tensor::add_`].
    pub fn clamp_(&self, min: impl IntoOperand, max: impl IntoOperand) -> Result<()> {
        self.maximum_(min)?;
        self.minimum_(max)
    }

    /// `self + weight · (end - self)`, with a number or a tensor as the weight.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the dtypes differ; on an integer dtype.
    pub fn lerp(&self, end: &Self, weight: impl IntoOperand) -> Result<Self> {
        let op = "lerp";
        self.expect_float(op)?;
        end.expect_dtype(op, self.dtype)?;
        self.expect_device(op, end)?;
        let number;
        let weight = match weight.operand() {
            Operand::Tensor(w) => w,
            Operand::Scalar(w) => {
                number = self.like().full((), w)?;
                &number
            }
        };
        weight.expect_dtype(op, self.dtype)?;
        self.expect_device(op, weight)?;
        with_real!(self.dtype, T => {
            let (a, b, w) = (self.in_dtype(T::TYPE)?, end.in_dtype(T::TYPE)?, weight.in_dtype(T::TYPE)?);
            let size = shape::broadcast(op, &shape::broadcast(op, a.size(), b.size())?, w.size())?;
            let y = Self::view3::<T, T, T, _>(op, [&a, &b, &w], &size, |a, b, w| map3(a, b, w, Lerp))?;
            self.result(y, &size)?.cast(self.dtype)
        })
    }

    /// `self + value · a · b`.
    ///
    /// # Errors
    /// When the shapes do not broadcast.
    pub fn addcmul(&self, a: &Self, b: &Self, value: impl Into<Scalar>) -> Result<Self> {
        self.addc("addcmul", a, b, value.into(), false)
    }

    /// `self + value · a / b`.
    ///
    /// # Errors
    /// When the shapes do not broadcast; on an integer dtype.
    pub fn addcdiv(&self, a: &Self, b: &Self, value: impl Into<Scalar>) -> Result<Self> {
        self.expect_float("addcdiv")?;
        self.addc("addcdiv", a, b, value.into(), true)
    }

    fn addc(&self, op: &'static str, a: &Self, b: &Self, value: Scalar, divide: bool) -> Result<Self> {
        let dtype = self.dtype.promote(a.dtype).promote(b.dtype);
        let dtype = value.promote(dtype);
        let size = shape::broadcast(op, &shape::broadcast(op, self.size(), a.size())?, b.size())?;
        with_working!(dtype, T => {
            let (x, a, b) = (self.in_dtype(T::TYPE)?, a.in_dtype(T::TYPE)?, b.in_dtype(T::TYPE)?);
            let f = AddC(<T as Element>::from_scalar(value), divide);
            let y = Self::view3::<T, T, T, _>(op, [&x, &a, &b], &size, |x, a, b| map3(x, a, b, f))?;
            self.result(y, &size)?.cast(dtype)
        })
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

    /// 1 where the element is within `atol + rtol * |other|` of the other's, else 0.
    ///
    /// # Errors
    /// When the shapes do not broadcast.
    pub fn isclose(&self, other: &Self, rtol: f64, atol: f64) -> Result<Self> {
        let near = self.sub(other)?.abs()?.le(other.abs()?.mul(rtol)?.add(atol)?)?;
        near.logical_or(self.eq(other)?)
    }
}
