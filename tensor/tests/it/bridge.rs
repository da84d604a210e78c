use ndarray::{Array, Array1, Array2, ArrayD, Axis, Slice};
use proptest::prelude::*;
use taper_tensor::{DType, Index, NdArray, Result, Tensor, f16};

#[test]
fn one_memory_two_faces() -> Result<()> {
    let a = Tensor::ones(5)?;
    let b = a.numpy::<f32>()?;
    a.add_(1.0)?;
    assert_eq!(b.to_string(), "[2, 2, 2, 2, 2]");
    let version = a.version();
    b.write(|mut view| view[0] = 7.0)?;
    assert_eq!((a.to_vec::<f32>()?[0], a.version()), (7.0, version + 1));
    // Views of both kinds too.
    let x = Tensor::arange(0, 12, 1)?.reshape((3, 4))?;
    let part = x.i((.., Index::step(1.., 2)))?.t()?.numpy::<i64>()?;
    assert_eq!(part.to_array()?, ndarray::array![[1, 5, 9], [3, 7, 11]].into_dyn());
    part.write(|mut view| view.fill(0))?;
    assert_eq!(x.sum()?.item::<i64>()?, 2 * (4 + 8) + 6);
    assert!(a.numpy::<f64>().is_err());
    Ok(())
}

#[test]
fn arrays_of_any_layout_become_tensors() -> Result<()> {
    let standard = Array::from_shape_fn((2, 3, 4), |(i, j, k)| (i * 12 + j * 4 + k) as f64);
    let mut reversed = standard.clone();
    reversed.invert_axis(Axis(1));
    let stepped = standard.slice_axis(Axis(2), Slice::new(1, None, 2)).to_owned();
    let transposed = standard.clone().permuted_axes([2, 0, 1]);
    for array in [standard.into_dyn(), reversed.into_dyn(), stepped.into_dyn(), transposed.into_dyn()] {
        let shared = NdArray::from(array.clone());
        let tensor = Tensor::from_numpy(&shared)?;
        assert_eq!(tensor.size(), array.shape());
        assert_eq!(tensor.to_vec::<f64>()?, array.iter().copied().collect::<Vec<_>>());
        assert_eq!(shared.to_array()?, array);
    }
    let data = vec![1.0f32; 64];
    let at = data.as_ptr();
    let tensor = Tensor::from_numpy(&NdArray::from(Array1::from_vec(data)))?;
    assert_eq!(tensor.numpy::<f32>()?.read(|view| view.as_ptr())?, at, "no copy");
    Ok(())
}

#[test]
fn a_view_that_is_held_is_an_error_and_no_deadlock() -> Result<()> {
    let a = Tensor::ones(3)?;
    let b = a.numpy::<f32>()?;
    b.read(|view| {
        let message = a.add_(1.0).unwrap_err().to_string();
        assert_eq!(
            message,
            "add_: the tensor's memory is borrowed as an array view; let the view end before this operation"
        );
        assert!(b.write(|_| ()).is_err());
        assert_eq!(a.add(1.0).unwrap().to_vec::<f32>().unwrap(), [2.0; 3]); // reading is free
        assert_eq!(b.read(|other| other.sum()).unwrap(), view.sum());
    })?;
    b.write(|mut view| {
        assert!(a.sum().is_err() && a.copy().is_err() && a.fill_(0).is_err() && b.read(|_| ()).is_err());
        view.fill(5.0);
    })?;
    // A panic inside gives the memory back.
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| b.write(|_| panic!("on purpose"))));
    assert!(caught.is_err());
    a.add_(1.0)?;
    assert_eq!(b.to_string(), "[6, 6, 6]");
    assert!(a.i(0)?.expand(4)?.numpy::<f32>()?.write(|_| ()).is_err(), "several elements are one place");
    Ok(())
}

#[test]
fn threads_that_add_to_each_other_do_not_wait_for_ever() -> Result<()> {
    let (a, b) = (Tensor::zeros(1000)?, Tensor::zeros(1000)?);
    std::thread::scope(|s| {
        for (x, y) in [(&a, &b), (&b, &a), (&a, &b)] {
            s.spawn(move || (0..200).for_each(|_| x.add_(y).unwrap()));
        }
    });
    assert_eq!(a.sum()?.item::<f32>()?, 0.0);
    Ok(())
}

#[test]
fn npy_files_come_back() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let x = Tensor::arange(0, 6, 1)?.reshape((2, 3))?;
    for dtype in
        [DType::Bool, DType::U8, DType::I32, DType::U32, DType::I64, DType::F16, DType::F32, DType::F64]
    {
        for x in [
            x.to_dtype(dtype)?,
            x.t()?.to_dtype(dtype)?,
            x.i((0, 1))?.to_dtype(dtype)?,
            x.i((.., 0..0))?.to_dtype(dtype)?,
        ] {
            x.write_npy(&path)?;
            assert!(Tensor::read_npy(&path)?.equal(&x)?);
        }
    }
    let path = folder.path().join("x.npz");
    for compress in [false, true] {
        Tensor::write_npz(&path, [("a", x.clone()), ("b.c", Tensor::ones(3)?)], compress)?;
        let all = Tensor::read_npz(&path)?;
        assert_eq!((all[0].0.as_str(), all[1].0.as_str()), ("a", "b.c"));
        assert!(all[0].1.equal(&x)? && all[1].1.equal(&Tensor::ones(3)?)?);
    }
    Ok(())
}

/// Returns the bytes of a file as NumPy writes it.
fn npy(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let fortran = if fortran { "True" } else { "False" };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
    header += &" ".repeat(63 - (10 + header.len()) % 64);
    header.push('\n');
    [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), data].concat()
}

fn read(bytes: &[u8]) -> Result<Tensor> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    Tensor::read_npy(file.path())
}

#[test]
fn every_byte_order_and_type_of_numpy() -> Result<()> {
    assert_eq!(read(&npy(">i2", false, "(2,)", &[1, 2, 255, 254]))?.to_vec::<i32>()?, [258, -2]);
    assert_eq!(read(&npy("<f8", false, "()", &2.5f64.to_le_bytes()))?.item::<f64>()?, 2.5);
    assert_eq!(read(&npy(">f2", false, "(1,)", &f16::ONE.to_be_bytes()))?.item::<f32>()?, 1.0);
    assert_eq!(read(&npy("|b1", false, "(2,)", &[1, 0]))?.to_vec::<bool>()?, [true, false]);
    assert_eq!(read(&npy("|i1", false, "(1,)", &[255]))?.item::<i64>()?, -1);
    assert!(read(&npy("<u8", false, "(1,)", &[255; 8])).is_err());
    let fortran = read(&npy("|u1", true, "(2, 3)", &[0, 3, 1, 4, 2, 5]))?;
    assert_eq!((fortran.size(), fortran.to_vec::<u8>()?), (&[2, 3][..], vec![0, 1, 2, 3, 4, 5]));
    for descr in ["|O", "<c8", "<U4", "|V8", "<m8[ns]", "", "x"] {
        assert!(read(&npy(descr, false, "(1,)", &[0; 64])).is_err(), "{descr}");
    }
    for shape in [
        "(99999999999,)",
        "(4294967296, 4294967296, 4294967296)",
        "(-1,)",
        "(0, 99999999999999999999)",
        "3",
        "(a,)",
    ] {
        assert!(read(&npy("<f4", false, shape, &[0; 64])).is_err(), "{shape}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Whatever bytes are changed, cut or added, the answer is a tensor or an error.
    #[test]
    fn hostile_files_are_errors(cut in 0usize..260, changes in prop::collection::vec((0usize..200, any::<u8>()), 0..6), zip in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let x = Tensor::arange(0, 12, 1).unwrap().reshape((3, 4)).unwrap();
        if zip { Tensor::write_npz(&path, [("a", x)], true).unwrap() } else { x.write_npy(&path).unwrap() }
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, to) in changes {
            let n = bytes.len();
            bytes[at % n] = to;
        }
        bytes.truncate(cut.max(1));
        std::fs::write(&path, &bytes).unwrap();
        let result = if zip { Tensor::read_npz(&path).map(|v| v.len()) } else { Tensor::read_npy(&path).map(|x| x.numel()) };
        prop_assert!(result.is_err() || result.is_ok_and(|n| n <= 24));
    }
}

/// Applies the same random views and operations to an array and a tensor, and compares them.
fn check(dims: Vec<usize>, picks: &[(usize, usize, usize)]) -> Result<()> {
    let n: usize = dims.iter().product();
    let array =
        ArrayD::from_shape_vec(dims.clone(), (0..n as i64).map(|v| v * 7 % 23 - 9).collect()).unwrap();
    let tensor = Tensor::from_vec(array.iter().copied().collect::<Vec<i64>>(), dims)?;
    let (mut a, mut t) = (array.view(), tensor);
    for &(d, start, step) in picks {
        let (d, step) = (d % a.ndim(), step % 3 + 1);
        let start = start % (a.shape()[d] + 1);
        t = t.slice(d as i64, Some(start as i64), None, step)?;
        a.slice_axis_inplace(Axis(d), Slice::new(start as isize, None, step as isize));
        if a.ndim() > 1 {
            a.swap_axes(0, d);
            t = t.transpose(0, d as i64)?;
        }
    }
    assert_eq!(t.size(), a.shape());
    assert_eq!(t.to_vec::<i64>()?, a.iter().copied().collect::<Vec<_>>());
    for d in 0..a.ndim() {
        let sum = a.sum_axis(Axis(d));
        assert_eq!(t.sum_dim(d as i64)?.to_vec::<i64>()?, sum.iter().copied().collect::<Vec<_>>());
        if a.shape()[d] > 0 {
            let y = t.add(t.narrow(d as i64, 0, 1)?)?;
            let e = &a + &a.index_axis(Axis(d), 0).insert_axis(Axis(d));
            assert_eq!(y.to_vec::<i64>()?, e.iter().copied().collect::<Vec<_>>());
        }
    }
    assert_eq!(t.copy()?.numpy::<i64>()?.to_array()?, a);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn views_sums_and_broadcasts_agree_with_ndarray(
        dims in prop::collection::vec(1usize..6, 1..5),
        picks in prop::collection::vec((0usize..4, 0usize..6, 0usize..3), 0..4),
    ) {
        check(dims, &picks).unwrap();
    }
}

#[test]
fn matrices_agree_with_ndarray() -> Result<()> {
    let a = Array2::from_shape_fn((5, 7), |(i, j)| (i * 3 + j) as f64);
    let b = Array2::from_shape_fn((7, 4), |(i, j)| i as f64 - j as f64);
    let (x, y) = (NdArray::from(a.clone()), NdArray::from(b.clone().reversed_axes()));
    let product = Tensor::from_numpy(&x)?.matmul(&Tensor::from_numpy(&y)?.t()?)?;
    assert_eq!(product.numpy::<f64>()?.to_array()?, a.dot(&b).into_dyn());
    Ok(())
}
