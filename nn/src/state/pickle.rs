//! The small part of Python's pickle format that describes tensors, read without running anything:
//! a global is only a name here, and a call is only noted.
//!
//! The format is described in CPython's `Lib/pickletools.py`.

use std::collections::HashMap;

/// The number of a value in its [`Pickle`].
pub type Id = u32;

/// What a pickle describes. Values refer to others by number, so that sharing is kept, and neither
/// deep nesting nor a list that holds itself can do harm.
#[derive(Debug)]
pub enum Value<'a> {
    None,
    Bool,
    Int(i64),
    Float,
    Text(&'a str),
    Tuple(Vec<Id>),
    /// A list or a set.
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A class or function: module and name.
    Global(&'a str, &'a str),
    /// What stands outside of the pickle under this id.
    Persistent(Id),
    /// A function and its arguments.
    Call(Id, Id),
}

/// A pickle's values.
pub struct Pickle<'a> {
    values: Vec<Value<'a>>,
    root: Id,
    length: usize,
}

impl<'a> Pickle<'a> {
    /// Reads the pickle at the beginning of `bytes`.
    pub fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let mut machine =
            Machine { bytes, at: 0, values: Vec::new(), stack: Vec::new(), memo: HashMap::new() };
        while machine.step()? {}
        let root = machine.pop()?;
        Ok(Self { values: machine.values, root, length: machine.at })
    }

    /// The number of bytes that it takes.
    pub fn length(&self) -> usize {
        self.length
    }

    /// What the whole describes.
    pub fn root(&self) -> Id {
        self.root
    }

    /// All values, in the order in which they were made.
    pub fn values(&self) -> &[Value<'a>] {
        &self.values
    }

    pub fn get(&self, id: Id) -> &Value<'a> {
        &self.values[id as usize]
    }

    pub fn int(&self, id: Id) -> Result<usize, String> {
        match self.get(id) {
            Value::Int(n) => usize::try_from(*n).map_err(|_| format!("{n} is negative, expected a size")),
            other => Err(format!("expected an integer, found {other:?}")),
        }
    }

    pub fn text(&self, id: Id) -> Result<&'a str, String> {
        match self.get(id) {
            Value::Text(text) => Ok(text),
            other => Err(format!("expected a text, found {other:?}")),
        }
    }

    /// The items of a tuple or list.
    pub fn items(&self, id: Id) -> Result<&[Id], String> {
        match self.get(id) {
            Value::Tuple(items) | Value::List(items) => Ok(items),
            other => Err(format!("expected a tuple, found {other:?}")),
        }
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Value<'a>>,
    /// Values, and nothing for a mark.
    stack: Vec<Option<Id>>,
    memo: HashMap<u32, Id>,
}

impl<'a> Machine<'a> {
    /// Follows one instruction; false at the end.
    fn step(&mut self) -> Result<bool, String> {
        let place = self.at;
        match self.byte()? {
            b'.' => return Ok(false),
            0x80 => match self.byte()? {
                2..=5 => {}
                version => return Err(format!("pickle protocol {version} is not supported")),
            },
            0x95 => drop(self.take(8)?), // a frame's length, on which nothing depends
            b'(' => self.stack.push(None),
            b'0' => drop(self.stack.pop()),
            b'N' => self.push(Value::None)?,
            0x88 | 0x89 => self.push(Value::Bool)?,
            b'J' => {
                let n = i32::from_le_bytes(self.array()?);
                self.push(Value::Int(n.into()))?;
            }
            code @ (b'K' | b'M') => {
                let n = self.number(if code == b'K' { 1 } else { 2 })?;
                self.push(Value::Int(n as i64))?;
            }
            0x8a => {
                let long = self.long()?;
                self.push(Value::Int(long))?;
            }
            b'G' => {
                self.take(8)?;
                self.push(Value::Float)?;
            }
            code @ (b'X' | b'T' | 0x8c | b'U') => {
                let length = self.number(if matches!(code, b'X' | b'T') { 4 } else { 1 })?;
                let text = std::str::from_utf8(self.take(length)?).map_err(|_| "a text is not UTF-8")?;
                self.push(Value::Text(text))?;
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(Value::Global(module, name))?;
            }
            0x93 => {
                let (name, module) = (self.pop_text()?, self.pop_text()?);
                self.push(Value::Global(module, name))?;
            }
            b')' => self.push(Value::Tuple(Vec::new()))?,
            b']' | 0x8f => self.push(Value::List(Vec::new()))?,
            b'}' => self.push(Value::Dict(Vec::new()))?,
            code @ 0x85..=0x87 => {
                let start = self.stack.len().checked_sub((code - 0x84).into()).ok_or(MISSING)?;
                let items = self.stack.drain(start..).collect::<Option<_>>().ok_or(MISSING)?;
                self.push(Value::Tuple(items))?;
            }
            b't' => {
                let items = self.marked()?;
                self.push(Value::Tuple(items))?;
            }
            b'l' => {
                let items = self.marked()?;
                self.push(Value::List(items))?;
            }
            b'd' => {
                let items = pairs(&self.marked()?);
                self.push(Value::Dict(items))?;
            }
            code @ (b'a' | b'e' | 0x90) => {
                let items = if code == b'a' { vec![self.pop()?] } else { self.marked()? };
                match self.top()? {
                    Value::List(list) => list.extend(items),
                    other => return Err(format!("expected a list, found {other:?}")),
                }
            }
            code @ (b's' | b'u') => {
                let items = if code == b's' {
                    let (value, key) = (self.pop()?, self.pop()?);
                    vec![key, value]
                } else {
                    self.marked()?
                };
                match self.top()? {
                    Value::Dict(dict) => dict.extend(pairs(&items)),
                    other => return Err(format!("expected a dict, found {other:?}")),
                }
            }
            code @ (b'q' | b'r') => {
                let key = self.number(if code == b'q' { 1 } else { 4 })? as u32;
                self.remember(key)?;
            }
            0x94 => self.remember(self.memo.len() as u32)?,
            code @ (b'h' | b'j') => {
                let key = self.number(if code == b'h' { 1 } else { 4 })? as u32;
                let id = *self.memo.get(&key).ok_or_else(|| format!("nothing was kept as number {key}"))?;
                self.stack.push(Some(id));
            }
            b'Q' => {
                let id = self.pop()?;
                self.push(Value::Persistent(id))?;
            }
            b'R' | 0x81 => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                let called = match self.values[function as usize] {
                    Value::Global("collections", "OrderedDict") => Value::Dict(Vec::new()),
                    _ => Value::Call(function, arguments),
                };
                self.push(called)?;
            }
            // An object's attributes, such as the `_metadata` of a state_dict: they hold no tensors of it.
            b'b' => drop(self.pop()?),
            code => return Err(format!("pickle code 0x{code:02x} at byte {place} describes no tensors")),
        }
        Ok(true)
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], String> {
        let end = self.at.checked_add(n).filter(|&end| end <= self.bytes.len());
        let end = end.ok_or_else(|| format!("the pickle ends within a value at byte {}", self.at))?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn byte(&mut self) -> Result<u8, String> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// An unsigned number of up to 4 bytes, the lowest first.
    fn number(&mut self, bytes: usize) -> Result<usize, String> {
        Ok(self.take(bytes)?.iter().rev().fold(0, |n, &byte| n << 8 | usize::from(byte)))
    }

    /// A signed integer of up to 8 bytes.
    fn long(&mut self) -> Result<i64, String> {
        let length = self.byte()?;
        let bytes = self.take(length.into())?;
        if length > 8 {
            return Err(format!("an integer of {length} bytes is no size"));
        }
        let sign = if bytes.last().is_some_and(|&byte| byte >= 0x80) { 0xff } else { 0 };
        let mut wide = [sign; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        Ok(i64::from_le_bytes(wide))
    }

    fn line(&mut self) -> Result<&'a str, String> {
        let length =
            self.bytes[self.at..].iter().position(|&byte| byte == b'\n').ok_or("a name does not end")?;
        let line = self.take(length + 1)?;
        std::str::from_utf8(&line[..length]).map_err(|_| "a name is no text".into())
    }

    fn push(&mut self, value: Value<'a>) -> Result<(), String> {
        let id = Id::try_from(self.values.len()).map_err(|_| "there are too many values")?;
        self.values.push(value);
        self.stack.push(Some(id));
        Ok(())
    }

    fn pop(&mut self) -> Result<Id, String> {
        Ok(self.stack.pop().flatten().ok_or(MISSING)?)
    }

    fn pop_text(&mut self) -> Result<&'a str, String> {
        let id = self.pop()?;
        match self.values[id as usize] {
            Value::Text(text) => Ok(text),
            ref other => Err(format!("expected a name, found {other:?}")),
        }
    }

    fn top(&mut self) -> Result<&mut Value<'a>, String> {
        let id = self.stack.last().copied().flatten().ok_or(MISSING)?;
        Ok(&mut self.values[id as usize])
    }

    fn remember(&mut self, key: u32) -> Result<(), String> {
        let id = self.stack.last().copied().flatten().ok_or(MISSING)?;
        self.memo.insert(key, id);
        Ok(())
    }

    /// The values down to the last mark.
    fn marked(&mut self) -> Result<Vec<Id>, String> {
        let mark = self.stack.iter().rposition(Option::is_none).ok_or("a mark is missing")?;
        Ok(self.stack.drain(mark..).flatten().collect())
    }
}

const MISSING: &str = "the pickle takes a value where there is none";

fn pairs(items: &[Id]) -> Vec<(Id, Id)> {
    items.as_chunks().0.iter().map(|&[key, value]| (key, value)).collect()
}
