//! Checks the files in place, locks out other processes, and places files atomically.

use super::{DataFile, Package, progress::Progress};
use crate::{Error, Result};
use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// Returns the files of a package that are missing from `folder` or damaged.
pub(super) fn missing<'a>(package: &'a Package, folder: &Path) -> Vec<&'a DataFile> {
    // One thread for each file: with everything in place, a call spends its time on hashing.
    let files = &package.files;
    let good: Vec<bool> = std::thread::scope(|scope| {
        let checks: Vec<_> =
            files.iter().map(|file| scope.spawn(|| verify(file, &folder.join(&file.name)).is_ok())).collect();
        checks.into_iter().map(|check| check.join().unwrap_or(false)).collect()
    });
    files.iter().zip(good).filter(|(_, good)| !good).map(|(file, _)| file).collect()
}

/// Checks a file's length and checksum; the error says what differs.
fn verify(file: &DataFile, path: &Path) -> Result<(), String> {
    let name = &file.name;
    let bytes = fs::metadata(path).map_err(|e| format!("{name}: {e}"))?.len();
    if bytes != file.bytes {
        return Err(format!("{name} has {bytes} bytes, expected {}", file.bytes));
    }
    let sum = file.checksum.of(path).map_err(|e| format!("{name}: {e}"))?;
    if sum != file.checksum {
        return Err(format!("{name} has {sum}, expected {}", file.checksum));
    }
    Ok(())
}

/// Waits until no other process fetches this package into `dir`; the lock ends with the returned file.
pub(super) fn lock(dir: &Path, package: &Package, progress: &Progress) -> Result<File> {
    let path = dir.join(format!(".{}.lock", package.name));
    let file = File::create(&path).map_err(Error::io("create", &path))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => {
            progress.say(&format!("{}: waiting for another process", package.name))
        }
        Err(TryLockError::Error(e)) => return Err(Error::io("lock", &path)(e)),
    }
    file.lock().map_err(Error::io("lock", &path))?;
    Ok(file)
}

/// Makes an empty folder on the file system of the final place. The folder that a killed process has left is
/// removed: the caller holds the lock, so that no process uses it.
pub(super) fn work_folder(dir: &Path, package: &Package) -> Result<TempDir> {
    let prefix = format!(".{}-fetch-", package.name);
    for entry in fs::read_dir(dir).map_err(Error::io("read folder", dir))?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            let path = entry.path();
            fs::remove_dir_all(&path).map_err(Error::io("remove folder", &path))?;
        }
    }
    tempfile::Builder::new().prefix(&prefix).tempdir_in(dir).map_err(Error::io("create a folder in", dir))
}

/// Moves files into `folder`, each after its checksum has matched. Good files are kept even if others are
/// damaged.
pub(super) fn place(files: &[&DataFile], found: &Path, folder: &Path) -> Result<(), String> {
    let mut faults = Vec::new();
    for file in files {
        let from = found.join(&file.name);
        if let Err(fault) = verify(file, &from).and_then(|()| settle(&from, folder, &file.name)) {
            faults.push(fault);
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
}

fn settle(from: &Path, folder: &Path, name: &str) -> Result<(), String> {
    let to: PathBuf = folder.join(name);
    let settle = || {
        fs::create_dir_all(folder)?;
        File::open(from)?.sync_all()?;
        fs::rename(from, &to)
    };
    settle().map_err(|e| format!("cannot place {}: {e}", to.display()))
}
