use taper_tensor::{DType, Result, Tensor};

/// As PyTorch's `dim=()`: every reduction takes all dimensions where none is given.
#[test]
fn no_dimensions_are_all_of_them() -> Result<()> {
    let x = Tensor::new([[1.0f32, 2.0], [3.0, 6.0]])?;
    assert_eq!(x.sum_dim((), false)?.item::<f32>()?, 12.0);
    assert_eq!(x.mean_dim((), false)?.item::<f32>()?, 3.0);
    assert_eq!(x.sum_dim((), true)?.size(), [1, 1]);
    assert_eq!(x.amax((), true)?.size(), [1, 1]);
    assert_eq!(Tensor::new(4.0f32)?.sum_dim((), true)?.item::<f32>()?, 4.0);
    Ok(())
}

#[test]
fn nothing_reduces_to_the_neutral_element() -> Result<()> {
    let x = Tensor::zeros((0, 3))?;
    assert_eq!(x.sum()?.item::<f32>()?, 0.0);
    assert_eq!(x.prod()?.item::<f32>()?, 1.0);
    assert!(x.mean()?.item::<f32>()?.is_nan());
    assert_eq!(x.all()?.item::<u8>()?, 1);
    assert_eq!(x.any()?.item::<u8>()?, 0);
    assert_eq!(x.sum_dim(0, true)?.size(), [1, 3]);
    assert_eq!(x.sum_dim(1, false)?.size(), [0]);
    assert!(x.max().is_err() && x.argmax(0, false).is_err() && x.amin((), false).is_err());
    assert_eq!(x.argmax(1, false)?.size(), [0]);
    Ok(())
}

#[test]
fn integers_are_summed_as_i64() -> Result<()> {
    let x = Tensor::new([[200u8, 100], [3, 4]])?;
    assert_eq!(x.sum()?.dtype(), DType::I64);
    assert_eq!(x.sum_dim(0, false)?.to_vec::<i64>()?, [203, 104]);
    assert_eq!(x.prod_dim(1, true)?.to_vec::<i64>()?, [20_000, 12]);
    assert!(x.mean().is_err());
    Ok(())
}

#[test]
fn ties_and_nan() -> Result<()> {
    let x = Tensor::new([[1.0f32, 3.0, 3.0], [f32::NAN, 9.0, f32::NAN]])?;
    let (values, indices) = x.max_dim(1, false)?;
    assert_eq!(indices.to_vec::<i64>()?, [1, 0]);
    assert!(values.to_vec::<f32>()?[1].is_nan());
    assert!(x.max()?.item::<f32>()?.is_nan());
    assert_eq!(x.t()?.argmin(0, true)?.to_vec::<i64>()?, [0, 0]);
    Ok(())
}

#[test]
fn norms() -> Result<()> {
    let x = Tensor::new([[3.0f32, -4.0], [0.0, 2.0]])?;
    assert_eq!(x.norm_p(1.0, 1, false)?.to_vec::<f32>()?, [7.0, 2.0]);
    assert_eq!(x.norm_p(2.0, 1, false)?.to_vec::<f32>()?, [5.0, 2.0]);
    assert_eq!(x.norm_p(0.0, 1, true)?.to_vec::<f32>()?, [2.0, 1.0]);
    assert_eq!(x.norm_p(f64::INFINITY, (), false)?.item::<f32>()?, 4.0);
    assert_eq!(x.norm_p(f64::NEG_INFINITY, (), false)?.item::<f32>()?, 0.0);
    Ok(())
}

#[test]
fn variance_with_its_correction() -> Result<()> {
    let x = Tensor::new([[1.0f64, 2.0, 3.0, 6.0]])?;
    assert_eq!(x.var(1, 0.0, false)?.to_vec::<f64>()?, [3.5]);
    assert!((x.std((), 1.0, false)?.item::<f64>()? - (14.0f64 / 3.0).sqrt()).abs() < 1e-15);
    assert!(Tensor::ones(1)?.var((), 1.0, false)?.item::<f32>()?.is_nan());
    Ok(())
}
