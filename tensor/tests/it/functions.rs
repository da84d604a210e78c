use taper_tensor::{DType, Keepdim, NdArray, Result, Tensor};

/// Returns the largest difference between two tensors' elements.
fn distance(a: &Tensor, b: &Tensor) -> Result<f64> {
    a.to_dtype(DType::F64)?.sub(b.to_dtype(DType::F64)?)?.abs()?.max()?.item()
}

#[test]
fn views_and_places_and_dtypes_agree() -> Result<()> {
    let x = Tensor::randn((40, 70))?;
    let y = x.t()?.exp()?;
    assert!(y.equal(&x.exp()?.t()?.contiguous()?)?);
    let part = x.copy()?;
    part.narrow(1, 3, 50)?.tanh_()?;
    assert!(part.narrow(1, 3, 50)?.equal(&x.narrow(1, 3, 50)?.tanh()?)?);
    assert!(part.narrow(1, 53, 17)?.equal(&x.narrow(1, 53, 17)?)?);
    for dtype in [DType::F16, DType::BF16, DType::F64] {
        let y = x.to_dtype(dtype)?.sigmoid()?;
        assert_eq!(y.dtype(), dtype);
        assert!(distance(&y, &x.sigmoid()?)? < 0.005);
    }
    let ints = Tensor::arange(1, 5, 1)?;
    assert_eq!(ints.sqrt()?.to_vec::<f32>()?, [1.0, 2f32.sqrt(), 3f32.sqrt(), 2.0]);
    assert!(ints.exp_().is_err());
    assert_eq!(ints.floor()?.dtype(), DType::I64);
    Ok(())
}

#[test]
fn powers_broadcast_and_promote() -> Result<()> {
    let (x, y) = (Tensor::new([[4.0f32], [9.0]])?, Tensor::new([0.5f32, 2.0, -1.0])?);
    let power = x.pow(&y)?;
    assert_eq!(power.size(), [2, 3]);
    let expected = Tensor::new([[2.0f32, 16.0, 0.25], [3.0, 81.0, 1.0 / 9.0]])?;
    assert!(distance(&power, &expected)? < 1e-6);
    assert_eq!(Tensor::arange(0, 3, 1)?.pow(1.5)?.dtype(), DType::F32);
    assert_eq!(Tensor::new([2i64, 3])?.pow(3)?.to_vec::<i64>()?, [8, 27]);
    Ok(())
}

#[test]
fn softmax_and_its_gradient_along_any_dimension() -> Result<()> {
    let options = Tensor::options().dtype(DType::F64);
    let (x, dy) = (options.randn((3, 5, 4))?, options.randn((3, 5, 4))?);
    for dim in [-3, -2, -1, 0, 1, 2] {
        let (y, log) = (x.softmax(dim)?, x.log_softmax(dim)?);
        assert!(distance(&y.sum_dim(dim)?, &y.sum_dim(dim)?.ones_like()?)? < 1e-14);
        assert!(distance(&log.exp()?, &y)? < 1e-14);
        assert!(distance(&log, &x.sub(x.logsumexp(Keepdim(dim))?)?)? < 1e-14);
        let dx = dy.sub(dy.mul(&y)?.sum_dim(Keepdim(dim))?)?.mul(&y)?;
        assert!(distance(&dy.softmax_grad(&y, dim)?, &dx)? < 1e-14);
        let dx = dy.sub(y.mul(dy.sum_dim(Keepdim(dim))?)?)?;
        assert!(distance(&dy.log_softmax_grad(&log, dim)?, &dx)? < 1e-13);
        // A view, and 16 bits.
        let permuted = x.permute((2, 0, 1))?.to_dtype(DType::BF16)?;
        assert!(distance(&permuted.softmax(0)?, &x.softmax(2)?.permute((2, 0, 1))?)? < 0.01);
    }
    assert_eq!(Tensor::zeros(())?.softmax(0)?.item::<f32>()?, 1.0);
    assert_eq!(Tensor::zeros((0, 3))?.softmax(0)?.size(), [0, 3]);
    assert!(x.softmax(3).is_err() && Tensor::arange(0, 3, 1)?.softmax(0).is_err());
    assert!(dy.softmax_grad(&x.narrow(0, 0, 2)?, 0).is_err());
    Ok(())
}

#[test]
fn more_than_64_dimensions_are_an_error() -> Result<()> {
    let ones = [1usize; 65];
    let x = Tensor::zeros(&ones[..64])?;
    assert_eq!(x.exp()?.dim(), 64);
    for result in [
        Tensor::zeros(&ones[..]),
        x.unsqueeze(0),
        x.reshape(&ones[..]),
        x.expand(&ones[..]),
        Tensor::stack(&[&x, &x], 0),
        Tensor::from_numpy(&NdArray::from(ndarray::Array::<f32, _>::ones(ndarray::IxDyn(&ones)))),
        Tensor::from_candle(x.as_candle().unsqueeze(0).unwrap()),
    ] {
        assert!(result.unwrap_err().to_string().contains("65 dimensions"));
    }
    Ok(())
}

#[test]
fn linspace_has_its_ends_in_every_dtype() -> Result<()> {
    let x = Tensor::options().dtype(DType::F64).linspace(0.1, 0.7, 4)?;
    assert_eq!(
        (x.dtype(), x.select(0, 0)?.item::<f64>()?, x.select(0, 3)?.item::<f64>()?),
        (DType::F64, 0.1, 0.7)
    );
    assert_eq!(Tensor::linspace(0.0, 1.0, 3)?.to_vec::<f32>()?, [0.0, 0.5, 1.0]);
    assert_eq!(Tensor::linspace(2.0, 5.0, 1)?.to_vec::<f32>()?, [2.0]);
    let ints = Tensor::options().dtype(DType::I64).linspace(0.0, 10.0, 5)?;
    assert_eq!(ints.to_vec::<i64>()?, [0, 2, 5, 7, 10]);
    Ok(())
}
