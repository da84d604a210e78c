//! Memory-mapped files.

use std::fs::File;
use std::ops::Deref;
use std::path::Path;

/// The content of a file, mapped into memory. Only the parts that are accessed are read, and nothing is
/// copied.
///
/// If another process truncates the file while it is mapped, accessing the lost part kills this process, as
/// with all memory maps. Replace files instead of writing into them.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("file");
/// std::fs::write(&path, b"content")?;
/// assert_eq!(&taper_tensor::MappedFile::open(&path)?[..4], b"cont");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct MappedFile(memmap2::Mmap);

impl MappedFile {
    /// Maps a file for reading.
    ///
    /// # Errors
    /// If the path cannot be read, or is not a file.
    pub fn open(path: impl AsRef<Path>) -> std::io::Result<Self> {
        let file = File::open(path)?;
        // Mapping a folder fails too, but the system's message is "no such device".
        if file.metadata()?.is_dir() {
            return Err(std::io::ErrorKind::IsADirectory.into());
        }
        // SAFETY: The map is read-only and owned by this value. Another process may change the bytes
        // meanwhile, but they stay bytes: only numbers, for which every bit pattern is valid, and text, which
        // is checked after it is copied, are read from them.
        let map = unsafe { memmap2::Mmap::map(&file)? };
        Ok(Self(map))
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
