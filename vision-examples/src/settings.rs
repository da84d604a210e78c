//! What the `cifar` program can be told on its command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Train and test the tutorial's image classifier.
#[derive(Clone, Debug, Parser)]
#[command(name = "cargo xtask cifar", version)]
pub struct Settings {
    /// What to train on; `auto` takes CIFAR-10, or drawn pictures where no source can be reached.
    #[arg(long, value_enum, default_value_t = DatasetChoice::Auto)]
    pub dataset: DatasetChoice,
    /// How often to go through the training pictures.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..))]
    pub epochs: u64,
    /// The pictures in a mini-batch.
    #[arg(long, default_value_t = 4, value_parser = at_least_one)]
    pub batch_size: usize,
    /// The learning rate.
    #[arg(long, default_value_t = 0.001, allow_negative_numbers = true)]
    pub lr: f64,
    /// The momentum.
    #[arg(long, default_value_t = 0.9, allow_negative_numbers = true)]
    pub momentum: f64,
    /// The seed of the weights and of the shuffling.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// The threads that compute [default: all processors]
    #[arg(long, env = "TAPER_NUM_THREADS", value_parser = at_least_one)]
    pub threads: Option<usize>,
    /// The threads that prepare batches beside; 0 prepares them in line.
    #[arg(long, default_value_t = 2)]
    pub workers: usize,
    /// Where to compute: `cpu`, `cuda` or `cuda:N`.
    #[arg(long, default_value = "cpu")]
    pub device: String,
    /// The folder of the datasets.
    #[arg(long, default_value = "data", value_name = "DIR")]
    pub data: PathBuf,
    /// The folder for the report and the trained network.
    #[arg(long, default_value = "out", value_name = "DIR")]
    pub out: PathBuf,
    /// At most that many mini-batches an epoch, for a quick look.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub limit: Option<usize>,
    /// Where to take CIFAR-10 from: its archive, a folder, or a URL.
    #[arg(long, value_name = "PATH_OR_URL")]
    pub from: Option<String>,
}

/// The datasets to choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DatasetChoice {
    /// CIFAR-10, or drawn pictures where it cannot be had.
    Auto,
    /// CIFAR-10, or an error.
    Cifar10,
    /// Drawn pictures of ten shapes.
    Synthetic,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("expected at least 1".into()),
        Ok(n) => Ok(n),
        Err(e) => Err(e.to_string()),
    }
}
