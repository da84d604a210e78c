//! The errors of this crate.

use std::path::PathBuf;

use taper_autograd::Variable;

use crate::Mismatch;
use crate::module::{enter, named};

/// The result of a module.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of a module, or of the operations in it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An operation on variables failed.
    #[error(transparent)]
    Autograd(#[from] taper_autograd::Error),
    /// An operation on tensors failed.
    #[error(transparent)]
    Tensor(#[from] taper_tensor::Error),
    /// A layer, a loss or a function got an argument that it does not take.
    #[error("{op}: {message}")]
    Value {
        /// The layer or function, by its name in PyTorch's functional form.
        op: &'static str,
        /// The argument, what was expected, and what to do.
        message: String,
    },
    /// A checkpoint's entries are not those of the module.
    #[error("load_state_dict: {0}")]
    StateDict(Mismatch),
    /// A file is not a checkpoint, or only a part of one.
    #[error("{}: {message}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// The fault, and where it is.
        message: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A layer failed; this adds its place in the network.
    #[error("in {path}: {source}")]
    In {
        /// The layer's dotted name.
        path: String,
        /// The layer's error.
        source: Box<Error>,
    },
}

taper_tensor::debug_as_display!(Error);

impl Error {
    /// Makes an error about an argument of `op`.
    pub fn value(op: &'static str, message: impl Into<String>) -> Self {
        Self::Value { op, message: message.into() }
    }
}

/// Runs the forward pass of a layer that has the parameter `parameter`. Once the network's parameters have been
/// listed, as for an optimiser, an error says which layer failed, `in features.3.conv: ...`; one that names a
/// layer already keeps it. Anomaly detection names the layer in the same way.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::{Module, Result, in_layer};
/// use taper_tensor::Tensor;
///
/// #[derive(Module)]
/// struct Scale { weight: Variable }
///
/// impl Scale {
///     fn forward(&self, x: &Variable) -> Result<Variable> {
///         in_layer(&self.weight, || Ok(x.mul(&self.weight)?))
///     }
/// }
///
/// let net = vec![Scale { weight: Variable::requires_grad(Tensor::ones(3)?) }];
/// net.parameters();
/// let error = net[0].forward(&Variable::new(Tensor::ones(2)?)).unwrap_err();
/// assert!(error.to_string().starts_with("in 0: mul: "), "{error}");
/// # Ok::<(), taper_nn::Error>(())
/// ```
///
/// # Errors
/// Those of `forward`.
pub fn in_layer<T>(parameter: &Variable, forward: impl FnOnce() -> Result<T>) -> Result<T> {
    let _scope = enter(parameter);
    named(parameter, forward())
}
