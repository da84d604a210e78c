//! Files that NumPy 2.4 wrote (`tests/fixtures/numpy_files.py`), and NumPy itself on files written here:
//! `TAPER_PYTHON` names a Python that has it; without one that test is skipped.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::DTYPES;
use serde_json::Value;
use taper_tensor::{DType, Result, Tensor};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Parses a number as Python prints it.
fn real(text: &str) -> f64 {
    match text {
        "True" => 1.0,
        "False" => 0.0,
        _ => text.parse().unwrap(),
    }
}

#[test]
fn every_array_that_numpy_saves() -> Result<()> {
    let expected: Value =
        serde_json::from_str(&std::fs::read_to_string(fixture("arrays.json")).unwrap()).unwrap();
    let arrays = Tensor::read_npz(fixture("arrays.npz"))?;
    let rows = expected.as_array().unwrap();
    assert!(arrays.len() == rows.len() && arrays.len() > 300);
    for ((name, x), row) in arrays.iter().zip(rows) {
        assert_eq!(row[0], name.as_str());
        let dtype = match &name[..2] {
            "b1" => DType::Bool,
            "u1" => DType::U8,
            "u4" => DType::U32,
            "i8" | "u8" => DType::I64,
            "f2" => DType::F16,
            "f4" => DType::F32,
            "f8" => DType::F64,
            _ => DType::I32,
        };
        let size: Vec<usize> =
            row[1].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect();
        assert_eq!((x.dtype(), x.size()), (dtype, &size[..]), "{name}");
        let numbers: Vec<&str> = row[2].as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect();
        if dtype.is_float() {
            // By their bits, but for NaN's: -0 is not 0.
            let bits = |v: f64| if v.is_nan() { None } else { Some(v.to_bits()) };
            let x: Vec<_> = x.to_dtype(DType::F64)?.to_vec::<f64>()?.into_iter().map(bits).collect();
            assert_eq!(x, numbers.iter().map(|n| bits(real(n))).collect::<Vec<_>>(), "{name}");
        } else {
            let integer = |n: &&str| n.parse::<i64>().unwrap_or_else(|_| real(n) as i64);
            let x = x.to_dtype(DType::I64)?.to_vec::<i64>()?;
            assert_eq!(x, numbers.iter().map(integer).collect::<Vec<_>>(), "{name}");
        }
    }
    Ok(())
}

#[test]
fn what_is_no_tensor_is_refused() {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(fixture("refused.npz")).unwrap()).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut messages = vec![];
    for i in 0..archive.len() {
        let mut entry = archive.by_index(i).unwrap();
        let mut bytes = vec![];
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let message = Tensor::read_npy(file.path()).expect_err(&entry.name().unwrap()).to_string();
        assert!(message.starts_with("read_npy: "), "{message}");
        messages.push(message.rsplit(": npy: ").next().unwrap_or_default().to_owned());
    }
    assert_eq!(
        messages,
        [
            "complex numbers (\"<c8\") are not supported; save .real and .imag",
            "complex numbers (\"<c16\") are not supported; save .real and .imag",
            "Python objects are not supported; save numbers",
            "arrays of records are not supported",
            "arrays of records are not supported",
            "arrays of records are not supported",
            "text (\"<U2\") is not supported",
            "text (\"|S2\") is not supported",
            "dates and times (\"<M8[D]\") are not supported",
            "dates and times (\"<m8[ns]\") are not supported",
            "elements of type \"<f16\" are not supported",
            "raw bytes (\"|V3\") are not supported",
            "an element is larger than int64 holds",
        ]
    );
}

/// Tensors of every dtype and layout, by name.
fn ours() -> Result<Vec<(String, Tensor)>> {
    let mut all = vec![];
    for dtype in DTYPES {
        let x = Tensor::arange(0, 24, 1)?.reshape((2, 3, 4))?.mul(5)?.to_dtype(dtype)?;
        for (name, x) in [
            ("whole", x.clone()),
            ("turned", x.permute((2, 0, 1))?),
            ("part", x.slice(2, Some(1), None, 2)?),
            ("repeated", x.select(0, 1)?.unsqueeze(0)?.expand((2, 3, 4))?),
            ("vector", x.reshape(-1)?),
            ("number", x.select(0, 1)?.select(0, 2)?.select(0, 3)?),
            ("nothing", x.narrow(1, 3, 0)?),
        ] {
            all.push((format!("{dtype}_{name}"), x));
        }
    }
    all.push(("ends".into(), Tensor::new([i64::MIN, -1, i64::MAX])?));
    all.push((
        "odd".into(),
        Tensor::new([f32::NAN, f32::INFINITY, -0.0, f32::MIN_POSITIVE / 4.0, f32::MIN])?,
    ));
    Ok(all)
}

/// Returns NumPy's name of the dtype that a dtype is saved as.
fn type_of(dtype: DType) -> &'static str {
    match dtype {
        DType::BF16 => "float32",
        dtype => dtype.name(),
    }
}

#[test]
fn numpy_reads_what_is_written_here() -> Result<()> {
    let python = std::env::var_os("TAPER_PYTHON").unwrap_or_else(|| "python3".into());
    let there = Command::new(&python).args(["-c", "import numpy"]).output();
    if !there.is_ok_and(|o| o.status.success()) {
        println!("skipped: {python:?} has no NumPy; TAPER_PYTHON names another one");
        return Ok(());
    }
    let folder = tempfile::tempdir().unwrap();
    let all = ours()?;
    for (name, x) in &all {
        x.write_npy(folder.path().join(format!("{name}.npy")))?;
        let numbers: Vec<String> = if x.dtype().is_float() {
            x.to_dtype(DType::F64)?.to_vec::<f64>()?.iter().map(|v| format!("{v:e}")).collect()
        } else {
            x.to_dtype(DType::I64)?.to_vec::<i64>()?.iter().map(i64::to_string).collect()
        };
        let text = format!("{}\n{:?}\n{}\n", type_of(x.dtype()), x.size(), numbers.join("\n"));
        std::fs::write(folder.path().join(format!("{name}.txt")), text).unwrap();
    }
    for compress in [false, true] {
        let named = all.iter().map(|(name, x)| (name.clone(), x.clone()));
        Tensor::write_npz(folder.path().join("all.npz"), named, compress)?;
        let out = Command::new(&python)
            .args([fixture("numpy_files.py"), fixture(""), folder.path().into()])
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        assert_eq!(String::from_utf8_lossy(&out.stdout).trim(), format!("{} files agree", all.len()));
    }
    Ok(())
}

/// The same bytes as NumPy's, but for the spaces at the header's end.
#[test]
fn files_are_numpys() -> Result<()> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(fixture("arrays.npz")).unwrap()).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let split = |bytes: &[u8]| {
        let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert_eq!((&bytes[..8], start % 64), (&b"\x93NUMPY\x01\x00"[..], 0));
        (String::from_utf8(bytes[10..start].to_vec()).unwrap().trim_end().to_owned(), bytes[start..].to_vec())
    };
    let mut same = 0;
    for i in 0..archive.len() {
        let mut entry = archive.by_index(i).unwrap();
        let name = entry.name().unwrap().into_owned();
        // Types of ours, in our order of bytes and dimensions.
        if !["u1le", "i4le", "u4le", "i8le", "f2le", "f4le", "f8le"].iter().any(|t| name.starts_with(t))
            || name[4..].starts_with('F')
        {
            continue;
        }
        let mut bytes = vec![];
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        Tensor::read_npy(file.path())?.write_npy(file.path())?;
        let again = std::fs::read(file.path()).unwrap();
        assert_eq!(split(&again), split(&bytes), "{name}");
        same += 1;
    }
    assert!(same >= 7 * 7);
    Ok(())
}
