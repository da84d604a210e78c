use std::path::Path;
use std::process::{Command, Output};

/// Runs `cifar` with `--out` in a folder, without what the environment could change.
pub fn cifar(out: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cifar"));
    command.env_remove("TAPER_NUM_THREADS").arg("--out").arg(out).args(arguments);
    command.output().unwrap()
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
