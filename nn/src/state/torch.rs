//! Reads PyTorch's own checkpoint files, `.pt` and `.pth`: a pickle that describes tensors, and the bytes of their
//! storages; in a zip archive since version 1.6, one after the other before.

use std::collections::HashMap;

use taper_pickle::{Id, Pickle, Value};
use taper_tensor::{DType, Tensor};

use super::zip::Archive;
use super::{StateDict, bytes};

/// The first bytes of a file of before version 1.6: a pickle of a number.
const LEGACY: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

/// Returns the tensors of a file, if it begins as PyTorch's do.
pub fn read(file: &[u8]) -> Option<Result<StateDict, String>> {
    if file.starts_with(b"PK\x03\x04") {
        Some(read_zip(file))
    } else {
        file.strip_prefix(LEGACY).map(read_legacy)
    }
}

fn read_zip(file: &[u8]) -> Result<StateDict, String> {
    let archive = Archive::read(file)?;
    // All entries lie in one folder, named after the file that was written.
    let folder = archive.names().find_map(|name| name.strip_suffix("data.pkl"));
    let folder = folder.ok_or("the archive has no data.pkl: it is not a checkpoint of PyTorch")?;
    if archive.get(&format!("{folder}byteorder")).is_ok_and(|order| order == b"big") {
        return Err("the numbers are in big-endian order, which is not supported".into());
    }
    let pickle = Pickle::read(archive.get(&format!("{folder}data.pkl"))?)?;
    let mut storages = HashMap::new();
    for key in storage_keys(&pickle)? {
        storages.insert(key, archive.get(&format!("{folder}data/{key}"))?);
    }
    Reader { pickle: &pickle, storages, budget: file.len(), known: HashMap::new() }.state_dict()
}

fn read_legacy(mut rest: &[u8]) -> Result<StateDict, String> {
    let mut next = || {
        let pickle = Pickle::read(rest)?;
        rest = &rest[pickle.length()..];
        Ok::<_, String>(pickle)
    };
    // The protocol's version, the writing system, the object, the storages' keys in order.
    let (_, _, pickle, keys) = (next()?, next()?, next()?, next()?);
    let size = rest.len();
    let sizes = storage_sizes(&pickle)?;
    let mut storages = HashMap::new();
    for &key in keys.items(keys.root())? {
        let key = keys.text(key)?;
        let width = sizes.get(key).ok_or_else(|| format!("storage {key} belongs to no tensor"))?;
        let (count, data) = rest.split_first_chunk().ok_or("the file ends before its last storage")?;
        let length =
            usize::try_from(u64::from_le_bytes(*count)).ok().and_then(|count| count.checked_mul(*width));
        let (data, after) = length
            .and_then(|length| data.split_at_checked(length))
            .ok_or("the file ends within a storage")?;
        storages.insert(key, data);
        rest = after;
    }
    Reader { pickle: &pickle, storages, budget: size, known: HashMap::new() }.state_dict()
}

/// A storage as the pickle names it.
struct Storage<'a> {
    key: &'a str,
    dtype: DType,
}

/// Reads a persistent id, `("storage", type, key, device, number of elements, ...)`.
fn storage<'a>(pickle: &Pickle<'a>, id: Id) -> Result<Storage<'a>, String> {
    let &[kind, class, key, ..] = pickle.items(id)? else {
        return Err("a persistent id has too few parts".into());
    };
    if pickle.text(kind)? != "storage" {
        return Err(format!("expected a storage, found {}", pickle.get(kind)));
    }
    let Value::Global { module, name } = *pickle.get(class) else {
        return Err(format!("expected a type of storage, found {}", pickle.get(class)));
    };
    let dtype = match (module, name) {
        ("torch", "FloatStorage") => DType::F32,
        ("torch", "DoubleStorage") => DType::F64,
        ("torch", "HalfStorage") => DType::F16,
        ("torch", "BFloat16Storage") => DType::BF16,
        ("torch", "LongStorage") => DType::I64,
        ("torch", "IntStorage") => DType::I32,
        ("torch", "ByteStorage") => DType::U8,
        ("torch", "BoolStorage") => DType::Bool,
        _ => return Err(format!("{module}.{name} is not supported")),
    };
    Ok(Storage { key: pickle.text(key)?, dtype })
}

fn storages<'p, 'a>(
    pickle: &'p Pickle<'a>,
) -> impl Iterator<Item = Result<Storage<'a>, String>> + use<'p, 'a> {
    let ids = pickle
        .values()
        .iter()
        .filter_map(|value| if let Value::Persistent(id) = value { Some(*id) } else { None });
    ids.map(|id| storage(pickle, id))
}

fn storage_keys<'a>(pickle: &Pickle<'a>) -> Result<Vec<&'a str>, String> {
    let mut keys = storages(pickle).map(|storage| Ok(storage?.key)).collect::<Result<Vec<_>, String>>()?;
    keys.sort_unstable();
    keys.dedup();
    Ok(keys)
}

fn storage_sizes<'a>(pickle: &Pickle<'a>) -> Result<HashMap<&'a str, usize>, String> {
    storages(pickle).map(|storage| storage.map(|s| (s.key, s.dtype.size_in_bytes()))).collect()
}

struct Reader<'p, 'a> {
    pickle: &'p Pickle<'a>,
    storages: HashMap<&'a str, &'a [u8]>,
    /// The bytes that tensors may still take, together no more than the file: a damaged one could view a small
    /// storage as many large tensors.
    budget: usize,
    /// Tensors that were made already: a shared one is shared again.
    known: HashMap<Id, Tensor>,
}

/// Levels of dicts in dicts; a checkpoint of a whole training run has three.
const LEVELS: usize = 16;

impl Reader<'_, '_> {
    fn state_dict(mut self) -> Result<StateDict, String> {
        let mut state = StateDict::new();
        if !matches!(self.pickle.get(self.pickle.root()), Value::Dict(_)) {
            return Err("it holds no dict of tensors; save model.state_dict(), not the model itself".into());
        }
        // A dict that is in several others, many times over, is read no more often than there are values.
        let mut left = self.pickle.values().len();
        self.collect(self.pickle.root(), "", LEVELS, &mut left, &mut state)?;
        Ok(state)
    }

    /// Collects the tensors of a dict, those of inner dicts under dotted names; skips other values.
    fn collect(
        &mut self,
        id: Id,
        prefix: &str,
        levels: usize,
        left: &mut usize,
        state: &mut StateDict,
    ) -> Result<(), String> {
        let Value::Dict(entries) = self.pickle.get(id) else { return Ok(()) };
        let Some(levels) = levels.checked_sub(1) else {
            return Err(format!("dicts lie within dicts more than {LEVELS} deep"));
        };
        for &(key, value) in entries {
            *left = left.checked_sub(1).ok_or("dicts lie within dicts too many times")?;
            let name = match self.pickle.get(key) {
                Value::Bytes(_) => format!("{prefix}{}", self.pickle.text(key)?),
                Value::Int(n) => format!("{prefix}{n}"),
                other => return Err(format!("expected a name, found {other}")),
            };
            match self.pickle.get(value) {
                Value::Dict(_) => self.collect(value, &format!("{name}."), levels, left, state)?,
                Value::Call { .. } => {
                    let tensor = self.tensor(value).map_err(|message| format!("{name}: {message}"))?;
                    state.insert(name, tensor);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn tensor(&mut self, id: Id) -> Result<Tensor, String> {
        if let Some(tensor) = self.known.get(&id) {
            return Ok(tensor.clone());
        }
        let (module, name, arguments) = self.call(id)?;
        let tensor = match (module, name, arguments) {
            ("torch._utils", "_rebuild_tensor_v2", &[storage, offset, size, stride, ..]) => {
                self.rebuild(storage, offset, size, stride)?
            }
            // A parameter is a tensor with a flag; one of a parameter there is not.
            ("torch._utils", "_rebuild_parameter", &[inner, ..]) => match self.call(inner)? {
                ("torch._utils", "_rebuild_tensor_v2", _) => self.tensor(inner)?,
                (module, name, _) => {
                    return Err(format!("a parameter made by {module}.{name} is not supported"));
                }
            },
            _ => {
                return Err(format!(
                    "{module}.{name} makes no tensor; save model.state_dict(), not the model itself"
                ));
            }
        };
        self.known.insert(id, tensor.clone());
        Ok(tensor)
    }

    /// Returns the function of a call, and its arguments.
    fn call(&self, id: Id) -> Result<(&str, &str, &[Id]), String> {
        let Value::Call { function, arguments, .. } = *self.pickle.get(id) else {
            return Err(format!("expected a tensor, found {}", self.pickle.get(id)));
        };
        match *self.pickle.get(function) {
            Value::Global { module, name } => Ok((module, name, self.pickle.items(arguments)?)),
            ref other => Err(format!("expected a function, found {other}")),
        }
    }

    /// Copies the elements at `offset + Σ index · stride` of a storage.
    fn rebuild(&mut self, persistent: Id, offset: Id, size: Id, stride: Id) -> Result<Tensor, String> {
        let pickle = self.pickle;
        let Value::Persistent(id) = *pickle.get(persistent) else {
            return Err(format!("expected a storage, found {}", pickle.get(persistent)));
        };
        let Storage { key, dtype } = storage(pickle, id)?;
        let data = *self.storages.get(key).ok_or_else(|| format!("there is no storage {key}"))?;
        let numbers = |id| {
            pickle.items(id)?.iter().map(|&id| pickle.size(id)).collect::<taper_pickle::Result<Vec<_>>>()
        };
        let (offset, size, stride) = (pickle.size(offset)?, numbers(size)?, numbers(stride)?);
        if size.len() != stride.len() {
            return Err(format!("it has sizes {size:?} and strides {stride:?}"));
        }
        let width = dtype.size_in_bytes();
        let outside =
            || format!("sizes {size:?}, strides {stride:?} and offset {offset} do not fit its storage");
        let count = size.iter().try_fold(1usize, |n, &s| n.checked_mul(s)).ok_or_else(outside)?;
        let length = count.checked_mul(width).ok_or_else(outside)?;
        self.budget = self
            .budget
            .checked_sub(length)
            .ok_or("tensors view the same bytes more often than the file is long")?;
        if count == 0 {
            return bytes::from_bytes(dtype, &size, &[]).map_err(|e| e.to_string());
        }
        let last = size
            .iter()
            .zip(&stride)
            .try_fold(offset, |at, (s, stride)| at.checked_add((s - 1).checked_mul(*stride)?));
        let end =
            last.and_then(|last| last.checked_add(1)?.checked_mul(width)).filter(|&end| end <= data.len());
        end.ok_or_else(outside)?;
        let contiguous =
            (0..size.len()).all(|d| size[d] == 1 || stride[d] == size[d + 1..].iter().product::<usize>());
        let tensor = if contiguous {
            bytes::from_bytes(dtype, &size, &data[offset * width..][..length])
        } else {
            let mut gathered = Vec::with_capacity(length);
            for i in 0..count {
                let (mut rest, mut at) = (i, offset);
                for (s, stride) in size.iter().zip(&stride).rev() {
                    at += rest % s * stride;
                    rest /= s;
                }
                gathered.extend_from_slice(&data[at * width..][..width]);
            }
            bytes::from_bytes(dtype, &size, &gathered)
        };
        tensor.map_err(|e| e.to_string())
    }
}
