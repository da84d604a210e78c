use taper_tensor::{AlignCorners, DType, PoolOptions, Result, Tensor};

/// Checks that `backward` is the transpose of `forward`: `<forward(x), dy> = <x, backward(dy)>`.
fn transposed(
    size: &[usize],
    forward: impl Fn(&Tensor) -> Result<Tensor>,
    backward: impl Fn(&Tensor) -> Result<Tensor>,
) -> Result<()> {
    let options = Tensor::options().dtype(DType::F64);
    let x = options.randn(size)?;
    let y = forward(&x)?;
    let dy = options.randn(y.size())?;
    let dx = backward(&dy)?;
    assert_eq!(dx.size(), size);
    let dot = |a: &Tensor, b: &Tensor| a.mul(b)?.sum()?.item::<f64>();
    let (left, right) = (dot(&y, &dy)?, dot(&x, &dx)?);
    assert!((left - right).abs() < 1e-12 * y.numel() as f64, "{left} and {right}");
    Ok(())
}

const WINDOWS: [PoolOptions; 6] = [
    PoolOptions::new((2, 2)),
    PoolOptions { stride: (2, 1), padding: (1, 0), ..PoolOptions::new((3, 2)) },
    PoolOptions { stride: (2, 2), padding: (1, 1), ..PoolOptions::new((3, 3)) },
    PoolOptions { stride: (3, 3), padding: (0, 2), ..PoolOptions::new((1, 4)) },
    PoolOptions { padding: (1, 1), ceil_mode: true, count_include_pad: false, ..PoolOptions::new((2, 4)) },
    PoolOptions { stride: (2, 1), ceil_mode: true, divisor_override: Some(5), ..PoolOptions::new((3, 3)) },
];

/// PyTorch's results.
#[test]
fn options_are_pytorchs() -> Result<()> {
    let x = Tensor::arange(0, 25, 1)?.to_dtype(DType::F64)?.reshape((1, 1, 5, 5))?;
    let o = PoolOptions { stride: (2, 2), ceil_mode: true, ..PoolOptions::new((2, 2)) };
    let (y, places) = x.max_pool2d_with_indices(o)?;
    assert_eq!(y.to_vec::<f64>()?, [6., 8., 9., 16., 18., 19., 21., 23., 24.]);
    assert_eq!(places.to_vec::<i64>()?, [6, 8, 9, 16, 18, 19, 21, 23, 24]);
    assert_eq!(x.avg_pool2d(o)?.to_vec::<f64>()?, [3., 5., 6.5, 13., 15., 16.5, 20.5, 22.5, 24.]);
    let wide = PoolOptions { stride: (1, 1), dilation: (2, 2), ..PoolOptions::new((2, 2)) };
    assert_eq!(x.max_pool2d(wide)?.to_vec::<f64>()?, [12., 13., 14., 17., 18., 19., 22., 23., 24.]);
    let border = PoolOptions { stride: (3, 3), padding: (1, 1), ..PoolOptions::new((3, 3)) };
    let corner = |o| x.avg_pool2d(o)?.to_vec::<f64>().map(|y| y[0]);
    assert_eq!(corner(border)?, 12.0 / 9.0);
    assert_eq!(corner(PoolOptions { count_include_pad: false, ..border })?, 3.0);
    assert_eq!(corner(PoolOptions { divisor_override: Some(2), ..border })?, 6.0);
    let (y, places) = x.adaptive_max_pool2d((2, 3))?;
    assert_eq!(y.to_vec::<f64>()?, [11., 13., 14., 21., 23., 24.]);
    let dx = y.ones_like()?.adaptive_max_pool2d_grad(&places, x.size())?.to_vec::<f64>()?;
    assert_eq!((dx[11], dx[24], dx.iter().sum::<f64>()), (1.0, 1.0, 6.0));
    assert!(x.avg_pool2d(wide).unwrap_err().to_string().contains("expected a dilation of (1, 1)"));
    Ok(())
}

/// In `ceil_mode` a window may be larger than the image, if the stride reaches beyond it too.
#[test]
fn windows_larger_than_the_image() -> Result<()> {
    let x = Tensor::options().dtype(DType::F64).tensor([[[[1.0f64, 2.0], [3.0, 4.0]]]])?;
    let o = PoolOptions { stride: (2, 2), ceil_mode: true, ..PoolOptions::new((3, 3)) };
    assert_eq!(x.max_pool2d(o)?.to_vec::<f64>()?, [4.0]);
    assert_eq!(x.avg_pool2d(o)?.to_vec::<f64>()?, [2.5]);
    let huge = PoolOptions { stride: (usize::MAX, 2), ..PoolOptions::new((1 << 60, 3)) };
    let huge = PoolOptions { ceil_mode: true, ..huge };
    assert_eq!(x.max_pool2d(huge)?.to_vec::<f64>()?, [4.0]);
    let dilated = PoolOptions { stride: (4, 4), dilation: (3, 3), ..PoolOptions::new((2, 2)) };
    assert_eq!(x.max_pool2d(PoolOptions { ceil_mode: true, ..dilated })?.to_vec::<f64>()?, [1.0]);
    assert!(
        x.max_pool2d(PoolOptions { ceil_mode: true, ..PoolOptions::new((3, 3)) })?.to_vec::<f64>()? == [4.0]
    );
    assert!(x.max_pool2d(PoolOptions { ceil_mode: true, stride: (1, 1), ..o }).is_err());
    Ok(())
}

#[test]
fn gradients_are_the_transposed_maps() -> Result<()> {
    let size = [2, 3, 7, 9];
    for o in WINDOWS {
        transposed(&size, |x| x.avg_pool2d(o), |dy| dy.avg_pool2d_grad(&size, o))?;
        // The maxima of one x are a linear map of it, given their places.
        let x = Tensor::options().dtype(DType::F64).randn(size)?;
        let (y, places) = x.max_pool2d_with_indices(o)?;
        let dx = y.max_pool2d_grad(&places, &size, o)?;
        let (left, right) = (y.square()?.sum()?.item::<f64>()?, dx.mul(&x)?.sum()?.item::<f64>()?);
        assert!((left - right).abs() < 1e-11, "{left} and {right}");
    }
    for to in [(1, 1), (3, 2), (7, 9), (10, 4)] {
        transposed(&size, |x| x.adaptive_avg_pool2d(to), |dy| dy.adaptive_avg_pool2d_grad(&size))?;
        transposed(&size, |x| x.upsample_nearest2d(to), |dy| dy.upsample_nearest2d_grad(&size))?;
        for align in [false, true] {
            transposed(
                &size,
                |x| x.upsample_bilinear2d(to, AlignCorners(align)),
                |dy| dy.upsample_bilinear2d_grad(&size, AlignCorners(align)),
            )?;
        }
    }
    Ok(())
}

#[test]
fn sixteen_bits_and_views_go_through_f32() -> Result<()> {
    let x = Tensor::randn((4, 2, 6, 6))?.transpose(2, 3)?;
    for dtype in [DType::BF16, DType::F16] {
        let x = x.to_dtype(dtype)?;
        let (y, places) = x.max_pool2d_with_indices(WINDOWS[1])?;
        let (wide, wide_places) = x.to_dtype(DType::F32)?.max_pool2d_with_indices(WINDOWS[1])?;
        assert_eq!(y.dtype(), dtype);
        assert!(y.to_dtype(DType::F32)?.equal(&wide)? && places.equal(&wide_places)?);
        let dx = y.max_pool2d_grad(&places, x.size(), WINDOWS[1])?;
        assert_eq!((dx.dtype(), dx.size()), (dtype, x.size()));
    }
    Ok(())
}

#[test]
fn what_does_not_fit_is_an_error() -> Result<()> {
    let x = Tensor::randn((1, 1, 4, 4))?;
    let o = WINDOWS[0];
    let fails = |r: Result<Tensor>, says: &str| {
        let e = r.unwrap_err().to_string();
        assert!(e.contains(says), "{e}");
    };
    fails(x.avg_pool2d(PoolOptions { padding: (2, 0), ..o }), "at most half");
    fails(x.avg_pool2d(PoolOptions::new((5, 1))), "expected a window that fits");
    fails(x.avg_pool2d(PoolOptions::new((0, 1))), "expected a window that fits");
    fails(x.select(0, 0)?.avg_pool2d(o), "unsqueeze(0)");
    fails(Tensor::zeros((1, 1, 0, 4))?.max_pool2d(o), "expected a window that fits");
    fails(x.to_dtype(DType::I64)?.max_pool2d(o), "int64");
    let (y, places) = x.max_pool2d_with_indices(o)?;
    fails(y.max_pool2d_grad(&places, &[1, 1, 6, 4], o), "expected [1, 1, 3, 2]");
    fails(y.max_pool2d_grad(&places.add(16)?, &[1, 1, 4, 4], o), "16");
    fails(y.max_pool2d_grad(&places, &[1, 1, usize::MAX, 4], o), "");
    fails(y.upsample_nearest2d_grad(&[2, 1, 2, 2]), "[2, 1, 2, 2]");
    fails(x.upsample_bilinear2d((1 << 62, 4), AlignCorners(false)), "fewer elements");
    fails(Tensor::randn(3)?.relu_grad(&Tensor::randn((3, 1))?), "relu_grad");
    Ok(())
}
