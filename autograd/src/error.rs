//! Errors of recording and computing gradients.

use std::panic::Location;

/// The result of an operation on variables.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of autograd, or of the tensor operation that it called.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error of a tensor operation.
    #[error(transparent)]
    Tensor(#[from] taper_tensor::Error),
    /// A backward pass from an output with more than one element and without a given gradient.
    #[error(
        "backward: got an output of shape {shape:?} without a gradient, expected one element; reduce it with .sum() or \
         .mean(), or pass its gradient to .backward_with(&gradient)"
    )]
    NotScalar {
        /// The output's shape.
        shape: Vec<usize>,
    },
    /// A gradient whose shape differs from that of its output.
    #[error(
        "backward: got a gradient of shape {got:?} for an output of shape {expected:?}, expected equal shapes"
    )]
    GradientShape {
        /// The gradient's shape.
        got: Vec<usize>,
        /// The output's shape.
        expected: Vec<usize>,
    },
    /// An output that does not depend on a variable with `requires_grad`.
    #[error(
        "backward: the output does not require a gradient: it does not depend on a leaf that requires one, or it \
         was computed under no_grad or detached; make a leaf with Variable::requires_grad(tensor)"
    )]
    NoGradient,
    /// A second backward pass through a graph whose saved tensors were freed.
    #[error(
        "backward: got a second pass through {op}, but the first one freed its saved tensors; run the forward pass \
         again, or keep them with .backward_options().retain_graph(true)"
    )]
    GraphFreed {
        /// The operation's name.
        op: &'static str,
    },
    /// A saved tensor that was changed in place.
    #[error(
        "backward: a tensor of shape {shape:?} that {op} saved was changed in place afterwards (version \
         {now}, expected {saved}); use the operation that returns a new tensor, or change a .copy()"
    )]
    SavedChanged {
        /// The operation that saved the tensor.
        op: &'static str,
        /// The tensor's shape.
        shape: Vec<usize>,
        /// The version when it was saved.
        saved: u64,
        /// The version now.
        now: u64,
    },
    /// An input of [`grad`](crate::grad) that the outputs do not depend on.
    #[error(
        "grad: the outputs do not depend on input {index}{}; allow that with .run_allow_unused(), or leave the \
         input out",
        name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default()
    )]
    Unused {
        /// The index of the input in the list.
        index: usize,
        /// The input's name.
        name: Option<String>,
    },
    /// An operation without a gradient, on an input that requires one.
    #[error(
        "{op}: this operation has no gradient, and its input requires one; cut the graph on purpose with \
         .detach() or no_grad(|| …), or write a Function with a gradient"
    )]
    NotDifferentiable {
        /// The operation.
        op: &'static str,
    },
    /// A gradient of a variable whose dtype is not floating point.
    #[error(
        "{op}: got {}a variable of {dtype} that requires a gradient, expected a floating-point one; make the leaf with \
         Variable::requires_grad(tensor.to_dtype(DType::F32)?)",
        name.as_ref().map(|name| format!("{name}, ")).unwrap_or_default()
    )]
    NotReal {
        /// The operation.
        op: &'static str,
        /// The variable's dtype.
        dtype: taper_tensor::DType,
        /// The variable's name.
        name: Option<String>,
    },
    /// An in-place change that would make a gradient wrong.
    #[error("{op}: {message}")]
    InPlace {
        /// The operation.
        op: &'static str,
        /// The reason, and what to do.
        message: String,
    },
    /// A NaN or an infinity in a gradient, found by anomaly detection.
    #[error(
        "backward: {op} returned a gradient that is not finite for its input {input}; forward ran at {location}{}",
        module.as_ref().map(|m| format!(" in {m}")).unwrap_or_default()
    )]
    Anomaly {
        /// The forward operation.
        op: &'static str,
        /// The index of the operation's input.
        input: usize,
        /// The location of the forward operation's call.
        location: &'static Location<'static>,
        /// The path of the forward operation's module, if it is known.
        module: Option<String>,
    },
    /// A gradient that differs from the numerical one.
    #[error("gradcheck: {0}")]
    Gradcheck(String),
    /// An error of a user's own function, or of an operation outside of this crate.
    #[error("{op}: {message}")]
    Value {
        /// The operation.
        op: &'static str,
        /// The value it got, the values it expected, and what to do.
        message: String,
    },
}

taper_tensor::debug_as_display!(Error);

impl Error {
    /// Makes an error about a value or a shape, for operations outside of this crate.
    pub fn value(op: &'static str, message: impl Into<String>) -> Self {
        Self::Value { op, message: message.into() }
    }
}
