//! The dtype bool: comparisons, masks, and promotion with other dtypes.

use taper_tensor::{DType, Descending, Keepdim, Result, Tensor};

fn mask() -> Result<Tensor> {
    Tensor::new([[true, false, true], [false, false, true]])
}

#[test]
fn literals_have_pytorchs_dtypes() -> Result<()> {
    assert_eq!(Tensor::new([1.5, 2.0])?.dtype(), DType::F32);
    assert_eq!(Tensor::new(vec![1.5f64])?.dtype(), DType::F32);
    assert_eq!(Tensor::new([[1, 2], [3, 4]])?.dtype(), DType::I64);
    assert_eq!(Tensor::new([1u8])?.dtype(), DType::U8);
    assert_eq!(Tensor::new(true)?.dtype(), DType::Bool);
    assert_eq!(Tensor::full(2, true)?.dtype(), DType::Bool);
    assert_eq!(Tensor::from_vec(vec![0.1f64], 1)?.dtype(), DType::F64);
    assert_eq!(Tensor::from_vec(vec![1i32], 1)?.dtype(), DType::I32);
    let x = Tensor::options().dtype(DType::F64).tensor([0.1])?;
    assert_eq!(x.to_vec::<f64>()?, [0.1]);
    Ok(())
}

#[test]
fn comparisons_are_bool() -> Result<()> {
    let x = Tensor::new([1.0, f32::NAN, -2.0])?;
    for y in [x.gt(0)?, x.eq(&x)?, x.isnan()?, x.logical_not()?, x.isclose(&x, 0.0, 0.0)?, x.isin(&x)?] {
        assert_eq!(y.dtype(), DType::Bool);
    }
    assert_eq!(x.gt(0)?.to_vec::<bool>()?, [true, false, false]);
    assert_eq!((x.any()?.dtype(), x.all_dim(Keepdim(0))?.dtype()), (DType::Bool, DType::Bool));
    assert!(x.any()?.item::<bool>()?);
    Ok(())
}

#[test]
fn casts_ask_whether_an_element_is_0() -> Result<()> {
    let x = Tensor::new([0.0, -0.0, 0.1, f32::NAN])?.to_dtype(DType::Bool)?;
    assert_eq!(x.to_vec::<bool>()?, [false, false, true, true]);
    assert_eq!(Tensor::new([256, 0])?.to_dtype(DType::Bool)?.to_vec::<bool>()?, [true, false]);
    for dtype in crate::DTYPES {
        let y = mask()?.to_dtype(dtype)?;
        assert_eq!((y.dtype(), y.to_dtype(DType::I64)?.to_vec::<i64>()?), (dtype, vec![1, 0, 1, 0, 0, 1]));
    }
    // The bytes are the tensor's own: no other dtype writes a 2 into them.
    let x = mask()?;
    let bytes = x.to_dtype(DType::U8)?;
    bytes.fill_(2)?;
    assert_eq!(x.to_dtype(DType::I64)?.sum()?.item::<i64>()?, 3);
    x.fill_(2)?;
    assert_eq!(x.to_dtype(DType::U8)?.to_vec::<u8>()?, [1; 6]);
    assert!(x.to_vec::<u8>().unwrap_err().to_string().contains("got bool, expected uint8"));
    Ok(())
}

#[test]
fn it_prints_as_pytorch_does() -> Result<()> {
    assert_eq!(mask()?.to_string(), "tensor([[ True, False,  True],\n        [False, False,  True]])");
    assert_eq!(Tensor::new(true)?.to_string(), "tensor(True)");
    let none = Tensor::options().dtype(DType::Bool).zeros((0, 2))?;
    assert_eq!(none.to_string(), "tensor([], size=(0, 2), dtype=torch.bool)");
    Ok(())
}

#[test]
fn arithmetic_promotes_it() -> Result<()> {
    let x = mask()?;
    let and = x.select(0, 0)?.mul(x.select(0, 1)?)?;
    assert_eq!((and.dtype(), and.to_vec::<bool>()?), (DType::Bool, vec![false, false, true]));
    assert_eq!(x.select(0, 0)?.add(x.select(0, 1)?)?.to_vec::<bool>()?, [true, false, true]);
    assert_eq!(x.add(1)?.dtype(), DType::I64);
    assert_eq!(x.mul(0.5)?.dtype(), DType::F32);
    assert_eq!(x.add(Tensor::new([1u8, 2, 3])?)?.dtype(), DType::U8);
    assert_eq!(x.sum()?.scalar()?, taper_tensor::Scalar::Int(3));
    assert_eq!(x.cumsum(1)?.dtype(), DType::I64);
    assert_eq!(x.div(&x)?.dtype(), DType::F32);
    for error in [x.sub(&x), x.neg(), x.rsub(true), x.mm(&x.t()?), x.gcd(&x)] {
        assert!(error.unwrap_err().to_string().contains("got bool"));
    }
    let message = x.add_(1).unwrap_err().to_string();
    assert!(message.starts_with("add_: the result is int64, but the tensor is bool"), "{message}");
    x.mul_(false)?;
    assert_eq!(x.count_nonzero()?.item::<i64>()?, 0);
    Ok(())
}

#[test]
fn it_has_operators() -> Result<()> {
    let (a, b) = (Tensor::new([true, true, false])?, Tensor::new([true, false, false])?);
    assert_eq!((&a & &b)?.to_vec::<bool>()?, [true, false, false]);
    assert_eq!((&a | &b)?.to_vec::<bool>()?, [true, true, false]);
    assert_eq!((&a ^ &b)?.to_vec::<bool>()?, [false, true, false]);
    assert_eq!((!&a)?.to_vec::<bool>()?, [false, false, true]);
    assert_eq!((!Tensor::new([5u8])?)?.to_vec::<u8>()?, [250]);
    assert_eq!((Tensor::new([6])? & 3)?.to_vec::<i64>()?, [2]);
    let x = Tensor::new([-1.0, 0.5, 2.0])?;
    assert_eq!((x.gt(0)? & x.lt(1)?)?.to_vec::<bool>()?, [false, true, false]);
    Ok(())
}

#[test]
fn it_stays_bool_where_elements_move() -> Result<()> {
    let x = mask()?;
    let index = Tensor::new([1, 0])?;
    for y in [
        x.copy()?,
        x.t()?.contiguous()?,
        x.flip(1)?,
        x.roll(1, 0)?,
        x.tril(0)?,
        x.repeat((2, 1))?,
        x.index_select(1, &index)?,
        x.gather(1, &index.unsqueeze(1)?)?,
        x.i((.., 1))?,
        x.i(&x)?,
        x.masked_select(&x)?,
        x.masked_fill(&x, false)?,
        x.where_(&x, &x)?,
        x.scatter(1, &index.unsqueeze(1)?, true)?,
        x.index_fill(1, &index, true)?,
        x.sort(1, Descending(true))?.0,
        x.unique()?.0,
        x.amax(1)?,
        x.max()?,
        x.maximum(&x)?,
        x.nan_to_num(0.0, None, None)?,
        Tensor::cat(&[&x, &x], 0)?,
        Tensor::stack(&[&x, &x], 0)?,
        Tensor::options().dtype(DType::Bool).eye(3)?,
        x.ones_like()?,
    ] {
        assert_eq!(y.dtype(), DType::Bool);
        let bytes = y.to_dtype(DType::U8)?.to_vec::<u8>()?;
        assert!(bytes.iter().all(|&b| b < 2), "{bytes:?}");
    }
    Ok(())
}

#[test]
fn masks_are_bool_and_nothing_else() -> Result<()> {
    let x = Tensor::arange(0, 3, 1)?;
    let bytes = Tensor::new([1u8, 0, 1])?;
    for error in [
        x.masked_fill(&bytes, 7),
        x.masked_select(&bytes),
        x.where_(&bytes, 7),
        x.masked_scatter(&bytes, &x),
        x.i(&bytes),
    ] {
        let message = error.unwrap_err().to_string();
        assert!(message.contains("uint8") && message.contains(".to_dtype(DType::Bool)"), "{message}");
    }
    let mask = bytes.to_dtype(DType::Bool)?;
    assert_eq!(x.i(&mask)?.to_vec::<i64>()?, [0, 2]);
    assert_eq!(x.masked_fill(&mask, 7)?.to_vec::<i64>()?, [7, 1, 7]);
    assert!(x.gather(0, &mask).unwrap_err().to_string().contains("got bool, expected int64"));
    Ok(())
}

#[test]
fn numpys_files_keep_it() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mask.npy");
    mask()?.write_npy(&path)?;
    let back = Tensor::read_npy(&path)?;
    assert!(back.equal(mask()?)?);
    Ok(())
}

/// An expression accepts a result in place of a tensor.
#[test]
fn one_question_mark_for_an_expression() -> Result<()> {
    let (a, b, c) = (Tensor::new([1.0, 2.0])?, Tensor::new([3.0, 4.0])?, Tensor::new([5.0, 6.0])?);
    assert_eq!((&a * &b + &c)?.to_vec::<f32>()?, [8.0, 14.0]);
    assert_eq!((&c - &a * &b)?.to_vec::<f32>()?, [2.0, -2.0]);
    assert_eq!((&a * (&b + &c) / b.clone())?.size(), [2]);
    let wrong = Tensor::zeros(3)?;
    assert!((&a * &wrong + &c).unwrap_err().to_string().starts_with("mul: "));
    Ok(())
}
