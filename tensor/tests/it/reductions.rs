use taper_tensor::{DType, Keepdim, Result, Tensor};

/// Like PyTorch's `dim=()`, no dimensions means all dimensions.
#[test]
fn no_dimensions_are_all_of_them() -> Result<()> {
    let x = Tensor::new([[1.0f32, 2.0], [3.0, 6.0]])?;
    assert_eq!(x.sum_dim(())?.item::<f32>()?, 12.0);
    assert_eq!(x.mean_dim(())?.item::<f32>()?, 3.0);
    assert_eq!(x.sum_dim(Keepdim(()))?.size(), [1, 1]);
    assert_eq!(x.amax(Keepdim(()))?.size(), [1, 1]);
    assert_eq!(Tensor::new(4.0f32)?.sum_dim(Keepdim(()))?.item::<f32>()?, 4.0);
    Ok(())
}

#[test]
fn nothing_reduces_to_the_neutral_element() -> Result<()> {
    let x = Tensor::zeros((0, 3))?;
    assert_eq!(x.sum()?.item::<f32>()?, 0.0);
    assert_eq!(x.prod()?.item::<f32>()?, 1.0);
    assert!(x.mean()?.item::<f32>()?.is_nan());
    assert!(x.all()?.item::<bool>()?);
    assert!(!x.any()?.item::<bool>()?);
    assert_eq!(x.sum_dim(Keepdim(0))?.size(), [1, 3]);
    assert_eq!(x.sum_dim(1)?.size(), [0]);
    assert!(x.max().is_err() && x.argmax(0).is_err() && x.amin(()).is_err());
    assert_eq!(x.argmax(1)?.size(), [0]);
    Ok(())
}

#[test]
fn integers_are_summed_as_i64() -> Result<()> {
    let x = Tensor::new([[200u8, 100], [3, 4]])?;
    assert_eq!(x.sum()?.dtype(), DType::I64);
    assert_eq!(x.sum_dim(0)?.to_vec::<i64>()?, [203, 104]);
    assert_eq!(x.prod_dim(Keepdim(1))?.to_vec::<i64>()?, [20_000, 12]);
    assert!(x.mean().is_err());
    Ok(())
}

#[test]
fn ties_and_nan() -> Result<()> {
    let x = Tensor::new([[1.0f32, 3.0, 3.0], [f32::NAN, 9.0, f32::NAN]])?;
    let (values, indices) = x.max_dim(1)?;
    assert_eq!(indices.to_vec::<i64>()?, [1, 0]);
    assert!(values.to_vec::<f32>()?[1].is_nan());
    assert!(x.max()?.item::<f32>()?.is_nan());
    assert_eq!(x.t()?.argmin(Keepdim(0))?.to_vec::<i64>()?, [0, 0]);
    Ok(())
}

#[test]
fn norms() -> Result<()> {
    let x = Tensor::new([[3.0f32, -4.0], [0.0, 2.0]])?;
    assert_eq!(x.norm_p(1.0, 1)?.to_vec::<f32>()?, [7.0, 2.0]);
    assert_eq!(x.norm_p(2.0, 1)?.to_vec::<f32>()?, [5.0, 2.0]);
    assert_eq!(x.norm_p(0.0, Keepdim(1))?.to_vec::<f32>()?, [2.0, 1.0]);
    assert_eq!(x.norm_p(f64::INFINITY, ())?.item::<f32>()?, 4.0);
    assert_eq!(x.norm_p(f64::NEG_INFINITY, ())?.item::<f32>()?, 0.0);
    Ok(())
}

#[test]
fn variance_with_its_correction() -> Result<()> {
    let x = Tensor::options().dtype(DType::F64).tensor([[1.0f64, 2.0, 3.0, 6.0]])?;
    assert_eq!(x.var(1, 0.0)?.to_vec::<f64>()?, [3.5]);
    assert!((x.std((), 1.0)?.item::<f64>()? - (14.0f64 / 3.0).sqrt()).abs() < 1e-15);
    assert!(Tensor::ones(1)?.var((), 1.0)?.item::<f32>()?.is_nan());
    Ok(())
}

#[test]
fn the_sum_of_a_number_has_memory_of_its_own() -> Result<()> {
    let x = Tensor::new(2.0f32)?;
    for y in [x.sum()?, x.sum_dim(Keepdim(0))?, x.nansum(())?, x.amax(())?, x.cumsum(0)?] {
        y.add_(1)?;
        assert_eq!(x.item::<f32>()?, 2.0);
    }
    Ok(())
}

/// Their variances, sums and squares are beyond f16, they themselves are not.
#[test]
fn statistics_of_16_bits_are_gathered_in_32() -> Result<()> {
    let x = Tensor::new([[300.0f32, -300.0, 300.0, -300.0]])?.to_dtype(DType::F16)?;
    assert_eq!(x.std((), 0.0)?.item::<f32>()?, 300.0);
    assert_eq!(x.std_mean(1, 0.0)?.1.item::<f32>()?, 0.0);
    assert_eq!(x.norm()?.item::<f32>()?, 600.0);
    let x = Tensor::cat(&[&x, &x.neg()?], 0)?;
    assert_eq!(x.corrcoef()?.to_dtype(DType::F32)?.to_vec::<f32>()?, [1.0, -1.0, -1.0, 1.0]);
    let many = Tensor::full(1000, 200.0)?.to_dtype(DType::F16)?;
    assert_eq!(many.nanmean(())?.item::<f32>()?, 200.0);
    Ok(())
}

#[test]
fn quantiles_next_to_infinity() -> Result<()> {
    let inf = f32::INFINITY;
    let of = |x: [f32; 2], q: f32| Tensor::new(x)?.quantile(&Tensor::new(q)?, 0)?.item::<f32>();
    assert_eq!(of([1.0, inf], 1.0)?, inf);
    assert_eq!(of([0.0, inf], 0.6)?, inf);
    assert_eq!(of([0.0, inf], 0.0)?, 0.0);
    assert_eq!(of([-inf, 0.0], 0.3)?, -inf);
    assert_eq!(of([inf, inf], 0.5)?, inf);
    assert_eq!(of([f32::MAX, f32::MAX], 0.5)?, f32::MAX);
    assert!(of([f32::NAN, 0.0], 0.0)?.is_nan());
    let none = Tensor::zeros((3, 4))?.quantile(&Tensor::zeros(0)?, Keepdim(1))?;
    assert_eq!(none.size(), [0, 3, 1]);
    Ok(())
}

#[test]
fn running_sums_of_exponentials() -> Result<()> {
    let inf = f64::INFINITY;
    let of = |x: &[f64]| Tensor::options().dtype(DType::F64).tensor(x)?.logcumsumexp(0)?.to_vec::<f64>();
    assert_eq!(of(&[-inf, -inf, 1.0, inf, inf, 2.0])?, [-inf, -inf, 1.0, inf, inf, inf]);
    assert!(of(&[0.0, f64::NAN, 1.0])?[1..].iter().all(|y| y.is_nan()));
    let y = of(&[1000.0; 8])?;
    for (y, n) in y.iter().zip(1..) {
        assert!((y - 1000.0 - f64::from(n).ln()).abs() < 1e-12, "{y}");
    }
    Ok(())
}
