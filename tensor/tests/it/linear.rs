use taper_tensor::{Descending, Replacement, Result, Tensor};

/// Returns the product by its definition.
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

#[test]
fn decompositions_multiply_back() -> Result<()> {
    let close = |a: &Tensor, b: &Tensor| a.allclose(b, 1e-9, 1e-9);
    for (m, n) in [(4, 3), (3, 4), (3, 3)] {
        let x = Tensor::options().dtype(taper_tensor::DType::F64).randn((2, m, n))?;
        let (q, r) = x.qr()?;
        assert!(close(&q.matmul(&r)?, &x)? && r.equal(&r.triu(0)?)?);
        let (u, s, v) = x.svd()?;
        assert_eq!((u.size(), s.size(), v.size()), (&[2, m, 3][..], &[2, 3][..], &[2, 3, n][..]));
        assert!(close(&u.mul(s.unsqueeze(1)?)?.matmul(&v)?, &x)?);
        assert!(s.equal(&s.sort(1, Descending(true))?.0)?);
    }
    let x = Tensor::options().dtype(taper_tensor::DType::F64).randn((3, 3))?;
    let symmetric = x.add(x.t()?)?;
    let (values, vectors) = symmetric.eigh()?;
    assert!(values.equal(&values.sort(0, Descending(false))?.0)?);
    assert!(close(&symmetric.matmul(&vectors)?, &vectors.mul(&values)?)?);
    assert!(Tensor::zeros((2, 2))?.inverse().is_err() && Tensor::zeros((2, 3))?.det().is_err());
    assert!(Tensor::full((2, 2), f32::NAN)?.svd().is_err() && Tensor::zeros((2, 2))?.cholesky().is_err());
    Ok(())
}

#[test]
fn einsum_agrees_with_products() -> Result<()> {
    let options = Tensor::options().dtype(taper_tensor::DType::F64);
    let (a, b, c) = (options.randn((5, 2, 3))?, options.randn((5, 3, 4))?, options.randn(4)?);
    let of = |e: &str, x: &[&Tensor]| Tensor::einsum(e, x);
    assert!(of("bij,bjk->bik", &[&a, &b])?.allclose(&a.matmul(&b)?, 1e-12, 1e-12)?);
    assert!(of("bij, bjk, k", &[&a, &b, &c])?.allclose(
        &a.matmul(&b)?.matmul(&c)?.sum_dim(0)?,
        1e-12,
        1e-12
    )?);
    assert!(of("bij->jb", &[&a])?.allclose(&a.sum_dim(1)?.t()?, 1e-12, 1e-12)?);
    assert!(of("i,j->ij", &[&c, &c])?.allclose(&c.outer(&c)?, 1e-12, 1e-12)?);
    for bad in ["ij,jk", "bij->bx", "bij->bb", "b1j", "bijk", "bbj"] {
        assert!(of(bad, &[&a]).is_err(), "{bad}");
    }
    Ok(())
}

#[test]
fn draws_follow_their_weights() -> Result<()> {
    let weights = Tensor::new([[0.0f32, 3.0, 1.0], [1.0, 0.0, 0.0]])?;
    let drawn = weights.multinomial(4000, Replacement(true))?;
    let ones = drawn.select(0, 0)?.eq(1)?.sum()?.item::<i64>()?;
    assert!((2850..3150).contains(&ones) && drawn.select(0, 1)?.max()?.item::<i64>()? == 0);
    assert_eq!(weights.select(0, 0)?.multinomial(2, Replacement(false))?.sum()?.item::<i64>()?, 3);
    assert!(
        weights.multinomial(2, Replacement(false)).is_err()
            && weights.sub(2)?.multinomial(1, Replacement(true)).is_err()
    );
    let p = Tensor::full(4000, 0.25)?;
    assert!((850..1150).contains(&(p.bernoulli()?.sum()?.item::<f32>()? as i32)));
    assert!(p.mul(9)?.bernoulli().is_err());
    p.uniform_(2.0, 3.0)?;
    assert!(p.min()?.item::<f32>()? >= 2.0 && p.max()?.item::<f32>()? < 3.0);
    Ok(())
}

#[test]
fn matrices_without_elements_decompose_to_such() -> Result<()> {
    for [m, n] in [[0, 2], [2, 0], [0, 0]] {
        let x = Tensor::zeros((3, m, n))?;
        let (u, s, vt) = x.svd()?;
        assert_eq!([u.size(), s.size(), vt.size()], [&[3, m, 0][..], &[3, 0], &[3, 0, n]]);
        assert_eq!(x.pinv()?.size(), [3, n, m]);
    }
    let none = Tensor::zeros((0, 0))?;
    assert_eq!(none.solve(Tensor::zeros(0)?)?.size(), [0]);
    assert_eq!(none.solve(Tensor::zeros((0, 2))?)?.size(), [0, 2]);
    Ok(())
}

#[test]
fn the_logarithm_of_a_determinant_does_not_overflow() -> Result<()> {
    let x = Tensor::options().dtype(taper_tensor::DType::F64).eye(200)?.mul(-1e3)?;
    let (sign, log) = x.slogdet()?;
    assert_eq!(sign.item::<f64>()?, 1.0);
    assert!((log.item::<f64>()? - 600.0 * 10f64.ln()).abs() < 1e-9);
    let singular = Tensor::zeros((2, 2))?.slogdet()?;
    assert_eq!((singular.0.item::<f32>()?, singular.1.item::<f32>()?), (0.0, f32::NEG_INFINITY));
    Ok(())
}
