//! Images per second from CIFAR-10's files to batches: reading, augmenting (pad 4, random crop, flip),
//! normalising, batching; beside PyTorch's loader where `--pytorch PYTHON` names one with torchvision.
//!
//!     cargo bench -p taper-data --bench data -- [--data DIR] [--pytorch PYTHON] [--images N] [--step MICROSECONDS]
//!
//! Without CIFAR-10's files in DIR, drawn pictures are written to a temporary folder and read from there.
#![forbid(unsafe_code)]

use serde_json::{Value, json};
use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};
use taper_data::{
    Cifar10, DataLoader, Dataset, Synthetic,
    transforms::{Compose, Normalize, RandomCrop, RandomHorizontalFlip, ToTensor, Transform},
};

const BATCHES: [usize; 2] = [4, 128];
const WORKERS: [usize; 3] = [0, 1, 2];
const PIPELINES: [&str; 2] = ["normalise", "augment"];

struct Options {
    data: PathBuf,
    pytorch: Option<PathBuf>,
    images: usize,
    step: Duration,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = options()?;
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
                let (rate, waiting) = measure(&train, pipeline, batch, workers, &options)?;
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

fn options() -> Result<Options, Box<dyn Error>> {
    let step = Duration::from_micros(180);
    let mut options = Options { data: "data".into(), pytorch: None, images: 50_000, step };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--data" => options.data = value()?.into(),
            "--pytorch" => options.pytorch = Some(value()?.into()),
            "--images" => options.images = value()?.parse()?,
            "--step" => options.step = Duration::from_micros(value()?.parse()?),
            "--bench" => {} // what cargo adds
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    Ok(options)
}

/// Files in CIFAR-10's format.
fn draw(dir: &Path) -> Result<PathBuf, Box<dyn Error>> {
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

fn transform(pipeline: &str) -> Box<dyn Transform> {
    let normalize = Normalize::new([0.5; 3], [0.5; 3]);
    match pipeline {
        "augment" => Box::new(Compose::new((
            RandomCrop::new(32).padding(4),
            RandomHorizontalFlip::default(),
            ToTensor,
            normalize,
        ))),
        _ => Box::new(Compose::new((ToTensor, normalize))),
    }
}

/// Images per second of an epoch that does nothing else, and the share of its time that a training of
/// `step` a mini-batch of 4 (in proportion for others) waits for its data.
fn measure(
    train: &Arc<Cifar10>,
    pipeline: &str,
    batch: usize,
    workers: usize,
    options: &Options,
) -> Result<(f64, f64), Box<dyn Error>> {
    let loader =
        DataLoader::new(train.clone().transform(transform(pipeline))).batch_size(batch).shuffle(true);
    let loader = loader.num_workers(workers).seed(0).build()?;
    let count = (options.images / batch).min(loader.len());
    let start = Instant::now();
    loader.iter().take(count).try_for_each(|batch| batch.map(drop))?;
    let rate = (count * batch) as f64 / start.elapsed().as_secs_f64();

    let step = options.step * batch as u32 / 4;
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

/// The same with PyTorch's loader and torchvision's transforms, as its own CIFAR-10 does it: by way of PIL.
const PYTORCH: &str = r#"
import json, sys, time
import numpy as np, torch
import torchvision.transforms as T
from PIL import Image

folder, images = sys.argv[1], int(sys.argv[2])
raw = np.concatenate([np.fromfile(f"{folder}/data_batch_{n}.bin", dtype=np.uint8) for n in range(1, 6)]).reshape(-1, 3073)
pixels, labels = np.ascontiguousarray(raw[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)), raw[:, 0].tolist()
normal = [T.ToTensor(), T.Normalize((0.5,) * 3, (0.5,) * 3)]
pipelines = {"normalise": T.Compose(normal), "augment": T.Compose([T.RandomCrop(32, padding=4), T.RandomHorizontalFlip()] + normal)}

class Set(torch.utils.data.Dataset):
    def __init__(self, transform):
        self.transform = transform
    def __len__(self):
        return len(labels)
    def __getitem__(self, index):
        return self.transform(Image.fromarray(pixels[index])), labels[index]

rates = {}
for name, transform in pipelines.items():
    for batch in [4, 128]:
        for workers in [0, 1, 2]:
            loader = torch.utils.data.DataLoader(Set(transform), batch, shuffle=True, num_workers=workers)
            seen, start = 0, time.perf_counter()
            for inputs, targets in loader:
                seen += len(targets)
                if seen >= images:
                    break
            rates[f"{name} {batch} {workers}"] = seen / (time.perf_counter() - start)
print(json.dumps(rates))
"#;

fn pytorch(python: &Path, folder: &Path, images: usize) -> Result<Value, Box<dyn Error>> {
    // A few seconds for each of the twelve are enough to tell.
    let images = images.min(20_000).to_string();
    let output = Command::new(python).args(["-c", PYTORCH]).arg(folder).arg(images).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(serde_json::from_slice(&output.stdout).unwrap_or(json!({})))
}
