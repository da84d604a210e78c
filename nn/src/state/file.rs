//! Checkpoint files: writes safetensors atomically, and reads them and PyTorch's own files.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use taper_tensor::{DType, MappedFile, write_atomic};

use super::{Metadata, StateDict, bytes, torch};
use crate::{Error, Result};

/// Writes tensors to a `.safetensors` file, atomically: a reader never sees a part of it, and an older file of the
/// same name stays until the new one is complete.
///
/// ```
/// use taper_nn::{Linear, load, load_state_dict, save, state_dict};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("net.safetensors");
/// let net = Linear::new(3, 2)?;
/// save(&state_dict(&net), &path)?;
/// load_state_dict(&net, &load(&path)?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the file cannot be written.
pub fn save(state: &StateDict, path: impl AsRef<Path>) -> Result<()> {
    write(state, None, path.as_ref())
}

/// Writes tensors as [`save`] does, with texts and a checksum, so that [`load`] and [`load_with_metadata`] refuse
/// a file whose tensors were damaged.
///
/// ```
/// use taper_nn::{Metadata, StateDict, load_with_metadata, save_with_metadata};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("net.safetensors");
/// let metadata = Metadata::from([("epoch".to_owned(), "2".to_owned())]);
/// save_with_metadata(&StateDict::new(), &metadata, &path)?;
/// assert_eq!(load_with_metadata(&path)?.1["epoch"], "2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the file cannot be written.
pub fn save_with_metadata(state: &StateDict, metadata: &Metadata, path: impl AsRef<Path>) -> Result<()> {
    write(state, Some(metadata), path.as_ref())
}

fn write(state: &StateDict, metadata: Option<&Metadata>, path: &Path) -> Result<()> {
    let mut data = Vec::with_capacity(state.len());
    for (name, tensor) in state {
        data.push((name, to_safetensors(tensor.dtype()), tensor.size().to_vec(), bytes::to_bytes(tensor)?));
    }
    let mut texts = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    if let Some(metadata) = metadata {
        texts.extend(metadata.clone());
        texts.insert(CHECKSUM.to_owned(), checksum(data.iter().map(|(name, .., bytes)| (*name, &bytes[..]))));
    }
    let refused = |e: safetensors::SafeTensorError| broken(path, e);
    let mut views = Vec::with_capacity(data.len());
    for (name, dtype, shape, bytes) in &data {
        views.push((name, TensorView::new(*dtype, shape.clone(), bytes).map_err(refused)?));
    }
    let mut file = safetensors::serialize(views, Some(texts.clone())).map_err(refused)?;
    sort_texts(&mut file, &texts.into_iter().collect());
    write_atomic(path, &file).map_err(|source| Error::Io { path: path.to_owned(), source })
}

/// Sorts the texts by their keys: safetensors writes them in the order of a hash map, so that two files of the
/// same content would differ.
fn sort_texts(file: &mut [u8], texts: &Metadata) {
    const START: &[u8] = br#"{"__metadata__":"#;
    let sorted = serde_json::json!(texts).to_string();
    // The first bytes are the header's length, and the texts come first in it.
    let place = file.get_mut(8..).filter(|header| header.starts_with(START));
    if let Some(place) = place.and_then(|header| header[START.len()..].get_mut(..sorted.len())) {
        place.copy_from_slice(sorted.as_bytes());
    }
}

/// The metadata's key of the checksum.
const CHECKSUM: &str = "crc32";

/// Computes the checksum of the names and bytes of tensors, in the order of the names.
fn checksum<'a>(tensors: impl Iterator<Item = (&'a String, &'a [u8])>) -> String {
    let mut sum = flate2::Crc::new();
    for (name, bytes) in tensors {
        sum.update(name.as_bytes());
        sum.update(bytes);
    }
    format!("{:08x}", sum.sum())
}

/// Reads the tensors of a `.safetensors` file, or of one that `torch.save(model.state_dict(), path)` wrote; the
/// content tells which it is. Nothing in the file is executed. In a checkpoint that holds more, such as the
/// optimiser's state, the tensors of inner dicts get dotted names, and values that are not tensors are skipped.
///
/// # Errors
/// When there is no such file, or it is damaged, or holds a whole model rather than its tensors.
pub fn load(path: impl AsRef<Path>) -> Result<StateDict> {
    Ok(load_with_metadata(path)?.0)
}

/// Reads the tensors as [`load`] does, and the texts of a `.safetensors` file; a file of PyTorch's own has none.
///
/// # Errors
/// When there is no such file, or it is damaged, or holds a whole model rather than its tensors.
pub fn load_with_metadata(path: impl AsRef<Path>) -> Result<(StateDict, Metadata)> {
    let path = path.as_ref();
    let content = MappedFile::open(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    parse(path, &content)
}

/// Reads the tensors from the content of a file, as [`load`] does.
///
/// # Errors
/// When the content is damaged, or holds a whole model rather than its tensors.
pub fn load_bytes(content: &[u8]) -> Result<StateDict> {
    Ok(parse(Path::new("checkpoint"), content)?.0)
}

fn parse(path: &Path, content: &[u8]) -> Result<(StateDict, Metadata)> {
    let damaged = |message: String| Error::Checkpoint { path: path.to_owned(), message };
    if let Some(state) = torch::read(content) {
        return Ok((state.map_err(damaged)?, Metadata::new()));
    }
    let file = SafeTensors::deserialize(content).map_err(|e| broken(path, e))?;
    let mut state = StateDict::new();
    for (name, view) in file.iter() {
        let dtype = from_safetensors(view.dtype()).ok_or_else(|| {
            damaged(format!("tensor {name} has the dtype {:?}, which is not supported", view.dtype()))
        })?;
        state.insert(name.to_owned(), bytes::from_bytes(dtype, view.shape(), view.data())?);
    }
    let (_, header) = SafeTensors::read_metadata(content).map_err(|e| broken(path, e))?;
    let metadata: Metadata = header.metadata().clone().unwrap_or_default().into_iter().collect();
    if let Some(expected) = metadata.get(CHECKSUM) {
        let views: BTreeMap<String, _> = file.tensors().into_iter().collect();
        let sum = checksum(views.iter().map(|(name, view)| (name, view.data())));
        if sum != *expected {
            return Err(damaged(format!(
                "it is damaged: the tensors' checksum is {sum}, expected {expected}"
            )));
        }
    }
    Ok((state, metadata))
}

fn broken(path: &Path, error: safetensors::SafeTensorError) -> Error {
    Error::Checkpoint {
        path: path.to_owned(),
        message: format!("no whole safetensors file ({error}), and none of PyTorch's"),
    }
}

fn to_safetensors(dtype: DType) -> Dtype {
    match dtype {
        DType::Bool => Dtype::BOOL,
        DType::U8 => Dtype::U8,
        DType::U32 => Dtype::U32,
        DType::I32 => Dtype::I32,
        DType::I64 => Dtype::I64,
        DType::F16 => Dtype::F16,
        DType::BF16 => Dtype::BF16,
        DType::F32 => Dtype::F32,
        DType::F64 => Dtype::F64,
    }
}

fn from_safetensors(dtype: Dtype) -> Option<DType> {
    Some(match dtype {
        Dtype::BOOL => DType::Bool,
        Dtype::U8 => DType::U8,
        Dtype::U32 => DType::U32,
        Dtype::I32 => DType::I32,
        Dtype::I64 => DType::I64,
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        Dtype::F32 => DType::F32,
        Dtype::F64 => DType::F64,
        _ => return None,
    })
}
