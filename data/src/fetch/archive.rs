//! Unpacks tar archives that may be malicious.

use flate2::read::MultiGzDecoder;
use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Component, Path},
};
use tar::{Archive, EntryType};

/// The most that an archive may hold.
#[derive(Clone, Copy, Debug)]
pub struct ArchiveLimits {
    /// The bytes of all unpacked files together.
    pub bytes: u64,
    /// The number of files and folders.
    pub entries: usize,
}

/// Far above what the datasets need: the largest unpacks to 200 MB, in fewer than 20 files.
impl Default for ArchiveLimits {
    fn default() -> Self {
        Self { bytes: 2 << 30, entries: 100_000 }
    }
}

/// Unpacks a tar archive, gzipped or not, into the folder `into`; `flat` drops the archive's folders.
///
/// Nothing is written outside of `into`: an archive with an absolute path, with `..`, with a link or a device file
/// is refused, and so is one that unpacks to more than the limits allow. An existing file is not overwritten.
///
/// # Errors
/// When the archive is refused or cannot be read; files unpacked before stay.
pub fn unpack(archive: &Path, into: &Path, limits: ArchiveLimits, flat: bool) -> Result<(), String> {
    let name = archive.display();
    let file = File::open(archive).map_err(|e| format!("cannot open {name}: {e}"))?;
    let mut file = BufReader::with_capacity(1 << 16, file);
    let gzipped = io::BufRead::fill_buf(&mut file).map_err(|e| format!("cannot read {name}: {e}"))?;
    let gzipped = gzipped.starts_with(&[0x1f, 0x8b]);
    let bytes: Box<dyn Read> = if gzipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    // Headers and padding count too: an archive of endless empty headers ends here.
    let budget = limits.bytes.saturating_add(2048 * limits.entries as u64);
    let mut archive = Archive::new(Budget { inner: bytes, left: budget });
    let (mut entries, mut left) = (0, limits.bytes);
    // The message leaves out the first header: it can hold bytes that confuse a terminal.
    let broken = |e: io::Error, entries| match entries {
        0 => format!("{name} is not a tar archive, gzipped or not"),
        _ => format!("{name}: {e}"),
    };
    // Raw entries: extended headers are entries of their own and are not read into memory.
    for entry in archive.entries().map_err(|e| broken(e, 0))?.raw(true) {
        let mut entry = entry.map_err(|e| broken(e, entries))?;
        entries += 1;
        if entries > limits.entries {
            return Err(format!("{name} has more than {} entries", limits.entries));
        }
        let path = entry.path().map_err(|e| broken(e, entries))?.into_owned();
        let refuse = |why: &str| Err(format!("{name} holds {}, {why}: refused", path.display()));
        if path.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
            return refuse("a path that leads out of its folder");
        }
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => {}
            // Extended headers hold dates and longer names, which are not needed.
            EntryType::XHeader | EntryType::XGlobalHeader if entry.size() <= left => continue,
            EntryType::XHeader | EntryType::XGlobalHeader => {}
            EntryType::Directory => continue,
            _ => return refuse("which is neither a file nor a folder"),
        }
        let Some(file_name) = path.file_name() else { return refuse("a file without a name") };
        if entry.size() > left {
            return Err(format!("{name} unpacks to more than {} bytes", limits.bytes));
        }
        left -= entry.size();
        let target = if flat { into.join(file_name) } else { into.join(&path) };
        let mut write = || -> io::Result<()> {
            std::fs::create_dir_all(target.parent().unwrap_or(into))?;
            let copied = io::copy(&mut entry, &mut File::create_new(&target)?)?;
            if copied == entry.size() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
        };
        write().map_err(|e| format!("cannot unpack {} from {name}: {e}", path.display()))?;
    }
    Ok(())
}

/// A reader that fails when more than a limit is read.
struct Budget<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Budget<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left =
            self.left.checked_sub(count as u64).ok_or_else(|| io::Error::other("unpacks to too much"))?;
        Ok(count)
    }
}
