//! Which pictures to learn from.

use std::path::Path;

use taper::data::fetch::{FetchOptions, cifar10};
use taper::data::{Cifar10, Dataset, Error, Image, Result, Rng, Synthetic};

use crate::output::warn;
use crate::settings::DatasetChoice;

/// Pictures of ten classes: the real ones, or drawn ones.
pub enum Pictures {
    /// CIFAR-10.
    Cifar10(Cifar10),
    /// Drawn pictures.
    Synthetic(Synthetic),
}

impl Dataset for Pictures {
    type Sample = (Image, i64);

    fn len(&self) -> usize {
        match self {
            Self::Cifar10(d) => d.len(),
            Self::Synthetic(d) => d.len(),
        }
    }

    fn get(&self, index: usize, rng: &mut Rng) -> Result<Self::Sample> {
        match self {
            Self::Cifar10(d) => d.get(index, rng),
            Self::Synthetic(d) => d.get(index, rng),
        }
    }
}

/// Training and test pictures with their classes' names.
pub struct Source {
    /// `cifar10` or `synthetic`, for the report.
    pub name: &'static str,
    /// The names of the classes, by their numbers.
    pub classes: [&'static str; 10],
    /// The pictures to learn from.
    pub train: Pictures,
    /// The pictures to test with.
    pub test: Pictures,
}

/// Gets the pictures: fetches CIFAR-10 where it is wanted and not in place.
///
/// # Errors
/// When CIFAR-10 is asked for and cannot be had, or its files are damaged.
pub fn open(choice: DatasetChoice, dir: &Path, from: Option<String>) -> Result<Source> {
    if choice == DatasetChoice::Synthetic {
        return Ok(synthetic());
    }
    // A source that was named is to be used, and not passed over for a slip in its name.
    let may_draw = choice == DatasetChoice::Auto && from.is_none();
    match cifar10(dir, &FetchOptions { from, ..FetchOptions::default() }) {
        Ok(_) => Ok(Source {
            name: "cifar10",
            classes: Cifar10::CLASSES,
            train: Pictures::Cifar10(Cifar10::train(dir)?),
            test: Pictures::Cifar10(Cifar10::test(dir)?),
        }),
        Err(error @ Error::Fetch(_)) if may_draw => {
            warn(format_args!(
                "warning: CIFAR-10 cannot be had, so this trains on drawn pictures instead.\n{error}\n"
            ));
            Ok(synthetic())
        }
        Err(error) => Err(error),
    }
}

fn synthetic() -> Source {
    Source {
        name: "synthetic",
        classes: Synthetic::CLASSES,
        train: Pictures::Synthetic(Synthetic::train(50_000)),
        test: Pictures::Synthetic(Synthetic::test(10_000)),
    }
}
