//! Activation functions as layers; as functions they are methods of [`Variable`].

use taper_autograd::Variable;
use taper_tensor::Tensor;

use crate::builder::{at_least_1, builder, finite};
use crate::module::{enter, named};
use crate::{Error, Forward, Module, Place, Result};

macro_rules! activations {
    ($($(#[$doc:meta])* $name:ident = $printed:literal, $method:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Shapes
        /// Input and output `[...]`.
        #[derive(Module, Debug, Default)]
        #[module(rename = $printed)]
        pub struct $name {
            place: Place,
        }

        impl $name {
            /// Makes the layer.
            pub fn new() -> Self {
                Self::default()
            }
        }

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
    /// Returns `max(x, 0)`; PyTorch's `nn.ReLU`.
    Relu = "ReLU", relu;
    /// Returns `min(max(x, 0), 6)`; PyTorch's `nn.ReLU6`.
    Relu6 = "ReLU6", relu6;
    /// Returns `1 / (1 + e^-x)`; PyTorch's `nn.Sigmoid`.
    Sigmoid = "Sigmoid", sigmoid;
    /// Returns the hyperbolic tangent; PyTorch's `nn.Tanh`.
    Tanh = "Tanh", tanh;
    /// Returns `x · sigmoid(x)`; PyTorch's `nn.SiLU`.
    Silu = "SiLU", silu;
    /// Returns `x / (1 + |x|)`; PyTorch's `nn.Softsign`.
    Softsign = "Softsign", softsign;
    /// Returns `ln(sigmoid(x))`; PyTorch's `nn.LogSigmoid`.
    LogSigmoid = "LogSigmoid", logsigmoid;
    /// Returns `x · tanh(softplus(x))`; PyTorch's `nn.Mish`.
    Mish = "Mish", mish;
    /// Returns the self-normalising exponential unit; PyTorch's `nn.SELU`.
    Selu = "SELU", selu;
    /// Returns `x · relu6(x + 3) / 6`; PyTorch's `nn.Hardswish`.
    Hardswish = "Hardswish", hardswish;
    /// Returns `relu6(x + 3) / 6`; PyTorch's `nn.Hardsigmoid`.
    Hardsigmoid = "Hardsigmoid", hardsigmoid;
}

macro_rules! with_arguments {
    (
        $(#[$doc:meta])* $name:ident = $printed:literal, $builder:ident, $op:literal, $describe:literal;
        $(#[$about:meta])* new($($required:ident: $type:ty),*) -> $returns:ident;
        options { $($(#[$about_option:meta])* $option:ident: f64 = $default:expr;)* }
        run $method:ident($($field:ident),+) $(, check $check:expr)?;
    ) => {
        $(#[$doc])*
        ///
        /// # Shapes
        /// Input and output `[...]`.
        #[derive(Module, Debug)]
        #[module(rename = $printed, extra_repr = "Self::describe")]
        pub struct $name {
            $(#[module(skip)] $required: $type,)*
            $(#[module(skip)] $option: f64,)*
            place: Place,
        }

        builder! {
            $name, $builder;
            $(#[$about])* new($($required: $type),*) -> $returns;
            $($(#[$about_option])* $option: f64 = $default;)*
        }

        impl $builder {
            /// Makes the layer.
            ///
            /// # Errors
            /// When an option is out of its range.
            pub fn build(self) -> Result<$name> {
                $(finite($op, stringify!($option), self.$option)?;)*
                $(($check)(&self)?;)?
                Ok(self.make())
            }

            fn make(self) -> $name {
                $name { $($field: self.$field,)+ place: Place::new() }
            }
        }

        impl $name {
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
    };
}

with_arguments! {
    /// Returns `x` for x > 0, else `negative_slope · x`; PyTorch's `nn.LeakyReLU`.
    LeakyRelu = "LeakyReLU", LeakyReluBuilder, "leaky_relu", "negative_slope={:?}";
    /// Makes the layer with the slope 0.01.
    new() -> Self;
    options {
        /// Sets the slope below 0; default 0.01.
        negative_slope: f64 = 0.01;
    }
    run leaky_relu(negative_slope);
}

with_arguments! {
    /// Returns `x` for x > 0, else `alpha · (e^x - 1)`; PyTorch's `nn.ELU`.
    Elu = "ELU", EluBuilder, "elu", "alpha={:?}";
    /// Makes the layer with `alpha` 1.
    new() -> Self;
    options {
        /// Sets the limit below 0, negated; default 1.
        alpha: f64 = 1.0;
    }
    run elu(alpha);
}

with_arguments! {
    /// Returns `x` for x > 0, else `alpha · (e^(x / alpha) - 1)`; PyTorch's `nn.CELU`.
    Celu = "CELU", CeluBuilder, "celu", "alpha={:?}";
    /// Makes the layer with `alpha` 1.
    new() -> Self;
    options {
        /// Sets the limit below 0, negated; not 0; default 1.
        alpha: f64 = 1.0;
    }
    run celu(alpha), check |celu: &CeluBuilder| match celu.alpha {
        0.0 => Err(Error::value("celu", "alpha is 0, expected another number")),
        _ => Ok(()),
    };
}

with_arguments! {
    /// Returns `min(max(x, min_val), max_val)`; PyTorch's `nn.Hardtanh`.
    Hardtanh = "Hardtanh", HardtanhBuilder, "hardtanh", "min_val={:?}, max_val={:?}";
    /// Makes the layer with the limits -1 and 1.
    new() -> Self;
    options {
        /// Sets the least value; default -1.
        min_val: f64 = -1.0;
        /// Sets the greatest value, above the least; default 1.
        max_val: f64 = 1.0;
    }
    run hardtanh(min_val, max_val), check |limits: &HardtanhBuilder| {
        let HardtanhBuilder { min_val, max_val } = limits;
        if min_val < max_val {
            return Ok(());
        }
        Err(Error::value("hardtanh", format!("min_val is {min_val}, expected less than max_val {max_val}")))
    };
}

with_arguments! {
    /// Returns `ln(1 + e^(beta · x)) / beta`, and `x` where `beta · x > threshold`; PyTorch's `nn.Softplus`.
    Softplus = "Softplus", SoftplusBuilder, "softplus", "beta={:?}, threshold={:?}";
    /// Makes the layer with `beta` 1 and the threshold 20.
    new() -> Self;
    options {
        /// Sets how sharp the bend is, not 0; default 1.
        beta: f64 = 1.0;
        /// Sets where the function becomes the identity; default 20.
        threshold: f64 = 20.0;
    }
    run softplus(beta, threshold), check |softplus: &SoftplusBuilder| match softplus.beta {
        0.0 => Err(Error::value("softplus", "beta is 0, expected another number")),
        _ => Ok(()),
    };
}

macro_rules! along {
    ($($(#[$doc:meta])* $name:ident = $printed:literal, $method:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Shapes
        /// Input and output `[...]`.
        #[derive(Module, Debug)]
        #[module(rename = $printed, extra_repr = "Self::describe")]
        pub struct $name {
            #[module(skip)]
            dim: i64,
            place: Place,
        }

        impl $name {
            /// Makes a layer along the dimension `dim`, from the end if negative.
            pub fn new(dim: i64) -> Self {
                Self { dim, place: Place::new() }
            }

            fn describe(&self) -> String {
                format!("dim={}", self.dim)
            }
        }

        impl Forward for $name {
            #[track_caller]
            fn forward(&self, x: &Variable) -> Result<Variable> {
                let _scope = enter(&self.place);
                named(&self.place, x.$method(self.dim))
            }
        }
    )*};
}

along! {
    /// Returns `e^x / Σ e^x` along a dimension; PyTorch's `nn.Softmax`.
    Softmax = "Softmax", softmax;
    /// Returns `x - ln Σ e^x` along a dimension; PyTorch's `nn.LogSoftmax`.
    LogSoftmax = "LogSoftmax", log_softmax;
}

/// Returns `x · Φ(x)`, with the normal distribution's Φ; PyTorch's `nn.GELU`.
///
/// # Shapes
/// Input and output `[...]`.
#[derive(Module, Debug)]
#[module(rename = "GELU", extra_repr = "Self::describe")]
pub struct Gelu {
    #[module(skip)]
    tanh: bool,
    place: Place,
}

builder! {
    Gelu, GeluBuilder;
    /// Makes the layer with the exact function.
    new() -> Self;
    /// Approximates Φ by tanh, PyTorch's `approximate="tanh"`; default false.
    approximate_tanh: bool = false;
}

impl GeluBuilder {
    /// Makes the layer.
    ///
    /// # Errors
    /// Never: the `Result` is that of every builder.
    pub fn build(self) -> Result<Gelu> {
        Ok(self.make())
    }

    fn make(self) -> Gelu {
        Gelu { tanh: self.approximate_tanh, place: Place::new() }
    }
}

impl Gelu {
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

/// Returns `x` for x > 0, else `weight · x` with a learnt weight; PyTorch's `nn.PReLU`.
///
/// # Shapes
/// Input and output `[N, C, ...]`; with one parameter `[...]`.
#[derive(Module, Debug)]
#[module(rename = "PReLU", extra_repr = "Self::describe")]
pub struct PRelu {
    /// `[num_parameters]`, initially `init`.
    pub weight: Variable,
}

builder! {
    PRelu, PReluBuilder;
    /// Makes a layer with one weight of 0.25.
    new() -> Result;
    /// Sets the number of weights: 1 for all channels together, or one for each; default 1.
    num_parameters: usize = 1;
    /// Sets the weights' first value; default 0.25.
    init: f64 = 0.25;
}

impl PReluBuilder {
    /// Makes the layer.
    ///
    /// # Errors
    /// When `num_parameters` is 0 or `init` is not finite.
    pub fn build(self) -> Result<PRelu> {
        at_least_1("prelu", "num_parameters", &[self.num_parameters])?;
        finite("prelu", "init", self.init)?;
        Ok(PRelu { weight: Variable::requires_grad(Tensor::full(self.num_parameters, self.init)?) })
    }
}

impl PRelu {
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
