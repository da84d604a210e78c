//! Type-checks the code for GPUs on a machine without NVIDIA's CUDA toolkit.
//!
//! The build scripts call `nvcc` to compile the kernels, but type-checking the Rust code does not depend on
//! nvcc's output. So a copy of this program replaces nvcc.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cargo::{cargo, root, succeeds};

/// The CUDA version that the code is checked against, as cudarc spells 13.0.
const CUDA: &str = "13000";

/// The content of each output, which tells where the file came from.
const CONTENT: &str = "// written by a stand-in for nvcc: it contains no kernels\n";

/// Runs clippy over the workspace with the feature `cudnn`, which implies `cuda`, and over its libraries with
/// `cuda` alone. Tests and programs are the same with both.
///
/// # Errors
/// If clippy fails; the message names the feature.
pub fn run() -> Result<bool, String> {
    // A separate folder: an ordinary build would use the replacement's empty outputs and have no kernels.
    let target = root().join("target/cuda-check");
    let nvcc = target.join(format!("nvcc{}", std::env::consts::EXE_SUFFIX));
    copy_self(&nvcc)?;
    for (feature, targets) in [("cudnn", "--all-targets"), ("cuda", "--lib")] {
        let mut command = cargo("clippy");
        command.args(["--workspace", targets, "--features", feature, "--target-dir"]).arg(&target);
        // Only macros and build scripts are executed here; optimising them costs more than it gains.
        command.args(["--config", "profile.dev.package.'*'.opt-level=0", "--", "-D", "warnings"]);
        // Set here, so that a toolkit or a GPU of this machine does not change the result.
        command.env("NVCC", &nvcc).env("CUDARC_CUDA_VERSION", CUDA).env("CUDA_COMPUTE_CAP", "80");
        if !succeeds(&mut command)? {
            return Err(format!("clippy --features {feature} failed, its messages are above"));
        }
    }
    Ok(true)
}

fn copy_self(to: &Path) -> Result<(), String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    to.parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::copy(&this, to))
        .map_err(|error| format!("{} to {}: {error}", this.display(), to.display()))?;
    Ok(())
}

/// Returns true if this process was started as the replacement of nvcc.
pub fn is_nvcc() -> bool {
    std::env::current_exe().is_ok_and(|exe| exe.file_stem().is_some_and(|name| name == "nvcc"))
}

/// Creates the files that the build scripts expect from nvcc with these arguments.
pub fn nvcc(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.collect();
    for output in outputs(&arguments) {
        if let Err(error) = std::fs::write(&output, CONTENT) {
            eprintln!("stand-in for nvcc: {}: {error}", output.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Returns the files that nvcc would create: the file after `-o`, or a `.ptx` file for each source.
fn outputs(arguments: &[OsString]) -> Vec<PathBuf> {
    let after = |option: &str| {
        let at = arguments.iter().position(|argument| argument == option)?;
        arguments.get(at + 1).map(PathBuf::from)
    };
    if let Some(output) = after("-o") {
        return vec![output];
    }
    let Some(folder) = after("--output-directory") else { return Vec::new() };
    let sources = arguments.iter().map(Path::new).filter(|path| path.extension().is_some_and(|e| e == "cu"));
    sources.filter_map(|source| Some(folder.join(source.with_extension("ptx").file_name()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Vec<PathBuf> {
        outputs(&line.split(' ').map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn ptx_goes_into_the_output_directory() {
        let line = "-gencode=arch=compute_80,code=sm_80 --ptx --output-directory out -O3 src/pool.cu";
        assert_eq!(of(line), [Path::new("out/pool.ptx")]);
    }

    #[test]
    fn objects_and_libraries_go_where_they_are_asked_for() {
        assert_eq!(of("-c -o out/pool-1f.o -O3 src/pool.cu"), [Path::new("out/pool-1f.o")]);
        assert_eq!(of("--lib -o out/libpool.a out/pool-1f.o"), [Path::new("out/libpool.a")]);
    }

    #[test]
    fn the_version_creates_no_file() {
        assert!(of("--version").is_empty());
    }
}
