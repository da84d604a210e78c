//! The tutorial's whole program, from its start to the accuracy on the test images, as processes: ours
//! and PyTorch's with its loader, in turn.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use clap::Args;
use serde_json::Value;
use taper::tensor::num_threads;
use taper_vision_examples::Result;

use crate::Common;

#[derive(Args)]
pub struct Settings {
    #[command(flatten)]
    common: Common,
    /// The folder of the datasets, with CIFAR-10 in it.
    #[arg(long, default_value = "data", value_name = "DIR")]
    data: PathBuf,
    /// How often the training goes through the images.
    #[arg(long, default_value_t = 2)]
    epochs: u32,
    /// How often each program runs.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
}

const PYTORCH: &str = concat!(include_str!("cifar10.py"), include_str!("e2e.py"));

pub fn run(settings: &Settings) -> Result<()> {
    let mut bench = settings.common.open()?;
    let out = tempfile::tempdir()?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for run in 0..settings.runs {
        ours.push(taper(settings, out.path())?);
        if let Some(python) = &settings.common.pytorch {
            // Which number of threads suits PyTorch is not known before: first one, then all.
            let threads = if run % 2 == 0 { 1 } else { num_threads() };
            theirs.push(pytorch(settings, python, threads)?);
        }
    }
    let mut samples = vec![("taper", ours)];
    samples.extend((!theirs.is_empty()).then_some(("PyTorch", theirs)));
    bench.measured(format!("tutorial's program, {} epochs", settings.epochs), samples);
    bench.finish()
}

/// The seconds of our program.
fn taper(settings: &Settings, out: &Path) -> Result<f64> {
    let program = std::env::current_exe()?.with_file_name(format!("cifar{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(&program);
    command.args(["--dataset", "cifar10", "--data"]).arg(&settings.data).arg("--out").arg(out);
    command.args(["--epochs", &settings.epochs.to_string(), "--threads", &num_threads().to_string()]);
    let seconds = time(&mut command)?.0;
    let report: Value = serde_json::from_slice(&std::fs::read(out.join("report.json"))?)?;
    eprintln!("taper, {} threads: {seconds:.1} s, accuracy {}", num_threads(), report["test_accuracy"]);
    Ok(seconds)
}

fn pytorch(settings: &Settings, python: &Path, threads: usize) -> Result<f64> {
    let mut command = Command::new(python);
    command.args(["-c", PYTORCH]).arg(settings.data.join("cifar-10-batches-bin"));
    command.args([settings.epochs.to_string(), threads.to_string()]);
    let (seconds, output) = time(&mut command)?;
    eprintln!(
        "PyTorch, {threads} threads: {seconds:.1} s, accuracy {}",
        output.lines().last().unwrap_or("?")
    );
    Ok(seconds)
}

/// Runs a program to its end: the seconds that it took, and what it printed.
fn time(command: &mut Command) -> Result<(f64, String)> {
    let start = Instant::now();
    let name = command.get_program().to_owned();
    let output = command.output().map_err(|error| format!("{}: {error}", name.display()))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok((start.elapsed().as_secs_f64(), String::from_utf8_lossy(&output.stdout).into()))
}
