//! The folder side of fetching: what is there, one process at a time, files that appear whole.

use super::{DataFile, Package, progress::Progress};
use crate::{Error, Result};
use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// The files of a package that are not in `folder`, or not as they must be.
pub(super) fn missing<'a>(package: &'a Package, folder: &Path) -> Vec<&'a DataFile> {
    // A thread a file: hashing is what a call with everything in place spends its time on.
    let files = &package.files;
    let good: Vec<bool> = std::thread::scope(|scope| {
        let checks: Vec<_> =
            files.iter().map(|file| scope.spawn(|| verify(file, &folder.join(&file.name)).is_ok())).collect();
        checks.into_iter().map(|check| check.join().unwrap_or(false)).collect()
    });
    files.iter().zip(good).filter(|(_, good)| !good).map(|(file, _)| file).collect()
}

/// Whether a file is the one it should be; if not, why.
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

/// An empty folder beside the final place, on the same file system. What a killed process has left of
/// its own is removed: the caller holds the lock, so nobody uses it.
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

/// Moves files from where they were found into `folder`, each after its checksum has matched. Good files are
/// kept even when others are not.
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
