//! Calls of cargo.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// Returns the folder of the workspace.
pub fn root() -> PathBuf {
    // The copy of this program in target/gpu-check needs no cargo.
    if let Ok(exe) = std::env::current_exe()
        && let Some(root) =
            exe.parent().filter(|f| f.ends_with("target/gpu-check")).and_then(|f| f.ancestors().nth(2))
    {
        return root.to_owned();
    }
    let xtask = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let mut root = PathBuf::from(xtask);
    root.pop();
    root
}

/// Returns `cargo SUBCOMMAND` for the workspace. It keeps the user's working directory, so that relative
/// paths mean the same as in the user's shell.
pub fn cargo(subcommand: &str) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.arg(subcommand).arg("--manifest-path").arg(root().join("Cargo.toml"));
    command
}

/// Returns an optimised program of `vision-examples` with its own arguments. It is built for CUDA if they
/// contain `--device cuda`.
fn program(name: &str, arguments: &[OsString]) -> Command {
    let mut command = cargo("run");
    command.args(["--quiet", "--release", "--package", "taper-vision-examples", "--bin", name]);
    if asks_for_cuda(arguments) {
        command.args(["--features", "cudnn"]);
    }
    if name == "bench" {
        command.args(["--features", "candle"]);
    }
    command.arg("--").args(arguments);
    command
}

/// Replaces this process by [`program`] with these arguments.
pub fn run(name: &str, arguments: &[OsString]) -> Result<ExitCode, String> {
    if asks_for_cuda(arguments) {
        needs_cuda_toolkit()?;
    }
    hand_over(&mut program(name, arguments))
}

/// Returns an error if the feature `cuda` cannot be built: the build scripts would fail without explaining
/// it.
pub fn needs_cuda_toolkit() -> Result<(), String> {
    // The crate `cudarc` takes the version from this variable, or from nvcc.
    if std::env::var_os("CUDARC_CUDA_VERSION").is_some() {
        return Ok(());
    }
    let nvcc = Command::new("nvcc").arg("--version").output();
    nvcc.map(drop).map_err(|error| {
        format!(
            "building for a GPU needs nvcc, which cannot be run ({error}); install NVIDIA's CUDA toolkit, 12 or 13, \
             and put its nvcc on the path, or use --device cpu"
        )
    })
}

/// Returns true if the arguments contain `--device cuda`, `--device=cuda:1` or similar.
fn asks_for_cuda(arguments: &[OsString]) -> bool {
    let text = |i: usize| arguments.get(i).and_then(|a| a.to_str()).unwrap_or_default();
    (0..arguments.len()).any(|i| match text(i) {
        "--device" => text(i + 1).starts_with("cuda"),
        other => other.starts_with("--device=cuda"),
    })
}

/// Returns the command that builds a program as [`program`] does.
pub fn build(name: &str) -> Command {
    let mut command = cargo("build");
    command.args(["--quiet", "--release", "--package", "taper-vision-examples", "--bin", name]);
    command
}

/// Replaces this process by `command`, so that its exit status is ours, and it alone receives a Ctrl-C.
#[cfg(unix)]
pub fn hand_over(command: &mut Command) -> Result<ExitCode, String> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(not_started(command, &error))
}

/// Runs `command` and returns its exit status.
#[cfg(not(unix))]
pub fn hand_over(command: &mut Command) -> Result<ExitCode, String> {
    let status = command.status().map_err(|error| not_started(command, &error))?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

/// Runs `command` to its end, and returns true if it succeeded.
pub fn succeeds(command: &mut Command) -> Result<bool, String> {
    Ok(command.status().map_err(|error| not_started(command, &error))?.success())
}

fn not_started(command: &Command, error: &std::io::Error) -> String {
    format!("cannot start {}: {error}", command.get_program().display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_built_for_the_device_that_it_is_asked_for() {
        let cuda = |line: &str| {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            program("cifar", &arguments).get_args().any(|a| a == "cudnn")
        };
        assert!(cuda("--epochs 1 --device cuda") && cuda("--device=cuda:1"));
        assert!(!cuda("--epochs 1 --device cpu") && !cuda("--device") && !cuda("cuda"));
    }
}
