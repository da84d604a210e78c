//! Draws the first pictures of a dataset, with the names of their classes, as one PNG.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use taper::data::fetch::{FetchOptions, Package, fetch};
use taper::data::pictures::show;
use taper::data::{Cifar10, Cifar100, Dataset, FashionMnist, Image, ImageFolder, Kmnist, Mnist, Synthetic};
use taper_vision_examples::Result;
use taper_vision_examples::output::{say, warn};
use taper_vision_examples::settings::within;

/// Draw the first pictures of a dataset as one PNG; a dataset that is not there is fetched.
#[derive(Parser)]
#[command(name = "cargo xtask show", bin_name = "cargo xtask show", version)]
struct Settings {
    /// The dataset.
    #[arg(ignore_case = true)]
    name: Name,
    /// The folder of the datasets; of `folder`, the folder whose subfolders are the classes.
    #[arg(long, visible_alias = "data", default_value = "data", value_name = "DIR")]
    dir: PathBuf,
    /// Where to take it from: the archive, a folder with its files, or a URL.
    #[arg(long, value_name = "PATH_OR_URL")]
    from: Option<String>,
    /// The test pictures instead of those for training.
    #[arg(long)]
    test: bool,
    /// How many pictures.
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = within::<1, 10_000>)]
    #[arg(allow_negative_numbers = true)]
    count: usize,
    /// The PNG or JPEG file to write [default: NAME.png]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Name {
    Cifar10,
    Cifar100,
    Mnist,
    FashionMnist,
    Kmnist,
    /// A folder of pictures
    Folder,
    /// Drawn pictures
    Synthetic,
}

fn main() -> ExitCode {
    match run(&Settings::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            warn(format_args!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(settings: &Settings) -> Result<()> {
    let name = settings.name.to_possible_value().map(|value| value.get_name().to_string());
    let name = name.unwrap_or_default();
    if let Some(package) = Package::named(&name) {
        let options = FetchOptions { from: settings.from.clone(), ..FetchOptions::default() };
        fetch(&package, &settings.dir, &options)?;
    }
    let out = settings.out.clone().unwrap_or_else(|| format!("{name}.png").into());
    let drawn = draw(settings, &out)?;
    say(format_args!("{drawn} pictures of {name} are in {}", out.display()));
    Ok(())
}

/// Writes the file, and says how many pictures are in it.
fn draw(settings: &Settings, out: &Path) -> Result<usize> {
    let dir = &settings.dir;
    /// One of the two parts of a dataset that has both.
    macro_rules! part {
        ($set:ident) => {{
            let set = if settings.test { $set::test(dir) } else { $set::train(dir) };
            preview(&set?, &$set::CLASSES, settings.count, out)
        }};
    }
    match settings.name {
        Name::Cifar10 => part!(Cifar10),
        Name::Cifar100 => part!(Cifar100),
        Name::Mnist => part!(Mnist),
        Name::FashionMnist => part!(FashionMnist),
        Name::Kmnist => part!(Kmnist),
        Name::Folder => {
            let set = ImageFolder::new(dir)?;
            preview(&set, set.classes(), settings.count, out)
        }
        Name::Synthetic => {
            let count = settings.count;
            let set = if settings.test { Synthetic::test(count) } else { Synthetic::train(count) };
            preview(&set, &Synthetic::CLASSES, count, out)
        }
    }
}

fn preview<C: AsRef<str>>(
    set: &impl Dataset<Sample = (Image, i64)>,
    classes: &[C],
    count: usize,
    out: &Path,
) -> Result<usize> {
    show(set, classes, count, out)?;
    Ok(count.min(set.len()))
}
