//! Defects of candle 0.11.1's companions, each shown right here; those of gradients and of random
//! numbers stand in autograd's `regression.rs`.

use taper::autograd::Variable;
use taper::data::{Cifar10, Dataset, Split, Storage};
use taper::nn::Linear;
use taper::optim::{Optimizer, RmsProp, Sgd};
use taper::tensor::Tensor;

/// candle-nn: other bounds than PyTorch's, which draws weights and biases from ±1/√inputs.
#[test]
fn linear_begins_as_pytorchs_does() {
    let linear = Linear::new(400, 250).unwrap();
    for parameter in [&linear.weight, linear.bias.as_ref().unwrap()] {
        let values = parameter.data().to_vec::<f32>().unwrap();
        let largest = values.iter().fold(0.0f32, |largest, v| largest.max(v.abs()));
        assert!((0.045..=0.050_001).contains(&largest), "{largest}");
    }
}

/// The parameter after two steps from 1 along a gradient of 1.
fn after_two_steps<O: Optimizer>(optimizer: impl FnOnce(Vec<Variable>) -> O) -> f32 {
    let parameter = Variable::requires_grad(Tensor::new(1.0f32).unwrap());
    let mut optimizer = optimizer(vec![parameter.clone()]);
    for _ in 0..2 {
        parameter.set_grad(Some(Tensor::new(1.0f32).unwrap()));
        optimizer.step().unwrap();
    }
    parameter.item().unwrap()
}

/// candle-nn: SGD has no momentum, and there is no RMSprop.
#[test]
fn optimisers_have_momentum_and_averages() {
    let sgd = after_two_steps(|p| Sgd::builder(p, 0.1).momentum(0.9).build().unwrap());
    assert!((sgd - (1.0 - 0.1 - 0.1 * 1.9)).abs() < 1e-6, "{sgd}");
    // The averages of the squares are 0.01, then 0.0199.
    let rmsprop = after_two_steps(|p| RmsProp::new(p, 0.01).unwrap());
    let expected = 1.0 - 0.01 / 0.01f32.sqrt() - 0.01 / 0.0199f32.sqrt();
    assert!((rmsprop - expected).abs() < 1e-6, "{rmsprop}, expected {expected}");
}

/// candle-datasets: CIFAR-10's pictures lie on their side.
#[test]
fn cifar_pictures_stand_upright() {
    let dir = tempfile::tempdir().unwrap();
    let mut record = vec![0];
    for _channel in 0..3 {
        for row in 0..32u8 {
            record.resize(record.len() + 32, row);
        }
    }
    std::fs::write(dir.path().join("test_batch.bin"), record.repeat(10_000)).unwrap();
    let test = Cifar10::open(dir.path(), Split::Test, Storage::Memory).unwrap();
    let (image, _) = test.at(0).unwrap();
    for row in 0..32 {
        assert_eq!((image.pixel(1, row, 0), image.pixel(1, row, 31)), (row as f32, row as f32));
    }
}
