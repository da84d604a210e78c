//! What can go wrong in a network.

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
    /// An argument that a layer, a loss or a function does not take.
    #[error("{op}: {message}")]
    Value {
        /// The layer or function, by its name in PyTorch's functional form.
        op: &'static str,
        /// What was given, what was expected, and what to do.
        message: String,
    },
    /// A checkpoint whose entries are not those of the module.
    #[error("load_state_dict: {0}")]
    StateDict(Mismatch),
    /// A file that is no readable checkpoint, or only a part of one.
    #[error("{}: {message}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        message: String,
    },
    /// A file that could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The error of a layer, with the layer's place in its network.
    #[error("in {path}: {source}")]
    In {
        /// The layer's dotted name.
        path: String,
        /// What failed in it.
        source: Box<Error>,
    },
}

taper_tensor::debug_as_display!(Error);

impl Error {
    /// An argument that `op` does not take.
    pub fn value(op: &'static str, message: impl Into<String>) -> Self {
        Self::Value { op, message: message.into() }
    }
}

/// Runs the forward pass of a layer that has the parameter `parameter`: an error then says which
/// layer it was, `in features.3.conv: ...`, where the network's parameters have been listed, as
/// for an optimiser. An error that names a layer already keeps that one, the innermost.
/// Anomaly detection names the layer in the same way.
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
