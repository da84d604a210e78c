//! One error for a program that uses all crates.

/// The result of a program's function.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The error of any of the crates, and of a program's own parts.
///
/// Each crate's error converts into it with `?` and keeps its text, its path in a network and its source; so do
/// [`std::io::Error`] and a text, as in `found.ok_or("nothing found")?`. Any other error becomes one by
/// [`Error::other`]. As it prints its sentence
/// for `{:?}` too, `fn main() -> taper::Result<()>` ends with that sentence:
///
/// ```
/// use taper::prelude::*;
///
/// fn step(net: &Linear, x: &Tensor) -> taper::Result<f32> {
///     let loss = net.forward(x)?.square()?.mean()?; // errors of nn and of autograd
///     loss.backward()?;
///     Ok(loss.item()?)
/// }
///
/// let error = step(&Linear::new(4, 2)?, &Tensor::zeros((1, 3))?).unwrap_err();
/// assert!(format!("{error:?}").starts_with("linear: "), "{error:?}");
/// # Ok::<(), taper::Error>(())
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An operation on tensors failed.
    #[error(transparent)]
    Tensor(#[from] taper_tensor::Error),
    /// An operation on variables failed, or a backward pass.
    #[error(transparent)]
    Autograd(#[from] taper_autograd::Error),
    /// A layer, a loss or a checkpoint failed.
    #[error(transparent)]
    Nn(#[from] taper_nn::Error),
    /// An optimiser or a schedule refused something.
    #[error(transparent)]
    Optim(#[from] taper_optim::Error),
    /// A dataset, a transform or a loader failed.
    #[error(transparent)]
    Data(#[from] taper_data::Error),
    /// The operating system refused something.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// An error of the program itself.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

taper_tensor::debug_as_display!(Error);

impl Error {
    /// Wraps any error.
    ///
    /// ```
    /// use taper::Error;
    /// let error = "3x".parse::<u8>().map_err(Error::other).unwrap_err();
    /// assert_eq!(error.to_string(), "invalid digit found in string");
    /// ```
    pub fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other(error.into())
    }
}

impl From<&str> for Error {
    fn from(message: &str) -> Self {
        Self::other(message)
    }
}

impl From<String> for Error {
    fn from(message: String) -> Self {
        Self::other(message)
    }
}
