//! What can go wrong in a tensor operation, in words that say what to do.

use crate::{DType, Device};

/// The result of a tensor operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of a tensor operation: the message names the operation, the shapes and what was expected.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The shapes do not fit the operation, or each other.
    #[error("{op}: {message}")]
    Shape {
        /// The operation, by its name in PyTorch.
        op: &'static str,
        /// The shapes, what was expected, and what to do.
        message: String,
    },
    /// A dimension outside of the tensor's.
    #[error("{op}: dimension {dim} is out of range for a tensor of shape {shape:?}, expected {}", dim_range(shape.len()))]
    Dim {
        /// The operation.
        op: &'static str,
        /// The dimension asked for.
        dim: i64,
        /// The tensor's shape.
        shape: Vec<usize>,
    },
    /// An index outside of a dimension.
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
    /// A dtype that the operation does not take.
    #[error("{op}: got {got}, expected {expected}; convert with .to_dtype({suggestion})", suggestion = suggest(expected))]
    DType {
        /// The operation.
        op: &'static str,
        /// The dtype given.
        got: DType,
        /// The dtypes that the operation takes.
        expected: String,
    },
    /// Operands on different devices.
    #[error("{op}: operands are on {left} and {right}; move one with .to(&device)")]
    DeviceMismatch {
        /// The operation.
        op: &'static str,
        /// The first operand's device; boxed, as it is large and every result has room for an error.
        left: Box<Device>,
        /// The other operand's device.
        right: Box<Device>,
    },
    /// A value that the operation does not take.
    #[error("{op}: {message}")]
    Value {
        /// The operation.
        op: &'static str,
        /// What was given, what was expected, and what to do.
        message: String,
    },
    /// An error of the backend below: out of memory, or of a device's driver.
    #[error("{op}: {message}")]
    Backend {
        /// The operation.
        op: &'static str,
        /// The backend's own words.
        message: String,
    },
}

/// Prints an error's sentence also as its `Debug`, as what `fn main() -> Result<()>` returns is printed by that.
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
    /// A shape error.
    pub fn shape(op: &'static str, message: impl Into<String>) -> Self {
        Self::Shape { op, message: message.into() }
    }

    /// A value error.
    pub fn value(op: &'static str, message: impl Into<String>) -> Self {
        Self::Value { op, message: message.into() }
    }

    /// A dtype error: `expected` begins with the first dtype that would do.
    pub fn dtype(op: &'static str, got: DType, expected: impl Into<String>) -> Self {
        Self::DType { op, got, expected: expected.into() }
    }

    /// Names the operation in an error of candle.
    pub(crate) fn backend(op: &'static str) -> impl FnOnce(candle_core::Error) -> Self {
        // Without candle's backtrace, which names its own source files.
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

/// Returns an error from the function where a condition holds; see [`bail!`].
#[doc(hidden)]
#[macro_export]
macro_rules! bail_if {
    ($condition:expr, $error:ident $message:tt) => {
        if $condition {
            $crate::bail!($error $message);
        }
    };
}
