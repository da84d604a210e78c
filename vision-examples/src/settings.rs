//! What the `cifar` program can be told on its command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{CommandFactory, FromArgMatches, Parser, ValueEnum};
use taper_nn::{Metadata, load_with_metadata};
use taper_optim::Optimizer;
use taper_optim::schedule::{CosineAnnealingLr, OneCycleLr, Schedule, Scheduler};

use crate::Result;

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
    /// How the learning rate changes from mini-batch to mini-batch.
    #[arg(long, value_enum, default_value_t = ScheduleChoice::Constant)]
    pub schedule: ScheduleChoice,
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
    /// The folder for the report, the checkpoint and the trained network.
    #[arg(long, default_value = "out", value_name = "DIR")]
    pub out: PathBuf,
    /// At most that many mini-batches an epoch, for a quick look.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub limit: Option<usize>,
    /// Where to take CIFAR-10 from: its archive, a folder, or a URL.
    #[arg(long, value_name = "PATH_OR_URL")]
    pub from: Option<String>,
    /// Save a checkpoint every N mini-batches; there is one at the end of each epoch anyway.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub checkpoint_every: Option<u64>,
    /// Go on from a checkpoint, in its folder and with its settings.
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
}

/// What the learning rate can do during a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScheduleChoice {
    /// Stay as it is.
    Constant,
    /// Fall to 0 along half a cosine.
    Cosine,
    /// Rise to `--lr` and fall to almost 0.
    OneCycle,
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

/// The settings that must be as they were when a checkpoint goes on.
const FIXED: [&str; 7] =
    ["--dataset", "--batch-size", "--lr", "--momentum", "--schedule", "--seed", "--limit"];
/// Those that are as they were unless told otherwise.
const KEPT: [&str; 2] = ["--epochs", "--checkpoint-every"];

impl Settings {
    /// Reads a command line, the program's name first; the settings that it leaves open are those of
    /// the checkpoint to resume from, if there is one.
    ///
    /// # Errors
    /// When an option is unknown or makes no sense; when the checkpoint cannot be read, or was made with
    /// other settings.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self> {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        let settings = Self::try_parse_from(&arguments)?;
        let Some(file) = &settings.resume else { return Ok(settings) };
        let fail = |e: String| format!("cannot resume from {}: {e}", file.display());
        let saved = load_with_metadata(file).map_err(|e| fail(e.to_string()))?.1;
        if !saved.contains_key("--dataset") {
            return Err(
                fail("it is no checkpoint of a training; take its checkpoint.safetensors".into()).into()
            );
        }
        let folder = file.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut line = vec![OsString::from("cifar"), "--out".into(), folder.into()];
        let kept = FIXED.iter().chain(&KEPT).filter_map(|&name| Some(format!("{name}={}", saved.get(name)?)));
        line.extend(kept.map(OsString::from));
        line.extend(arguments.into_iter().skip(1));
        // What was given overrides what was saved.
        let matches = Self::command().args_override_self(true).try_get_matches_from(line)?;
        let settings = Self::from_arg_matches(&matches)?;
        let now = settings.saved();
        for name in FIXED {
            if now.get(name) != saved.get(name) {
                let text = |value: Option<&String>| match value {
                    Some(value) => format!("with {name} {value}"),
                    None => format!("without {name}"),
                };
                return Err(fail(format!(
                    "it was made {}, and this run is {}; leave {name} out to go on, or --resume to start anew",
                    text(saved.get(name)),
                    text(now.get(name)),
                ))
                .into());
            }
        }
        Ok(settings)
    }

    /// What a checkpoint says of the settings, by their names on the command line.
    pub fn saved(&self) -> Metadata {
        let name = |value: &dyn Fn() -> Option<clap::builder::PossibleValue>| {
            value().map(|v| v.get_name().to_owned())
        };
        let settings = [
            ("--dataset", name(&|| self.dataset.to_possible_value())),
            ("--batch-size", Some(self.batch_size.to_string())),
            ("--lr", Some(self.lr.to_string())),
            ("--momentum", Some(self.momentum.to_string())),
            ("--schedule", name(&|| self.schedule.to_possible_value())),
            ("--seed", Some(self.seed.to_string())),
            ("--limit", self.limit.map(|n| n.to_string())),
            ("--epochs", Some(self.epochs.to_string())),
            ("--checkpoint-every", self.checkpoint_every.map(|n| n.to_string())),
        ];
        settings.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// The schedule of the learning rate over so many mini-batches.
    ///
    /// # Errors
    /// When the learning rate is negative.
    pub fn scheduler(
        &self,
        steps: u64,
        optimizer: &mut dyn Optimizer,
    ) -> Result<Option<Scheduler<Box<dyn Schedule>>>> {
        let schedule: Box<dyn Schedule> = match self.schedule {
            ScheduleChoice::Constant => return Ok(None),
            ScheduleChoice::Cosine => Box::new(CosineAnnealingLr::new(steps, 0.0)?),
            ScheduleChoice::OneCycle => Box::new(OneCycleLr::new(self.lr, steps)?),
        };
        Ok(Some(Scheduler::new(schedule, optimizer)))
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("expected at least 1".into()),
        Ok(n) => Ok(n),
        Err(e) => Err(e.to_string()),
    }
}
