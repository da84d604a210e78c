//! Errors of tensor operations.

use crate::{DType, Device};

/// The result of a tensor operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of a tensor operation. Its message names the operation, the input it got, the input it expected
/// and the remedy.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Shapes that do not fit the operation or each other.
    #[error("{op}: {message}")]
    Shape {
        /// The operation, by its name in PyTorch.
        op: &'static str,
        /// The shapes, what was expected, and what to do.
        message: String,
    },
    /// A dimension out of range.
    #[error("{op}: dimension {dim} is out of range for a tensor of shape {shape:?}, expected {}", dim_range(shape.len()))]
    Dim {
        /// The operation.
        op: &'static str,
        /// The dimension asked for.
        dim: i64,
        /// The tensor's shape.
        shape: Vec<usize>,
    },
    /// An index out of range.
    #[error("{op}: index {index} is out of range for dimension {dim} of size {size}")]
    Index {
        /// The operation.
        op: &'static str,
        /// The index asked for.
        index: i64,
        /// The dimension.
        dim: usize,
        /// The dimension's size.
        size: usize,
    },
    /// A dtype that the operation does not support.
    #[error("{op}: got {got}, expected {expected}; convert with .to_dtype({suggestion})", suggestion = suggest(expected))]
    DType {
        /// The operation.
        op: &'static str,
        /// The dtype it got.
        got: DType,
        /// The dtypes it supports.
        expected: String,
    },
    /// Operands on different devices.
    #[error("{op}: operands are on {left} and {right}; move one with .to(&device)")]
    DeviceMismatch {
        /// The operation.
        op: &'static str,
        /// The first operand's device. It is boxed because it is large, and every `Result` reserves space for
        /// its error.
        left: Box<Device>,
        /// The other operand's device.
        right: Box<Device>,
    },
    /// A value that the operation does not accept.
    #[error("{op}: {message}")]
    Value {
        /// The operation.
        op: &'static str,
        /// The value it got, the values it expected, and what to do.
        message: String,
    },
    /// An error of the backend: out of memory, or a failure of a device driver.
    #[error("{op}: {message}")]
    Backend {
        /// The operation.
        op: &'static str,
        /// The backend's message.
        message: String,
    },
}

/// Implements `Debug` by `Display`, because Rust prints the error that `fn main() -> Result<()>` returns by
/// its `Debug`.
#[doc(hidden)]
#[macro_export]
macro_rules! debug_as_display {
    ($error:ty) => {
        impl ::std::fmt::Debug for $error {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(self, f)
            }
        }
    };
}
debug_as_display!(Error);

fn dim_range(rank: usize) -> String {
    match rank {
        0 => "none: it has no dimensions".into(),
        r => format!("-{r} to {}", r - 1),
    }
}

fn suggest(expected: &str) -> String {
    let first = expected.split([' ', ',']).next().unwrap_or("");
    crate::dtype::ALL.iter().find(|d| d.name() == first).map_or("…".into(), |d| format!("DType::{d:?}"))
}

impl Error {
    /// Makes a shape error.
    pub fn shape(op: &'static str, message: impl Into<String>) -> Self {
        Self::Shape { op, message: message.into() }
    }

    /// Makes a value error.
    pub fn value(op: &'static str, message: impl Into<String>) -> Self {
        Self::Value { op, message: message.into() }
    }

    /// Makes a dtype error. `expected` must begin with the name of a supported dtype, which the message
    /// suggests.
    pub fn dtype(op: &'static str, got: DType, expected: impl Into<String>) -> Self {
        Self::DType { op, got, expected: expected.into() }
    }

    /// Returns a function that makes an error of an error of candle's, naming the operation.
    pub(crate) fn backend(op: &'static str) -> impl FnOnce(candle_core::Error) -> Self {
        // The first line only: a backtrace follows, which names candle's source files.
        move |e| Self::Backend {
            op,
            message: e.to_string().lines().next().unwrap_or_default().to_lowercase(),
        }
    }
}

/// Returns an error from the function: `bail!(shape(op, "got {size:?}, expected a matrix"))`.
#[doc(hidden)]
#[macro_export]
macro_rules! bail {
    ($kind:ident($op:expr, $($message:tt)+)) => {
        return Err($crate::Error::$kind($op, format!($($message)+)).into())
    };
}

/// Returns an error from the function if a condition holds; see [`bail!`].
#[doc(hidden)]
#[macro_export]
macro_rules! bail_if {
    ($condition:expr, $error:ident $message:tt) => {
        if $condition {
            $crate::bail!($error $message);
        }
    };
}
