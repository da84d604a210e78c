//! One array of NumPy's `.npy` format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.
//!
//! A file is believed only as far as its bytes go: the number of elements that the header promises must
//! be there before memory is taken for them.

use crate::{DType, Error, Result, Tensor};

const OP: &str = "npy";
const MAGIC: &[u8] = b"\x93NUMPY";

fn fail<T>(why: impl Into<String>) -> Result<T> {
    Err(Error::value(OP, why))
}

/// What follows `key:` in the header, which is a Python dictionary.
fn entry<'a>(text: &'a str, key: &str) -> Result<&'a str> {
    let found = [format!("'{key}'"), format!("\"{key}\"")].into_iter().find_map(|k| text.split_once(&k));
    match found.and_then(|(_, rest)| rest.trim_start().strip_prefix(':')) {
        Some(rest) => Ok(rest.trim_start()),
        None => fail(format!("the header has no {key:?}")),
    }
}

/// The type of the elements, whether they lie in Fortran's order, and the shape.
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
    let Some((sizes, _)) = sizes else { return fail("the shape is no tuple") };
    let mut shape = vec![];
    for size in sizes.split(',').map(str::trim).filter(|s| !s.is_empty()) {
        match size.trim_end_matches('L').parse() {
            Ok(n) => shape.push(n),
            Err(_) => return fail(format!("{size:?} is no size")),
        }
    }
    Ok((descr, fortran, shape))
}

/// The bytes of `N`-byte elements as numbers that `f` makes of them, in the processor's byte order.
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

/// The tensor in a file's bytes. Types that tensors do not have become the next larger one.
pub(super) fn decode(bytes: &[u8]) -> Result<Tensor> {
    let Some(rest) = bytes.strip_prefix(MAGIC) else {
        return fail("the file does not begin as .npy files do");
    };
    let (length, rest) = match rest {
        [1, _, a, b, rest @ ..] => (usize::from(u16::from_le_bytes([*a, *b])), rest),
        [2 | 3, _, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
        _ => return fail("the version is unknown, or the file ends in its header"),
    };
    let Some((text, data)) = rest.split_at_checked(length) else {
        return fail("the file ends in its header");
    };
    let Ok(text) = std::str::from_utf8(text) else { return fail("the header is no text") };
    let (descr, fortran, shape) = parse(text)?;
    let (order, kind) = descr.split_at_checked(1).unwrap_or(("", ""));
    match kind.as_bytes().first() {
        Some(b'O') => return fail("Python objects are not read: save numbers"),
        Some(b'c') => {
            return fail(format!("complex numbers ({descr:?}) are not supported: save .real and .imag"));
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

/// The bytes of a file of version 1.0 that NumPy reads. It knows no bfloat16, which becomes f32.
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
    // One size needs its comma, several look better without the last.
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
