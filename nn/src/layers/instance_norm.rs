//! Normalisation of each channel of each sample.

use taper_autograd::Variable;

use super::batch_norm::{move_towards, statistics};
use super::norm::{ones, python, scientific, zeros};
use crate::builder::{builder, finite, not_negative};
use crate::module::{enter, named};
use crate::{Error, Forward, Module, Place, Result, Training};

macro_rules! instance_norm {
    ($(#[$doc:meta])* $name:ident, $builder:ident, $op:literal, $expected:literal, $dims:literal) => {
        $(#[$doc])*
        ///
        /// By default there are neither parameters nor running statistics. With running statistics,
        /// training moves them by `momentum` towards the batch's mean of its samples' statistics, and
        /// evaluation uses them.
        #[derive(Module, Debug)]
        #[module(extra_repr = "Self::describe")]
        pub struct $name {
            /// `[num_features]`, initially ones; with `affine`.
            pub weight: Option<Variable>,
            /// `[num_features]`, initially zeros; with `affine`.
            pub bias: Option<Variable>,
            /// `[num_features]`, initially zeros; with `track_running_stats`.
            #[module(buffer)]
            pub running_mean: Option<Variable>,
            /// `[num_features]`, initially ones; with `track_running_stats`, of the unbiased variances.
            #[module(buffer)]
            pub running_var: Option<Variable>,
            /// Always 0, as in PyTorch, and saved with the running statistics.
            #[module(buffer)]
            pub num_batches_tracked: Option<Variable>,
            #[module(skip)]
            features: usize,
            #[module(skip)]
            eps: f64,
            #[module(skip)]
            momentum: f64,
            training: Training,
            place: Place,
        }

        builder! {
            $name, $builder;
            /// Makes a layer for `num_features` channels, with PyTorch's defaults: no parameters, no running
            /// statistics.
            new(num_features: usize) -> Result;
            /// Sets what is added to the variance before the root; default 1e-5.
            eps: f64 = 1e-5;
            /// Sets how far the running statistics move towards the batch's; default 0.1.
            momentum: f64 = 0.1;
            /// Adds weight and bias; default false.
            affine: bool = false;
            /// Keeps running statistics; without them, evaluation uses each sample's own. Default false.
            track_running_stats: bool = false;
        }

        impl $builder {
            /// Makes the layer.
            ///
            /// # Errors
            /// When `eps` is negative, or `eps` or `momentum` is not finite.
            pub fn build(self) -> Result<$name> {
                let Self { num_features, eps, momentum, affine, track_running_stats } = self;
                not_negative($op, "eps", eps)?;
                finite($op, "momentum", momentum)?;
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
                    self.momentum,
                    python(self.weight.is_some()),
                    python(self.bias.is_some()),
                    python(self.running_mean.is_some())
                )
            }

            #[track_caller]
            fn standardise(&self, x: &Variable) -> Result<Variable> {
                let size = x.size();
                let fail = |expected: &str| {
                    Err(Error::value($op, format!("input has shape {size:?}, expected {expected}")))
                };
                if size.len() != $dims || size[1] != self.features {
                    return fail(&format!("{} with {} channels", $expected, self.features));
                }
                let (weight, bias) = (self.weight.as_ref(), self.bias.as_ref());
                let running = self.running_mean.as_ref().zip(self.running_var.as_ref());
                if let Some((mean, var)) = running && !self.training.get() {
                    return Ok(x.batch_norm_with(&mean.data(), &var.data(), weight, bias, self.eps)?);
                }
                let values = size[2..].iter().product::<usize>();
                if values == 1 || running.is_some() && size[0] * values == 0 {
                    return fail("a sample, with more than one value in each channel");
                }
                if let Some((mean, var)) = running {
                    let (data, within) = (x.data(), (2..$dims).collect::<Vec<i64>>());
                    move_towards(mean, &data.mean_dim(&within)?.mean_dim(0)?, self.momentum, 1.0)?;
                    let vars = data.var(&within, 1.0)?;
                    move_towards(var, &vars.mean_dim(0)?, self.momentum, 1.0)?;
                }
                Ok(x.instance_norm(weight, bias, self.eps)?)
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

instance_norm! {
    /// Standardises each channel of each sequence; PyTorch's `nn.InstanceNorm1d`.
    ///
    /// # Shapes
    /// Input and output `[N, num_features, L]`.
    InstanceNorm1d, InstanceNorm1dBuilder, "instance_norm1d", "[batch, channels, length]", 3
}

instance_norm! {
    /// Standardises each channel of each image; PyTorch's `nn.InstanceNorm2d`.
    ///
    /// # Shapes
    /// Input and output `[N, num_features, H, W]`.
    InstanceNorm2d, InstanceNorm2dBuilder, "instance_norm2d", "[batch, channels, height, width]", 4
}
