//! What has to hold on a CUDA GPU, in a few minutes.
//!
//! All that it runs is built before, by `gpu-check --build`, where there need not be a GPU, into
//! `target/gpu-check`; it copies itself there too, for a machine without cargo.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use serde_json::Value;

use crate::cargo::{cargo, needs_cuda_toolkit, root, succeeds};
use crate::ci::{Stage, run_all};

/// The crates whose tests compare with PyTorch's values, and gradients with numerical ones.
const CRATES: [&str; 4] = ["tensor", "autograd", "nn", "optim"];
const PROGRAMS: [&str; 2] = ["cifar", "bench"];

const STAGES: [(&str, Stage); 6] = [
    ("values", values),
    ("strict", || train(&["--dataset", "synthetic", "--limit", "50", "--epochs", "1"], true)),
    ("net", || train(&["--dataset", "auto", "--batch-size", "64", "--lr", "0.01", "--epochs", "2"], false)),
    ("resnet18", || {
        let model = ["--dataset", "auto", "--model", "resnet18", "--batch-size", "128", "--epochs", "1"];
        train(&[&model[..], &["--lr", "0.05", "--limit", "100"]].concat(), false)
    }),
    ("step", || step(&["--precision", "f32", "--batch-size", "4,64,256,4096"])),
    ("large", || {
        let model = ["--model", "resnet18", "--batch-size", "128,512"];
        let both = ["tf32", "bf16"].map(|p| step(&[&model[..], &["--precision", p]].concat()));
        Ok(both.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().all(|ok| ok))
    }),
];

/// Runs the tests of values and gradients on the first GPU, trains there, and times steps beside PyTorch's
/// where there is one; `build` only builds what that needs.
pub fn run(build: bool) -> Result<ExitCode, String> {
    let missing = || CRATES.iter().chain(&PROGRAMS).any(|name| !built(name).exists());
    if (build || missing()) && !build_all()? {
        return Ok(ExitCode::FAILURE);
    }
    if build {
        println!("to check: cargo xtask gpu-check, or without cargo: {} gpu-check", built("xtask").display());
        return Ok(ExitCode::SUCCESS);
    }
    println!("==> is there a GPU?");
    if !train(&["--dataset", "synthetic", "--limit", "1", "--epochs", "1"], false)? {
        return Err("gpu-check needs a CUDA GPU that the program can train on; nothing was checked".into());
    }
    run_all("gpu-check", STAGES.iter())
}

/// A program that is built; the tests go by their crates' names.
fn built(name: &str) -> PathBuf {
    root().join("target/gpu-check").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// One build for tests and programs, since the GPU kernels of the crates below take minutes.
fn build_all() -> Result<bool, String> {
    needs_cuda_toolkit()?;
    let release = ["--release", "--features", "cudnn", "--message-format", "json-render-diagnostics"];
    let mut tests = cargo("test");
    CRATES.iter().for_each(|name| {
        tests.args(["--package", &format!("taper-{name}")]);
    });
    tests.args(release).args(["--test", "it", "--no-run"]);
    let mut programs = cargo("build");
    programs.args(release).args(["--package", "taper-vision-examples"]);
    PROGRAMS.iter().for_each(|name| {
        programs.args(["--bin", name]);
    });
    std::fs::create_dir_all(root().join("target/gpu-check")).map_err(|e| e.to_string())?;
    if !collect(&mut tests, true)? || !collect(&mut programs, false)? {
        return Ok(false);
    }
    let this = std::env::current_exe().map_err(|e| e.to_string())?;
    if this != built("xtask") {
        copy(&this, "xtask")?;
    }
    Ok(true)
}

/// Runs cargo and copies the executables that it made.
fn collect(command: &mut Command, tests: bool) -> Result<bool, String> {
    let output = command.stderr(Stdio::inherit()).output().map_err(|e| format!("cannot start cargo: {e}"))?;
    for (name, file) in executables(&String::from_utf8_lossy(&output.stdout), tests) {
        copy(&file, &name)?;
    }
    Ok(output.status.success())
}

fn copy(file: &Path, name: &str) -> Result<(), String> {
    let to = built(name);
    std::fs::copy(file, &to).map(drop).map_err(|e| format!("{} to {}: {e}", file.display(), to.display()))
}

/// The executables in what cargo prints, tests by their crate's folder.
fn executables(printed: &str, tests: bool) -> Vec<(String, PathBuf)> {
    let line = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        let file = PathBuf::from(message["executable"].as_str()?);
        let folder = Path::new(message["manifest_path"].as_str()?).parent()?.file_name()?.to_str()?;
        let name = if tests { folder } else { message["target"]["name"].as_str()? };
        Some((name.to_owned(), file))
    };
    printed.lines().filter_map(line).collect()
}

fn values() -> Result<bool, String> {
    let mut all = true;
    for name in CRATES {
        let mut tests = Command::new(built(name));
        tests.args(["golden", "rules", "table", "regression"]).current_dir(root().join(name));
        tests.env("TAPER_TEST_DEVICE", "cuda").env("TAPER_GOLDEN", root().join("golden"));
        all &= succeeds(&mut tests)?;
    }
    Ok(all)
}

/// Training steps of a network, timed, beside PyTorch's on the same GPU where there is one.
fn step(arguments: &[&str]) -> Result<bool, String> {
    let mut command = Command::new(built("bench"));
    command.args(["step", "--device", "cuda", "--seconds", "2"]).args(arguments);
    match pytorch() {
        Some(python) => command.arg("--pytorch").arg(python),
        None => {
            println!("no PyTorch that sees the GPU: name a Python with it in TAPER_PYTHON to compare");
            &mut command
        }
    };
    succeeds(&mut command)
}

/// A Python whose PyTorch sees the GPU.
fn pytorch() -> Option<OsString> {
    let python = std::env::var_os("TAPER_PYTHON").unwrap_or_else(|| "python3".into());
    let sees = "import torch, sys; sys.exit(not torch.cuda.is_available())";
    let status = Command::new(&python).args(["-c", sees]).stderr(Stdio::null()).status().ok()?;
    status.success().then_some(python)
}

/// A training on the GPU; `strict`, without any operation that goes through the host.
fn train(arguments: &[&str], strict: bool) -> Result<bool, String> {
    let out = std::env::temp_dir().join(format!("taper-gpu-check-{}", std::process::id()));
    let mut command = Command::new(built("cifar"));
    command
        .args(["--device", "cuda", "--seed", "0"])
        .args(arguments)
        .args([OsStr::new("--out"), out.as_ref()]);
    command.arg("--data").arg(root().join("data"));
    if strict {
        command.env("TAPER_CUDA_STRICT", "1");
    }
    let result = succeeds(&mut command);
    // Nothing to remove where the program failed before it made the folder.
    let _ = std::fs::remove_dir_all(&out);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executables_are_found_in_what_cargo_prints() {
        let printed = r#"{"reason":"compiler-artifact","manifest_path":"/t/nn/Cargo.toml","target":{"name":"taper_nn"},"executable":null}
{"reason":"compiler-artifact","manifest_path":"/t/nn/Cargo.toml","target":{"name":"it"},"executable":"/t/target/release/deps/it-1"}
{"reason":"build-finished","success":true}"#;
        let file = PathBuf::from("/t/target/release/deps/it-1");
        assert_eq!(executables(printed, true), [("nn".to_owned(), file.clone())]);
        assert_eq!(executables(printed, false), [("it".to_owned(), file)]);
    }
}
