//! Files that appear whole or not at all.

use std::io::{Result, Write};
use std::path::Path;

/// How the names begin of files that are being written.
pub const UNFINISHED: &str = ".taper-";

/// Writes a file beside `path`, flushes it to the disk, and only then gives it that name: a reader never sees a
/// part of it, and one that was there stays until then. What a killed process leaves has a name that begins with
/// [`UNFINISHED`].
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
/// When the folder cannot be written, or the disk is full: an older file then stays as it was.
pub fn write_atomic(path: impl AsRef<Path>, content: &[u8]) -> Result<()> {
    let path = path.as_ref();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    // As any new file's, less the user's mask; temporary ones are otherwise their owner's alone.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    // The name itself is on the disk once the folder is; not every system can do that.
    if let Ok(folder) = std::fs::File::open(folder) {
        folder.sync_all().ok();
    }
    Ok(())
}
