//! The documentation of the workspace's crates.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::cargo::{cargo, hand_over, root, succeeds};

/// The library crates, as rustdoc names their folders.
const CRATES: [&str; 8] = [
    "taper",
    "taper_tensor",
    "taper_pickle",
    "taper_autograd",
    "taper_nn",
    "taper_nn_derive",
    "taper_optim",
    "taper_data",
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
    // rustdoc links to a crate that has a folder by then. Cargo documents all crates at once, so that without these
    // folders the first build has no links.
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    for name in CRATES {
        let folder = target.join("doc").join(name);
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    succeeds(cargo("doc").args(["--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}
