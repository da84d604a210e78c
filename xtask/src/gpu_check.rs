//! Checks on a machine with a CUDA GPU, in a few minutes.
//!
//! `gpu-check --build` builds everything that it runs into `target/gpu-check`, on any machine, and copies
//! itself there for a machine without cargo.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use serde_json::Value;

use crate::cargo::{cargo, needs_cuda_toolkit, root, succeeds};
use crate::ci::{close, timed};

/// The crates whose tests compare values with PyTorch's, and gradients with numerical ones.
const CRATES: [&str; 4] = ["tensor", "autograd", "nn", "optim"];
const PROGRAMS: [&str; 2] = ["cifar", "bench"];

/// A check, which returns true if it passed, and its figure.
type Check = fn() -> Result<(bool, Option<String>), String>;

const STAGES: [(&str, Check); 7] = [
    ("values", || plain(values())),
    ("strict", || {
        let report = train(&["--dataset", "synthetic", "--limit", "50", "--epochs", "1"], true)?;
        plain(Ok(report.is_some()))
    }),
    ("net", || learns(&["--batch-size", "4", "--epochs", "2"], well)),
    ("resnet18", || {
        let model = ["--model", "resnet18", "--batch-size", "128", "--epochs", "1"];
        learns(&[&model[..], &["--lr", "0.05", "--limit", "100"]].concat(), better)
    }),
    ("memory", || plain(step(&["--batch-size", "64", "--steady"], None))),
    ("step", || plain(step(&["--precision", "f32", "--batch-size", "4,64,256,4096"], pytorch()))),
    ("large", || {
        let model = ["--model", "resnet18", "--batch-size", "128,512"];
        let both = ["tf32", "bf16"].map(|p| step(&[&model[..], &["--precision", p]].concat(), pytorch()));
        plain(both.into_iter().collect::<Result<Vec<_>, _>>().map(|both| both.into_iter().all(|ok| ok)))
    }),
];

fn plain(ok: Result<bool, String>) -> Result<(bool, Option<String>), String> {
    Ok((ok?, None))
}

/// Runs the tests of values and gradients on the first GPU, trains there, and times training steps, also
/// PyTorch's if it is installed. With `build`, it only builds the programs.
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
    if train(&["--dataset", "synthetic", "--limit", "1", "--epochs", "1"], false)?.is_none() {
        return Err("gpu-check needs a CUDA GPU that the program can train on; nothing was checked".into());
    }
    Ok(close("gpu-check", &STAGES.map(|(name, stage)| timed(name, stage))))
}

/// Returns the path of a built program. Tests have the names of their crates.
fn built(name: &str) -> PathBuf {
    root().join("target/gpu-check").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Builds tests and programs in one build, because the GPU kernels of the dependencies take minutes.
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

/// Returns the executables in cargo's output; tests have the names of their crates' folders.
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
    let mut test = |name: &str, filters: &[&str], strict: bool| {
        let mut tests = Command::new(built(name));
        tests.args(filters).current_dir(root().join(name));
        tests.env("TAPER_TEST_DEVICE", "cuda").env("TAPER_GOLDEN", root().join("golden"));
        tests.env("TAPER_CUDA_STRICT", if strict { "1" } else { "0" });
        succeeds(&mut tests).map(|ok| all &= ok)
    };
    for name in CRATES {
        test(name, &["golden", "rules", "registry", "regression"], false)?;
    }
    // Checks that each operation runs on the GPU exactly if the registry says so.
    test("autograd", &["on_a_strict_gpu"], true)?;
    Ok(all)
}

/// Times training steps of a network on the GPU without any fallback to the CPU, and PyTorch's on the same
/// GPU if it is installed.
fn step(arguments: &[&str], pytorch: Option<OsString>) -> Result<bool, String> {
    let mut command = Command::new(built("bench"));
    command.args(["step", "--device", "cuda", "--seconds", "2"]).args(arguments);
    command.env("TAPER_CUDA_STRICT", "1");
    if let Some(python) = pytorch {
        command.arg("--pytorch").arg(python);
    }
    succeeds(&mut command)
}

/// Returns a Python whose PyTorch can use the GPU.
fn pytorch() -> Option<OsString> {
    let python = std::env::var_os("TAPER_PYTHON").unwrap_or_else(|| "python3".into());
    let sees = "import torch, sys; sys.exit(not torch.cuda.is_available())";
    let status = Command::new(&python).args(["-c", sees]).stderr(Stdio::null()).status();
    let found = status.is_ok_and(|status| status.success());
    if !found {
        println!("no PyTorch that sees the GPU: name a Python with it in TAPER_PYTHON to compare");
    }
    found.then_some(python)
}

/// Trains on CIFAR-10 if it was downloaded, else on synthetic images, and checks the report. Looking for the
/// dataset without a network would take minutes.
fn learns(
    arguments: &[&str],
    check: fn(&Value) -> Result<String, String>,
) -> Result<(bool, Option<String>), String> {
    let folder = root().join("data/cifar-10-batches-bin");
    let from = folder.to_str().filter(|_| folder.is_dir());
    let dataset = match from {
        Some(from) => vec!["--dataset", "cifar10", "--from", from],
        None => {
            println!("warning: CIFAR-10 is not in {}, so this trains on drawn pictures", folder.display());
            vec!["--dataset", "synthetic"]
        }
    };
    let Some(report) = train(&[&dataset[..], arguments].concat(), false)? else { return Ok((false, None)) };
    let figure = check(&report)?;
    println!("{figure}");
    Ok((true, Some(figure)))
}

/// Returns the accuracy of the tutorial's recipe, or an error if it is too low.
fn well(report: &Value) -> Result<String, String> {
    losses(report)?;
    let (dataset, least) = dataset(report);
    match report["test_accuracy"].as_f64() {
        Some(accuracy) if accuracy >= least => Ok(format!("accuracy {accuracy:.1} % on {dataset}")),
        _ => Err(format!("accuracy {} % on {dataset}, expected at least {least} %", report["test_accuracy"])),
    }
}

/// Returns the accuracy after a few steps, or an error if the loss did not fall.
fn better(report: &Value) -> Result<String, String> {
    let losses = losses(report)?;
    let (dataset, _) = dataset(report);
    let (first, last) = (losses[0], losses[losses.len() - 1]); // invariant: there is a loss
    if last >= first {
        return Err(format!("on {dataset}, the loss went from {first:.3} to {last:.3}"));
    }
    let accuracy = &report["test_accuracy"];
    Ok(format!("loss from {first:.2} to {last:.2}, accuracy {accuracy} % on {dataset}"))
}

/// Returns the dataset, and the accuracy that the tutorial's recipe reaches at least.
fn dataset(report: &Value) -> (&str, f64) {
    match report["dataset"].as_str() {
        Some("synthetic") => ("drawn pictures, not CIFAR-10", 60.0),
        other => (other.unwrap_or("nothing"), 50.0),
    }
}

/// Returns the losses of a training, or an error if there are none or one is not finite.
fn losses(report: &Value) -> Result<Vec<f64>, String> {
    let points = report["loss_curve"].as_array().filter(|points| !points.is_empty());
    let points = points.ok_or("the report has no losses")?;
    // Numbers that are not finite are null in JSON.
    let losses =
        points.iter().map(|point| point[1].as_f64().ok_or("a loss is not a finite number".to_owned()));
    losses.collect()
}

/// Returns the report of a training on the GPU, or `None` if it failed. With `strict`, operations must not
/// fall back to the CPU.
fn train(arguments: &[&str], strict: bool) -> Result<Option<Value>, String> {
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
    let read = || -> Result<Value, String> {
        let text =
            std::fs::read_to_string(out.join("report.json")).map_err(|e| format!("report.json: {e}"))?;
        serde_json::from_str(&text).map_err(|e| format!("report.json: {e}"))
    };
    let result = succeeds(&mut command).and_then(|ok| ok.then(read).transpose());
    // There is nothing to remove if the program failed before it made the folder.
    let _ = std::fs::remove_dir_all(&out);
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_training_has_to_learn() {
        let report = |dataset: &str, accuracy: f64, curve: Value| json!({"dataset": dataset, "test_accuracy": accuracy, "loss_curve": curve});
        let curve = || json!([[0.1, 2.3], [0.2, 1.9]]);
        assert_eq!(well(&report("cifar10", 55.24, curve())), Ok("accuracy 55.2 % on cifar10".to_owned()));
        assert!(well(&report("cifar10", 49.0, curve())).is_err());
        let drawn = well(&report("synthetic", 55.0, curve())).unwrap_err();
        assert!(drawn.contains("drawn pictures"), "{drawn}");
        let found = better(&report("cifar10", 20.0, curve())).unwrap();
        assert!(found.starts_with("loss from 2.30 to 1.90"), "{found}");
        assert!(better(&report("cifar10", 20.0, json!([[0.1, 2.3], [0.2, 2.4]]))).is_err());
        for check in [well, better] {
            assert!(check(&report("cifar10", 90.0, json!([[0.1, 2.3], [0.2, null], [0.3, 1.0]]))).is_err());
            assert!(check(&report("cifar10", 90.0, json!([]))).is_err());
        }
    }

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
