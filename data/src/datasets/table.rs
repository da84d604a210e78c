//! Reads files of records of one length, each a label and a picture, as CIFAR and MNIST have.

use crate::{Error, Image, Result};
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Mutex,
};

/// Selects a part of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// The training pictures.
    Train,
    /// The test pictures.
    Test,
}

/// Selects where a dataset's pictures stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// In memory, read once.
    #[default]
    Memory,
    /// In their files: a picture is read when it is asked for. The system caches the files, as it does for a memory
    /// map; but a file that shrinks gives an error here, where a memory map would crash.
    Disk,
}

/// Pictures of one size with their labels.
#[derive(Debug)]
pub(crate) struct Table {
    size: [usize; 3],
    labels: Vec<u8>,
    /// The parts in order; the first one has the pictures `0..count`.
    parts: Vec<Part>,
}

/// Picture `i` is at `start + i * stride`.
#[derive(Debug)]
pub(crate) struct Part {
    pub count: usize,
    pub start: usize,
    pub stride: usize,
    pub pixels: Pixels,
}

#[derive(Debug)]
pub(crate) enum Pixels {
    Memory(Vec<u8>),
    Disk(Mutex<File>, PathBuf),
}

impl Pixels {
    /// Keeps or drops the bytes of a file that were read for checking.
    pub fn new(storage: Storage, path: &Path, bytes: Vec<u8>) -> Result<Self> {
        match storage {
            Storage::Memory => Ok(Self::Memory(bytes)),
            Storage::Disk => {
                let file = File::open(path).map_err(Error::io("open", path))?;
                Ok(Self::Disk(Mutex::new(file), path.to_path_buf()))
            }
        }
    }

    fn read(&self, start: usize, len: usize) -> Result<Vec<u8>> {
        match self {
            Self::Memory(bytes) => Ok(bytes[start..start + len].to_vec()),
            Self::Disk(file, path) => {
                let mut file = file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                let mut bytes = vec![0; len];
                file.seek(SeekFrom::Start(start as u64)).map_err(Error::io("read", path))?;
                file.read_exact(&mut bytes).map_err(Error::io("read", path))?;
                Ok(bytes)
            }
        }
    }
}

impl Table {
    /// Makes a table of pictures of `size` (channels, height, width), in parts, with all labels.
    pub fn new(size: [usize; 3], labels: Vec<u8>, parts: Vec<Part>) -> Self {
        debug_assert_eq!(labels.len(), parts.iter().map(|part| part.count).sum::<usize>());
        Self { size, labels, parts }
    }

    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn labels(&self) -> impl ExactSizeIterator<Item = i64> + '_ {
        self.labels.iter().map(|&label| i64::from(label))
    }

    /// Returns the picture and label at an index that is in range.
    pub fn get(&self, index: usize) -> Result<(Image, i64)> {
        let (mut part, mut at) = (0, index);
        while at >= self.parts[part].count {
            at -= self.parts[part].count;
            part += 1;
        }
        let Part { start, stride, pixels, .. } = &self.parts[part];
        let bytes = pixels.read(start + at * stride, self.size.iter().product())?;
        Ok((Image::new(self.size, bytes)?, i64::from(self.labels[index])))
    }
}

/// Reads a file; the error for a missing one says how to get it.
pub(crate) fn read(path: &Path, package: &str) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => missing(path, package),
        _ => Error::Io { action: "read", path: path.to_path_buf(), source },
    })
}

/// Makes the error of a dataset that was not fetched.
pub(crate) fn missing(path: &Path, package: &str) -> Error {
    Error::format(path, format!("the file is missing: `cargo xtask fetch {package}` gets it"))
}

/// Implements the methods of every dataset in a table.
macro_rules! table_dataset {
    ($name:ident) => {
        impl $name {
            /// Returns the number of each sample's class.
            pub fn labels(&self) -> Vec<i64> {
                self.0.labels().collect()
            }
        }

        impl crate::Dataset for $name {
            type Sample = (crate::Image, i64);

            fn len(&self) -> usize {
                self.0.len()
            }

            fn get(&self, index: usize, _rng: &mut crate::Rng) -> crate::Result<Self::Sample> {
                self.check(index)?;
                self.0.get(index)
            }
        }
    };
}
pub(crate) use table_dataset;
