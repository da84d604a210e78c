//! Defects seen elsewhere, chiefly in candle 0.11.1, each shown right here.

use taper_autograd::{Conv2dOptions, GradcheckOptions, Result, Variable, gradcheck};
use taper_tensor::{DType, Generator, PoolOptions, Tensor};

/// Returns a leaf on the tests' device.
fn leaf(tensor: Tensor) -> Variable {
    Variable::requires_grad(tensor.to(&crate::device()).unwrap())
}

fn random(shape: &[usize]) -> Variable {
    let g = Generator::new(7);
    leaf(Tensor::options().dtype(DType::F64).generator(&g).randn(shape).unwrap())
}

/// candle: four times too small with a kernel of 2.
#[test]
fn max_pool2d_gives_the_whole_gradient_to_the_largest() -> Result<()> {
    let x = leaf(Tensor::arange(0, 16, 1)?.to_dtype(DType::F32)?.reshape((1, 1, 4, 4))?);
    x.max_pool2d(2)?.sum()?.backward()?;
    let mut expected = [0.0; 16];
    [5, 7, 13, 15].into_iter().for_each(|i| expected[i] = 1.0);
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, expected);
    Ok(())
}

/// candle gives wrong results with a remainder row, and an error if the kernel is not the stride.
#[test]
fn pools_of_any_size() -> Result<()> {
    let overlapping = PoolOptions { stride: (2, 1), padding: (1, 0), ..PoolOptions::new((3, 2)) };
    let x = random(&[1, 2, 5, 7]);
    gradcheck(|v| v[0].max_pool2d(2), std::slice::from_ref(&x), GradcheckOptions::default())?;
    gradcheck(|v| v[0].max_pool2d(overlapping), std::slice::from_ref(&x), GradcheckOptions::default())?;
    gradcheck(|v| v[0].avg_pool2d(overlapping), &[x], GradcheckOptions::default())
}

/// candle: the second use overwrites the gradient of the first.
#[test]
fn upsample_nearest2d_used_twice_accumulates() -> Result<()> {
    let x = leaf(Tensor::ones((1, 1, 2, 2))?);
    let y = x.upsample_nearest2d((4, 4))?.sum()?.add(x.upsample_nearest2d((2, 2))?.sum()?)?;
    y.backward()?;
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [5.0; 4]);
    Ok(())
}

/// candle: an error in backward.
#[test]
fn conv2d_with_a_remainder() -> Result<()> {
    let options = Conv2dOptions { stride: (2, 2), padding: (1, 1), ..Conv2dOptions::default() };
    let inputs = [random(&[1, 1, 8, 9]), random(&[1, 1, 3, 3])];
    gradcheck(|v| v[0].conv2d(&v[1], None, options), &inputs, GradcheckOptions::default())
}

/// candle: 1.
#[test]
fn relu_has_no_gradient_at_0() -> Result<()> {
    let x = leaf(Tensor::new([-1.0f32, 0.0, 2.0])?);
    x.relu()?.sum()?.backward()?;
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [0.0, 0.0, 1.0]);
    Ok(())
}

/// candle: each of the equal ones gets the whole.
#[test]
fn equal_maxima_share_the_gradient() -> Result<()> {
    let x = leaf(Tensor::new([3.0f32, 1.0, 3.0])?);
    x.max()?.backward()?;
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [0.5, 0.0, 0.5]);
    x.zero_grad();
    x.max_dim(0)?.0.backward()?; // with an index, it is the first's
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [1.0, 0.0, 0.0]);
    Ok(())
}

/// candle on a GPU without cuDNN: the weight's memory is read in the wrong order.
#[test]
fn conv1d_with_a_transposed_weight() -> Result<()> {
    let weight = random(&[3, 2, 2]).data().transpose(0, 2)?;
    let inputs = [random(&[1, 2, 5]), Variable::requires_grad(weight)];
    let plain = inputs[1].data().copy()?;
    let y = inputs[0].conv1d(&inputs[1], None, Conv2dOptions::default())?;
    let same = inputs[0].conv1d(&plain, None, Conv2dOptions::default())?;
    assert_eq!(y.data().to_vec::<f64>()?, same.data().to_vec::<f64>()?);
    gradcheck(|v| v[0].conv1d(&v[1], None, Conv2dOptions::default()), &inputs, GradcheckOptions::default())
}

/// candle: the generator of a CPU cannot be seeded.
#[test]
fn random_numbers_come_again_from_their_seed() -> Result<()> {
    let options = || Tensor::options().generator(&Generator::new(42)).device(&crate::device());
    assert_eq!(options().randn(8)?.to_vec::<f32>()?, options().randn(8)?.to_vec::<f32>()?);
    Ok(())
}

/// candle: LayerNorm and the fused softmax stop the gradient in silence.
#[test]
fn normalisation_and_softmax_pass_gradients_on() -> Result<()> {
    let x = random(&[2, 4]);
    let y = x.layer_norm(&[4], None, None, 1e-5)?.softmax(1)?.square()?.sum()?;
    y.backward()?;
    assert!(x.grad().unwrap().abs()?.sum()?.item::<f64>()? > 1e-3);
    Ok(())
}

/// candle: not noticed.
#[test]
fn a_write_on_a_saved_tensor_is_noticed() -> Result<()> {
    let x = random(&[3]);
    let y = x.exp()?;
    y.data().mul_(2.0)?;
    assert!(y.sum()?.backward().unwrap_err().to_string().contains("Exp"));
    Ok(())
}

/// candle: the stack overflows.
#[test]
fn a_chain_of_100_000_operations() -> Result<()> {
    let x = leaf(Tensor::new(1.0f32)?);
    let mut y = x.clone();
    for _ in 0..100_000 {
        y = y.neg()?;
    }
    y.backward()?;
    assert_eq!(x.grad().unwrap().item::<f32>()?, 1.0);
    Ok(())
}

/// The divisor squared overflows, or is 0, long before the quotient.
#[test]
fn the_gradient_of_a_quotient_is_finite_where_the_quotient_is() -> Result<()> {
    for (value, g, expected) in [(1e20f32, 1.0f32, -1e-20), (1e-30, 1.0, -1e30), (1e-30, 0.0, 0.0)] {
        let (a, b) = (leaf(Tensor::new(value)?), leaf(Tensor::new(value)?));
        a.div(&b)?.backward_with(&Tensor::new(g)?.to(&crate::device())?)?;
        let db = b.grad().unwrap().item::<f64>()?;
        assert!((db - expected).abs() <= 1e-6 * expected.abs(), "{value} {g}: {db}, expected {expected}");
    }
    let (a, b) = (leaf(Tensor::new(300.0f32)?), leaf(Tensor::new(300.0f32)?));
    let (a, b) = (a.to_dtype(DType::F16)?, b.to_dtype(DType::F16)?);
    b.retain_grad();
    a.div(&b)?.backward()?;
    let db = b.grad().unwrap().item::<f64>()?;
    assert!((db + 1.0 / 300.0).abs() < 4e-6, "{db}"); // two steps of f16, which are 1.9e-6 there
    Ok(())
}

/// In f16, the factors of these functions and of their gradients overflow.
#[test]
fn activations_of_large_16_bit_numbers_are_finite() -> Result<()> {
    let x = leaf(Tensor::new([300.0f32, -300.0])?.to_dtype(DType::F16)?);
    x.gelu_tanh()?.sum()?.backward()?;
    assert_eq!(x.grad().unwrap().to_dtype(DType::F32)?.to_vec::<f32>()?, [1.0, 0.0]);
    let x = Variable::new(Tensor::new(12000.0f32)?.to_dtype(DType::F16)?);
    assert_eq!(x.hardswish()?.item::<f32>()?, 12000.0);
    Ok(())
}
