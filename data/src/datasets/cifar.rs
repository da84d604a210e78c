//! CIFAR-10: 60,000 colour pictures of 32x32 in ten classes (Krizhevsky, "Learning multiple layers of
//! features from tiny images", 2009), in the authors' binary format.

use super::table::{Part, Pixels, Split, Storage, Table, read, table_dataset};
use crate::{Error, Result};
use std::path::Path;

/// A record is one byte of label, then the red, the green and the blue plane.
const PICTURE: usize = 3 * 32 * 32;
const RECORD: usize = 1 + PICTURE;
/// Records in each official file.
const RECORDS: usize = 10_000;

/// CIFAR-10, from the folder `cifar-10-batches-bin` that `cargo xtask fetch cifar10` fills.
///
/// ```no_run
/// use taper_data::{Cifar10, Dataset};
/// let train = Cifar10::train("data")?;
/// let (image, label) = train.at(0)?;
/// println!("{:?} shows a {}", image.size(), Cifar10::CLASSES[label as usize]);
/// # Ok::<(), taper_data::Error>(())
/// ```
#[derive(Debug)]
pub struct Cifar10(Table);

impl Cifar10 {
    /// The names of the classes, by their numbers.
    pub const CLASSES: [&'static str; 10] =
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    /// The 50,000 training pictures.
    ///
    /// # Errors
    /// As [`open`](Cifar10::open).
    pub fn train(dir: impl AsRef<Path>) -> Result<Self> {
        Self::open(dir, Split::Train, Storage::Memory)
    }

    /// The 10,000 test pictures.
    ///
    /// # Errors
    /// As [`open`](Cifar10::open).
    pub fn test(dir: impl AsRef<Path>) -> Result<Self> {
        Self::open(dir, Split::Test, Storage::Memory)
    }

    /// The pictures of a split. `dir` holds the folder `cifar-10-batches-bin`, or is that folder.
    ///
    /// # Errors
    /// When a file is missing, has another size than the official one, or has a label above 9.
    pub fn open(dir: impl AsRef<Path>, split: Split, storage: Storage) -> Result<Self> {
        let names: &[&str] = match split {
            Split::Train => &crate::fetch::CIFAR10_FILES[..5],
            Split::Test => &crate::fetch::CIFAR10_FILES[5..],
        };
        let folder = dir.as_ref().join("cifar-10-batches-bin");
        let folder =
            if !folder.is_dir() && dir.as_ref().join(names[0]).is_file() { dir.as_ref() } else { &folder };
        let (mut labels, mut parts) = (Vec::new(), Vec::new());
        for name in names {
            let path = folder.join(name);
            let bytes = read(&path, "cifar10")?;
            labels.extend(check(&path, &bytes)?);
            let pixels = Pixels::new(storage, &path, bytes)?;
            parts.push(Part { count: RECORDS, start: 1, stride: RECORD, pixels });
        }
        Ok(Self(Table::new([3, 32, 32], labels, parts)))
    }
}

table_dataset!(Cifar10);

/// The labels of a batch file, all checked.
fn check(path: &Path, bytes: &[u8]) -> Result<Vec<u8>> {
    if bytes.len() != RECORDS * RECORD {
        let fault = if bytes.len() < RECORDS * RECORD { "cut short" } else { "too long" };
        let message = format!(
            "the file is {fault}: {} bytes, expected {} ({RECORDS} records of {RECORD}); \
             `cargo xtask fetch cifar10` gets it anew",
            bytes.len(),
            RECORDS * RECORD
        );
        return Err(Error::format(path, message));
    }
    let labels: Vec<u8> = bytes.iter().step_by(RECORD).copied().collect();
    match labels.iter().position(|&label| label > 9) {
        None => Ok(labels),
        Some(record) => {
            let message = format!("record {record} has label {}, expected 0 to 9", labels[record]);
            Err(Error::format(path, message))
        }
    }
}
