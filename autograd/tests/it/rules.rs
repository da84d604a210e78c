use taper_autograd::{Conv2dOptions, GradcheckOptions, Result, Variable, gradcheck, gradgradcheck};
use taper_tensor::{DType, Descending, Generator, Keepdim, Right, Tensor};

fn random(shape: &[usize], seed: u64) -> Variable {
    let g = Generator::new(seed);
    Variable::requires_grad(
        Tensor::options().dtype(DType::F64).generator(&g).device(&crate::device()).randn(shape).unwrap(),
    )
}

/// Checks first and second derivatives.
fn check(f: impl Fn(&[Variable]) -> Result<Variable> + Copy, shapes: &[&[usize]]) {
    let inputs: Vec<_> = shapes.iter().zip(1..).map(|(s, seed)| random(s, seed)).collect();
    gradcheck(f, &inputs, GradcheckOptions::default()).unwrap();
    gradgradcheck(f, &inputs, GradcheckOptions::default()).unwrap();
}

#[test]
fn arithmetic_broadcasts() {
    check(|v| v[0].add(&v[1]), &[&[2, 3], &[3]]);
    check(|v| v[0].sub(&v[1]), &[&[2, 1], &[1, 3]]);
    check(|v| v[0].mul(&v[1]), &[&[2, 3], &[2, 1]]);
    check(|v| v[0].div(v[1].exp()?), &[&[2, 3], &[3]]);
    check(|v| 2.0 / &v[0].exp()?, &[&[3]]);
    check(|v| v[0].mul(3.0)?.sub(1.0)?.div(7.0)?.neg(), &[&[2, 2]]);
}

#[test]
fn functions_of_each_element() {
    check(|v| v[0].exp(), &[&[2, 3]]);
    check(|v| v[0].square()?.add(1.0)?.log(), &[&[2, 3]]);
    check(|v| v[0].relu(), &[&[4, 3]]);
}

#[test]
fn reductions_and_shapes() {
    check(|v| v[0].square()?.sum(), &[&[2, 3]]);
    check(|v| v[0].square()?.mean(), &[&[2, 3]]);
    check(|v| v[0].square()?.sum_dim(Keepdim((0, -1))), &[&[2, 3, 2]]);
    check(|v| v[0].square()?.sum_dim(1), &[&[2, 3, 2]]);
    check(|v| v[0].transpose(0, 2)?.flatten(1)?.reshape((-1, 2)), &[&[2, 3, 2]]);
    check(|v| v[0].unsqueeze(0)?.expand((2, 3, 2))?.square(), &[&[3, 2]]);
}

#[test]
fn matrix_products() {
    check(|v| v[0].matmul(&v[1]), &[&[2, 3], &[3, 4]]);
    check(|v| v[0].matmul(&v[1]), &[&[3], &[3]]);
    check(|v| v[0].matmul(&v[1]), &[&[3], &[2, 3, 4]]);
    check(|v| v[0].matmul(&v[1]), &[&[2, 1, 2, 3], &[3, 3, 2]]);
    check(|v| v[0].matmul(&v[1]), &[&[2, 2, 3], &[3]]);
    check(|v| v[0].linear(&v[1], Some(&v[2])), &[&[4, 3], &[2, 3], &[2]]);
    check(|v| v[0].linear(&v[1], None), &[&[2, 2, 3], &[2, 3]]);
}

#[test]
fn convolutions_are_closed_under_differentiation() {
    check(
        |v| v[0].conv2d(&v[1], Some(&v[2]), Conv2dOptions::default()),
        &[&[2, 2, 4, 5], &[3, 2, 2, 3], &[3]],
    );
    let strided = Conv2dOptions { stride: (2, 1), padding: (1, 2), dilation: (1, 2), groups: 2 };
    check(move |v| v[0].conv2d(&v[1], None, strided), &[&[1, 4, 5, 4], &[2, 2, 3, 2]]);
}

#[test]
fn pooling_and_softmax() {
    check(|v| v[0].max_pool2d(2)?.square(), &[&[1, 2, 5, 4]]);
    check(|v| v[0].log_softmax(1), &[&[2, 4]]);
    check(|v| v[0].softmax(0), &[&[3, 2]]);
}

#[test]
fn indexing() {
    let index = Tensor::new([[0i64, 2], [1, 1]]).unwrap();
    check(|v| v[0].gather(1, &index)?.square(), &[&[2, 3]]);
}

/// The padding's row is looked up as others are, and gets no gradient.
#[test]
fn embeddings_do_not_learn_their_padding() -> Result<()> {
    let table =
        Variable::requires_grad(Tensor::options().dtype(DType::F64).tensor([[1.0f64, 2.0], [3.0, 4.0]])?);
    let y = table.embedding(&Tensor::new([0i64, 1, 1])?, Some(0))?;
    assert_eq!(y.data().to_vec::<f64>()?, [1.0, 2.0, 3.0, 4.0, 3.0, 4.0]);
    y.sum()?.backward()?;
    assert_eq!(table.grad().unwrap().to_vec::<f64>()?, [0.0, 0.0, 2.0, 2.0]);
    Ok(())
}

/// The gradient of the determinant is the cofactors, also of singular matrices.
#[test]
fn determinants_of_singular_matrices() -> Result<()> {
    for matrix in [
        Tensor::options().dtype(DType::F64).tensor([[1.0f64, 2.0], [2.0, 4.0]])?,
        Tensor::options().dtype(DType::F64).tensor([[0.0f64]])?,
        Tensor::options()
            .dtype(DType::F64)
            .tensor([[[1.0f64, 2.0, 3.0], [4.0, 5.0, 6.0], [5.0, 7.0, 9.0]], [[0.0; 3]; 3]])?,
    ] {
        let x = [Variable::requires_grad(matrix)];
        gradcheck(|v| v[0].det(), &x, GradcheckOptions::default())?;
        gradgradcheck(|v| v[0].det(), &x, GradcheckOptions::default())?;
    }
    Ok(())
}

/// Elements of a source beyond the index are not read, and get zero gradients.
#[test]
fn sources_larger_than_the_index() -> Result<()> {
    let index = Tensor::new([[1i64, 0]])?;
    check(|v| v[0].scatter_add(0, &index, &v[1])?.square(), &[&[3, 2], &[2, 4]]);
    check(|v| v[0].scatter(0, &index, &v[1])?.square(), &[&[3, 2], &[2, 4]]);
    let source = random(&[2, 4], 2);
    random(&[3, 2], 1).scatter_add(0, &index, &source)?.sum()?.backward()?;
    assert_eq!(source.grad().unwrap().to_vec::<f64>()?, [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    Ok(())
}

/// Norms of any order, of rows that hold zeros too.
#[test]
fn norms_of_any_order() -> Result<()> {
    let x = [Variable::requires_grad(
        Tensor::options().dtype(DType::F64).tensor([[3.0f64, -4.0, 0.5], [1.5, -1.0, 2.0]])?,
    )];
    for p in [-1.0, 0.0, 0.5, 1.5, 2.0, 3.0, f64::INFINITY, f64::NEG_INFINITY] {
        gradcheck(|v| v[0].norm_p(p, 1), &x, GradcheckOptions::default())?;
        gradgradcheck(|v| v[0].norm_p(p, Keepdim(1)), &x, GradcheckOptions::default())?;
        gradgradcheck(|v| v[0].norm_p(p, ()), &x, GradcheckOptions::default())?;
    }
    Ok(())
}

/// The product of some of them is below the smallest f32 or above the largest, that of all others is not.
#[test]
fn products_of_tiny_and_huge_numbers() -> Result<()> {
    let near = |y: Tensor, expected: [f32; 4]| {
        let y = y.to_vec::<f32>().unwrap();
        assert!(y.iter().zip(expected).all(|(y, e)| (y / e - 1.0).abs() < 1e-6), "{y:?}");
    };
    let x = Variable::requires_grad(Tensor::new([1e-30f32, 1e-30, 1e30, 1e30])?);
    let y = x.cumprod(0)?;
    assert_eq!(y.data().to_vec::<f32>()?, x.data().cumprod(0)?.to_vec::<f32>()?);
    y.sum()?.backward()?;
    near(x.grad().unwrap(), [1e30, 1e30, 1e-30, 1e-30]);
    for of in [Variable::prod, |x: &Variable| x.prod_dim(Keepdim(0))] {
        x.zero_grad();
        let y = of(&x)?;
        assert!((y.item::<f32>()? - 1.0).abs() < 1e-6);
        y.sum()?.backward()?;
        near(x.grad().unwrap(), [1e30, 1e30, 1e-30, 1e-30]);
    }
    // 0 times a product that overflows.
    let x = Variable::requires_grad(Tensor::cat(&[Tensor::zeros(1)?, Tensor::full(20, 1e38)?], 0)?);
    x.cumprod(0)?.sum()?.backward()?;
    assert!(!x.grad().unwrap().isnan()?.any()?.item::<bool>()?);
    Ok(())
}

#[test]
fn products_with_zeros() -> Result<()> {
    let options = GradcheckOptions::default;
    for row in [[2.0f64, 0.0, 3.0, -1.5], [0.0, 2.0, 0.0, 3.0], [0.0; 4], [1.5, -2.0, 3.0, 0.0]] {
        let x = [Variable::requires_grad(
            Tensor::options().dtype(DType::F64).tensor([row, [1.0, 2.0, 0.5, -1.0]])?,
        )];
        for of in [
            |v: &[Variable]| v[0].cumprod(1),
            |v: &[Variable]| v[0].cumprod(0),
            |v: &[Variable]| v[0].prod(),
            |v: &[Variable]| v[0].prod_dim(1),
            |v: &[Variable]| v[0].prod_dim(Keepdim((1, 0))),
        ] {
            gradcheck(of, &x, options())?;
            gradgradcheck(of, &x, options())?;
        }
    }
    Ok(())
}

#[test]
fn nans_share_the_gradient_of_an_extreme() -> Result<()> {
    let x = Variable::requires_grad(Tensor::new([[1.0f32, f32::NAN, f32::NAN], [2.0, 2.0, 0.0]])?);
    x.max()?.backward()?;
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [0.0, 0.5, 0.5, 0.0, 0.0, 0.0]);
    Ok(())
}

/// The elements that stay beyond the range of f16 when they are squared.
#[test]
fn the_gradient_of_a_deviation_in_16_bits() -> Result<()> {
    let x = Variable::requires_grad(Tensor::new([300.0f32, -300.0])?.to_dtype(DType::F16)?);
    x.std((), 0.0)?.backward()?;
    assert_eq!(x.grad().unwrap().to_dtype(DType::F32)?.to_vec::<f32>()?, [0.5, -0.5]);
    Ok(())
}

/// Counts, orders and comparisons are tensors.
#[test]
fn questions_have_no_gradient() -> Result<()> {
    let x = Variable::requires_grad(Tensor::new([[3.0f32, 0.0], [1.0, 2.0]])?);
    assert!(x.any()?.item::<bool>()?);
    assert_eq!(x.all_dim(0)?.to_vec::<bool>()?, [true, false]);
    assert_eq!(x.count_nonzero()?.item::<i64>()?, 3);
    assert_eq!(x.argsort(1, Descending(false))?.to_vec::<i64>()?, [1, 0, 0, 1]);
    assert_eq!(x.bucketize(Tensor::new([0.5f32, 2.0])?, Right(false))?.to_vec::<i64>()?, [2, 0, 1, 1]);
    assert_eq!(
        x.reshape(-1)?.sort(0, Descending(false))?.0.searchsorted(&x, Right(true))?.to_vec::<i64>()?,
        [4, 1, 2, 3]
    );
    assert_eq!(Variable::new(Tensor::new([1i64, 3, 1])?).bincount(0)?.to_vec::<i64>()?, [0, 2, 0, 1]);
    assert!(x.unique().is_err() && x.histc(2, 0.0, 4.0).is_err());
    assert_eq!(x.detach().histc(2, 0.0, 4.0)?.data().to_vec::<f32>()?, [2.0, 2.0]);
    assert_eq!(x.detach().unique_consecutive()?.2.to_vec::<i64>()?, [1; 4]);
    let sum = Variable::new(Tensor::new(2.0f32)?);
    sum.sum()?.data().add_(1)?;
    assert_eq!(sum.item::<f32>()?, 2.0);
    Ok(())
}
