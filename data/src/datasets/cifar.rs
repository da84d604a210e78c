//! Reads CIFAR-10 and CIFAR-100: 60,000 colour pictures of 32x32 (Krizhevsky, "Learning multiple layers of
//! features from tiny images", 2009), in the authors' binary format or their Python format.

use super::table::{Part, Pixels, Split, Storage, Table, missing, read, table_dataset};
use crate::{Error, Result};
use std::path::Path;
use taper_pickle::{Id, Pickle, Value};

const PICTURE: usize = 3 * 32 * 32;

/// CIFAR-10, from the folder `cifar-10-batches-bin` that `cargo xtask fetch cifar10` fills, or from
/// `cifar-10-batches-py`, which PyTorch's users have.
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

    /// Opens the 50,000 training pictures.
    ///
    /// # Errors
    /// When a file is missing, has another size than the official one, or has a label above 9.
    pub fn train(dir: impl AsRef<Path>) -> Result<Self> {
        Self::open(dir, Split::Train, Storage::Memory)
    }

    /// Opens the 10,000 test pictures.
    ///
    /// # Errors
    /// When a file is missing, has another size than the official one, or has a label above 9.
    pub fn test(dir: impl AsRef<Path>) -> Result<Self> {
        Self::open(dir, Split::Test, Storage::Memory)
    }

    /// Opens the pictures of a split. `dir` holds the folder `cifar-10-batches-bin` or `cifar-10-batches-py`, or is
    /// such a folder.
    ///
    /// # Errors
    /// When a file is missing, has another size than the official one, or has a label above 9.
    pub fn open(dir: impl AsRef<Path>, split: Split, storage: Storage) -> Result<Self> {
        let files = match split {
            Split::Train => &crate::fetch::CIFAR10_FILES[..5],
            Split::Test => &crate::fetch::CIFAR10_FILES[5..],
        };
        Ok(Self(CIFAR10.open(dir.as_ref(), files, 10_000, storage)?))
    }
}

table_dataset!(Cifar10);

/// CIFAR-100, from the folder `cifar-100-binary` that `cargo xtask fetch cifar100` fills, or from
/// `cifar-100-python`, which PyTorch's users have. Labels are the fine ones.
#[derive(Debug)]
pub struct Cifar100(Table);

impl Cifar100 {
    /// The names of the classes, by their numbers.
    #[rustfmt::skip]
    pub const CLASSES: [&'static str; 100] = [
        "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle",
        "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle",
        "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur",
        "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard",
        "lamp", "lawn_mower", "leopard", "lion", "lizard", "lobster", "man", "maple_tree", "motorcycle",
        "mountain", "mouse", "mushroom", "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear",
        "pickup_truck", "pine_tree", "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon",
        "ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail",
        "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone",
        "television", "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale",
        "willow_tree", "wolf", "woman", "worm",
    ];

    /// Opens the 50,000 training pictures.
    ///
    /// # Errors
    /// When a file is missing, has another size than the official one, or has a label above 99.
    pub fn train(dir: impl AsRef<Path>) -> Result<Self> {
        Self::open(dir, Split::Train, Storage::Memory)
    }

    /// Opens the 10,000 test pictures.
    ///
    /// # Errors
    /// When a file is missing, has another size than the official one, or has a label above 99.
    pub fn test(dir: impl AsRef<Path>) -> Result<Self> {
        Self::open(dir, Split::Test, Storage::Memory)
    }

    /// Opens the pictures of a split. `dir` holds the folder `cifar-100-binary` or `cifar-100-python`, or is such a
    /// folder.
    ///
    /// # Errors
    /// When a file is missing, has another size than the official one, or has a label above 99.
    pub fn open(dir: impl AsRef<Path>, split: Split, storage: Storage) -> Result<Self> {
        let (file, count) = match split {
            Split::Train => ("train.bin", 50_000),
            Split::Test => ("test.bin", 10_000),
        };
        Ok(Self(CIFAR100.open(dir.as_ref(), &[file], count, storage)?))
    }
}

table_dataset!(Cifar100);

/// The file format of one of the two.
struct Format {
    package: &'static str,
    binary: &'static str,
    python: &'static str,
    /// The number of label bytes before each picture; the last one counts.
    labels: usize,
    /// The labels' name in the Python format.
    key: &'static str,
    classes: u8,
}

const CIFAR10: Format = Format {
    package: "cifar10",
    binary: "cifar-10-batches-bin",
    python: "cifar-10-batches-py",
    labels: 1,
    key: "labels",
    classes: 10,
};

const CIFAR100: Format = Format {
    package: "cifar100",
    binary: "cifar-100-binary",
    python: "cifar-100-python",
    labels: 2,
    key: "fine_labels",
    classes: 100,
};

impl Format {
    fn open(&self, dir: &Path, files: &[&str], count: usize, storage: Storage) -> Result<Table> {
        let python = |name: &str| name.trim_end_matches(".bin").to_string();
        let [binary_folder, python_folder] = [self.binary, self.python].map(|folder| dir.join(folder));
        // The first folder that has the first file.
        let places = [(&*binary_folder, false), (dir, false), (&*python_folder, true), (dir, true)];
        let found = places.into_iter().find(|(folder, in_python)| {
            folder.join(if *in_python { python(files[0]) } else { files[0].to_string() }).is_file()
        });
        let (folder, in_python) =
            found.ok_or_else(|| missing(&binary_folder.join(files[0]), self.package))?;
        let (mut labels, mut parts) = (Vec::new(), Vec::new());
        for name in files {
            let (numbers, part) = match in_python {
                true => self.pickled(&folder.join(python(name)), count)?,
                false => self.binary(&folder.join(name), count, storage)?,
            };
            labels.extend(numbers);
            parts.push(part);
        }
        Ok(Table::new([3, 32, 32], labels, parts))
    }

    /// Reads a binary file: for each picture its labels, then its red, its green and its blue plane.
    fn binary(&self, path: &Path, count: usize, storage: Storage) -> Result<(Vec<u8>, Part)> {
        let (bytes, record) = (read(path, self.package)?, self.labels + PICTURE);
        if bytes.len() != count * record {
            let fault = if bytes.len() < count * record { "cut short" } else { "too long" };
            let message = format!(
                "the file is {fault}: {} bytes, expected {} ({count} records of {record}); \
                 `cargo xtask fetch {}` gets it anew",
                bytes.len(),
                count * record,
                self.package
            );
            return Err(Error::format(path, message));
        }
        let labels = bytes.iter().skip(self.labels - 1).step_by(record).copied().collect();
        let labels = self.check(path, labels)?;
        let pixels = Pixels::new(storage, path, bytes)?;
        Ok((labels, Part { count, start: self.labels, stride: record, pixels }))
    }

    /// Reads a pickled dictionary: a NumPy array of the same planes, and a list of labels.
    fn pickled(&self, path: &Path, count: usize) -> Result<(Vec<u8>, Part)> {
        let bytes = read(path, self.package)?;
        let batch = Pickle::read(&bytes)
            .map_err(|e| Error::format(path, format!("no pickle of a CIFAR batch: {e}")))?;
        let data = batch.entry(batch.root(), "data").and_then(|data| array(&batch, data));
        let labels = batch.entry(batch.root(), self.key).and_then(|labels| batch.items(labels).ok());
        let (Some(data), Some(labels)) = (data, labels) else {
            let key = self.key;
            let message =
                format!("cannot be read as a CIFAR batch: it has no array `data` or no list `{key}`");
            return Err(Error::format(path, message));
        };
        if data.len() != count * PICTURE || labels.len() != count {
            let (bytes, labels) = (data.len(), labels.len());
            let message = format!("{bytes} bytes of pictures and {labels} labels, expected {count} pictures");
            return Err(Error::format(path, message));
        }
        // A value that is not a small number becomes one that the check refuses.
        let number = |&label: &Id| batch.size(label).ok().and_then(|n| n.try_into().ok()).unwrap_or(u8::MAX);
        let labels = self.check(path, labels.iter().map(number).collect())?;
        Ok((labels, Part { count, start: 0, stride: PICTURE, pixels: Pixels::Memory(data.to_vec()) }))
    }

    fn check(&self, path: &Path, labels: Vec<u8>) -> Result<Vec<u8>> {
        match labels.iter().position(|&label| label >= self.classes) {
            None => Ok(labels),
            Some(record) => {
                let message = format!(
                    "record {record} has label {}, expected 0 to {}",
                    labels[record],
                    self.classes - 1
                );
                Err(Error::format(path, message))
            }
        }
    }
}

/// Finds the elements of a NumPy array: the longest string in its description.
fn array<'a>(pickle: &Pickle<'a>, id: Id) -> Option<&'a [u8]> {
    let Value::Call { state: Some(state), .. } = *pickle.get(id) else { return None };
    let bytes = |&part: &Id| if let Value::Bytes(bytes) = *pickle.get(part) { Some(bytes) } else { None };
    pickle.items(state).ok()?.iter().filter_map(bytes).max_by_key(|bytes| bytes.len())
}
