//! Reads Python's pickles as data. Nothing that a pickle says is run: a class stays a name, and a call
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
//! It reads the opcodes of protocols 2 to 5 that describe dicts, lists, numbers, strings and objects, which
//! is what PyTorch's checkpoints and CIFAR's batches hold. CPython's `Lib/pickletools.py` describes the format.
#![forbid(unsafe_code)]

mod machine;

use std::fmt;

/// Says why a pickle cannot be read, or a value is not of the kind that was asked for.
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

/// Names a value of a [`Pickle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(u32);

/// A value. It names the values in it by their [`Id`]s, so that shared ones stay shared, and neither deep
/// nesting nor a list that holds itself can do harm.
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
    /// A string or bytes, which Python 2 does not tell apart.
    Bytes(&'a [u8]),
    /// A tuple.
    Tuple(Vec<Id>),
    /// A list or a set.
    List(Vec<Id>),
    /// A dict, in the order of its entries.
    Dict(Vec<(Id, Id)>),
    /// A class or function.
    Global {
        /// The module that it is in.
        module: &'a str,
        /// Its name there.
        name: &'a str,
    },
    /// An object that is stored outside of the pickle, under this persistent id.
    Persistent(Id),
    /// An object that a call makes.
    Call {
        /// The function or class.
        function: Id,
        /// The tuple of its arguments.
        arguments: Id,
        /// What the object is then filled with.
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
    /// If the bytes end before the pickle does, or it uses an opcode that describes no data.
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        machine::run(bytes)
    }

    /// Returns the number of bytes that it takes.
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

    /// Returns a value; `None`, as in Python, for an id of another pickle that this one does not have.
    pub fn get(&self, id: Id) -> &Value<'a> {
        self.values.get(id.0 as usize).unwrap_or(&Value::None)
    }

    /// Returns an integer that is a size or an index.
    ///
    /// # Errors
    /// If the value is not an integer, or negative.
    pub fn size(&self, id: Id) -> Result<usize> {
        match self.get(id) {
            Value::Int(n) => {
                usize::try_from(*n).map_err(|_| fail(format!("{n} is negative, expected a size")))
            }
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
    /// If the value is neither.
    pub fn items(&self, id: Id) -> Result<&[Id]> {
        match self.get(id) {
            Value::Tuple(items) | Value::List(items) => Ok(items),
            other => Err(fail(format!("expected a tuple or list, found {other}"))),
        }
    }

    /// Returns the value of a dict's entry; the last one where the key occurs twice, as in Python.
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
