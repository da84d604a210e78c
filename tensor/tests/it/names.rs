//! Results of PyTorch 2.15 for the same arguments; a mask there is of bools.

use taper_tensor::{DType, Keepdim, NestedArray, Result, Right, Tensor};

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;

fn f(a: impl NestedArray<Element = f64>) -> Result<Tensor> {
    Tensor::new(a)?.to_dtype(DType::F32)
}

fn i(a: impl NestedArray<Element = i32>) -> Result<Tensor> {
    Tensor::new(a)?.to_dtype(DType::I64)
}

/// Returns the first `count` numbers in a shape.
fn n(count: i64, size: &[usize]) -> Result<Tensor> {
    Tensor::options().dtype(DType::F32).arange(0, count, 1)?.reshape(size)
}

#[track_caller]
fn check(name: &str, y: &Tensor, dtype: DType, size: &[usize], expected: &[f64]) -> Result<()> {
    assert_eq!((y.dtype(), y.size()), (dtype, size), "{name}");
    let y = y.to_dtype(DType::F64)?.to_vec::<f64>()?;
    for (y, e) in y.iter().zip(expected) {
        let near = (y - e).abs() <= 1e-6 * e.abs().max(1.0);
        assert!(y == e || near || (y.is_nan() && e.is_nan()), "{name}: {y} instead of {e}");
    }
    Ok(())
}

#[test]
fn order_and_ranks() -> Result<()> {
    let x = f([[3.0, NAN, 1.0, 3.0], [0.0, -1.0, 5.0, 2.0]])?;
    let y = f([[1.0, 2.0, 2.0, 1.0], [4.0, 4.0, 3.0, 3.0]])?;
    let all = y.mode(1)?;
    check("mode.0", &all.0, DType::F32, &[2], &[1.0, 3.0])?;
    check("mode.1", &all.1, DType::I64, &[2], &[3.0, 3.0])?;
    let all = f([[5.0, 1.0], [1.0, 1.0], [5.0, 2.0]])?.mode(0)?;
    check("mode0.0", &all.0, DType::F32, &[2], &[5.0, 1.0])?;
    check("mode0.1", &all.1, DType::I64, &[2], &[2.0, 1.0])?;
    let all = y.kthvalue(3, 1)?;
    check("kth.0", &all.0, DType::F32, &[2], &[2.0, 4.0])?;
    let all = x.kthvalue(4, 1)?;
    check("kthnan.0", &all.0, DType::F32, &[2], &[NAN, 5.0])?;
    check("kthnan.1", &all.1, DType::I64, &[2], &[1.0, 2.0])?;
    let all = i([2, 7, 7, 7, 1])?.kthvalue(4, 0)?;
    check("kth3.0", &all.0, DType::I64, &[], &[7.0])?;
    let all = f([1.0, 3.0, 3.0, NAN, 5.0, NAN])?.cummax(0)?;
    check("cummax.0", &all.0, DType::F32, &[6], &[1.0, 3.0, 3.0, NAN, NAN, NAN])?;
    check("cummax.1", &all.1, DType::I64, &[6], &[0.0, 1.0, 2.0, 3.0, 3.0, 5.0])?;
    let all = i([3, 1, 1, 2, 0])?.cummin(0)?;
    check("cummin.0", &all.0, DType::I64, &[5], &[3.0, 1.0, 1.0, 1.0, 0.0])?;
    check("cummin.1", &all.1, DType::I64, &[5], &[0.0, 1.0, 2.0, 2.0, 4.0])?;
    check(
        "quant",
        &y.quantile(&f([0.0, 0.25, 0.6])?, 1)?,
        DType::F32,
        &[3, 2],
        &[1.0, 3.0, 1.0, 3.0, 1.8000000715255737, 3.8000001907348633],
    )?;
    check(
        "quantk",
        &y.quantile(&f(0.4)?, Keepdim(0))?,
        DType::F32,
        &[1, 4],
        &[2.200000047683716, 2.799999952316284, 2.4000000953674316, 1.7999999523162842],
    )?;
    check("quantnan", &x.quantile(&f(0.5)?, 1)?, DType::F32, &[2], &[NAN, 1.0])?;
    check(
        "ss",
        &f([1.0, 2.0, 2.0, 5.0])?.searchsorted(&f([[2.0, 0.0], [9.0, NAN]])?, Right(false))?,
        DType::I64,
        &[2, 2],
        &[1.0, 0.0, 4.0, 4.0],
    )?;
    check(
        "ssr",
        &f([1.0, 2.0, 2.0, 5.0])?.searchsorted(&f([[2.0, 0.0], [9.0, NAN]])?, Right(true))?,
        DType::I64,
        &[2, 2],
        &[3.0, 0.0, 4.0, 4.0],
    )?;
    check(
        "ss2",
        &i([[1, 3, 5], [2, 4, 6]])?.searchsorted(&i([[3, 6], [4, 1]])?, Right(false))?,
        DType::I64,
        &[2, 2],
        &[1.0, 3.0, 1.0, 0.0],
    )?;
    check(
        "buck",
        &f([0.0, 1.0, 1.5, 9.0])?.bucketize(&f([0.0, 1.0, 2.0])?, Right(false))?,
        DType::I64,
        &[4],
        &[0.0, 1.0, 2.0, 3.0],
    )?;
    check("isin", &i([1, 2, 3])?.isin(&i([2, 5, 3])?)?, DType::Bool, &[3], &[0.0, 1.0, 1.0])?;
    let all = i([1, 1, 2, 2, 1])?.unique_consecutive()?;
    check("uc.0", &all.0, DType::I64, &[3], &[1.0, 2.0, 1.0])?;
    check("uc.1", &all.1, DType::I64, &[5], &[0.0, 0.0, 1.0, 1.0, 2.0])?;
    check("uc.2", &all.2, DType::I64, &[3], &[2.0, 2.0, 1.0])?;
    check("argmax", &y.argmax(())?, DType::I64, &[], &[4.0])?;
    check("argmin", &y.argmin(())?, DType::I64, &[], &[0.0])?;
    check(
        "takealong",
        &i([[3, 1, 2]])?.take_along_dim(&i([[1], [2]])?, 1)?,
        DType::I64,
        &[2, 1],
        &[1.0, 2.0],
    )?;
    Ok(())
}

#[test]
fn statistics() -> Result<()> {
    let x = f([[3.0, NAN, 1.0, 3.0], [0.0, -1.0, 5.0, 2.0]])?;
    let y = f([[1.0, 2.0, 2.0, 1.0], [4.0, 4.0, 3.0, 3.0]])?;
    check(
        "cov",
        &f([[0.0, 1.0, 2.0], [2.0, 1.0, 0.5]])?.cov(1)?,
        DType::F32,
        &[2, 2],
        &[1.0, -0.75, -0.75, 0.5833333730697632],
    )?;
    check("cov1", &i([1, 2, 4])?.cov(1)?, DType::F32, &[], &[2.3333334922790527])?;
    check(
        "corr",
        &f([[0.0, 1.0, 2.0], [2.0, 1.0, 0.5]])?.corrcoef()?,
        DType::F32,
        &[2, 2],
        &[1.0, -0.9819804430007935, -0.9819804430007935, 1.0],
    )?;
    check(
        "cross",
        &f([[1.0, 2.0, 3.0]])?.cross(&f([[0.0, 1.0, 0.0], [2.0, 0.0, 1.0]])?, 1)?,
        DType::F32,
        &[2, 3],
        &[-3.0, 0.0, 1.0, 2.0, 5.0, -4.0],
    )?;
    check("diff", &i([[1, 4, 9], [2, 3, 7]])?.diff(1, 0)?, DType::I64, &[1, 3], &[1.0, -1.0, -2.0])?;
    check("diff9", &i([1, 2])?.diff(9, 0)?, DType::I64, &[0], &[])?;
    check(
        "lcse",
        &f([0.0, 1.0, -INF, 500.0])?.logcumsumexp(0)?,
        DType::F32,
        &[4],
        &[0.0, 1.31326162815094, 1.31326162815094, 500.0],
    )?;
    check("nansum", &x.nansum(1)?, DType::F32, &[2], &[7.0, 6.0])?;
    check("nanmean", &x.nanmean(0)?, DType::F32, &[4], &[1.5, -1.0, 3.0, 2.5])?;
    let all = y.aminmax(1)?;
    check("aminmax.0", &all.0, DType::F32, &[2], &[1.0, 3.0])?;
    check("aminmax.1", &all.1, DType::F32, &[2], &[2.0, 4.0])?;
    check("dist", &f([1.0, 2.0])?.dist(&f([4.0, 6.0])?, 2.0)?, DType::F32, &[], &[5.0])?;
    Ok(())
}

#[test]
fn arithmetic() -> Result<()> {
    check(
        "lae",
        &f([-INF, INF, 1.0, NAN])?.logaddexp(&f([-INF, INF, 2.0, 1.0])?)?,
        DType::F32,
        &[4],
        &[-INF, INF, 2.3132617473602295, NAN],
    )?;
    check(
        "fmod",
        &f([-3.0, 3.0, 5.5, 1.0])?.fmod(&f([2.0, -2.0, 0.0, INF])?)?,
        DType::F32,
        &[4],
        &[-1.0, 1.0, NAN, 1.0],
    )?;
    check("fmodi", &i([-7, 7])?.fmod(&i([3, -3])?)?, DType::I64, &[2], &[-1.0, 1.0])?;
    check("fmax", &f([NAN, 1.0, NAN])?.fmax(&f([2.0, NAN, NAN])?)?, DType::F32, &[3], &[2.0, 1.0, NAN])?;
    check(
        "xlogy",
        &f([0.0, 0.0, 2.0, 0.0])?.xlogy(&f([0.0, NAN, 3.0, INF])?)?,
        DType::F32,
        &[4],
        &[0.0, NAN, 2.1972246170043945, 0.0],
    )?;
    check("heav", &f([-1.0, 0.0, 2.0, NAN])?.heaviside(0.5)?, DType::F32, &[4], &[0.0, 0.5, 1.0, 0.0])?;
    check("gcd", &i([12, -18, 0])?.gcd(&i([18, 12, 5])?)?, DType::I64, &[3], &[6.0, 6.0, 5.0])?;
    check("lcm", &i([4, -6, 0])?.lcm(&i([6, 4, 5])?)?, DType::I64, &[3], &[12.0, 12.0, 0.0])?;
    check("shl", &i([1, -3])?.bitwise_left_shift(2)?, DType::I64, &[2], &[4.0, -12.0])?;
    check("shr", &i([9, -9])?.bitwise_right_shift(1)?, DType::I64, &[2], &[4.0, -5.0])?;
    check("bnot", &Tensor::new([5u8, 0])?.bitwise_not()?, DType::U8, &[2], &[250.0, 255.0])?;
    check(
        "n2n",
        &f([NAN, INF, -INF, 1.5])?.to_dtype(DType::F16)?.nan_to_num(0.0, None, None)?,
        DType::F16,
        &[4],
        &[0.0, 65504.0, -65504.0, 1.5],
    )?;
    check(
        "sinc",
        &f([0.0, 0.5, 1.0])?.sinc()?,
        DType::F32,
        &[3],
        &[1.0, 0.6366197466850281, -2.7827534054836178e-08],
    )?;
    check(
        "logit",
        &f([0.0, 0.5, 0.9])?.logit(Some(0.1))?,
        DType::F32,
        &[3],
        &[-2.1972246170043945, 0.0, 2.1972243785858154],
    )?;
    check("hypot", &f([3.0])?.hypot(&f([4.0])?)?, DType::F32, &[1], &[5.0])?;
    check("lerpw", &f([1.0, 2.0])?.lerp(&f([3.0, 6.0])?, &f([0.25, 0.75])?)?, DType::F32, &[2], &[1.5, 5.0])?;
    Ok(())
}

#[test]
fn creation() -> Result<()> {
    check("logspace", &Tensor::logspace(0.0, 3.0, 4, 10.0)?, DType::F32, &[4], &[1.0, 10.0, 100.0, 1000.0])?;
    check(
        "logspace2",
        &Tensor::options().dtype(DType::I64).logspace(0.0, 4.0, 3, 2.0)?,
        DType::I64,
        &[3],
        &[1.0, 4.0, 16.0],
    )?;
    check(
        "eye",
        &Tensor::options().dtype(DType::I64).eye((2, 3))?,
        DType::I64,
        &[2, 3],
        &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
    )?;
    check("tril_i", &Tensor::tril_indices(3, 2, -1)?, DType::I64, &[2, 3], &[1.0, 2.0, 2.0, 0.0, 0.0, 1.0])?;
    check("triu_i", &Tensor::triu_indices(2, 3, 1)?, DType::I64, &[2, 3], &[0.0, 0.0, 1.0, 1.0, 2.0, 2.0])?;
    Ok(())
}

#[test]
fn shapes() -> Result<()> {
    let r = Tensor::arange(0, 6, 1)?.reshape((2, 3))?;
    check("rot", &r.rot90(1, (0, 1))?, DType::I64, &[3, 2], &[2.0, 5.0, 1.0, 4.0, 0.0, 3.0])?;
    check("rot3", &r.rot90(-1, (0, 1))?, DType::I64, &[3, 2], &[3.0, 0.0, 4.0, 1.0, 5.0, 2.0])?;
    check("roll", &r.roll((1, -1), (0, 1))?, DType::I64, &[2, 3], &[4.0, 5.0, 3.0, 1.0, 2.0, 0.0])?;
    check("rollf", &r.roll(2, ())?, DType::I64, &[2, 3], &[4.0, 5.0, 0.0, 1.0, 2.0, 3.0])?;
    check("hs", &Tensor::hstack(&[i([1, 2])?, i([3])?])?, DType::I64, &[3], &[1.0, 2.0, 3.0])?;
    check("vs", &Tensor::vstack(&[i([1, 2])?, i([[3, 4]])?])?, DType::I64, &[2, 2], &[1.0, 2.0, 3.0, 4.0])?;
    check("ds", &Tensor::dstack(&[i([1, 2])?, i([3, 4])?])?, DType::I64, &[1, 2, 2], &[1.0, 3.0, 2.0, 4.0])?;
    check(
        "dembed",
        &i([[1, 2]])?.diag_embed(1)?,
        DType::I64,
        &[1, 3, 3],
        &[0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0],
    )?;
    check(
        "diagonal",
        &Tensor::arange(0, 24, 1)?.reshape((2, 3, 4))?.diagonal(-1, 1, 2)?,
        DType::I64,
        &[2, 2],
        &[4.0, 9.0, 16.0, 21.0],
    )?;
    check(
        "diagonal2",
        &Tensor::arange(0, 24, 1)?.reshape((2, 3, 4))?.diagonal(1, 2, 0)?,
        DType::I64,
        &[3, 1],
        &[12.0, 16.0, 20.0],
    )?;
    check(
        "unfold",
        &Tensor::arange(0, 12, 1)?.reshape((3, 4))?.unfold(1, 2, 2)?,
        DType::I64,
        &[3, 2, 2],
        &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0],
    )?;
    check(
        "unflatten",
        &Tensor::arange(0, 6, 1)?.unflatten(0, (2, -1))?,
        DType::I64,
        &[2, 3],
        &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
    )?;
    check(
        "movedim",
        &Tensor::arange(0, 6, 1)?.reshape((1, 2, 3))?.movedim((0, 2), (2, 0))?,
        DType::I64,
        &[3, 2, 1],
        &[0.0, 3.0, 1.0, 4.0, 2.0, 5.0],
    )?;
    let all = <[Tensor; 3]>::try_from(Tensor::arange(0, 7, 1)?.tensor_split(3, 0)?).unwrap();
    check("tsplit.0", &all[0], DType::I64, &[3], &[0.0, 1.0, 2.0])?;
    check("tsplit.1", &all[1], DType::I64, &[2], &[3.0, 4.0])?;
    check("tsplit.2", &all[2], DType::I64, &[2], &[5.0, 6.0])?;
    Ok(())
}

#[test]
fn products() -> Result<()> {
    let ones = Tensor::options().dtype(DType::I64).ones((2, 2))?;
    check("kron", &i([[1, 2]])?.kron(&i([[1], [3]])?)?, DType::I64, &[2, 2], &[1.0, 2.0, 3.0, 6.0])?;
    check(
        "mpow",
        &f([[2.0, 1.0], [0.0, 1.0]])?.matrix_power(-2)?,
        DType::F32,
        &[2, 2],
        &[0.25, -0.75, 0.0, 1.0],
    )?;
    let all = f([[2.0, 1.0], [5.0, 1.0]])?.slogdet()?;
    check("slogdet.0", &all.0, DType::F32, &[], &[-1.0])?;
    check("slogdet.1", &all.1, DType::F32, &[], &[1.0986123085021973])?;
    check(
        "pinv",
        &f([[1.0, 2.0], [2.0, 4.0], [0.0, 0.0]])?.pinv()?,
        DType::F32,
        &[2, 3],
        &[0.03999999910593033, 0.08000001311302185, 0.0, 0.07999998331069946, 0.1600000113248825, 0.0],
    )?;
    check("inner", &i([[1, 2], [3, 4]])?.inner(&i([[5, 6]])?)?, DType::I64, &[2, 1], &[17.0, 39.0])?;
    check(
        "ein",
        &Tensor::einsum("...ij,...jk->...ik", &[&n(12, &[2, 2, 3])?, &n(6, &[3, 2])?])?,
        DType::F32,
        &[2, 2, 2],
        &[10.0, 13.0, 28.0, 40.0, 46.0, 67.0, 64.0, 94.0],
    )?;
    check("ein2", &Tensor::einsum("...i->...", &[&n(6, &[2, 3])?])?, DType::F32, &[2], &[3.0, 12.0])?;
    check(
        "ein3",
        &Tensor::einsum("i...,i...", &[&n(6, &[2, 3])?, &Tensor::ones((2, 1))?])?,
        DType::F32,
        &[3],
        &[3.0, 5.0, 7.0],
    )?;
    check(
        "addmm0",
        &f([NAN, NAN])?.addmm(&Tensor::ones((2, 2))?, &Tensor::ones((2, 2))?, 0, 1)?,
        DType::F32,
        &[2, 2],
        &[2.0, 2.0, 2.0, 2.0],
    )?;
    check("addmmi", &ones.addmm(&ones, &ones, 3, 2)?, DType::I64, &[2, 2], &[7.0, 7.0, 7.0, 7.0])?;
    Ok(())
}

#[test]
fn places() -> Result<()> {
    check(
        "mscatter",
        &Tensor::zeros((2, 2))?
            .masked_scatter(&Tensor::new([[true, false], [true, true]])?, &f([1.0, 2.0, 3.0, 4.0])?)?,
        DType::F32,
        &[2, 2],
        &[1.0, 0.0, 2.0, 3.0],
    )?;
    check(
        "ifill",
        &Tensor::zeros((2, 3))?.index_fill(1, &i([0, 2])?, 7)?,
        DType::F32,
        &[2, 3],
        &[7.0, 0.0, 7.0, 7.0, 0.0, 7.0],
    )?;
    check(
        "icopy",
        &Tensor::zeros(3)?.index_copy(0, &i([2, 0])?, &f([5.0, 6.0])?)?,
        DType::F32,
        &[3],
        &[6.0, 0.0, 5.0],
    )?;
    check(
        "scat",
        &Tensor::zeros((2, 3))?.scatter(1, &i([[0], [2]])?, 9.0)?,
        DType::F32,
        &[2, 3],
        &[9.0, 0.0, 0.0, 0.0, 0.0, 9.0],
    )?;
    Ok(())
}
