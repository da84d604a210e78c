//! Images per second from CIFAR-10's files to batches: reading, augmenting (pad 4, random crop, flip),
//! normalising, batching; beside PyTorch's loader where `--pytorch PYTHON` names one with torchvision.
//!
//! Without CIFAR-10's files in DIR, drawn pictures are written to a temporary folder and read from there.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Args;
use serde_json::{Value, json};
use taper::data::{
    Cifar10, DataLoader, Dataset, Synthetic,
    transforms::{Compose, Normalize, RandomCrop, RandomHorizontalFlip, ToTensor, Transform},
};
use taper_vision_examples::Result;

const BATCHES: [usize; 2] = [4, 128];
const WORKERS: [usize; 3] = [0, 1, 2];
const PIPELINES: [&str; 2] = ["normalise", "augment"];

#[derive(Args)]
pub struct Settings {
    /// A Python with PyTorch and torchvision, to run the same there afterwards.
    #[arg(long, value_name = "PYTHON")]
    pytorch: Option<PathBuf>,
    /// The folder of the datasets.
    #[arg(long, default_value = "data", value_name = "DIR")]
    data: PathBuf,
    /// The images of each measurement.
    #[arg(long, default_value_t = 50_000, value_name = "N")]
    images: usize,
    /// How long the training step beside the loader takes at batch 4, in microseconds.
    #[arg(long, default_value_t = 180, value_name = "MICROSECONDS")]
    step: u64,
}

pub fn run(options: &Settings) -> Result<()> {
    let temporary = tempfile::tempdir()?;
    let folder = match options.data.join("cifar-10-batches-bin") {
        folder if folder.join("data_batch_1.bin").is_file() => folder,
        _ => draw(temporary.path())?,
    };
    let train = Arc::new(Cifar10::train(&folder)?);
    let peer = options.pytorch.as_ref().map(|python| pytorch(python, &folder, options.images)).transpose()?;
    println!("pipeline   batch workers   images/s   waiting   PyTorch    ratio");
    for pipeline in PIPELINES {
        for batch in BATCHES {
            for workers in WORKERS {
                let (rate, waiting) = measure(&train, pipeline, batch, workers, options)?;
                let theirs =
                    peer.as_ref().and_then(|peer| peer[format!("{pipeline} {batch} {workers}")].as_f64());
                let theirs =
                    theirs.map_or(String::new(), |theirs| format!("{theirs:9.0} {:8.1}", rate / theirs));
                println!("{pipeline:10} {batch:5} {workers:7} {rate:10.0} {:8.1}% {theirs}", 100.0 * waiting);
            }
        }
    }
    Ok(())
}

/// Files in CIFAR-10's format.
fn draw(dir: &Path) -> Result<PathBuf> {
    let set = Synthetic::train(10_000);
    let mut bytes = Vec::new();
    for index in 0..set.len() {
        let (image, label) = set.at(index)?;
        bytes.push(label as u8);
        bytes.extend_from_slice(image.bytes().unwrap_or_default());
    }
    (1..=5).try_for_each(|n| fs::write(dir.join(format!("data_batch_{n}.bin")), &bytes))?;
    Ok(dir.to_path_buf())
}

fn transform(pipeline: &str) -> Result<Box<dyn Transform>> {
    let normalize = Normalize::new([0.5; 3], [0.5; 3])?;
    Ok(match pipeline {
        "augment" => Box::new(Compose::new((
            RandomCrop::builder(32).padding(4).build()?,
            RandomHorizontalFlip::new(),
            ToTensor,
            normalize,
        ))),
        _ => Box::new(Compose::new((ToTensor, normalize))),
    })
}

/// Images per second of an epoch that does nothing else, and the share of its time that a training of
/// `step` a mini-batch of 4 (in proportion for others) waits for its data.
fn measure(
    train: &Arc<Cifar10>,
    pipeline: &str,
    batch: usize,
    workers: usize,
    options: &Settings,
) -> Result<(f64, f64)> {
    let train = train.clone().transform(transform(pipeline)?);
    let loader = DataLoader::builder(train).batch_size(batch).shuffle(true);
    let loader = loader.num_workers(workers).seed(0).build()?;
    let count = (options.images / batch).min(loader.len());
    let start = Instant::now();
    loader.iter().take(count).try_for_each(|batch| batch.map(drop))?;
    let rate = (count * batch) as f64 / start.elapsed().as_secs_f64();

    let step = Duration::from_micros(options.step) * batch as u32 / 4;
    let mut batches = loader.iter();
    let start = Instant::now();
    for batch in batches.by_ref().take(count) {
        let (_inputs, _labels) = batch?;
        let until = Instant::now() + step;
        while Instant::now() < until {
            std::hint::spin_loop();
        }
    }
    Ok((rate, batches.waited().as_secs_f64() / start.elapsed().as_secs_f64()))
}

/// The same with PyTorch's loader.
const PYTORCH: &str = concat!(include_str!("cifar10.py"), include_str!("data.py"));

fn pytorch(python: &Path, folder: &Path, images: usize) -> Result<Value> {
    // A few seconds for each of the twelve are enough to tell.
    let images = images.min(20_000).to_string();
    let output = Command::new(python).args(["-c", PYTORCH]).arg(folder).arg(images).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(serde_json::from_slice(&output.stdout).unwrap_or(json!({})))
}
