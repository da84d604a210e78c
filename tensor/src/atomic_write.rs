//! Atomic writing of files.

use std::io::{Result, Write};
use std::path::Path;

/// The prefix of the names of unfinished files.
pub const UNFINISHED: &str = ".taper-";

/// Writes a file atomically: readers see the old file at `path` or the complete new one. It writes a
/// temporary file in the same folder, flushes it to the disk, and renames it to `path`. If the process is
/// killed, the temporary file remains; its name begins with [`UNFINISHED`].
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("answer.txt");
/// taper_tensor::write_atomic(&path, b"42")?;
/// assert_eq!(std::fs::read(&path)?, b"42");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// If the folder is not writable or the disk is full. An existing file is kept.
pub fn write_atomic(path: impl AsRef<Path>, content: &[u8]) -> Result<()> {
    let path = path.as_ref();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    // Temporary files are private to their owner; this gives the permissions of any new file, less the user's
    // umask.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    // The rename is durable once the folder is flushed, which not every system supports.
    if let Ok(folder) = std::fs::File::open(folder) {
        folder.sync_all().ok();
    }
    Ok(())
}
