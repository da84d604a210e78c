//! The documentation of the workspace's crates.

use std::process::ExitCode;

use crate::cargo::{cargo, hand_over, succeeds};

/// The packages, each after those that its pages link to.
const PACKAGES: [&str; 10] = [
    "taper-pickle",
    "taper-tensor",
    "taper-autograd",
    "taper-nn-derive",
    "taper-nn",
    "taper-optim",
    "taper-data",
    "taper",
    "taper-vision-examples",
    "xtask",
];

/// Builds the documentation; `open` shows that of `taper`.
pub fn run(open: bool) -> Result<ExitCode, String> {
    let built = build()?;
    if built && open {
        // Nothing is built again.
        return hand_over(cargo("doc").args(["--package", "taper", "--no-deps", "--open"]));
    }
    Ok(if built { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds the documentation; returns true if there was no warning.
pub fn build() -> Result<bool, String> {
    // One after the other: rustdoc links to the pages that exist, and cargo documents several crates at once.
    for package in PACKAGES {
        let mut command = cargo("doc");
        command.args(["--package", package, "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
        if !succeeds(&mut command)? {
            return Ok(false);
        }
    }
    Ok(true)
}
