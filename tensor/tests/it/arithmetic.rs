use taper_tensor::{DType, Result, Tensor};

#[test]
fn dtypes_promote_as_in_pytorch() -> Result<()> {
    let of = |d: DType| Tensor::options().dtype(d).ones(2);
    let scalar = |d: DType| Tensor::options().dtype(d).ones(());
    assert_eq!(of(DType::I64)?.add(1.5)?.dtype(), DType::F32);
    assert_eq!(of(DType::F16)?.add(1.5)?.dtype(), DType::F16);
    assert_eq!(of(DType::U8)?.add(1)?.dtype(), DType::U8);
    assert_eq!(of(DType::F16)?.add(of(DType::BF16)?)?.dtype(), DType::F32);
    assert_eq!(of(DType::F32)?.add(scalar(DType::F64)?)?.dtype(), DType::F32);
    assert_eq!(of(DType::I64)?.add(scalar(DType::F64)?)?.dtype(), DType::F64);
    assert_eq!(of(DType::I64)?.div(of(DType::I64)?)?.dtype(), DType::F32);
    assert_eq!(of(DType::I64)?.exp()?.dtype(), DType::F32);
    assert_eq!(of(DType::I64)?.gt(0)?.dtype(), DType::Bool);
    Ok(())
}

#[test]
fn integers_wrap_around() -> Result<()> {
    let x = Tensor::new([250u8, 5])?;
    assert_eq!(x.add(10)?.to_vec::<u8>()?, [4, 15]);
    assert_eq!(x.sub(10)?.to_vec::<u8>()?, [240, 251]);
    assert_eq!(x.mul(&x)?.to_vec::<u8>()?, [36, 25]);
    assert_eq!(x.neg()?.to_vec::<u8>()?, [6, 251]);
    let x = Tensor::new([i64::MAX, i64::MIN])?;
    assert_eq!(x.add(1)?.to_vec::<i64>()?, [i64::MIN, i64::MIN + 1]);
    assert_eq!(x.abs()?.to_vec::<i64>()?, [i64::MAX, i64::MIN]);
    x.add_(1)?;
    assert_eq!(x.to_vec::<i64>()?, [i64::MIN, i64::MIN + 1]);
    Ok(())
}

#[test]
fn division_by_an_integer_zero_is_an_error() -> Result<()> {
    let x = Tensor::new([1i64, 2])?;
    let message = x.floor_divide(0).unwrap_err().to_string();
    assert_eq!(
        message,
        "floor_divide: got integers and a divisor of 0; convert to floating point, or remove the zeros"
    );
    assert!(x.remainder(Tensor::new([1i64, 0])?).is_err());
    assert_eq!(x.neg()?.floor_divide(2)?.to_vec::<i64>()?, [-1, -1]);
    assert_eq!(x.neg()?.remainder(3)?.to_vec::<i64>()?, [2, 1]);
    assert_eq!(x.div(0)?.to_vec::<f32>()?, [f32::INFINITY, f32::INFINITY]);
    Ok(())
}

#[test]
fn operands_broadcast_without_copies_of_their_views() -> Result<()> {
    let x = Tensor::arange(0, 6, 1)?.reshape((2, 3))?;
    let y = x.t()?.add(&Tensor::new([[10i64], [20], [30]])?)?;
    assert_eq!(y.size(), [3, 2]);
    assert_eq!(y.to_vec::<i64>()?, [10, 13, 21, 24, 32, 35]);
    assert_eq!(x.mul(&x)?.to_vec::<i64>()?, [0, 1, 4, 9, 16, 25]);
    assert_eq!(x.narrow(1, 1, 2)?.sub(x.select(1, 0)?.unsqueeze(1)?)?.to_vec::<i64>()?, [1, 2, 1, 2]);
    let empty = Tensor::zeros((0, 3))?;
    assert_eq!(empty.add(Tensor::ones((1, 3))?)?.size(), [0, 3]);
    let message = x.add(Tensor::ones(4)?).unwrap_err().to_string();
    assert!(message.starts_with("add: shapes [2, 3] and [4] do not broadcast"), "{message}");
    Ok(())
}

#[test]
fn numbers_come_first_too() -> Result<()> {
    let x = Tensor::new([1.0f32, 2.0])?;
    assert_eq!((1.0f32 - &x)?.to_vec::<f32>()?, [0.0, -1.0]);
    assert_eq!((1.0f64 / &x)?.to_vec::<f32>()?, [1.0, 0.5]);
    assert_eq!((3i32 * &x)?.to_vec::<f32>()?, [3.0, 6.0]);
    let i = Tensor::new([1i64, 2])?;
    assert_eq!((1i64 / &i)?.to_vec::<f32>()?, [1.0, 0.5]);
    assert_eq!((5i32 - &i)?.to_vec::<i64>()?, [4, 3]);
    Ok(())
}

#[test]
fn nan_wins() -> Result<()> {
    let (nan, inf) = (f32::NAN, f32::INFINITY);
    let x = Tensor::new([nan, 1.0, inf])?;
    let y = Tensor::new([1.0, nan, 2.0])?;
    assert!(x.maximum(&y)?.to_vec::<f32>()?[..2].iter().all(|v| v.is_nan()));
    assert!(x.minimum(&y)?.to_vec::<f32>()?[..2].iter().all(|v| v.is_nan()));
    assert!(x.relu()?.to_vec::<f32>()?[0].is_nan());
    assert_eq!(x.ne(&x)?.to_vec::<bool>()?, [true, false, false]);
    assert_eq!(x.isnan()?.to_vec::<bool>()?, [true, false, false]);
    assert_eq!(x.isfinite()?.to_vec::<bool>()?, [false, true, false]);
    Ok(())
}

#[test]
fn in_place_changes_are_seen_through_views() -> Result<()> {
    let x = Tensor::zeros((2, 3))?;
    x.select(1, 1)?.add_(2.5)?;
    x.t()?.narrow(0, 2, 1)?.copy_(&Tensor::new([[7.0f32, 8.0]])?)?;
    assert_eq!(x.to_vec::<f32>()?, [0.0, 2.5, 7.0, 0.0, 2.5, 8.0]);
    x.t()?.sub_(&x.t()?)?;
    assert_eq!(x.to_vec::<f32>()?, [0.0; 6]);
    x.add_(1)?;
    x.add_(&x)?;
    assert_eq!(x.to_vec::<f32>()?, [2.0; 6]);
    let version = x.version();
    x.sqrt_()?;
    x.neg_()?;
    assert_eq!(x.version(), version + 2);
    // Elements move within the same memory as if all were read first.
    let x = Tensor::arange(0, 5, 1)?;
    x.narrow(0, 1, 4)?.copy_(&x.narrow(0, 0, 4)?)?;
    assert_eq!(x.to_vec::<i64>()?, [0, 0, 1, 2, 3]);
    Ok(())
}

#[test]
fn in_place_errors() -> Result<()> {
    let i = Tensor::arange(0, 3, 1)?;
    for result in [i.add_(0.5), i.div_(2), i.sqrt_(), i.mul_(Tensor::ones(3)?), i.add_(Tensor::ones((2, 3))?)]
    {
        assert!(result.is_err());
    }
    let repeated = Tensor::ones(1)?.expand(4)?;
    let message = repeated.add_(1).unwrap_err().to_string();
    assert!(message.contains("one element at several places"), "{message}");
    assert_eq!(i.to_vec::<i64>()?, [0, 1, 2]);
    Ok(())
}

#[test]
fn powers() -> Result<()> {
    let x = Tensor::new([2i64, -3])?;
    assert_eq!(x.pow(3)?.to_vec::<i64>()?, [8, -27]);
    assert_eq!(x.pow(0.5)?.dtype(), DType::F32);
    assert!(x.pow(-1).is_err());
    assert_eq!(
        Tensor::options().dtype(DType::F64).tensor([4.0f64, 9.0])?.pow(-0.5)?.to_vec::<f64>()?,
        [0.5, 1.0 / 3.0]
    );
    Ok(())
}

/// The matrices of a batch lie beyond the end of a memory without elements.
#[test]
fn products_over_no_terms() -> Result<()> {
    let x = Tensor::zeros((0, 2, 2))?.permute((2, 1, 0))?;
    assert_eq!(x.matmul(Tensor::zeros((0, 3))?)?.to_vec::<f32>()?, [0.0; 12]);
    let x = x.to_dtype(DType::F64)?.to_dtype(DType::I64)?;
    assert_eq!(x.matmul(Tensor::zeros((0, 3))?.to_dtype(DType::I64)?)?.size(), [2, 2, 3]);
    Ok(())
}
