//! Reads MNIST and the datasets in its format: grey pictures of 28x28 in ten classes.

use super::{
    idx,
    table::{Part, Pixels, Split, Storage, Table, missing, table_dataset},
};
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// A dataset in MNIST's format.
macro_rules! mnist {
    ($(#[$doc:meta])* $name:ident, $package:literal, [$($folder:literal),*], $classes:expr) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name(Table);

        impl $name {
            /// The names of the classes, by their numbers.
            pub const CLASSES: [&'static str; 10] = $classes;

            /// Opens the 60,000 training pictures.
            ///
            /// # Errors
            #[doc = concat!("As [`open`](", stringify!($name), "::open).")]
            pub fn train(dir: impl AsRef<Path>) -> Result<Self> {
                Self::open(dir, Split::Train, Storage::Memory)
            }

            /// Opens the 10,000 test pictures.
            ///
            /// # Errors
            #[doc = concat!("As [`open`](", stringify!($name), "::open).")]
            pub fn test(dir: impl AsRef<Path>) -> Result<Self> {
                Self::open(dir, Split::Test, Storage::Memory)
            }

            /// Opens the pictures of a split, from IDX files, gzipped or not. `dir` holds the files or one of the folders
            #[doc = concat!($("`", $folder, "`, ",)* "the last as torchvision does.")]
            ///
            /// # Errors
            /// When a file is missing, is not an IDX file, has another size than it announces, or has a label
            /// above 9.
            pub fn open(dir: impl AsRef<Path>, split: Split, storage: Storage) -> Result<Self> {
                Ok(Self(open(dir.as_ref(), $package, &[$($folder),*], split, storage)?))
            }
        }

        table_dataset!($name);
    };
}

mnist!(
    /// MNIST: handwritten digits (LeCun, Bottou, Bengio and Haffner, 1998).
    ///
    /// ```no_run
    /// use taper_data::{Dataset, Mnist};
    /// let (image, label) = Mnist::train("data")?.at(0)?;
    /// assert_eq!((image.size(), label), ([1, 28, 28], 5));
    /// # Ok::<(), taper_data::Error>(())
    /// ```
    Mnist,
    "mnist",
    ["mnist", "MNIST/raw"],
    ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
);

mnist!(
    /// Fashion-MNIST: articles of clothing (Xiao, Rasul and Vollgraf, 2017).
    FashionMnist,
    "fashion-mnist",
    ["fashion-mnist", "FashionMNIST/raw"],
    ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"]
);

mnist!(
    /// Kuzushiji-MNIST: cursive Japanese characters (Clanuwat et al., 2018).
    Kmnist,
    "kmnist",
    ["kmnist", "KMNIST/raw"],
    ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]
);

fn open(dir: &Path, package: &str, folders: &[&str], split: Split, storage: Storage) -> Result<Table> {
    let prefix = if split == Split::Train { "train" } else { "t10k" };
    let names = [format!("{prefix}-images-idx3-ubyte"), format!("{prefix}-labels-idx1-ubyte")];
    let [images, labels] = names.each_ref().map(|name| find(dir, folders, name));
    let images = images.ok_or_else(|| missing(&dir.join(folders[0]).join(&names[0]), package))?;
    let labels = labels.ok_or_else(|| missing(&dir.join(folders[0]).join(&names[1]), package))?;
    let (pictures, numbers) = (idx::read(&images, 3)?, idx::read(&labels, 1)?);
    let (count, height, width) = (pictures.dims[0], pictures.dims[1], pictures.dims[2]);
    if numbers.dims[0] != count {
        let message = format!("{} labels for the {count} pictures of {}", numbers.dims[0], images.display());
        return Err(Error::format(&labels, message));
    }
    let numbers = numbers.file[numbers.start..].to_vec();
    if let Some(record) = numbers.iter().position(|&label| label > 9) {
        let message = format!("record {record} has label {}, expected 0 to 9", numbers[record]);
        return Err(Error::format(&labels, message));
    }
    // A packed file cannot be read piece by piece.
    let storage = if pictures.plain { storage } else { Storage::Memory };
    let pixels = Pixels::new(storage, &images, pictures.file)?;
    let part = Part { count, start: pictures.start, stride: height * width, pixels };
    Ok(Table::new([1, height, width], numbers, vec![part]))
}

/// Finds a file of this name, or of this name and `.gz`, in `dir` or one of its folders.
fn find(dir: &Path, folders: &[&str], name: &str) -> Option<PathBuf> {
    let places = folders.iter().map(|folder| dir.join(folder)).chain([dir.to_path_buf()]);
    let mut files = places.flat_map(|place| [place.join(name), place.join(format!("{name}.gz"))]);
    files.find(|file| file.is_file())
}
