//! What the `cifar` program can be told: on its command line, in a file, or by a checkpoint.

mod choices;
mod file;
mod parts;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, ValueEnum};
use serde::Serialize;
use serde_json::Value;
use taper::nn::{Metadata, load_with_metadata};

pub use choices::{DatasetChoice, ModelChoice, OptimizerChoice, ScheduleChoice};
pub use parts::device;

use crate::Result;

/// Train and test an image classifier on CIFAR-10: the tutorial's, unless told otherwise.
///
/// Ctrl-C ends the training with a checkpoint, from which `--resume` goes on; a second one ends it at once.
#[derive(Clone, Debug, Parser, Serialize)]
#[command(name = "cargo xtask cifar", bin_name = "cargo xtask cifar", version, allow_negative_numbers = true)]
#[serde(rename_all = "kebab-case")]
pub struct Settings {
    /// What to train on; `auto` takes CIFAR-10, or drawn pictures where no source can be reached.
    #[arg(long, value_enum, default_value_t = DatasetChoice::Auto)]
    pub dataset: DatasetChoice,
    /// The network.
    #[arg(long, value_enum, default_value_t = ModelChoice::Net)]
    pub model: ModelChoice,
    /// How often to go through the training pictures.
    #[arg(long, default_value_t = 2, value_parser = one_or_more)]
    pub epochs: u64,
    /// The pictures in a mini-batch.
    #[arg(long, default_value_t = 4, value_parser = at_least_one)]
    pub batch_size: usize,
    /// Whether training pictures are cut out at random places (4 pixels to each side) and each is
    /// mirrored with probability one half; `--augment` alone says true.
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true")]
    pub augment: bool,
    /// How the network learns.
    #[arg(long, value_enum, default_value_t = OptimizerChoice::Sgd)]
    pub optimizer: OptimizerChoice,
    /// The learning rate.
    #[arg(long, default_value_t = 0.001)]
    pub lr: f64,
    /// The momentum of `sgd`.
    #[arg(long, default_value_t = 0.9)]
    pub momentum: f64,
    /// Whether `sgd` looks ahead along its direction, as Nesterov's; `--nesterov` alone says true.
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true")]
    pub nesterov: bool,
    /// How much the weights shrink [default: the optimizer's own, 0.01 for adamw, 0 for others]
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// How the learning rate changes from mini-batch to mini-batch.
    #[arg(long, value_enum, default_value_t = ScheduleChoice::Constant)]
    pub schedule: ScheduleChoice,
    /// The part of each target, from 0 to 1, that all classes share.
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    pub label_smoothing: f64,
    /// The seed of the weights and of the shuffling.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// The threads that compute [default: all processors]
    #[arg(long, env = "TAPER_NUM_THREADS", value_parser = within::<1, 1024>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// The threads that prepare batches beside; 0 prepares them in line.
    #[arg(long, default_value_t = 2, value_parser = within::<0, 1024>)]
    pub workers: usize,
    /// Where to compute: `cpu`, `cuda` or `cuda:N`.
    #[arg(long, default_value = "cpu")]
    pub device: String,
    /// The folder of the datasets.
    #[arg(long, default_value = "data", value_name = "DIR")]
    #[serde(skip)]
    pub data: PathBuf,
    /// The folder for the report, the checkpoint and the trained network.
    #[arg(long, default_value = "out", value_name = "DIR")]
    #[serde(skip)]
    pub out: PathBuf,
    /// At most that many mini-batches an epoch, for a quick look.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Test also after every N epochs, for a curve of the accuracy; at the end anyway.
    #[arg(long, value_name = "N", value_parser = one_or_more)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_every: Option<u64>,
    /// Where to take CIFAR-10 from: its archive, a folder, or a URL.
    #[arg(long, value_name = "PATH_OR_URL")]
    #[serde(skip)]
    pub from: Option<String>,
    /// Save a checkpoint every N mini-batches; there is one at the end of each epoch anyway.
    #[arg(long, value_name = "N", value_parser = one_or_more)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_every: Option<u64>,
    /// Go on from a checkpoint, in its folder and with its settings.
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub resume: Option<PathBuf>,
    /// Take settings from a TOML file, `batch-size = 128` for `--batch-size 128`; what is given here wins.
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
}

/// The settings that must be as they were when a checkpoint goes on.
const FIXED: [&str; 13] = [
    "--dataset",
    "--model",
    "--batch-size",
    "--augment",
    "--optimizer",
    "--lr",
    "--momentum",
    "--nesterov",
    "--weight-decay",
    "--schedule",
    "--label-smoothing",
    "--seed",
    "--limit",
];
/// Those that are as they were unless told otherwise.
const KEPT: [&str; 3] = ["--epochs", "--test-every", "--checkpoint-every"];

impl Settings {
    /// Reads a command line, the program's name first; the settings that it leaves open are those of its
    /// file, and else of the checkpoint to resume from, if there are any.
    ///
    /// # Errors
    /// When an option or a line of the file is unknown or makes no sense; when the checkpoint cannot be
    /// read, or was made with other settings.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self> {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        let given = Self::try_parse_from(&arguments)?;
        let checkpoint = given.resume.as_deref().map(|file| Ok((file, saved_settings(file)?)));
        let checkpoint = checkpoint.transpose().map_err(|e: String| format!("cannot resume from {e}"))?;

        // What comes later overrides what came before.
        let mut line = vec![OsString::from("cifar")];
        if let Some((file, saved)) = &checkpoint {
            let folder = file.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
            line.extend(["--out".into(), folder.into()]);
            let kept = FIXED.iter().chain(&KEPT);
            line.extend(kept.filter_map(|&name| Some(format!("{name}={}", saved.get(name)?).into())));
        }
        if let Some(file) = &given.config {
            line.extend(file::arguments(file)?);
        }
        line.extend(arguments.into_iter().skip(1));
        let matches = Self::command().args_override_self(true).try_get_matches_from(line)?;
        let settings = Self::from_arg_matches(&matches)?;
        if let Some((file, saved)) = &checkpoint {
            settings.compare(saved).map_err(|e| format!("cannot resume from {}: {e}", file.display()))?;
        }
        Ok(settings)
    }

    /// Whether the settings that must be are those of a checkpoint.
    fn compare(&self, saved: &Metadata) -> Result<(), String> {
        let now = self.saved();
        let text = |name: &str, value: Option<&String>| match value {
            Some(value) => format!("with {name} {value}"),
            None => format!("without {name}"),
        };
        match FIXED.into_iter().find(|&name| now.get(name) != saved.get(name)) {
            None => Ok(()),
            Some(name) => Err(format!(
                "it was made {}, and this run is {}; leave {name} out to go on, or --resume to start anew",
                text(name, saved.get(name)),
                text(name, now.get(name)),
            )),
        }
    }

    /// What a checkpoint says of the settings, by their names on the command line.
    pub fn saved(&self) -> Metadata {
        let all = self.to_json();
        let names = FIXED.iter().chain(&KEPT);
        names.filter_map(|&name| Some((name.to_owned(), text(all.get(&name[2..])?)))).collect()
    }

    /// The network's name on the command line.
    pub fn model_name(&self) -> String {
        self.model.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// All settings that change what is computed or how fast, by their names in a file.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// A setting as it is written on the command line.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The settings that a checkpoint was made with.
fn saved_settings(file: &Path) -> Result<Metadata, String> {
    let fail = |e: &dyn std::fmt::Display| format!("{}: {e}", file.display());
    let saved = load_with_metadata(file).map_err(|e| fail(&e))?.1;
    match saved.contains_key("--dataset") {
        true => Ok(saved),
        false => Err(fail(&"it is no checkpoint of a training; take its checkpoint.safetensors")),
    }
}

/// A whole number from `LEAST` to `MOST`.
///
/// # Errors
/// When it is none, or another one.
pub fn within<const LEAST: usize, const MOST: usize>(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if (LEAST..=MOST).contains(&n) => Ok(n),
        _ if MOST == usize::MAX => Err(format!("expected a whole number, at least {LEAST}")),
        _ => Err(format!("expected a whole number from {LEAST} to {MOST}")),
    }
}

/// A whole number but 0.
///
/// # Errors
/// When it is none.
pub fn at_least_one(text: &str) -> Result<usize, String> {
    within::<1, { usize::MAX }>(text)
}

fn one_or_more(text: &str) -> Result<u64, String> {
    at_least_one(text).map(|n| n as u64)
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(part) if (0.0..=1.0).contains(&part) => Ok(part),
        _ => Err("expected a number from 0 to 1".into()),
    }
}
