//! Files that appear whole or not at all.

use std::io::Write;
use std::path::Path;

use crate::Result;

/// Makes a folder, and finds out whether files can be made in it: before the hours of training.
///
/// # Errors
/// When they cannot.
pub fn writable_folder(folder: &Path) -> Result<()> {
    let check = || {
        std::fs::create_dir_all(folder)?;
        tempfile::tempfile_in(folder).map(drop)
    };
    check().map_err(|e| {
        format!("cannot write to folder {}: {e}; choose another one with --out", folder.display()).into()
    })
}

/// Writes a file under another name, flushes it to the disk, and only then gives it its own.
///
/// # Errors
/// When the folder cannot be written, or the disk is full: an older file then stays as it was.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let place = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    place().map_err(|e| format!("cannot write {}: {e}", path.display()).into())
}
