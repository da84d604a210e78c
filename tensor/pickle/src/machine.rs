//! The stack machine whose program is a pickle.

use std::collections::HashMap;

use crate::{Error, Id, Pickle, Result, Value, fail, text};

pub(crate) fn run(bytes: &[u8]) -> Result<Pickle<'_>> {
    let mut machine = Machine { bytes, at: 0, values: Vec::new(), stack: Vec::new(), memo: HashMap::new() };
    loop {
        let place = machine.at;
        match machine.step() {
            Ok(None) => {}
            Ok(Some(root)) => return Ok(Pickle { values: machine.values, root, length: machine.at }),
            Err(error) => return Err(fail(format!("cannot be read at byte {place}: {error}"))),
        }
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Value<'a>>,
    /// The values; `None` is a mark.
    stack: Vec<Option<Id>>,
    memo: HashMap<usize, Id>,
}

impl<'a> Machine<'a> {
    /// Executes one opcode. The last one returns the root value.
    fn step(&mut self) -> Result<Option<Id>> {
        match self.byte()? {
            b'.' => return self.pop().map(Some),
            0x80 => match self.byte()? {
                2..=5 => {}
                version => return Err(fail(format!("found pickle protocol {version}, expected 2 to 5"))),
            },
            0x95 => drop(self.take(8)?), // the length of a frame, which is not needed
            b'(' => self.stack.push(None),
            b'0' => drop(self.stack.pop()),
            b'N' => self.push(Value::None)?,
            code @ (0x88 | 0x89) => self.push(Value::Bool(code == 0x88))?,
            b'J' => {
                let n = i32::from_le_bytes(self.array()?);
                self.push(Value::Int(n.into()))?;
            }
            b'K' => self.int(1)?,
            b'M' => self.int(2)?,
            0x8a => {
                let long = self.long()?;
                self.push(Value::Int(long))?;
            }
            b'G' => {
                let x = f64::from_be_bytes(self.array()?);
                self.push(Value::Float(x))?;
            }
            b'U' | b'C' | 0x8c => self.string(1)?,
            b'T' | b'B' | b'X' => self.string(4)?,
            0x8d | 0x8e => self.string(8)?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(Value::Global { module, name })?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (module, name) = (text(self.value(module))?, text(self.value(name))?);
                self.push(Value::Global { module, name })?;
            }
            b')' => self.push(Value::Tuple(Vec::new()))?,
            b']' | 0x8f => self.push(Value::List(Vec::new()))?,
            b'}' => self.push(Value::Dict(Vec::new()))?,
            code @ 0x85..=0x87 => {
                let start = self.stack.len().checked_sub((code - 0x84).into()).ok_or_else(missing)?;
                let items = self.stack.drain(start..).collect::<Option<_>>().ok_or_else(missing)?;
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
                let items = self.marked()?;
                self.push(Value::Dict(pairs(&items)))?;
            }
            code @ (b'a' | b'e' | 0x90) => {
                let items = if code == b'a' { vec![self.pop()?] } else { self.marked()? };
                match self.top()? {
                    Value::List(list) => list.extend(items),
                    other => return Err(fail(format!("expected a list, found {other}"))),
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
                    other => return Err(fail(format!("expected a dict, found {other}"))),
                }
            }
            b'q' => self.remember(1)?,
            b'r' => self.remember(4)?,
            0x94 => {
                let id = self.top_id()?;
                self.memo.insert(self.memo.len(), id);
            }
            b'h' => self.recall(1)?,
            b'j' => self.recall(4)?,
            b'Q' => {
                let id = self.pop()?;
                self.push(Value::Persistent(id))?;
            }
            b'R' | 0x81 => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                let made = match self.value(function) {
                    Value::Global { module: "collections", name: "OrderedDict" } => Value::Dict(Vec::new()),
                    _ => Value::Call { function, arguments, state: None },
                };
                self.push(made)?;
            }
            b'b' => {
                let filled = self.pop()?;
                // The attributes of a dict itself are ignored, such as `_metadata` of a state_dict.
                if let Value::Call { state, .. } = self.top()? {
                    *state = Some(filled);
                }
            }
            code => return Err(fail(format!("pickle code 0x{code:02x} describes no data"))),
        }
        Ok(None)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let taken =
            self.bytes[self.at..].get(..count).ok_or_else(|| fail("the pickle ends within a value"))?;
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn byte(&mut self) -> Result<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Reads an unsigned number of up to 8 bytes, little-endian.
    fn number(&mut self, width: usize) -> Result<usize> {
        let number = self.take(width)?.iter().rev().fold(0u64, |n, &byte| n << 8 | u64::from(byte));
        usize::try_from(number).map_err(|_| fail(format!("{number} is not a length on this machine")))
    }

    fn int(&mut self, width: usize) -> Result<()> {
        let n = self.number(width)?;
        self.push(Value::Int(n as i64))
    }

    /// Reads a signed integer of up to 8 bytes, little-endian.
    fn long(&mut self) -> Result<i64> {
        let length = self.byte()?;
        let bytes = self.take(length.into())?;
        if length > 8 {
            return Err(fail(format!("found an integer of {length} bytes, expected at most 8")));
        }
        let sign = if bytes.last().is_some_and(|&byte| byte >= 0x80) { 0xff } else { 0 };
        let mut wide = [sign; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        Ok(i64::from_le_bytes(wide))
    }

    fn string(&mut self, width: usize) -> Result<()> {
        let length = self.number(width)?;
        let bytes = self.take(length)?;
        self.push(Value::Bytes(bytes))
    }

    fn line(&mut self) -> Result<&'a str> {
        let length = self.bytes[self.at..].iter().position(|&byte| byte == b'\n');
        let line = self.take(length.ok_or_else(|| fail("a name does not end"))? + 1)?;
        std::str::from_utf8(&line[..line.len() - 1]).map_err(|_| fail("a name is not UTF-8"))
    }

    fn value(&self, id: Id) -> &Value<'a> {
        &self.values[id.0 as usize]
    }

    fn push(&mut self, value: Value<'a>) -> Result<()> {
        let id = u32::try_from(self.values.len()).map_err(|_| fail("more than 2^32 values"))?;
        self.values.push(value);
        self.stack.push(Some(Id(id)));
        Ok(())
    }

    fn pop(&mut self) -> Result<Id> {
        self.stack.pop().flatten().ok_or_else(missing)
    }

    fn top_id(&self) -> Result<Id> {
        self.stack.last().copied().flatten().ok_or_else(missing)
    }

    fn top(&mut self) -> Result<&mut Value<'a>> {
        let id = self.top_id()?;
        Ok(&mut self.values[id.0 as usize])
    }

    /// Stores the value on top of the stack in the memo.
    fn remember(&mut self, width: usize) -> Result<()> {
        let (key, id) = (self.number(width)?, self.top_id()?);
        self.memo.insert(key, id);
        Ok(())
    }

    /// Pushes a value of the memo.
    fn recall(&mut self, width: usize) -> Result<()> {
        let key = self.number(width)?;
        let id = *self.memo.get(&key).ok_or_else(|| fail(format!("nothing was kept as number {key}")))?;
        self.stack.push(Some(id));
        Ok(())
    }

    /// Removes the values down to the last mark.
    fn marked(&mut self) -> Result<Vec<Id>> {
        let mark = self.stack.iter().rposition(Option::is_none).ok_or_else(|| fail("a mark is missing"))?;
        Ok(self.stack.drain(mark..).flatten().collect())
    }
}

fn missing() -> Error {
    fail("an opcode takes a value where there is none")
}

fn pairs(items: &[Id]) -> Vec<(Id, Id)> {
    items.as_chunks().0.iter().map(|&[key, value]| (key, value)).collect()
}
