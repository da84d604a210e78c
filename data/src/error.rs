//! The errors of this crate.

use std::{io, path::Path, path::PathBuf};

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of this crate.
#[non_exhaustive]
#[derive(thiserror::Error)]
pub enum Error {
    /// The operating system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The action, as a verb: `read`, `create`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file is not what its format says.
    #[error("{}: {message}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The fault, and where it is.
        message: String,
    },
    /// An argument is out of its range.
    #[error("{op}: {message}")]
    Invalid {
        /// The function or type that was called.
        op: &'static str,
        /// The argument, and what was expected.
        message: String,
    },
    /// A sample of a dataset could not be read.
    #[error("sample {index}: {source}")]
    Sample {
        /// The index of the sample in the dataset that the loader reads.
        index: usize,
        /// The cause.
        source: Box<Error>,
    },
    /// A dataset, a transform or a loader's function panicked.
    #[error("panicked: {0}")]
    Panic(String),
    /// No source of a dataset worked.
    #[error(transparent)]
    Fetch(#[from] crate::fetch::FetchError),
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] taper_tensor::Error),
    /// A dataset or transform of another crate failed.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

taper_tensor::debug_as_display!(Error);

impl Error {
    /// Wraps the error of a dataset or transform of another crate.
    ///
    /// ```
    /// use taper_data::Error;
    /// let error = "x1".parse::<i64>().map_err(Error::other).unwrap_err();
    /// assert_eq!(error.to_string(), "invalid digit found in string");
    /// ```
    pub fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Error::Other(error.into())
    }

    pub(crate) fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| Error::Io { action, path, source }
    }

    pub(crate) fn format(path: impl AsRef<Path>, message: impl Into<String>) -> Self {
        Error::Format { path: path.as_ref().to_path_buf(), message: message.into() }
    }

    pub(crate) fn invalid(op: &'static str, message: impl Into<String>) -> Self {
        Error::Invalid { op, message: message.into() }
    }

    /// Makes an error of a caught panic.
    pub(crate) fn panicked(payload: Box<dyn std::any::Any + Send>) -> Self {
        let text = payload.downcast_ref::<&str>().map(|text| text.to_string());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Error::Panic(text.unwrap_or_else(|| "with a value that is not text".into()))
    }
}
