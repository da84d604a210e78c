//! Files that appear whole or not at all.

use std::fs::{File, TryLockError};
use std::path::Path;

use taper::tensor::{UNFINISHED, write_atomic};

use crate::Result;

/// The file with a run's settings, by which its folder is known.
pub const SETTINGS: &str = "settings.toml";
/// How that file begins.
const HEADER: &str =
    "# The settings of a run of `cargo xtask cifar`, which `--config` with this file repeats.\n";

/// Makes a run's folder, and finds out whether files can be made in it: before the hours of training.
/// A folder with files that are no run's is left alone, unless the run goes on from one of them. As long as
/// the file lives that this gives, the folder is no other run's.
///
/// # Errors
/// When they cannot, or another run is writing there.
pub fn claim_folder(folder: &Path, resume: Option<&Path>) -> Result<File> {
    let entries = || std::fs::read_dir(folder).into_iter().flatten();
    let ours = || {
        std::fs::read_to_string(folder.join(SETTINGS)).is_ok_and(|text| text.starts_with(HEADER))
            || resume.and_then(Path::parent).is_some_and(|from| same(from, folder))
    };
    // What a run that was killed was writing has a name with a dot.
    let foreign = entries().flatten().find(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
    if let Some(foreign) = foreign
        && !ours()
    {
        return Err(format!(
            "folder {} holds files that are not of a run, such as {}, which it could overwrite; choose another \
             one with --out",
            folder.display(),
            foreign.file_name().display()
        )
        .into());
    }
    writable(folder)?;
    lock(folder)
}

/// Whether two paths lead to the same folder.
fn same(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| path.join(".").canonicalize().ok();
    real(a).is_some_and(|a| Some(a) == real(b))
}

/// Writes the file by which the run's folder is known.
///
/// # Errors
/// As [`write()`].
pub fn write_settings(folder: &Path, settings: &impl serde::Serialize) -> Result<()> {
    write(&folder.join(SETTINGS), (HEADER.to_owned() + &toml::to_string(settings)?).as_bytes())
}

fn writable(folder: &Path) -> Result<()> {
    let check = || {
        std::fs::create_dir_all(folder)?;
        tempfile::tempfile_in(folder).map(drop)
    };
    check().map_err(|e| refused(folder, &e))
}

fn refused(folder: &Path, error: &std::io::Error) -> Box<dyn std::error::Error> {
    format!("cannot write to folder {}: {error}; choose another one with --out", folder.display()).into()
}

/// Keeps other runs out of a folder until the file is dropped, and removes what one that was killed has left
/// half-written there.
fn lock(folder: &Path) -> Result<File> {
    let path = folder.join(".lock");
    let open = File::options().create(true).append(true).open(&path);
    let file = open.map_err(|e| refused(folder, &e))?;
    // Not every file system has locks: without one, nobody is kept out.
    if let Err(TryLockError::WouldBlock) = file.try_lock() {
        let shown = folder.display();
        return Err(format!("another run writes to folder {shown}; choose another one with --out").into());
    }
    for entry in std::fs::read_dir(folder)?.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            // What cannot be removed is in nobody's way.
            let _ = std::fs::remove_file(entry.path());
        }
    }
    Ok(file)
}

/// [`write_atomic`], with an error that says what for.
///
/// # Errors
/// As that.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_atomic(path, bytes).map_err(|e| format!("cannot write {}: {e}", path.display()).into())
}
