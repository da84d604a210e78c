//! The checks that must pass before a change lands.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cargo::{self, cargo, succeeds};
use crate::{cuda_check, doc, tidy};

/// A check, which returns true if it passed.
pub type Stage = fn() -> Result<bool, String>;

/// In the order of their cost, so that mistakes show early.
const STAGES: [(&str, Stage); 8] = [
    ("format", || succeeds(cargo("fmt").args(["--all", "--check"]))),
    ("tidy", || Ok(tidy::run(&cargo::root())? == ExitCode::SUCCESS)),
    ("clippy", || succeeds(cargo("clippy").args(["--workspace", "--all-targets", "--", "-D", "warnings"]))),
    ("doc", doc::build),
    ("cuda", cuda_check::run),
    ("test", || succeeds(&mut cargo("test"))),
    ("kernels", lesser_kernels),
    ("smoke", smoke),
];

/// Returns the names of the stages.
pub fn stages() -> impl Iterator<Item = &'static str> {
    STAGES.iter().map(|(name, _)| *name)
}

/// Runs the stages named in `only`, or all if it is empty, and continues after a failure. It ends with a line
/// for each stage.
pub fn run(only: &[String]) -> Result<ExitCode, String> {
    let wanted =
        STAGES.iter().filter(|(name, _)| only.is_empty() || only.iter().any(|wanted| wanted == name));
    Ok(close("ci", &wanted.map(|(name, stage)| timed(name, || Ok((stage()?, None)))).collect::<Vec<_>>()))
}

/// The result of a stage.
pub struct Done {
    name: &'static str,
    time: Duration,
    ok: bool,
    /// A figure that the stage measured.
    figure: Option<String>,
}

/// Prints a line for each stage.
pub fn close(title: &str, results: &[Done]) -> ExitCode {
    println!("\n{title}:");
    for Done { name, time, ok, figure } in results {
        let ok = if *ok { "ok" } else { "FAILED" };
        let line = format!(
            "  {name:<9} {:>7.1} s  {ok:<6}  {}",
            time.as_secs_f64(),
            figure.as_deref().unwrap_or("")
        );
        println!("{}", line.trim_end());
    }
    let total: Duration = results.iter().map(|done| done.time).sum();
    let failed = results.iter().filter(|done| !done.ok).count();
    println!(
        "  {:<9} {:>7.1} s  {}",
        "total",
        total.as_secs_f64(),
        match failed {
            0 => "all passed".to_owned(),
            n => format!("{n} failed"),
        }
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a stage, which returns true if it passed, and an optional figure.
pub fn timed(name: &'static str, stage: impl FnOnce() -> Result<(bool, Option<String>), String>) -> Done {
    println!("\n==> {name}");
    let start = Instant::now();
    let (ok, figure) = stage().unwrap_or_else(|message| {
        eprintln!("{name}: {message}");
        (false, Some(message))
    });
    println!("==> {name}: {} after {:.1} s", if ok { "ok" } else { "FAILED" }, start.elapsed().as_secs_f64());
    Done { name, time: start.elapsed(), ok, figure }
}

/// Runs the reference cases and the gradient checks with the kernels for older processors.
fn lesser_kernels() -> Result<bool, String> {
    for isa in ["avx2", "portable"] {
        let mut command = cargo("test");
        command.args(["--workspace", "--test", "it", "--", "golden", "rules", "registry", "grad"]);
        if !succeeds(command.env("TAPER_ISA", isa))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Runs a short training on synthetic images in the dev profile: a release build would compile the
/// dependencies a second time.
fn smoke() -> Result<bool, String> {
    let out = std::env::temp_dir().join(format!("taper-smoke-{}", std::process::id()));
    let mut command = cargo("run");
    command.args(["--package", "taper-vision-examples", "--bin", "cifar", "--", "--dataset", "synthetic"]);
    command
        .args(["--epochs", "1", "--limit", "200", "--seed", "0", "--out"])
        .arg(&out)
        .arg("--data")
        .arg(&out);
    let result =
        succeeds(&mut command).and_then(|ok| if ok { check_run(&out).map(|()| true) } else { Ok(false) });
    // There is nothing to remove if the program failed before it made the folder.
    let _ = std::fs::remove_dir_all(&out);
    result
}

fn check_run(out: &Path) -> Result<(), String> {
    let path = out.join("report.json");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    check_report(&text).map_err(|message| format!("{}: {message}", path.display()))?;
    let weights = out.join("net.safetensors");
    match std::fs::metadata(&weights) {
        Ok(file) if file.len() > 0 => Ok(()),
        Ok(_) => Err(format!("{} is empty", weights.display())),
        Err(error) => Err(format!("{}: {error}", weights.display())),
    }
}

/// Checks that a report of a synthetic run is complete.
fn check_report(text: &str) -> Result<(), String> {
    let report: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let number = |key: &str| match report[key].as_f64() {
        Some(value) if value.is_finite() => Ok(value),
        _ => Err(format!("`{key}` is {}, expected a finite number", report[key])),
    };
    if report["dataset"] != "synthetic" {
        return Err(format!("`dataset` is {}, expected \"synthetic\"", report["dataset"]));
    }
    for key in ["epochs", "batch_size", "seed"] {
        if !report[key].is_u64() {
            return Err(format!("`{key}` is {}, expected a whole number", report[key]));
        }
    }
    for key in ["train_seconds", "images_per_second"] {
        if number(key)? <= 0.0 {
            return Err(format!("`{key}` is not positive"));
        }
    }
    number("test_accuracy")?;
    for key in ["losses", "class_accuracy"] {
        let filled = match &report[key] {
            Value::Array(entries) => !entries.is_empty(),
            Value::Object(entries) => !entries.is_empty(),
            _ => false,
        };
        if !filled {
            return Err(format!("`{key}` has no entries"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report() -> Value {
        json!({
            "dataset": "synthetic", "epochs": 1, "batch_size": 4, "seed": 0, "train_seconds": 1.5,
            "images_per_second": 500.0, "losses": [2.3, 2.1], "test_accuracy": 31.0, "class_accuracy": {"plane": 30.0},
        })
    }

    #[test]
    fn a_whole_report_passes() {
        assert_eq!(check_report(&report().to_string()), Ok(()));
    }

    #[test]
    fn a_report_with_a_hole_is_refused_by_name() {
        for key in ["dataset", "epochs", "batch_size", "seed", "train_seconds", "images_per_second", "losses"]
            .into_iter()
            .chain(["test_accuracy", "class_accuracy"])
        {
            let mut broken = report();
            broken[key] = Value::Null;
            let message = check_report(&broken.to_string()).unwrap_err();
            assert!(message.contains(key), "{key}: {message}");
        }
        assert!(check_report("{\"dataset\": \"synth").is_err());
    }
}
