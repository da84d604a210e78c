//! The errors of this crate.

/// The result of an optimiser's operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of an optimiser.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is out of its range.
    #[error("{optimizer}: {setting} is {value}, expected {expected}")]
    Setting {
        /// The optimiser.
        optimizer: &'static str,
        /// The setting's name in PyTorch.
        setting: &'static str,
        /// The value that was given.
        value: f64,
        /// The values that it can have.
        expected: &'static str,
    },
    /// The parameters, a group or a saved state do not fit.
    #[error("{optimizer}: {message}")]
    Parameters {
        /// The optimiser.
        optimizer: &'static str,
        /// The fault, and what to do.
        message: String,
    },
    /// A gradient has elements that are not finite.
    #[error(
        "the gradient of {parameter} has {nan} NaN and {infinite} infinite elements of {numel}: \
         lower the learning rate, clip the gradients, or look for the operation with detect_anomaly"
    )]
    NonFinite {
        /// The parameter's name, or its number and shape.
        parameter: String,
        /// The number of elements that are NaN.
        nan: usize,
        /// The number of infinite elements.
        infinite: usize,
        /// The number of elements.
        numel: usize,
    },
    /// The closure that computes the loss failed.
    #[error("{optimizer}: the closure failed: {source}")]
    Closure {
        /// The optimiser.
        optimizer: &'static str,
        /// The closure's own error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An operation on variables failed.
    #[error(transparent)]
    Autograd(#[from] taper_autograd::Error),
    /// An operation on tensors failed.
    #[error(transparent)]
    Tensor(#[from] taper_autograd::tensor::Error),
}

taper_autograd::tensor::debug_as_display!(Error);
