//! A reader of Python's pickles as data. It runs nothing that a pickle says: a class stays a name, and a call
//! stays a description of a call.
//!
//! ```
//! use taper_pickle::{Pickle, Value};
//!
//! // pickle.dumps({"epoch": 3}, protocol=2)
//! let pickle = Pickle::read(b"\x80\x02}q\x00X\x05\x00\x00\x00epochq\x01K\x03s.")?;
//! let epoch = pickle.entry(pickle.root(), "epoch").ok_or("the dict has no epoch")?;
//! assert!(matches!(pickle.get(epoch), Value::Int(3)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It reads the opcodes of protocols 2 to 5 that describe dicts, lists, numbers, strings and objects.
//! PyTorch's checkpoints and CIFAR's batches use only these. CPython's `Lib/pickletools.py` describes the
//! format.
#![forbid(unsafe_code)]

mod machine;

use std::fmt;

/// An error of reading a pickle, or of asking for a value of another kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

/// The result of reading a pickle or a value in it.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<Error> for String {
    fn from(error: Error) -> Self {
        error.0
    }
}

/// An identifier of a value in a [`Pickle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(u32);

/// A value. It refers to other values by their [`Id`]s. So shared values stay shared, and neither deep
/// nesting nor a list that contains itself does harm.
#[derive(Debug)]
#[non_exhaustive]
pub enum Value<'a> {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer of up to 64 bits.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string or bytes; Python 2 does not distinguish them.
    Bytes(&'a [u8]),
    /// A tuple.
    Tuple(Vec<Id>),
    /// A list or a set.
    List(Vec<Id>),
    /// A dict, in the order of its entries.
    Dict(Vec<(Id, Id)>),
    /// A class or function.
    Global {
        /// The module that defines it.
        module: &'a str,
        /// The name in that module.
        name: &'a str,
    },
    /// An object stored outside of the pickle, with this persistent id.
    Persistent(Id),
    /// An object made by a call.
    Call {
        /// The function or class.
        function: Id,
        /// The tuple of its arguments.
        arguments: Id,
        /// The state that the object is then given.
        state: Option<Id>,
    },
}

impl fmt::Display for Value<'_> {
    /// Writes a short description for messages; `{:?}` of a list can be as long as the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Bool(_) => f.write_str("a bool"),
            Self::Int(n) => write!(f, "the integer {n}"),
            Self::Float(x) => write!(f, "the float {x}"),
            Self::Bytes(bytes) => write!(f, "a string of {} bytes", bytes.len()),
            Self::Tuple(items) => write!(f, "a tuple of {}", items.len()),
            Self::List(items) => write!(f, "a list of {}", items.len()),
            Self::Dict(entries) => write!(f, "a dict of {}", entries.len()),
            Self::Global { module, name } => write!(f, "{module}.{name}"),
            Self::Persistent(_) => f.write_str("a persistent id"),
            Self::Call { .. } => f.write_str("an object"),
        }
    }
}

/// The values of a pickle. Strings are slices of the bytes that it was read from.
#[derive(Debug)]
pub struct Pickle<'a> {
    values: Vec<Value<'a>>,
    root: Id,
    length: usize,
}

impl<'a> Pickle<'a> {
    /// Reads the pickle at the beginning of `bytes`.
    ///
    /// # Errors
    /// If the bytes end before the pickle, or it has an opcode that does not describe data.
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        machine::run(bytes)
    }

    /// Returns the length of the pickle in bytes.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Returns the value that the whole pickle describes.
    pub fn root(&self) -> Id {
        self.root
    }

    /// Returns all values in the order in which they were made.
    pub fn values(&self) -> &[Value<'a>] {
        &self.values
    }

    /// Returns a value, or Python's `None` for an id of another pickle that is out of range.
    pub fn get(&self, id: Id) -> &Value<'a> {
        self.values.get(id.0 as usize).unwrap_or(&Value::None)
    }

    /// Returns an integer as a size or an index.
    ///
    /// # Errors
    /// If the value is not an integer or is negative.
    pub fn size(&self, id: Id) -> Result<usize> {
        match self.get(id) {
            Value::Int(n) => usize::try_from(*n).map_err(|_| fail(format!("expected a size, found {n}"))),
            other => Err(fail(format!("expected an integer, found {other}"))),
        }
    }

    /// Returns the text of a string.
    ///
    /// # Errors
    /// If the value is not a string, or not UTF-8.
    pub fn text(&self, id: Id) -> Result<&'a str> {
        text(self.get(id))
    }

    /// Returns the items of a tuple or list.
    ///
    /// # Errors
    /// If the value is neither a tuple nor a list.
    pub fn items(&self, id: Id) -> Result<&[Id]> {
        match self.get(id) {
            Value::Tuple(items) | Value::List(items) => Ok(items),
            other => Err(fail(format!("expected a tuple or list, found {other}"))),
        }
    }

    /// Returns the value of a dict's entry, and the last one if the key repeats, as in Python.
    pub fn entry(&self, dict: Id, key: &str) -> Option<Id> {
        let Value::Dict(entries) = self.get(dict) else { return None };
        let is_key = |&&(k, _): &&(Id, Id)| matches!(self.get(k), Value::Bytes(b) if *b == key.as_bytes());
        entries.iter().rfind(is_key).map(|&(_, value)| value)
    }
}

fn text<'a>(value: &Value<'a>) -> Result<&'a str> {
    match value {
        Value::Bytes(bytes) => std::str::from_utf8(bytes).map_err(|_| fail("a string is not UTF-8")),
        other => Err(fail(format!("expected a string, found {other}"))),
    }
}

fn fail(message: impl Into<String>) -> Error {
    Error(message.into())
}

#[cfg(test)]
mod tests;
