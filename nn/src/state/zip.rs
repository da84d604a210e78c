//! Reads zip archives whose entries are stored uncompressed, as PyTorch writes them: an entry is a slice of the
//! file, and its checksum is verified.

use std::collections::HashMap;
use std::io::Cursor;

use zip::{CompressionMethod, ZipArchive};

/// The entries of an archive, by name.
pub struct Archive<'a> {
    entries: HashMap<String, Entry<'a>>,
}

struct Entry<'a> {
    data: &'a [u8],
    crc: u32,
}

impl<'a> Archive<'a> {
    /// Reads the directory at the archive's end.
    pub fn read(file: &'a [u8]) -> Result<Self, String> {
        let damaged = |e| format!("the zip archive is too short or damaged: {e}");
        if let Some(count) = too_many_entries(file) {
            return Err(format!("the zip archive is damaged: it announces {count} entries"));
        }
        let mut archive = ZipArchive::new(Cursor::new(file)).map_err(damaged)?;
        let mut entries = HashMap::new();
        for i in 0..archive.len() {
            let entry = archive.by_index_raw(i).map_err(damaged)?;
            let name = entry.name().map_err(damaged)?.into_owned();
            let stored = entry.compression() == CompressionMethod::Stored && !entry.encrypted();
            if !stored || entry.size() != entry.compressed_size() {
                return Err(format!("entry {name} is compressed or encrypted, expected it stored"));
            }
            let place = |at: Option<u64>| usize::try_from(at?).ok();
            let start = entry.data_start();
            let end = start.and_then(|start| start.checked_add(entry.size()));
            let data = place(start).zip(place(end)).and_then(|(start, end)| file.get(start..end));
            let data = data.ok_or_else(|| format!("entry {name} lies outside of the file"))?;
            entries.insert(name, Entry { data, crc: entry.crc32() });
        }
        Ok(Self { entries })
    }

    /// Returns the names of the entries.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Returns the content of an entry.
    pub fn get(&self, name: &str) -> Result<&'a [u8], String> {
        let entry = self.entries.get(name).ok_or_else(|| format!("the archive has no entry {name}"))?;
        let mut crc = flate2::Crc::new();
        crc.update(entry.data);
        // PyTorch can be told to write no checksums, which leaves 0.
        if entry.crc != 0 && crc.sum() != entry.crc {
            return Err(format!(
                "entry {name} is damaged: its checksum is {:08x}, expected {:08x}",
                crc.sum(),
                entry.crc
            ));
        }
        Ok(entry.data)
    }
}

/// Finds a record of 64 bits that announces more entries than the file has room for; the crate would reserve
/// memory for all of them.
fn too_many_entries(file: &[u8]) -> Option<u64> {
    let length = file.len() as u64;
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |n, &byte| n << 8 | u64::from(byte));
    let records = file.windows(40).filter(|record| record.starts_with(b"PK\x06\x06"));
    // Other bytes that begin alike have a length that fits by a rare chance only.
    let records = records.filter(|record| number(&record[4..12]) <= length);
    records.map(|record| number(&record[32..40])).find(|&count| count > length / 46)
}
