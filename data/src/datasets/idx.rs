//! Reads the IDX format of MNIST and similar datasets: a magic number, the dimensions, then the bytes.

use crate::{Error, Result};
use flate2::read::MultiGzDecoder;
use std::{io::Read, path::Path};

/// The largest size of an IDX file, far above that of the datasets; a file that announces more is refused.
const LARGEST: usize = 1 << 30;

/// An IDX file of bytes.
pub(super) struct Idx {
    pub dims: Vec<usize>,
    /// The whole file, unpacked; the values start at `start`.
    pub file: Vec<u8>,
    pub start: usize,
    /// True if the file on disk holds these bytes, false if it is packed.
    pub plain: bool,
}

/// Reads an IDX file of `rank` dimensions, gzipped or not.
pub(super) fn read(path: &Path, rank: usize) -> Result<Idx> {
    let wrong = |message: String| Error::format(path, message);
    let raw = std::fs::read(path).map_err(Error::io("read", path))?;
    let plain = !raw.starts_with(&[0x1f, 0x8b]);
    let start = 4 + 4 * rank;
    let mut reader: Box<dyn Read> =
        if plain { Box::new(&raw[..]) } else { Box::new(MultiGzDecoder::new(&raw[..])) };
    let mut file = vec![0; start];
    reader.read_exact(&mut file).map_err(|e| wrong(format!("no IDX file, its header ends early: {e}")))?;
    let word = |at: usize| u32::from_be_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]);
    // Two zeros, the type (8: bytes), the number of dimensions.
    if word(0) != 0x0800 + rank as u32 {
        return Err(wrong(format!("magic number {:#010x}, expected {:#010x}", word(0), 0x0800 + rank)));
    }
    let dims: Vec<usize> = (0..rank).map(|dim| word(4 + 4 * dim) as usize).collect();
    let count = dims.iter().try_fold(1usize, |product, &dim| product.checked_mul(dim));
    let count =
        count.filter(|&count| count <= LARGEST).ok_or_else(|| wrong(format!("too large: {dims:?}")))?;
    // One byte more than announced shows that there are too many.
    let read = reader.take(count as u64 + 1).read_to_end(&mut file);
    read.map_err(|e| wrong(format!("cannot be unpacked: {e}")))?;
    if file.len() - start != count {
        let fault = if file.len() - start < count { "cut short" } else { "too long" };
        return Err(wrong(format!("the file is {fault}: {} values, {dims:?} announced", file.len() - start)));
    }
    Ok(Idx { dims, file, start, plain })
}
