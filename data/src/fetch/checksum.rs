//! Checksums of files.

use md5::{Digest, Md5};
use sha2::Sha256;
use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::Path,
};

/// A checksum, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// MD5, which most datasets' authors publish: detects damage, but not manipulation.
    Md5(String),
    /// SHA-256: detects damage and manipulation.
    Sha256(String),
}

impl Checksum {
    /// Makes an MD5 sum of 32 hexadecimal digits.
    pub fn md5(hex: &str) -> Self {
        Self::Md5(hex.to_lowercase())
    }

    /// Makes a SHA-256 sum of 64 hexadecimal digits.
    pub fn sha256(hex: &str) -> Self {
        Self::Sha256(hex.to_lowercase())
    }

    /// Computes the checksum of the same kind of a file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn of(&self, path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        Ok(match self {
            Self::Md5(_) => Self::Md5(digest::<Md5>(&mut file)?),
            Self::Sha256(_) => Self::Sha256(digest::<Sha256>(&mut file)?),
        })
    }
}

fn digest<D: Digest>(file: &mut File) -> io::Result<String> {
    let (mut hasher, mut buffer) = (D::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => hasher.update(&buffer[..count]),
        }
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Md5(hex) => write!(f, "md5 {hex}"),
            Self::Sha256(hex) => write!(f, "sha256 {hex}"),
        }
    }
}
