//! `.npy` and `.npz` files.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::npy;
use crate::{Error, Result, Tensor};

fn failed<E: std::fmt::Display>(op: &'static str, path: &Path) -> impl FnOnce(E) -> Error {
    move |e| Error::value(op, format!("{}: {e}", path.display()))
}

impl Tensor {
    /// Reads the array in a `.npy` file, of either byte order and either memory order. Elements of a type
    /// without a dtype become the next larger type.
    ///
    /// # Errors
    /// If the file cannot be read, is not a `.npy` file, or contains Python objects, records or text.
    pub fn read_npy(path: impl AsRef<Path>) -> Result<Self> {
        let (op, path) = ("read_npy", path.as_ref());
        npy::decode(&std::fs::read(path).map_err(failed(op, path))?).map_err(failed(op, path))
    }

    /// Writes a `.npy` file, which NumPy can read. NumPy has no bfloat16; it is written as float32.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_npy(&self, path: impl AsRef<Path>) -> Result<()> {
        let (op, path) = ("write_npy", path.as_ref());
        std::fs::write(path, npy::encode(self)?).map_err(failed(op, path))
    }

    /// Reads the arrays in a `.npz` file with their names, in the order of the file.
    ///
    /// # Errors
    /// If the file cannot be read, is not a `.npz` file, contains Python objects, records or text, or an
    /// entry is larger than announced.
    pub fn read_npz(path: impl AsRef<Path>) -> Result<Vec<(String, Self)>> {
        let (op, path) = ("read_npz", path.as_ref());
        let file = File::open(path).map_err(failed(op, path))?;
        let mut archive = ZipArchive::new(file).map_err(failed(op, path))?;
        let mut arrays = vec![];
        for i in 0..archive.len() {
            let mut entry = archive.by_index(i).map_err(failed(op, path))?;
            let name = entry.name().map_err(failed(op, path))?.into_owned();
            // Memory is allocated as the bytes arrive, up to the announced size.
            let (size, mut bytes) = (entry.size(), vec![]);
            entry.by_ref().take(size.saturating_add(1)).read_to_end(&mut bytes).map_err(failed(op, path))?;
            if bytes.len() as u64 != size {
                return Err(failed(op, path)(format!(
                    "got {name:?} of another length than the {size} bytes that it announces"
                )));
            }
            let x = npy::decode(&bytes).map_err(failed(op, path))?;
            arrays.push((name.strip_suffix(".npy").unwrap_or(&name).to_owned(), x));
        }
        Ok(arrays)
    }

    /// Writes named arrays to a `.npz` file, which NumPy's `load` can read. With `compress`, it is compressed
    /// as by `savez_compressed`.
    ///
    /// # Errors
    /// If the file cannot be written, or two arrays have the same name.
    pub fn write_npz<S: AsRef<str>>(
        path: impl AsRef<Path>,
        arrays: impl IntoIterator<Item = (S, Self)>,
        compress: bool,
    ) -> Result<()> {
        let (op, path) = ("write_npz", path.as_ref());
        let mut archive = ZipWriter::new(File::create(path).map_err(failed(op, path))?);
        let method = if compress { CompressionMethod::Deflated } else { CompressionMethod::Stored };
        let options = SimpleFileOptions::default().compression_method(method);
        for (name, x) in arrays {
            let bytes = npy::encode(&x)?;
            let options = options.large_file(bytes.len() >= 1 << 32);
            archive.start_file(format!("{}.npy", name.as_ref()), options).map_err(failed(op, path))?;
            archive.write_all(&bytes).map_err(failed(op, path))?;
        }
        archive.finish().map(drop).map_err(failed(op, path))
    }
}
