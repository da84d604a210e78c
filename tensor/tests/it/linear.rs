use taper_tensor::{Result, Tensor};

/// The product by its definition.
fn naive(a: &Tensor, b: &Tensor) -> Result<Vec<f64>> {
    let (m, k, n) = (a.size()[0], a.size()[1], b.size()[1]);
    let (a, b) = (a.to_vec::<f64>()?, b.to_vec::<f64>()?);
    Ok((0..m * n).map(|i| (0..k).map(|p| a[i / n * k + p] * b[p * n + i % n]).sum()).collect())
}

#[test]
fn products_take_transposed_operands() -> Result<()> {
    let options = Tensor::options().dtype(taper_tensor::DType::F64);
    for (m, k, n) in [(4, 400, 120), (4, 120, 84), (1, 7, 1), (33, 17, 40), (3, 0, 2), (0, 3, 2)] {
        let (a, b) = (options.randn((m, k))?, options.randn((k, n))?);
        let expected = naive(&a, &b)?;
        let (at, bt) = (a.t()?.copy()?.t()?, b.t()?.copy()?.t()?);
        for (a, b) in [(&a, &b), (&at, &b), (&a, &bt), (&at, &bt)] {
            let y = a.matmul(b)?;
            assert_eq!(y.size(), [m, n]);
            for (y, e) in y.to_vec::<f64>()?.iter().zip(&expected) {
                assert!((y - e).abs() < 1e-11 * k.max(1) as f64);
            }
        }
    }
    Ok(())
}

#[test]
fn ranks() -> Result<()> {
    let of = |s: &[usize]| Tensor::randn(s);
    for (a, b, y) in [
        (&[3][..], &[3][..], &[][..]),
        (&[3], &[3, 4], &[4]),
        (&[2, 3], &[3], &[2]),
        (&[5, 2, 3], &[3], &[5, 2]),
        (&[3], &[5, 3, 4], &[5, 4]),
        (&[5, 1, 2, 3], &[6, 3, 4], &[5, 6, 2, 4]),
    ] {
        assert_eq!(of(a)?.matmul(&of(b)?)?.size(), y);
    }
    let batch = of(&[6, 3, 4])?.expand((5, 6, 3, 4))?;
    let a = of(&[5, 1, 2, 3])?;
    let y = a.matmul(&batch)?;
    let one = a.select(0, 4)?.select(0, 0)?.matmul(&batch.select(0, 0)?.select(0, 2)?)?;
    assert!(y.select(0, 4)?.select(0, 2)?.allclose(&one, 1e-6, 1e-6)?);
    assert!(of(&[2, 3])?.matmul(&of(&[2, 3])?).is_err());
    assert!(of(&[2, 3])?.matmul(&of(&[])?).is_err());
    Ok(())
}

#[test]
fn linear_starts_from_its_bias() -> Result<()> {
    let (x, w, b) = (Tensor::randn((4, 2, 10))?, Tensor::randn((7, 10))?, Tensor::randn(7)?);
    let y = x.linear(&w, Some(&b))?;
    assert!(y.allclose(&x.matmul(&w.t()?)?.add(&b)?, 1e-5, 1e-5)?);
    let one = x.select(0, 1)?.select(0, 1)?;
    assert!(one.linear(&w, None)?.allclose(&w.matmul(&one)?, 1e-5, 1e-5)?);
    assert!(x.linear(&w, Some(&x)).is_err() && x.linear(&b, None).is_err());
    let i = Tensor::new([[1i64, 2], [3, 4]])?;
    assert_eq!(i.matmul(&i)?.to_vec::<i64>()?, [7, 10, 15, 22]);
    Ok(())
}
