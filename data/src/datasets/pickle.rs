//! As much of Python's pickle format as CIFAR's batches in Python's format need. Nothing that a pickle says
//! is ever run: a call stays a description of a call.

use crate::{Error, Result};
use std::{path::Path, rc::Rc};

/// What a pickle holds.
#[derive(Debug)]
pub(super) enum Value {
    None,
    Int(i64),
    /// Bytes or text, which Python 2 does not tell apart.
    Bytes(Rc<[u8]>),
    List(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    /// A name, a call, or an object made by one with what it was filled with.
    Object(Rc<Vec<Value>>),
    Mark,
}

impl Value {
    /// The entry of a dictionary.
    pub fn entry(&self, key: &str) -> Option<&Value> {
        let Value::Dict(entries) = self else { return None };
        entries.iter().find(|(k, _)| k.bytes() == Some(key.as_bytes())).map(|(_, value)| value)
    }

    /// The bytes of a string.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn list(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The elements of a NumPy array: the longest string among what it was filled with.
    pub fn array(&self) -> Option<&[u8]> {
        let Value::Object(parts) = self else { return None };
        parts.last()?.list()?.iter().filter_map(Value::bytes).max_by_key(|bytes| bytes.len())
    }
}

/// Lists, dictionaries and objects in a pickle, at most; CIFAR's have a dozen. Few enough that nothing
/// nested in each other is too deep to be dropped.
const CONTAINERS: usize = 500;

/// Reads a pickle of protocol 2 to 5.
pub(super) fn read(path: &Path) -> Result<Value> {
    let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
    let mut machine = Machine { rest: &bytes, stack: Vec::new(), memo: Vec::new(), containers: 0 };
    machine.run().ok_or_else(|| {
        let at = bytes.len() - machine.rest.len();
        Error::format(path, format!("no pickle of a CIFAR batch: cannot be read at byte {at}"))
    })
}

struct Machine<'a> {
    rest: &'a [u8],
    stack: Vec<Value>,
    /// What can be referred to later: strings and objects, which are shared and not copied.
    memo: Vec<Option<Value>>,
    containers: usize,
}

impl Machine<'_> {
    /// The value before the stop, `None` when the pickle is broken or uses more of the format.
    fn run(&mut self) -> Option<Value> {
        loop {
            match self.take(1)?[0] {
                b'.' => return self.stack.pop(),
                0x80 => drop(self.take(1)?), // protocol
                0x95 => drop(self.take(8)?), // frame
                b'(' => self.stack.push(Value::Mark),
                b'}' => self.container(Value::Dict(Vec::new()))?,
                b']' => self.container(Value::List(Vec::new()))?,
                b')' => self.container(Value::List(Vec::new()))?, // empty tuple
                b'N' => self.stack.push(Value::None),
                0x88 | 0x89 => self.stack.push(Value::None), // true, false
                b'K' => self.int(1)?,
                b'M' => self.int(2)?,
                b'J' => {
                    let word: [u8; 4] = self.take(4)?.try_into().ok()?;
                    self.stack.push(Value::Int(i32::from_le_bytes(word).into()));
                }
                b'U' | b'C' | 0x8c => self.string(1)?, // short strings
                b'T' | b'B' | b'X' => self.string(4)?, // strings
                0x8e | 0x8d => self.string(8)?,
                b'q' => self.put(1)?,
                b'r' => self.put(4)?,
                0x94 => self.remember(self.memo.len())?,
                b'h' => self.get(1)?,
                b'j' => self.get(4)?,
                b'c' => {
                    let name = [self.line()?, self.line()?];
                    self.container(Value::Object(Rc::new(name.into())))?;
                }
                0x85 => self.tuple(1)?,
                0x86 => self.tuple(2)?,
                0x87 => self.tuple(3)?,
                b't' => {
                    let items = self.since_mark()?;
                    self.container(Value::List(items))?;
                }
                b'R' | b'b' | 0x93 | 0x81 => {
                    // a call, what fills it, a name
                    let with = self.stack.pop()?;
                    let what = self.stack.pop()?;
                    self.container(Value::Object(Rc::new(vec![what, with])))?;
                }
                b'a' => {
                    let item = self.stack.pop()?;
                    self.extend_list(vec![item])?;
                }
                b'e' => {
                    let items = self.since_mark()?;
                    self.extend_list(items)?;
                }
                b's' => {
                    let value = self.stack.pop()?;
                    let key = self.stack.pop()?;
                    self.extend_dict(vec![key, value])?;
                }
                b'u' => {
                    let items = self.since_mark()?;
                    self.extend_dict(items)?;
                }
                _ => return None,
            }
        }
    }

    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// An unsigned number of `width` bytes.
    fn number(&mut self, width: usize) -> Option<usize> {
        let bytes = self.take(width)?;
        let number = bytes.iter().rev().fold(0u64, |number, &byte| number << 8 | u64::from(byte));
        usize::try_from(number).ok()
    }

    fn int(&mut self, width: usize) -> Option<()> {
        let number = self.number(width)?;
        self.stack.push(Value::Int(number as i64));
        Some(())
    }

    fn string(&mut self, width: usize) -> Option<()> {
        let length = self.number(width)?;
        let bytes = self.take(length)?.into();
        self.stack.push(Value::Bytes(bytes));
        Some(())
    }

    fn line(&mut self) -> Option<Value> {
        let length = self.rest.iter().position(|&byte| byte == b'\n')?;
        let line = Value::Bytes(self.take(length)?.into());
        self.take(1)?;
        Some(line)
    }

    fn put(&mut self, width: usize) -> Option<()> {
        let at = self.number(width)?;
        self.remember(at)
    }

    fn remember(&mut self, at: usize) -> Option<()> {
        // Python numbers them as they come, from 0 or from 1; a number far ahead is not believed.
        if at > self.memo.len() + 1 {
            return None;
        }
        let value = match self.stack.last()? {
            Value::Bytes(bytes) => Some(Value::Bytes(bytes.clone())),
            Value::Object(parts) => Some(Value::Object(parts.clone())),
            _ => None,
        };
        if at >= self.memo.len() {
            self.memo.resize_with(at + 1, || None);
        }
        self.memo[at] = value;
        Some(())
    }

    fn get(&mut self, width: usize) -> Option<()> {
        let at = self.number(width)?;
        let value = match self.memo.get(at)?.as_ref()? {
            Value::Bytes(bytes) => Value::Bytes(bytes.clone()),
            Value::Object(parts) => Value::Object(parts.clone()),
            _ => return None,
        };
        self.stack.push(value);
        Some(())
    }

    fn container(&mut self, value: Value) -> Option<()> {
        self.containers += 1;
        self.stack.push(value);
        (self.containers <= CONTAINERS).then_some(())
    }

    fn tuple(&mut self, count: usize) -> Option<()> {
        let items = self.stack.split_off(self.stack.len().checked_sub(count)?);
        self.container(Value::List(items))
    }

    fn since_mark(&mut self) -> Option<Vec<Value>> {
        let mark = self.stack.iter().rposition(|value| matches!(value, Value::Mark))?;
        let items = self.stack.split_off(mark + 1);
        self.stack.pop();
        Some(items)
    }

    fn extend_list(&mut self, items: Vec<Value>) -> Option<()> {
        match self.stack.last_mut()? {
            Value::List(list) => list.extend(items),
            _ => return None,
        }
        Some(())
    }

    fn extend_dict(&mut self, items: Vec<Value>) -> Option<()> {
        let Value::Dict(entries) = self.stack.last_mut()? else { return None };
        let mut items = items.into_iter();
        while let Some(key) = items.next() {
            entries.push((key, items.next()?));
        }
        Some(())
    }
}
