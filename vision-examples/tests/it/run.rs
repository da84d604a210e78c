use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// `cifar` without what the environment could change.
pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cifar"));
    command.env_remove("TAPER_NUM_THREADS").args(arguments);
    command
}

/// Runs `cifar` with `--out` in a folder.
pub fn cifar(out: &Path, arguments: &[&str]) -> Output {
    program(arguments).arg("--out").arg(out).output().unwrap()
}

/// The `report.json` of a run.
pub fn report(out: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(out.join("report.json")).unwrap()).unwrap()
}

/// Runs `cifar` with `--out` in a folder, and kills it as soon as `enough` is true.
pub fn killed(out: &Path, arguments: &[&str], enough: impl Fn() -> bool) {
    let mut command = program(arguments);
    let mut child = command.arg("--out").arg(out).stdout(Stdio::null()).spawn().unwrap();
    while !enough() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// What a program printed, which must have succeeded.
pub fn text(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {error}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The error of a program that must have failed, and not by a panic.
pub fn refusal(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "succeeded: {}", String::from_utf8_lossy(&output.stdout));
    assert!(!error.contains("panicked"), "{error}");
    error
}
