//! Normalisation of each channel of each sample.

use taper_autograd::Variable;
use taper_tensor::{DType, Tensor};

use super::batch_norm::move_towards;
use super::norm::{ones, python, scientific, zeros};
use crate::module::{enter, named};
use crate::{Error, Forward, Module, Place, Result, Training};

macro_rules! instance_norm {
    ($(#[$doc:meta])* $name:ident, $op:literal, $expected:literal, $dims:literal) => {
        $(#[$doc])*
        /// By default it has neither parameters nor running statistics. With running statistics,
        /// training moves them towards the mean over the samples of each one's, by `momentum`, and
        /// evaluation uses them.
        #[derive(Module, Debug)]
        #[module(extra_repr = "Self::describe")]
        pub struct $name {
            /// `[num_features]` where there is one.
            pub weight: Option<Variable>,
            /// `[num_features]` where there is one.
            pub bias: Option<Variable>,
            /// `[num_features]` where there is one, at first zeros.
            #[module(buffer)]
            pub running_mean: Option<Variable>,
            /// `[num_features]` where there is one, at first ones; of the unbiased variances.
            #[module(buffer)]
            pub running_var: Option<Variable>,
            /// Saved beside the running statistics, and always 0, as in PyTorch.
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

        impl $name {
            /// A layer for `num_features` channels, without parameters; `eps` is 1e-5.
            pub fn new(num_features: usize) -> Self {
                Self {
                    weight: None,
                    bias: None,
                    running_mean: None,
                    running_var: None,
                    num_batches_tracked: None,
                    features: num_features,
                    eps: 1e-5,
                    momentum: 0.1,
                    training: Training::default(),
                    place: Place::new(),
                }
            }

            /// What is added to the variance before its root; by default 1e-5.
            pub fn eps(mut self, eps: f64) -> Self {
                self.eps = eps;
                self
            }

            /// How far the running statistics move towards the batch's; by default 0.1.
            pub fn momentum(mut self, momentum: f64) -> Self {
                self.momentum = momentum;
                self
            }

            /// Whether there are weight and bias; by default there are none.
            ///
            /// # Errors
            /// When memory does not suffice.
            pub fn affine(mut self, affine: bool) -> Result<Self> {
                let shape = [self.features];
                (self.weight, self.bias) = if affine { (ones(&shape)?, zeros(&shape)?) } else { (None, None) };
                Ok(self)
            }

            /// Whether there are running statistics; by default there are none, and the sample's own
            /// are used in evaluation too.
            ///
            /// # Errors
            /// When memory does not suffice.
            pub fn track_running_stats(mut self, track: bool) -> Result<Self> {
                let buffer = |x: Tensor| track.then(|| Variable::new(x));
                self.running_mean = buffer(Tensor::zeros([self.features])?);
                self.running_var = buffer(Tensor::ones([self.features])?);
                self.num_batches_tracked = buffer(Tensor::options().dtype(DType::I64).zeros(())?);
                Ok(self)
            }

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
    /// Standardises each channel of each sequence `[N, C, L]`; PyTorch's `nn.InstanceNorm1d`.
    InstanceNorm1d, "instance_norm1d", "[batch, channels, length]", 3
}

instance_norm! {
    /// Standardises each channel of each image `[N, C, H, W]`; PyTorch's `nn.InstanceNorm2d`.
    InstanceNorm2d, "instance_norm2d", "[batch, channels, height, width]", 4
}
