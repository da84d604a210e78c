//! Normalisation of each channel of each sample.

use taper_autograd::Variable;

use super::norm::{named, ones, python, scientific, zeros};
use crate::{Error, Forward, Module, Result};

macro_rules! instance_norm {
    ($(#[$doc:meta])* $name:ident, $op:literal, $expected:literal, $dims:literal) => {
        $(#[$doc])*
        /// By default it has neither parameters nor running statistics.
        #[derive(Module, Debug)]
        #[module(extra_repr = "Self::describe")]
        pub struct $name {
            /// `[num_features]` where there is one.
            pub weight: Option<Variable>,
            /// `[num_features]` where there is one.
            pub bias: Option<Variable>,
            #[module(skip)]
            features: usize,
            #[module(skip)]
            eps: f64,
        }

        impl $name {
            /// A layer for `num_features` channels, without parameters; `eps` is 1e-5.
            pub fn new(num_features: usize) -> Self {
                Self { weight: None, bias: None, features: num_features, eps: 1e-5 }
            }

            /// What is added to the variance before its root; by default 1e-5.
            pub fn eps(mut self, eps: f64) -> Self {
                self.eps = eps;
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

            fn describe(&self) -> String {
                format!(
                    "{}, eps={}, momentum=0.1, affine={}, bias={}, track_running_stats=False",
                    self.features,
                    scientific(self.eps),
                    python(self.weight.is_some()),
                    python(self.bias.is_some())
                )
            }
        }

        impl Forward for $name {
            fn forward(&self, x: &Variable) -> Result<Variable> {
                named(&self.weight, || {
                    let size = x.size();
                    if size.len() != $dims || size[1] != self.features {
                        let message = format!(
                            "input has shape {size:?}, expected {} with {} channels", $expected, self.features
                        );
                        return Err(Error::value($op, message));
                    }
                    Ok(x.instance_norm(self.weight.as_ref(), self.bias.as_ref(), self.eps)?)
                })
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
