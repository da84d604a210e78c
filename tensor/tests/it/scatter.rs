//! PyTorch's results of `scatter_reduce`, and of functions around the gamma function.

use taper_tensor::Reduce::{Amax, Amin, Mean, Prod, Sum};
use taper_tensor::{DType, IncludeSelf, Result, Tensor};

#[test]
fn every_reduction() -> Result<()> {
    let x = Tensor::new([[1.0f32, 2.0, 3.0], [4.0, 5.0, -6.0]])?;
    let index = Tensor::new([[0i64, 0, 1], [2, 0, 0]])?;
    let source = Tensor::new([[2.0f32, -3.0, 0.5], [7.0, 4.0, 1.0]])?;
    for (reduce, include_self, expected) in [
        (Sum, true, [0.0f32, 2.5, 3.0, 9.0, 5.0, 1.0]),
        (Sum, false, [-1.0, 0.5, 3.0, 5.0, 5.0, 7.0]),
        (Prod, true, [-6.0, 1.0, 3.0, 16.0, 5.0, -42.0]),
        (Prod, false, [-6.0, 0.5, 3.0, 4.0, 5.0, 7.0]),
        (Mean, true, [0.0, 1.25, 3.0, 3.0, 5.0, 0.5]),
        (Mean, false, [-0.5, 0.5, 3.0, 2.5, 5.0, 7.0]),
        (Amax, true, [2.0, 2.0, 3.0, 4.0, 5.0, 7.0]),
        (Amax, false, [2.0, 0.5, 3.0, 4.0, 5.0, 7.0]),
        (Amin, true, [-3.0, 0.5, 3.0, 1.0, 5.0, -6.0]),
        (Amin, false, [-3.0, 0.5, 3.0, 1.0, 5.0, 7.0]),
    ] {
        for dtype in [DType::F32, DType::F64, DType::F16] {
            let (x, source) = (x.to_dtype(dtype)?, source.to_dtype(dtype)?);
            let y = x.scatter_reduce(1, &index, &source, reduce, IncludeSelf(include_self))?;
            assert_eq!(y.dtype(), dtype);
            assert_eq!(
                y.to_dtype(DType::F32)?.to_vec::<f32>()?,
                expected,
                "{reduce:?} {include_self} {dtype}"
            );
        }
    }
    let nan = Tensor::new([[2.0f32, -3.0, 0.5], [7.0, f32::NAN, 1.0]])?;
    assert!(x.scatter_reduce(1, &index, &nan, Amax, IncludeSelf(true))?.i((1, 0))?.item::<f32>()?.is_nan());
    // Integers: the mean is the one below it.
    let (x, index) = (Tensor::new([5i64, -7, 3])?, Tensor::new([1i64, 1, 0])?);
    let source = Tensor::new([2i64, -4, -2])?;
    assert_eq!(x.scatter_reduce(0, &index, &source, Mean, IncludeSelf(true))?.to_vec::<i64>()?, [1, -3, 3]);
    x.scatter_reduce_(0, &index, &source, Prod, IncludeSelf(false))?;
    assert_eq!(x.to_vec::<i64>()?, [-2, -8, 3]);
    assert!(x.scatter_reduce(0, &Tensor::new([3i64])?, &source, Sum, IncludeSelf(true)).is_err());
    Ok(())
}

#[track_caller]
fn near(y: &Tensor, expected: &[f32]) -> Result<()> {
    assert_eq!(y.dtype(), DType::F32);
    let y = y.to_vec::<f32>()?;
    assert_eq!(y.len(), expected.len());
    for (y, e) in y.into_iter().zip(expected) {
        let near = (y - e).abs() <= 1e-6 * e.abs().max(1e-6);
        assert!(y == *e || near || (y.is_nan() && e.is_nan()), "{y} instead of {e}");
    }
    Ok(())
}

#[test]
fn the_gamma_functions_kin() -> Result<()> {
    let inf = f32::INFINITY;
    let x = Tensor::new([-1.5f32, 0.0, 0.5, 1.0, 3.25, 100.0])?;
    near(&x.lgamma()?, &[0.860_047_04, inf, 0.572_364_9, 0.0, 0.935_801_9, 359.134_2])?;
    near(&x.digamma()?, &[0.703_156_65, -inf, -1.963_51, -0.577_215_7, 1.016_990_8, 4.600_162])?;
    near(&x.polygamma(2)?, &[-0.236_204_06, -inf, -16.828_796, -2.404_113_8, -0.128_156_95, -1.010_05e-4])?;
    near(&x.polygamma(0)?, &x.digamma()?.to_vec::<f32>()?)?;
    let y = Tensor::new([-1.0f32, -0.5, 0.0, 1e-6, 0.999, 1.0, 2.0])?;
    near(&y.erfinv()?, &[-inf, -0.476_936_28, 0.0, 8.862_269e-7, 2.326_756_2, inf, f32::NAN])?;
    near(&Tensor::new([1i64, 4])?.lgamma()?, &[0.0, 1.791_759_5])?;
    let half = Tensor::options().dtype(DType::F64).tensor([0.5f64])?.lgamma()?.item::<f64>()?;
    assert!((half - 0.572_364_942_924_700_1).abs() < 4e-15, "as in f64: {half}");
    x.lgamma_()?;
    assert_eq!(x.i(1)?.item::<f32>()?, inf);
    assert!(x.polygamma(101).is_err());
    Ok(())
}
