//! One array of NumPy's `.npy` format:
//! <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.
//!
//! A file's header is not trusted: memory is allocated only after checking that the file has as many elements
//! as the header promises.

use crate::{DType, Error, Result, Tensor};

const OP: &str = "npy";
const MAGIC: &[u8] = b"\x93NUMPY";

fn fail<T>(why: impl Into<String>) -> Result<T> {
    Err(Error::value(OP, why))
}

/// Returns the text after `key:` in the header, a Python dictionary.
fn entry<'a>(text: &'a str, key: &str) -> Result<&'a str> {
    let found = [format!("'{key}'"), format!("\"{key}\"")].into_iter().find_map(|k| text.split_once(&k));
    match found.and_then(|(_, rest)| rest.trim_start().strip_prefix(':')) {
        Some(rest) => Ok(rest.trim_start()),
        None => fail(format!("the header has no {key:?}")),
    }
}

/// Parses the header into the element type, a flag that is true for Fortran order, and the shape.
fn parse(text: &str) -> Result<(&str, bool, Vec<usize>)> {
    let descr = entry(text, "descr")?;
    let quote = descr.chars().next().filter(|c| *c == '\'' || *c == '"');
    let Some((descr, _)) = quote.and_then(|q| descr[1..].split_once(q)) else {
        return fail("arrays of records are not supported");
    };
    let fortran = entry(text, "fortran_order")?;
    let fortran = match (fortran.starts_with("True"), fortran.starts_with("False")) {
        (true, _) => true,
        (_, true) => false,
        _ => return fail("fortran_order is neither True nor False"),
    };
    let sizes = entry(text, "shape")?.strip_prefix('(').and_then(|s| s.split_once(')'));
    let Some((sizes, _)) = sizes else { return fail("the shape is not a tuple") };
    let mut shape = vec![];
    for size in sizes.split(',').map(str::trim).filter(|s| !s.is_empty()) {
        match size.trim_end_matches('L').parse() {
            Ok(n) => shape.push(n),
            Err(_) => return fail(format!("{size:?} is not a size")),
        }
    }
    Ok((descr, fortran, shape))
}

/// Converts `N`-byte elements, reversed if `big`, to numbers by `f`.
fn numbers<const N: usize, T>(data: &[u8], big: bool, f: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (elements, _) = data.as_chunks::<N>();
    let number = |&e: &[u8; N]| {
        let mut e = e;
        if big {
            e.reverse();
        }
        f(e)
    };
    elements.iter().map(number).collect()
}

/// Decodes a tensor. Elements of a type without a dtype become the next larger type.
pub(super) fn decode(bytes: &[u8]) -> Result<Tensor> {
    let Some(rest) = bytes.strip_prefix(MAGIC) else {
        return fail("not a .npy file: the magic bytes are missing");
    };
    let (length, rest) = match rest {
        [1, _, a, b, rest @ ..] => (usize::from(u16::from_le_bytes([*a, *b])), rest),
        [2 | 3, _, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
        _ => return fail("the version is unknown, or the file ends in its header"),
    };
    let Some((text, data)) = rest.split_at_checked(length) else {
        return fail("the file ends in its header");
    };
    let Ok(text) = std::str::from_utf8(text) else { return fail("the header is not UTF-8 text") };
    let (descr, fortran, shape) = parse(text)?;
    let (order, kind) = descr.split_at_checked(1).unwrap_or(("", ""));
    match kind.as_bytes().first() {
        Some(b'O') => return fail("Python objects are not supported; save numbers"),
        Some(b'c') => {
            return fail(format!("complex numbers ({descr:?}) are not supported; save .real and .imag"));
        }
        Some(b'S' | b'U') => return fail(format!("text ({descr:?}) is not supported")),
        Some(b'M' | b'm') => return fail(format!("dates and times ({descr:?}) are not supported")),
        Some(b'V') => return fail(format!("raw bytes ({descr:?}) are not supported")),
        _ => {}
    }
    let Some(width) = kind.get(1..).and_then(|w| w.parse::<usize>().ok()) else {
        return fail(format!("elements of type {descr:?} are not supported"));
    };
    let sizes = crate::shape::shape(OP, &shape)?;
    let n = crate::shape::numel(&sizes);
    if n.checked_mul(width).is_none_or(|size| size > data.len()) {
        return fail(format!("the file ends before the last of {n} elements of {width} bytes"));
    }
    let (data, big) = (&data[..n * width], order == ">");
    let memory: Vec<usize> = if fortran { sizes.iter().rev().copied().collect() } else { sizes.clone() };
    let x = match kind {
        "b1" => Tensor::own(data.iter().map(|&b| u8::from(b != 0)).collect(), &memory).stored_as(DType::Bool),
        "u1" => Tensor::own(data.to_vec(), &memory),
        "i1" => Tensor::own(data.iter().map(|&b| i32::from(b as i8)).collect(), &memory),
        "i2" => Tensor::own(numbers(data, big, |b| i32::from(i16::from_le_bytes(b))), &memory),
        "u2" => Tensor::own(numbers(data, big, |b| i32::from(u16::from_le_bytes(b))), &memory),
        "i4" => Tensor::own(numbers(data, big, i32::from_le_bytes), &memory),
        "u4" => Tensor::own(numbers(data, big, u32::from_le_bytes), &memory),
        "i8" => Tensor::own(numbers(data, big, i64::from_le_bytes), &memory),
        "u8" => {
            let numbers = numbers(data, big, u64::from_le_bytes);
            if numbers.iter().any(|&v| v > i64::MAX as u64) {
                return fail("an element is larger than int64 holds");
            }
            Tensor::own(numbers.into_iter().map(|v| v as i64).collect(), &memory)
        }
        "f2" => Tensor::own(numbers(data, big, half::f16::from_le_bytes), &memory),
        "f4" => Tensor::own(numbers(data, big, f32::from_le_bytes), &memory),
        "f8" => Tensor::own(numbers(data, big, f64::from_le_bytes), &memory),
        _ => return fail(format!("elements of type {descr:?} are not supported")),
    };
    if fortran { x.permute((0..sizes.len()).rev().collect::<Vec<_>>()) } else { Ok(x) }
}

/// Encodes the tensor as version 1.0 of the format. NumPy has no bfloat16; it becomes float32.
pub(super) fn encode(x: &Tensor) -> Result<Vec<u8>> {
    let descr = match x.dtype() {
        DType::Bool => "|b1",
        DType::U8 => "|u1",
        DType::U32 => "<u4",
        DType::I32 => "<i4",
        DType::I64 => "<i8",
        DType::F16 => "<f2",
        DType::BF16 => return encode(&x.to_dtype(DType::F32)?),
        DType::F32 => "<f4",
        DType::F64 => "<f8",
    };
    let sizes: String = x.size().iter().map(|n| format!("{n}, ")).collect();
    // Python writes a tuple of one element with a comma.
    let sizes = if x.dim() == 1 { sizes.trim_end() } else { sizes.trim_end_matches(", ") };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}");
    let before = MAGIC.len() + 4;
    header.push_str(&" ".repeat(63 - (before + header.len()) % 64));
    header.push('\n');
    let length = u16::try_from(header.len()).map_err(|_| Error::value(OP, "too many dimensions"))?;
    let mut bytes = [MAGIC, &[1, 0], &length.to_le_bytes(), header.as_bytes()].concat();
    macro_rules! elements {
        ($t:ty) => {
            x.elements::<$t>()?.into_iter().for_each(|v| bytes.extend_from_slice(&v.to_le_bytes()))
        };
    }
    match x.dtype() {
        DType::Bool | DType::U8 => elements!(u8),
        DType::U32 => elements!(u32),
        DType::I32 => elements!(i32),
        DType::I64 => elements!(i64),
        DType::F16 => elements!(half::f16),
        DType::F32 => elements!(f32),
        DType::BF16 | DType::F64 => elements!(f64),
    }
    Ok(bytes)
}
