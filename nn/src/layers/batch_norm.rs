//! Normalisation over the batch.

use taper_autograd::Variable;
use taper_tensor::{DType, Tensor};

use super::norm::{ones, python, scientific, zeros};
use crate::builder::{builder, finite, not_negative};
use crate::module::{enter, named};
use crate::{Error, Forward, Module, Place, Result, Training};

macro_rules! batch_norm {
    ($(#[$doc:meta])* $name:ident, $builder:ident, $op:literal, $expected:literal, $ranks:pat) => {
        $(#[$doc])*
        ///
        /// Training uses the batch's mean and variance, and moves the running ones towards them by
        /// `momentum`; evaluation uses the running ones.
        #[derive(Module, Debug)]
        #[module(extra_repr = "Self::describe")]
        pub struct $name {
            /// `[num_features]`, initially ones.
            pub weight: Option<Variable>,
            /// `[num_features]`, initially zeros.
            pub bias: Option<Variable>,
            /// `[num_features]`, initially zeros.
            #[module(buffer)]
            pub running_mean: Option<Variable>,
            /// `[num_features]`, initially ones; of the unbiased variances.
            #[module(buffer)]
            pub running_var: Option<Variable>,
            /// The number of batches that the running statistics have seen.
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

        builder! {
            $name, $builder;
            /// Makes a layer for `num_features` channels, with PyTorch's defaults.
            new(num_features: usize) -> Result;
            /// Sets what is added to the variance before the root; default 1e-5.
            eps: f64 = 1e-5;
            /// Sets how far the running statistics move towards the batch's; `None` takes the plain mean
            /// over all batches. Default 0.1.
            momentum: Option<f64> = Some(0.1), impl Into<Option<f64>> => Into::into;
            /// Adds weight and bias; default true.
            affine: bool = true;
            /// Keeps running statistics; without them, evaluation uses the batch's too. Default true.
            track_running_stats: bool = true;
        }

        impl $builder {
            /// Makes the layer.
            ///
            /// # Errors
            /// When `eps` is negative, or `eps` or `momentum` is not finite.
            pub fn build(self) -> Result<$name> {
                let Self { num_features, eps, momentum, affine, track_running_stats } = self;
                not_negative($op, "eps", eps)?;
                momentum.map_or(Ok(()), |momentum| finite($op, "momentum", momentum))?;
                let shape = [num_features];
                let [running_mean, running_var, num_batches_tracked] = statistics(track_running_stats, &shape)?;
                Ok($name {
                    weight: ones(affine, &shape)?,
                    bias: zeros(affine, &shape)?,
                    running_mean,
                    running_var,
                    num_batches_tracked,
                    features: num_features,
                    eps,
                    momentum,
                    training: Training::default(),
                    place: Place::new(),
                })
            }
        }

        impl $name {
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

/// The running mean, variance and count of batches, where there are to be some.
pub(super) fn statistics(present: bool, shape: &[usize]) -> Result<[Option<Variable>; 3]> {
    let buffer = |x: Tensor| present.then(|| Variable::new(x));
    let count = Tensor::options().dtype(DType::I64).zeros(())?;
    Ok([buffer(Tensor::zeros(shape)?), buffer(Tensor::ones(shape)?), buffer(count)])
}

/// `running = (1 - part) · running + part · factor · batch`, in place.
pub(super) fn move_towards(running: &Variable, batch: &Tensor, part: f64, factor: f64) -> Result<()> {
    let running = running.data();
    running.mul_(1.0 - part)?;
    Ok(running.add_(&batch.mul(part * factor)?.to_dtype(running.dtype())?)?)
}

batch_norm! {
    /// Standardises each channel of a batch; PyTorch's `nn.BatchNorm1d`.
    ///
    /// # Shapes
    /// Input and output `[N, num_features]` or `[N, num_features, L]`.
    BatchNorm1d, BatchNorm1dBuilder, "batch_norm1d", "[batch, channels] or [batch, channels, length]", 2 | 3
}

batch_norm! {
    /// Standardises each channel of a batch of images; PyTorch's `nn.BatchNorm2d`.
    ///
    /// # Shapes
    /// Input and output `[N, num_features, H, W]`.
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
    BatchNorm2d, BatchNorm2dBuilder, "batch_norm2d", "[batch, channels, height, width]", 4
}
