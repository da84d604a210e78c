//! Reading of zip archives whose entries are stored uncompressed, as PyTorch writes them, from
//! memory: an entry is a slice of the file, and its checksum is verified.
//!
//! The format: PKWARE's APPNOTE.TXT 6.3.

use std::collections::HashMap;

/// The entries of an archive, by name.
pub struct Archive<'a> {
    entries: HashMap<&'a str, Entry<'a>>,
}

struct Entry<'a> {
    data: &'a [u8],
    crc: u32,
}

impl<'a> Archive<'a> {
    /// Reads the directory at the archive's end.
    pub fn read(file: &'a [u8]) -> Result<Self, String> {
        // The last record, 22 bytes and a comment of at most 65535.
        let first = file.len().saturating_sub(22 + 65535);
        let last = file.len().checked_sub(22).ok_or("the file is too short for a zip archive")?;
        let is_end = |&at: &usize| file[at..].starts_with(b"PK\x05\x06");
        let end = (first..=last).rev().find(is_end).ok_or("no zip directory: the file is truncated")?;
        let end = Reader(&file[end..]);
        let (count, size, start) = (end.u16(10)?, end.u32(12)?, end.u32(16)?);
        if count == 0xffff || start == u32::MAX {
            return Err("archives of more than 4 GiB or 65534 entries are not supported".into());
        }
        let start = start as usize;
        let directory = start.checked_add(size as usize).and_then(|end| file.get(start..end));
        let mut directory = directory.ok_or("the zip directory lies outside of the file")?;
        let mut entries = HashMap::new();
        for _ in 0..count {
            let (name, entry, length) = Entry::read(file, Reader(directory))?;
            entries.insert(name, entry);
            directory = directory.get(length..).ok_or(CUT)?;
        }
        Ok(Self { entries })
    }

    /// The names of the entries.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.entries.keys().copied()
    }

    /// The content of an entry.
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

impl<'a> Entry<'a> {
    /// The entry at the beginning of the directory, its name, and the length of its record.
    fn read(file: &'a [u8], record: Reader<'a>) -> Result<(&'a str, Self, usize), String> {
        if !record.0.starts_with(b"PK\x01\x02") {
            return Err("the zip directory is damaged".into());
        }
        let (method, crc, size, full) = (record.u16(10)?, record.u32(16)?, record.u32(20)?, record.u32(24)?);
        let (name_length, extra, comment) = (record.u16(28)?, record.u16(30)?, record.u16(32)?);
        let name = record.slice(46, name_length.into())?;
        let name = std::str::from_utf8(name).map_err(|_| "an entry's name is no text")?;
        if method != 0 || size != full {
            return Err(format!("entry {name} is compressed, expected it stored"));
        }
        let start = record.u32(42)? as usize;
        let local = Reader(file.get(start..).ok_or(CUT)?);
        if !local.0.starts_with(b"PK\x03\x04") {
            return Err(format!("entry {name} does not begin where the zip directory says"));
        }
        let header = 30 + usize::from(local.u16(26)?) + usize::from(local.u16(28)?);
        let data = local.slice(header, size as usize)?;
        let length = 46 + usize::from(name_length) + usize::from(extra) + usize::from(comment);
        Ok((name, Self { data, crc }, length))
    }
}

/// Little-endian numbers at given places.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn slice(&self, at: usize, length: usize) -> Result<&'a [u8], String> {
        Ok(at.checked_add(length).and_then(|end| self.0.get(at..end)).ok_or(CUT)?)
    }

    fn u16(&self, at: usize) -> Result<u16, String> {
        let bytes = self.slice(at, 2)?;
        Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    fn u32(&self, at: usize) -> Result<u32, String> {
        Ok(u32::from(self.u16(at)?) | u32::from(self.u16(at + 2)?) << 16)
    }
}

const CUT: &str = "an entry of the archive lies outside of the file";
