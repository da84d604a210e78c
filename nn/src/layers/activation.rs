//! Activation functions as layers; as functions they are methods of [`Variable`].

use taper_autograd::Variable;
use taper_tensor::Tensor;

use crate::module::{enter, named};
use crate::{Forward, Module, Place, Result};

macro_rules! activations {
    ($($(#[$doc:meta])* $name:ident = $printed:literal, $method:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Module, Debug, Default)]
        #[module(rename = $printed)]
        pub struct $name {
            place: Place,
        }

        #[doc = concat!("A new layer of this name: it has no options, so `", stringify!($name), "` says it all.")]
        #[allow(non_upper_case_globals, clippy::declare_interior_mutable_const)]
        pub const $name: $name = $name { place: Place::new() };

        impl Forward for $name {
            #[track_caller]
            fn forward(&self, x: &Variable) -> Result<Variable> {
                let _scope = enter(&self.place);
                named(&self.place, x.$method())
            }
        }
    )*};
}

activations! {
    /// `max(x, 0)`; PyTorch's `nn.ReLU`.
    Relu = "ReLU", relu;
    /// `min(max(x, 0), 6)`; PyTorch's `nn.ReLU6`.
    Relu6 = "ReLU6", relu6;
    /// `1 / (1 + e^-x)`; PyTorch's `nn.Sigmoid`.
    Sigmoid = "Sigmoid", sigmoid;
    /// The hyperbolic tangent; PyTorch's `nn.Tanh`.
    Tanh = "Tanh", tanh;
    /// `x · sigmoid(x)`; PyTorch's `nn.SiLU`.
    Silu = "SiLU", silu;
    /// `x / (1 + |x|)`; PyTorch's `nn.Softsign`.
    Softsign = "Softsign", softsign;
    /// `ln(sigmoid(x))`; PyTorch's `nn.LogSigmoid`.
    LogSigmoid = "LogSigmoid", logsigmoid;
    /// `x · tanh(softplus(x))`; PyTorch's `nn.Mish`.
    Mish = "Mish", mish;
    /// The self-normalising exponential unit; PyTorch's `nn.SELU`.
    Selu = "SELU", selu;
    /// `x · relu6(x + 3) / 6`; PyTorch's `nn.Hardswish`.
    Hardswish = "Hardswish", hardswish;
    /// `relu6(x + 3) / 6`; PyTorch's `nn.Hardsigmoid`.
    Hardsigmoid = "Hardsigmoid", hardsigmoid;
}

macro_rules! with_arguments {
    ($($(#[$doc:meta])* $name:ident = $printed:literal, $method:ident($($field:ident: $type:ty),*), $describe:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Module, Debug)]
        #[module(rename = $printed, extra_repr = "Self::describe")]
        pub struct $name {
            $(
                #[module(skip)]
                $field: $type,
            )*
            place: Place,
        }

        impl $name {
            /// The layer with PyTorch's arguments.
            pub fn new($($field: $type),*) -> Self {
                Self { $($field,)* place: Place::new() }
            }

            $(
                #[doc = concat!("PyTorch's argument `", stringify!($field), "`.")]
                pub fn $field(mut self, $field: $type) -> Self {
                    self.$field = $field;
                    self
                }
            )*

            fn describe(&self) -> String {
                // `{:?}` prints numbers as Python does: 1.0, where Rust's shortest form is 1.
                format!($describe, $(self.$field),*)
            }
        }

        impl Forward for $name {
            #[track_caller]
            fn forward(&self, x: &Variable) -> Result<Variable> {
                let _scope = enter(&self.place);
                named(&self.place, x.$method($(self.$field),*))
            }
        }
    )*};
}

with_arguments! {
    /// `x` for x > 0, else `negative_slope · x`, by default with 0.01; PyTorch's `nn.LeakyReLU`.
    LeakyRelu = "LeakyReLU", leaky_relu(negative_slope: f64), "negative_slope={:?}";
    /// `x` for x > 0, else `alpha · (e^x - 1)`, by default with 1; PyTorch's `nn.ELU`.
    Elu = "ELU", elu(alpha: f64), "alpha={:?}";
    /// `x` for x > 0, else `alpha · (e^(x / alpha) - 1)`, by default with 1; PyTorch's `nn.CELU`.
    Celu = "CELU", celu(alpha: f64), "alpha={:?}";
    /// `min(max(x, min_val), max_val)`, by default within -1 and 1; PyTorch's `nn.Hardtanh`.
    Hardtanh = "Hardtanh", hardtanh(min_val: f64, max_val: f64), "min_val={:?}, max_val={:?}";
    /// `ln(1 + e^(beta · x)) / beta`, and `x` where `beta · x` is above the threshold, by default with 1
    /// and 20; PyTorch's `nn.Softplus`.
    Softplus = "Softplus", softplus(beta: f64, threshold: f64), "beta={:?}, threshold={:?}";
    /// `e^x / Σ e^x` along a dimension; PyTorch's `nn.Softmax`.
    Softmax = "Softmax", softmax(dim: i64), "dim={:?}";
    /// `x - ln Σ e^x` along a dimension; PyTorch's `nn.LogSoftmax`.
    LogSoftmax = "LogSoftmax", log_softmax(dim: i64), "dim={:?}";
}

impl Default for LeakyRelu {
    fn default() -> Self {
        Self::new(0.01)
    }
}

impl Default for Elu {
    fn default() -> Self {
        Self::new(1.0)
    }
}

impl Default for Celu {
    fn default() -> Self {
        Self::new(1.0)
    }
}

impl Default for Hardtanh {
    fn default() -> Self {
        Self::new(-1.0, 1.0)
    }
}

impl Default for Softplus {
    fn default() -> Self {
        Self::new(1.0, 20.0)
    }
}

/// `x · Φ(x)`, with the normal distribution's Φ; PyTorch's `nn.GELU`.
#[derive(Module, Debug, Default)]
#[module(rename = "GELU", extra_repr = "Self::describe")]
pub struct Gelu {
    #[module(skip)]
    tanh: bool,
    place: Place,
}

impl Gelu {
    /// The exact function.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether Φ is approximated by tanh, PyTorch's `approximate="tanh"`; by default not.
    pub fn approximate_tanh(mut self, tanh: bool) -> Self {
        self.tanh = tanh;
        self
    }

    fn describe(&self) -> String {
        format!("approximate='{}'", if self.tanh { "tanh" } else { "none" })
    }
}

impl Forward for Gelu {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let _scope = enter(&self.place);
        named(&self.place, if self.tanh { x.gelu_tanh() } else { x.gelu() })
    }
}

/// `x` for x > 0, else `weight · x` with a learnt weight; PyTorch's `nn.PReLU`.
#[derive(Module, Debug)]
#[module(rename = "PReLU", extra_repr = "Self::describe")]
pub struct PRelu {
    /// `[num_parameters]`, at first 0.25.
    pub weight: Variable,
}

impl PRelu {
    /// One weight for all, or one for each channel of `[N, C, …]`; PyTorch's default is 1.
    ///
    /// # Errors
    /// When memory does not suffice.
    pub fn new(num_parameters: usize) -> Result<Self> {
        Ok(Self { weight: Variable::requires_grad(Tensor::full(num_parameters, 0.25)?) })
    }

    /// The value that the weights begin with; by default 0.25.
    ///
    /// # Errors
    /// When memory does not suffice.
    pub fn init(self, init: f64) -> Result<Self> {
        crate::init::constant_(&self.weight, init)?;
        Ok(self)
    }

    fn describe(&self) -> String {
        format!("num_parameters={}", self.weight.numel())
    }
}

impl Forward for PRelu {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let _scope = enter(&self.weight);
        named(&self.weight, x.prelu(&self.weight))
    }
}
