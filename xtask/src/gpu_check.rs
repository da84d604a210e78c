//! What has to hold on a CUDA GPU, in a few minutes.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use crate::cargo::{cargo, program, root, succeeds};
use crate::ci::{Stage, run_all};

const CRATES: [&str; 4] = ["taper-tensor", "taper-autograd", "taper-nn", "taper-optim"];

const STAGES: [(&str, Stage); 4] = [
    ("values", || succeeds(tests(&[]).env("TAPER_TEST_DEVICE", "cuda"))),
    ("strict", || train(&["--dataset", "synthetic", "--limit", "50", "--epochs", "1"], true)),
    ("net", || train(&["--dataset", "auto", "--batch-size", "64", "--lr", "0.01", "--epochs", "2"], false)),
    ("resnet18", || {
        let model = ["--dataset", "auto", "--model", "resnet18", "--batch-size", "128", "--epochs", "1"];
        train(&[&model[..], &["--lr", "0.05", "--limit", "100"]].concat(), false)
    }),
];

/// Runs the tests of values and gradients on the first GPU, and trains there; `build` only builds what that
/// needs, which can be done on another machine.
pub fn run(build: bool) -> Result<ExitCode, String> {
    if build {
        let built = succeeds(&mut tests(&["--no-run"]))? && succeeds(&mut programs())?;
        return Ok(if built { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    println!("==> is there a GPU?");
    if !train(&["--dataset", "synthetic", "--limit", "1", "--epochs", "1"], false)? {
        return Err("gpu-check needs a CUDA GPU that the program can train on; nothing was checked".into());
    }
    run_all("gpu-check", STAGES.iter())
}

/// The tests that compare with PyTorch's values, and gradients with numerical ones.
fn tests(more: &[&str]) -> Command {
    let mut command = cargo("test");
    CRATES.iter().for_each(|name| {
        command.args(["--package", name]);
    });
    command.args(["--features", "cudnn", "--test", "it"]).args(more);
    if more.is_empty() {
        command.args(["--", "golden", "rules", "table"]);
    }
    command
}

fn programs() -> Command {
    let mut command = cargo("build");
    command.args([
        "--release",
        "--package",
        "taper-vision-examples",
        "--bin",
        "cifar",
        "--features",
        "cudnn",
    ]);
    command
}

/// A training on the GPU; `strict`, without any operation that goes through the host.
fn train(arguments: &[&str], strict: bool) -> Result<bool, String> {
    let out = std::env::temp_dir().join(format!("taper-gpu-check-{}", std::process::id()));
    let mut all: Vec<OsString> = ["--device", "cuda", "--seed", "0"].map(OsString::from).into();
    all.extend(arguments.iter().map(OsString::from));
    all.extend(["--out".into(), out.clone().into(), "--data".into(), root().join("data").into()]);
    let mut command = program("cifar", &all);
    if strict {
        command.env("TAPER_CUDA_STRICT", "1");
    }
    let result = succeeds(&mut command);
    // Nothing to remove where the program failed before it made the folder.
    let _ = std::fs::remove_dir_all(&out);
    result
}
