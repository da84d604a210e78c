//! Sizes, dimensions and numbers that no tensor can have: an error each time, never a panic, an abort or
//! the machine's whole memory.

use taper_tensor::{
    DType, Descending, Index, IntoShape, Keepdim, Largest, Options, Pad, Replacement, Result, Tensor,
};

/// Sizes that are negative, too many to count, or more than any memory.
const SIZES: &[&[i64]] = &[
    &[-1],
    &[i64::MIN],
    &[i64::MAX],
    &[1 << 60],
    &[1 << 46],
    &[1 << 32, 1 << 32],
    &[i64::MAX, 0],
    &[1 << 40, 1 << 20, 0],
    &[3, -2],
    &[i64::MAX, i64::MAX, i64::MAX],
];

#[track_caller]
fn fails<T>(what: &str, result: Result<T>) {
    assert!(result.is_err(), "{what} is not an error");
}

#[test]
fn creation() {
    for &size in SIZES {
        let options = [DType::F32, DType::F64, DType::I64, DType::U8].map(|d| Tensor::options().dtype(d));
        for o in &options {
            fails("zeros", o.zeros(size));
            fails("ones", o.ones(size));
            fails("empty", o.empty(size));
            fails("full", o.full(size, 7));
            fails("rand", o.rand(size));
            fails("randn", o.randn(size));
            fails("randint", o.randint(0, 3, size));
        }
        fails("from_vec", Tensor::from_vec(vec![1.0f32; 4], size));
        if size != [-1] {
            fails("expand of a vector", Tensor::ones(3).and_then(|x| x.expand(size)));
        }
        fails("as_strided", Tensor::ones(3).and_then(|x| x.as_strided(size, size, None)));
    }
    for n in [usize::MAX, 1 << 62, 1 << 46] {
        fails("linspace", Tensor::linspace(0.0, 1.0, n));
        fails("logspace", Tensor::logspace(0.0, 1.0, n, 2.0));
        fails("randperm", Tensor::randperm(n));
        fails("eye", Tensor::eye(n));
        fails("one_hot", Tensor::new([0i64]).and_then(|x| x.one_hot(n)));
        fails("tril_indices", Tensor::tril_indices(n, n, 0));
        fails("multinomial", Tensor::ones(3).and_then(|x| x.multinomial(n, Replacement(true))));
        fails("histc", Tensor::ones(3).and_then(|x| x.histc(n, 0.0, 1.0)));
        fails("bincount", Tensor::new([1i64]).and_then(|x| x.bincount(n)));
        fails("repeat_interleave", Tensor::ones(3).and_then(|x| x.repeat_interleave(n, 0)));
        fails("upsample", Tensor::ones((1, 1, 2, 2)).and_then(|x| x.upsample_nearest2d((n, 2))));
        fails("adaptive", Tensor::ones((1, 1, 2, 2)).and_then(|x| x.adaptive_avg_pool2d((n, 2))));
        fails("diag_embed", Tensor::ones(3).and_then(|x| x.diag_embed((n >> 1) as i64)));
        fails("diag", Tensor::ones(3).and_then(|x| x.diag((n >> 1) as i64)));
        fails("pad", Tensor::ones(3).and_then(|x| x.pad([(n >> 1) as i64, 0], Pad::Constant(0.0))));
        fails("pad", Tensor::ones(3).and_then(|x| x.pad([(n >> 1) as i64, 0], Pad::Replicate)));
        fails("repeat", Tensor::ones(3).and_then(|x| x.repeat(n)));
        fails("tensor_split", Tensor::ones(3).and_then(|x| x.tensor_split(n, 0)));
    }
    fails("arange", Tensor::arange(0, i64::MAX, 1));
    fails("arange", Tensor::arange(i64::MIN, i64::MAX, 1));
    fails("arange", Tensor::arange(0, 5, 0));
    fails("arange", Tensor::arange(0, 5, -1));
    fails("arange", Tensor::arange(1, 0, 2));
    fails("arange", Tensor::arange(0.0, f64::INFINITY, 1.0));
    fails("arange", Tensor::arange(0.0, f64::NAN, 1.0));
    fails("randint", Tensor::randint(3, 3, 2));
    fails("eye", Tensor::eye((1, 2, 3)));
    fails("rank", Tensor::zeros(vec![1usize; 65]));
    fails("ragged", Tensor::new(vec![vec![1.0f32], vec![]]));
}

#[test]
fn numbers_at_the_ends_of_i64() -> Result<()> {
    assert_eq!(Tensor::arange(i64::MAX - 2, i64::MAX, 1)?.to_vec::<i64>()?, [i64::MAX - 2, i64::MAX - 1]);
    assert_eq!(Tensor::arange(i64::MIN, i64::MAX, i64::MAX)?.to_vec::<i64>()?, [i64::MIN, -1, i64::MAX - 1]);
    assert_eq!(Tensor::arange(5, 0, -2)?.to_vec::<i64>()?, [5, 3, 1]);
    assert_eq!(Tensor::arange(0, 0, 3)?.numel(), 0);
    let x = Tensor::new([i64::MIN, -1, i64::MAX])?;
    for d in [i64::MIN, -1, i64::MAX] {
        for y in [x.floor_divide(d)?, x.remainder(d)?, x.fmod(d)?, x.gcd(d)?, x.lcm(d)?] {
            assert_eq!(y.numel(), 3);
        }
        for y in [x.bitwise_left_shift(d)?, x.bitwise_right_shift(d)?, x.pow(&Tensor::new(d)?)?] {
            assert_eq!(y.numel(), 3);
        }
    }
    for y in [x.abs()?, x.neg()?, x.sign()?, x.square()?, x.sum()?, x.prod()?, x.cumsum(0)?, x.cumprod(0)?] {
        assert_eq!(y.dtype(), DType::I64);
    }
    assert!(x.floor_divide(0).is_err() && x.remainder(0).is_err() && x.fmod(0).is_err());
    Ok(())
}

/// One element that is repeated without a copy, until a copy would be larger than any memory.
#[test]
fn repeated_without_end() -> Result<()> {
    let x = Tensor::ones(1)?.expand((1i64 << 40, 1 << 10))?;
    assert_eq!(x.stride(), [0, 0]);
    fails("copy", x.copy());
    fails("contiguous", x.contiguous());
    fails("to_vec", x.to_vec::<f32>());
    fails("reshape", x.reshape(-1)?.add(1));
    fails("add", x.add(1));
    fails("exp", x.exp());
    fails("to_dtype", x.to_dtype(DType::F64));
    fails("eq", x.eq(&x));
    fails("pow", x.pow(&x));
    fails("where", x.where_(&x, &x));
    fails("lerp", x.lerp(&x, 0.5));
    fails("cat", Tensor::cat(&[x.clone(), x.clone()], 0));
    fails("stack", Tensor::stack(&[x.clone(), x.clone()], 0));
    fails("sort", x.sort(0, Descending(false)));
    fails("cumsum", x.cumsum(0));
    fails("flip", x.flip(0));
    fails("roll", x.roll(1, 0));
    fails("softmax", x.softmax(0));
    fails("tril", x.tril(0));
    fails("sum", x.sum_dim(1));
    fails("var", x.var(1, 1.0));
    fails("argmax", x.argmax(1));
    fails("matmul", x.matmul(&x.t()?));
    fails("mask", x.masked_select(&x));
    fails("nonzero", x.nonzero());
    fails("unique", x.unique());
    fails("median", x.median());
    fails("write_npy", x.write_npy(std::env::temp_dir().join("never-written.npy")));
    fails("add_", x.add_(1));
    fails("zero_", x.zero_());
    let (a, b) = (Tensor::ones((1 << 20, 1))?, Tensor::ones((1, 1 << 20))?);
    fails("an outer sum", a.add(&b));
    fails("an outer product", a.matmul(&b));
    fails("kron", a.kron(&a.t()?));
    let (a, b) = (a.expand((1i64 << 20, 1i64 << 36))?, b.unsqueeze(0)?);
    fails("broadcast", a.unsqueeze(2)?.add(b));
    fails("meshgrid", Tensor::meshgrid(&vec![Tensor::ones(1 << 20)?; 4]));
    // Views need no memory, so these succeed.
    assert_eq!(x.narrow(0, 5, 1 << 39)?.select(1, -1)?.size(), [1 << 39]);
    assert_eq!(x.i((3, 7))?.item::<f32>()?, 1.0);
    assert!(!x.to_string().is_empty());
    Ok(())
}

#[test]
fn dimensions_and_indices() -> Result<()> {
    let x = Tensor::arange(0, 6, 1)?.reshape((2, 3))?.to_dtype(DType::F32)?;
    let mut results = vec![];
    for d in [2, -3, i64::MAX, i64::MIN] {
        results.extend([
            x.sum_dim(d),
            x.mean_dim(Keepdim(d)),
            x.amax(d),
            x.prod_dim(d),
            x.var(d, 1.0),
            x.logsumexp(d),
            x.argmax(d),
            x.cumsum(d),
            x.softmax(d),
            x.transpose(0, d),
            x.swapaxes(d, 0),
            x.movedim(d, 0),
            x.permute((0, d)),
            x.squeeze(d),
            x.flatten(d),
            x.unflatten(d, 3),
            x.select(d, 0),
            x.narrow(d, 0, 1),
            x.flip(d),
            x.roll(1, d),
            x.diff(1, d),
            x.unfold(d, 1, 1),
            x.diagonal(0, 0, d),
            x.repeat_interleave(2, d),
            x.index_fill(d, &Tensor::new([0i64])?, 1),
            x.logcumsumexp(d),
            Tensor::cat(&[&x, &x], d),
            x.select(0, d),
            x.i(d),
        ]);
        results.extend(
            [x.max_dim(d), x.sort(d, Descending(true)), x.topk(1, d, Largest(true))].map(|r| r.map(|p| p.0)),
        );
        results.extend([x.kthvalue(1, d), x.mode(d), x.cummax(d)].map(|r| r.map(|p| p.0)));
        assert!(x.split(1, d).is_err() && x.chunk(2, d).is_err() && x.unbind(d).is_err());
        assert!(x.size_of(d).is_err());
    }
    results.extend([
        x.unsqueeze(3),
        x.unsqueeze(-4),
        x.sum_dim((0, 0)),
        x.sum_dim((0, -2)),
        x.permute(0),
        x.permute((0, 0)),
        x.movedim((0, 1), (1, 1)),
        x.narrow(1, 3, 1),
        x.narrow(1, i64::MAX, 1),
        x.i((0, 3)),
        x.i((0, i64::MIN)),
        x.narrow(0, 1, usize::MAX),
        x.narrow(0, i64::MIN, 1),
        x.slice(0, None, None, 0),
        x.unfold(0, 3, 1),
        x.unfold(0, 1, 0),
        x.topk(4, 1, Largest(true)).map(|p| p.0),
        x.kthvalue(0, 1).map(|p| p.0),
        x.kthvalue(4, 1).map(|p| p.0),
        x.gather(0, &Tensor::new([[i64::MIN, 0, 0]])?),
        x.gather(0, &Tensor::new([0i64])?),
        x.scatter(0, &Tensor::new([[2i64]])?, 1.0),
        x.index_select(0, &Tensor::new([-1i64])?),
        x.take(&Tensor::new([6i64])?),
        x.masked_scatter(&Tensor::ones((2, 3))?, &Tensor::ones(5)?),
        x.matmul(&x),
        x.mv(&x),
        x.bmm(&x),
        x.addmm(&x, &x, 1, 1),
        x.dot(&x),
        x.cross(&x.t()?, 1),
        x.inverse(),
        x.det(),
        x.cholesky(),
        x.tensordot(&x, 3),
        x.matrix_power(2),
        x.quantile(&Tensor::new(2.0f32)?, 0),
        x.tile(i64::MAX),
        x.repeat((-1, 1)),
        x.pad([i64::MIN, i64::MIN], Pad::Constant(0.0)),
        x.pad([i64::MIN, 0], Pad::Circular),
        x.pad([0, i64::MAX], Pad::Replicate),
        x.pad([1, 1, 1, 1, 1, 1], Pad::Constant(0.0)),
        x.i((Index::Ellipsis, Index::Ellipsis)),
        x.i((0, 0, 0)),
        x.i(Tensor::new([5i64])?),
        x.einsum_with("ij,jk->ik"),
        x.einsum_with("...->i"),
        x.einsum_with("i.j->i"),
        x.einsum_with(""),
        Tensor::stack(&[] as &[Tensor], 0),
        Tensor::cat(&[] as &[Tensor], 0),
        Tensor::zeros((0, 3))?.amax(0),
        Tensor::zeros(0)?.max(),
        Tensor::zeros(0)?.median(),
        Tensor::zeros(0)?.argmax(()),
        Tensor::zeros(0)?.mode(0).map(|p| p.0),
    ]);
    for (i, result) in results.into_iter().enumerate() {
        let message = result.expect_err(&format!("number {i}")).to_string();
        assert!(message.contains(": ") && message.starts_with(|c: char| c.is_lowercase()), "{message}");
    }
    assert_eq!(x.slice(1, Some(i64::MIN), Some(i64::MAX), usize::MAX)?.size(), [2, 1]);
    assert_eq!(x.roll((i64::MAX, i64::MIN), (0, 1))?.size(), [2, 3]);
    assert_eq!(x.tril(i64::MAX)?.triu(i64::MIN)?.sum()?.item::<f32>()?, 15.0);
    assert_eq!(x.diagonal(i64::MIN, 0, 1)?.size(), [0]);
    assert_eq!(x.diag(i64::MAX)?.size(), [0]);
    assert_eq!(x.diff(usize::MAX, 1)?.size(), [2, 0]);
    assert_eq!(x.rot90(i64::MIN, (0, 1))?.size(), [2, 3]);
    Ok(())
}

trait Einsum {
    fn einsum_with(&self, equation: &str) -> Result<Tensor>;
}

impl Einsum for Tensor {
    fn einsum_with(&self, equation: &str) -> Result<Tensor> {
        Tensor::einsum(equation, &[self])
    }
}

/// Tensors without elements go through everything.
#[test]
fn nothing() -> Result<()> {
    fn each(sizes: impl IntoShape + Clone) -> Result<()> {
        let x = Options::default().zeros(sizes)?;
        for y in [
            x.add(1)?,
            x.exp()?,
            x.copy()?,
            x.flip(0)?,
            x.roll(3, 0)?,
            x.cumsum(0)?,
            x.softmax(-1)?,
            x.sort(0, Descending(false))?.0,
            x.tril(0)?,
            x.cummax(0)?.0,
            x.logcumsumexp(0)?,
            x.mul(&x)?,
            x.matmul(&x.mt()?)?,
            x.nan_to_num(0.0, None, None)?,
            x.unsqueeze(0)?.squeeze(0)?,
            x.repeat_interleave(2, 0)?,
            x.isin(&x)?,
            x.masked_select(&x.ne(0)?)?,
            x.unique()?.0,
            x.nonzero()?,
            x.view_as(&x)?,
            x.diagonal(0, 0, 1)?,
            x.mt()?.contiguous()?,
            x.where_(&x.ne(0)?, &x)?,
        ] {
            assert!(y.size().len() <= x.dim() + 1);
        }
        x.add_(1)?;
        x.clamp_(0, 1)?;
        assert_eq!(x.sum()?.item::<f32>()?, 0.0);
        assert!(!x.to_string().is_empty());
        Ok(())
    }
    each((0, 3))?;
    each((3, 0))?;
    each((2, 0, 4))
}
