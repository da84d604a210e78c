//! Activation functions.

use smallvec::smallvec;
use taper_tensor::Tensor;

use crate::autocast::{lowered, widened};
use crate::record::record;
use crate::{Result, Variable};

/// SELU's slope for large x, and its depth for small.
const SELU: (f64, f64) = (1.050_700_987_355_480_5, 1.673_263_242_354_377_2);

impl Variable {
    /// An activation: `f` computes it from the data, `rule` its gradient from `g` and `x`.
    #[track_caller]
    fn activation(
        &self,
        name: &'static str,
        f: impl FnOnce(&Tensor) -> taper_tensor::Result<Tensor>,
        rule: impl Fn(Self, Self) -> Result<Self> + Send + Sync + 'static,
    ) -> Result<Self> {
        let (y, x) = (f(&self.data())?, self.save());
        record(name, &[self]).output(y, move |ctx| Ok(smallvec![Some(rule(ctx.grad()?, x.get(ctx)?)?)]))
    }

    /// `x` for x > 0, else `slope · x`.
    ///
    /// # Errors
    /// When memory runs out; so for all that follow.
    #[track_caller]
    pub fn leaky_relu(&self, slope: f64) -> Result<Self> {
        self.activation(
            "LeakyRelu",
            |x| x.where_(&x.gt(0)?, &x.mul(slope)?),
            move |g, x| g.where_(&x.data().gt(0)?, &g.mul(slope)?),
        )
    }

    /// `x` for x > 0, else `weight · x`, with one weight, or one for each channel of `[N, C, …]`.
    ///
    /// # Errors
    /// When the weight is neither one number nor one for each channel.
    #[track_caller]
    pub fn prelu(&self, weight: &Self) -> Result<Self> {
        if let Some(scope) = lowered() {
            return scope.low(self)?.prelu(&*scope.low(weight)?);
        }
        let mut shape = vec![1; self.dim()];
        if weight.numel() != 1 && self.dim() > 1 {
            shape[1] = -1;
        }
        let negative = self.mul(weight.reshape(if self.dim() == 0 { vec![] } else { shape })?)?;
        self.where_(&self.data().gt(0)?, &negative)
    }

    /// `x` for x > 0, else `α (e^x - 1)`.
    ///
    /// # Errors
    /// As [`Variable::leaky_relu`].
    #[track_caller]
    pub fn elu(&self, alpha: f64) -> Result<Self> {
        self.scaled_elu("Elu", alpha, 1.0)
    }

    /// [`Variable::elu`] with the two constants that keep mean 0 and variance 1 from layer to layer.
    ///
    /// # Errors
    /// As [`Variable::leaky_relu`].
    #[track_caller]
    pub fn selu(&self) -> Result<Self> {
        self.scaled_elu("Selu", SELU.1, SELU.0)
    }

    #[track_caller]
    fn scaled_elu(&self, name: &'static str, alpha: f64, scale: f64) -> Result<Self> {
        let f = |x: &Tensor| x.where_(&x.gt(0)?, &x.minimum(0.0)?.expm1()?.mul(alpha)?)?.mul(scale);
        self.activation(name, f, move |g, x| {
            // d/dx α (e^x - 1) = α e^x, where x is not above 0.
            let below = x.minimum(0.0)?.exp()?.mul(alpha * scale)?;
            g.mul(below)?.where_(&x.data().le(0)?, &g.mul(scale)?)
        })
    }

    /// `x σ(x)`, also called swish: dy/dx = σ (1 + x (1 - σ)).
    ///
    /// # Errors
    /// As [`Variable::leaky_relu`].
    #[track_caller]
    pub fn silu(&self) -> Result<Self> {
        self.activation(
            "Silu",
            |x| x.mul(x.sigmoid()?),
            |g, x| {
                let s = x.sigmoid()?;
                g.mul(s.add(s.sub(s.square()?)?.mul(&x)?)?)
            },
        )
    }

    /// `ln(1 + e^x)`: dy/dx = σ(x).
    ///
    /// # Errors
    /// As [`Variable::leaky_relu`].
    #[track_caller]
    pub fn softplus(&self) -> Result<Self> {
        if let Some(scope) = widened("softplus", self) {
            return scope.full(self)?.softplus();
        }
        self.activation("Softplus", softplus, |g, x| g.mul(x.sigmoid()?))
    }

    /// `ln(1 + e^(beta · x)) / beta`, and `x` itself where `beta · x` is above the threshold: PyTorch's
    /// `softplus(x, beta, threshold)`, whose defaults are 1 and 20.
    ///
    /// # Errors
    /// As [`Variable::leaky_relu`].
    #[track_caller]
    pub fn softplus_with(&self, beta: f64, threshold: f64) -> Result<Self> {
        if let Some(scope) = widened("softplus_with", self) {
            return scope.full(self)?.softplus_with(beta, threshold);
        }
        let scaled = self.mul(beta)?;
        self.where_(&scaled.data().gt(threshold)?, &scaled.softplus()?.div(beta)?)
    }

    /// `ln σ(x)`: dy/dx = σ(-x).
    ///
    /// # Errors
    /// As [`Variable::leaky_relu`].
    #[track_caller]
    pub fn logsigmoid(&self) -> Result<Self> {
        self.activation("LogSigmoid", |x| softplus(&x.neg()?)?.neg(), |g, x| g.mul(x.neg()?.sigmoid()?))
    }

    /// `x tanh(softplus(x))`: dy/dx = t + x (1 - t²) σ(x) with t = tanh(softplus(x)).
    ///
    /// # Errors
    /// As [`Variable::leaky_relu`].
    #[track_caller]
    pub fn mish(&self) -> Result<Self> {
        self.activation(
            "Mish",
            |x| x.mul(softplus(x)?.tanh()?),
            |g, x| {
                let t = x.softplus()?.tanh()?;
                g.mul(t.add(t.square()?.neg()?.add(1.0)?.mul(x.sigmoid()?)?.mul(&x)?)?)
            },
        )
    }

    /// `x Φ(x)`: dy/dx = Φ(x) + x φ(x).
    ///
    /// # Errors
    /// As [`Variable::leaky_relu`].
    #[track_caller]
    pub fn gelu(&self) -> Result<Self> {
        let f = |x: &Tensor| x.mul(x.mul(std::f64::consts::FRAC_1_SQRT_2)?.erf()?.add(1.0)?.mul(0.5)?);
        self.activation("Gelu", f, |g, x| {
            let below = x.mul(std::f64::consts::FRAC_1_SQRT_2)?.erf()?.add(1.0)?.mul(0.5)?;
            let density = x.square()?.mul(-0.5)?.exp()?.mul(1.0 / std::f64::consts::TAU.sqrt())?;
            g.mul(below.add(x.mul(density)?)?)
        })
    }

    /// `x Φ(x)` with `Φ(x)` as `(1 + tanh u) / 2`, `u = √(2/π) (x + 0.044715 x³)`.
    ///
    /// # Errors
    /// As [`Variable::leaky_relu`].
    #[track_caller]
    pub fn gelu_tanh(&self) -> Result<Self> {
        let slope = std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2; // √(2/π)
        let f = |x: &Tensor| {
            let u = x.square()?.mul(0.044715)?.add(1.0)?.mul(x)?.mul(slope)?;
            x.mul(u.tanh()?.add(1.0)?.mul(0.5)?)
        };
        self.activation("GeluTanh", f, move |g, x| {
            let t = x.square()?.mul(0.044715)?.add(1.0)?.mul(&x)?.mul(slope)?.tanh()?;
            let du = x.square()?.mul(3.0 * 0.044715)?.add(1.0)?.mul(slope)?;
            let dt = t.square()?.neg()?.add(1.0)?.mul(du)?;
            g.mul(t.add(1.0)?.add(x.mul(dt)?)?.mul(0.5)?)
        })
    }

    /// `x / (1 + |x|)`: dy/dx = 1 / (1 + |x|)².
    ///
    /// # Errors
    /// As [`Variable::leaky_relu`].
    #[track_caller]
    pub fn softsign(&self) -> Result<Self> {
        self.activation("Softsign", |x| x.div(x.abs()?.add(1.0)?), |g, x| g.div(x.abs()?.add(1.0)?.square()?))
    }

    /// The elements moved into `min` to `max`: dy/dx is 1 between them, 0 elsewhere and on them.
    ///
    /// # Errors
    /// As [`Variable::leaky_relu`].
    #[track_caller]
    pub fn hardtanh(&self, min: f64, max: f64) -> Result<Self> {
        self.activation(
            "Hardtanh",
            |x| x.maximum(min)?.minimum(max),
            move |g, x| g.keep(&between(&x, min, max)?),
        )
    }

    /// `min(max(x, 0), 6)`: dy/dx is 1 between 0 and 6, else 0.
    ///
    /// # Errors
    /// As [`Variable::leaky_relu`].
    #[track_caller]
    pub fn relu6(&self) -> Result<Self> {
        self.activation(
            "Relu6",
            |x| x.maximum(0.0)?.minimum(6.0),
            |g, x| g.masked_fill(&x.data().le(0)?.logical_or(x.data().ge(6)?)?, 0.0),
        )
    }

    /// `min(max(x / 6 + 1/2, 0), 1)`: dy/dx is 1/6 between -3 and 3, else 0.
    ///
    /// # Errors
    /// As [`Variable::leaky_relu`].
    #[track_caller]
    pub fn hardsigmoid(&self) -> Result<Self> {
        let f = |x: &Tensor| x.div(6.0)?.add(0.5)?.maximum(0.0)?.minimum(1.0);
        // PyTorch's slope is a sixth rounded to f32, also for f64.
        let slope = f64::from(1.0 / 6.0f32);
        self.activation("Hardsigmoid", f, move |g, x| g.mul(slope)?.keep(&between(&x, -3.0, 3.0)?))
    }

    /// `x · hardsigmoid(x)`: dy/dx is 0 up to -3, x / 3 + 1/2 up to 3, then 1.
    ///
    /// # Errors
    /// As [`Variable::leaky_relu`].
    #[track_caller]
    pub fn hardswish(&self) -> Result<Self> {
        let f = |x: &Tensor| x.mul(x.add(3.0)?.maximum(0.0)?.minimum(6.0)?)?.div(6.0);
        self.activation("Hardswish", f, |g, x| {
            let slope = g.where_(&x.data().ge(3)?, &g.mul(x.div(3.0)?.add(0.5)?)?)?;
            slope.keep(&x.data().gt(-3)?)
        })
    }
}

/// `ln(1 + e^x)` as `max(x, 0) + ln(1 + e^-|x|)`, which does not overflow.
fn softplus(x: &Tensor) -> taper_tensor::Result<Tensor> {
    x.maximum(0.0)?.add(x.abs()?.neg()?.exp()?.log1p()?)
}

fn between(x: &Variable, min: f64, max: f64) -> Result<Tensor> {
    Ok(x.data().gt(min)?.mul(x.data().lt(max)?)?)
}

impl Variable {
    /// `max(x, 0)`: dy/dx is 1 for x > 0, else 0, also at 0.
    ///
    /// # Errors
    /// When memory runs out.
    #[track_caller]
    pub fn relu(&self) -> Result<Self> {
        let y = self.tensor().relu()?;
        record("Relu", &[self])
            .saves_output()
            .output(y, |ctx| Ok(smallvec![Some(ctx.grad()?.relu_grad(ctx.output_tensor(0)?)?)]))
    }

    /// `self` where `y` is positive, else 0.
    #[track_caller]
    fn relu_grad(&self, y: &Tensor) -> Result<Self> {
        let (dx, y) = (self.tensor().relu_grad(y)?, y.clone());
        record("ReluGrad", &[self]).output(dx, move |ctx| Ok(smallvec![Some(ctx.grad()?.relu_grad(&y)?)]))
    }
}
