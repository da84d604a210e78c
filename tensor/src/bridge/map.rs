//! Files as memory.

use std::fs::File;
use std::ops::Deref;
use std::path::Path;

/// A file's content, mapped: what is looked at is read, the rest is not, and none of it is copied.
///
/// A file that another process shortens while it is mapped ends this process where it looks at what is
/// gone, as with every program that maps files; replace files instead of writing into them.
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
    /// Maps a file to be read.
    ///
    /// # Errors
    /// When it cannot be read, or is no file.
    pub fn open(path: impl AsRef<Path>) -> std::io::Result<Self> {
        let file = File::open(path)?;
        // To map a folder fails as well, but with the words that there is no such device.
        if file.metadata()?.is_dir() {
            return Err(std::io::ErrorKind::IsADirectory.into());
        }
        // SAFETY: The map is read-only and private to this value, which owns it. Bytes that another
        // process changes meanwhile are bytes still: nothing is read from them but plain numbers,
        // whose every pattern of bits is valid, and text, which is checked once it is copied.
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
