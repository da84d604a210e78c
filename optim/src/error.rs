//! What can go wrong with an optimiser.

/// The result of an optimiser's operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of an optimiser.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting outside of its range.
    #[error("{optimizer}: {setting} is {value}, expected {expected}")]
    Setting {
        /// The optimiser.
        optimizer: &'static str,
        /// The setting's name in PyTorch.
        setting: &'static str,
        /// What it was set to.
        value: f64,
        /// What it can be.
        expected: &'static str,
    },
    /// The parameters given cannot be trained.
    #[error("{optimizer}: {message}")]
    Parameters {
        /// The optimiser.
        optimizer: &'static str,
        /// What is wrong with them, and what to do.
        message: String,
    },
    /// A gradient with elements that are no finite numbers.
    #[error(
        "the gradient of {parameter} has {nan} NaN and {infinite} infinite elements of {numel}: \
         lower the learning rate, clip the gradients, or look for the operation with detect_anomaly"
    )]
    NonFinite {
        /// The parameter's name, or its number and shape.
        parameter: String,
        /// How many elements are NaN.
        nan: usize,
        /// How many are infinite.
        infinite: usize,
        /// How many there are.
        numel: usize,
    },
    /// The loss could not be computed.
    #[error("{optimizer}: the closure failed: {source}")]
    Closure {
        /// The optimiser.
        optimizer: &'static str,
        /// The closure's own error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The step itself failed.
    #[error(transparent)]
    Tensor(#[from] taper_autograd::tensor::Error),
}

taper_autograd::tensor::debug_as_display!(Error);
