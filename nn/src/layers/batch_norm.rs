//! Normalisation over the batch.

use taper_autograd::Variable;
use taper_tensor::{DType, Tensor};

use super::norm::{ones, python, scientific, zeros};
use crate::module::{enter, named};
use crate::{Error, Forward, Module, Place, Result, Training};

macro_rules! batch_norm {
    ($(#[$doc:meta])* $name:ident, $op:literal, $expected:literal, $ranks:pat) => {
        $(#[$doc])*
        ///
        /// In training the batch's mean and variance are used, and the running ones move towards
        /// them by `momentum`; in evaluation the running ones are used.
        #[derive(Module, Debug)]
        #[module(extra_repr = "Self::describe")]
        pub struct $name {
            /// `[num_features]`, at first ones.
            pub weight: Option<Variable>,
            /// `[num_features]`, at first zeros.
            pub bias: Option<Variable>,
            /// `[num_features]`, at first zeros.
            #[module(buffer)]
            pub running_mean: Option<Variable>,
            /// `[num_features]`, at first ones; of the unbiased variances.
            #[module(buffer)]
            pub running_var: Option<Variable>,
            /// How many batches the running statistics have seen.
            #[module(buffer)]
            pub num_batches_tracked: Option<Variable>,
            #[module(skip)]
            features: usize,
            #[module(skip)]
            eps: f64,
            #[module(skip)]
            momentum: Option<f64>,
            training: Training,
            place: Place,
        }

        impl $name {
            /// A layer for `num_features` channels, with PyTorch's defaults: `eps` 1e-5, `momentum`
            /// 0.1, with weight, bias and running statistics.
            ///
            /// # Errors
            /// When memory does not suffice.
            pub fn new(num_features: usize) -> Result<Self> {
                let shape = [num_features];
                Ok(Self {
                    weight: ones(&shape)?,
                    bias: zeros(&shape)?,
                    running_mean: Some(Variable::new(Tensor::zeros(&shape)?)),
                    running_var: Some(Variable::new(Tensor::ones(&shape)?)),
                    num_batches_tracked: Some(Variable::new(Tensor::options().dtype(DType::I64).zeros(())?)),
                    features: num_features,
                    eps: 1e-5,
                    momentum: Some(0.1),
                    training: Training::default(),
                    place: Place::new(),
                })
            }

            /// What is added to the variance before its root; by default 1e-5.
            pub fn eps(mut self, eps: f64) -> Self {
                self.eps = eps;
                self
            }

            /// How far the running statistics move towards the batch's, by default 0.1; `None` for
            /// the plain average of all batches.
            pub fn momentum(mut self, momentum: impl Into<Option<f64>>) -> Self {
                self.momentum = momentum.into();
                self
            }

            /// Whether there are weight and bias; by default there are.
            pub fn affine(mut self, affine: bool) -> Self {
                self.weight = self.weight.filter(|_| affine);
                self.bias = self.bias.filter(|_| affine);
                self
            }

            /// Whether there are running statistics, by default yes; without them the batch's are
            /// used in evaluation too.
            pub fn track_running_stats(mut self, track: bool) -> Self {
                self.running_mean = self.running_mean.filter(|_| track);
                self.running_var = self.running_var.filter(|_| track);
                self.num_batches_tracked = self.num_batches_tracked.filter(|_| track);
                self
            }

            fn describe(&self) -> String {
                format!(
                    "{}, eps={}, momentum={}, affine={}, bias={}, track_running_stats={}",
                    self.features,
                    scientific(self.eps),
                    self.momentum.map_or("None".into(), |m| m.to_string()),
                    python(self.weight.is_some()),
                    python(self.bias.is_some()),
                    python(self.running_mean.is_some())
                )
            }
        }

        impl $name {
            #[track_caller]
            fn standardise(&self, x: &Variable) -> Result<Variable> {
                let size = x.size();
                if !matches!(size.len(), $ranks) || size[1] != self.features {
                    let message = format!(
                        "input has shape {size:?}, expected {} with {} channels", $expected, self.features
                    );
                    return Err(Error::value($op, message));
                }
                let (weight, bias) = (self.weight.as_ref(), self.bias.as_ref());
                if !self.training.get() && let Some((mean, var)) = self.running_mean.as_ref().zip(self.running_var.as_ref()) {
                    return Ok(x.batch_norm_with(&mean.data(), &var.data(), weight, bias, self.eps)?);
                }
                let (y, batch) = x.batch_norm(weight, bias, self.eps)?;
                if let Some(((mean, var), count)) =
                    self.running_mean.as_ref().zip(self.running_var.as_ref()).zip(self.num_batches_tracked.as_ref())
                {
                    count.data().add_(1)?;
                    if batch.count == 0 {
                        return Ok(y);
                    }
                    let part = match self.momentum {
                        Some(momentum) => momentum,
                        None => 1.0 / count.item::<i64>()? as f64,
                    };
                    // Of the unbiased variance, as in PyTorch.
                    let unbiased = batch.count as f64 / (batch.count as f64 - 1.0);
                    move_towards(mean, &batch.mean, part, 1.0)?;
                    move_towards(var, &batch.var, part, unbiased)?;
                }
                Ok(y)
            }
        }

        impl Forward for $name {
            #[track_caller]
            fn forward(&self, x: &Variable) -> Result<Variable> {
                let _scope = enter(&self.place);
                named(&self.place, self.standardise(x))
            }
        }
    };
}

/// `running = (1 - part) · running + part · factor · batch`, in place.
pub(super) fn move_towards(running: &Variable, batch: &Tensor, part: f64, factor: f64) -> Result<()> {
    let running = running.data();
    running.mul_(1.0 - part)?;
    Ok(running.add_(&batch.mul(part * factor)?.to_dtype(running.dtype())?)?)
}

batch_norm! {
    /// Standardises each channel of a batch `[N, C]` or `[N, C, L]`; PyTorch's `nn.BatchNorm1d`.
    BatchNorm1d, "batch_norm1d", "[batch, channels] or [batch, channels, length]", 2 | 3
}

batch_norm! {
    /// Standardises each channel of a batch of images `[N, C, H, W]`; PyTorch's `nn.BatchNorm2d`.
    ///
    /// ```
    /// use taper_autograd::Variable;
    /// use taper_nn::{BatchNorm2d, Forward};
    /// use taper_tensor::Tensor;
    ///
    /// let layer = BatchNorm2d::new(6)?;
    /// layer.forward(&Variable::new(Tensor::ones((4, 6, 2, 2))?))?;
    /// let mean = layer.running_mean.as_ref().unwrap().data();
    /// assert_eq!(mean.to_vec::<f32>()?, [0.1; 6]);
    /// # Ok::<(), taper_nn::Error>(())
    /// ```
    BatchNorm2d, "batch_norm2d", "[batch, channels, height, width]", 4
}
