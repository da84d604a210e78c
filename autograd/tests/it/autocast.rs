//! Mixed precision: which operations change the dtype, and PyTorch's values.

use taper_autograd::{Autocast, Conv2dOptions, Reduction, Variable, autocast, autocast_dtype};
use taper_tensor::{DType, Summed, Tensor};

fn leaf(values: &[f32], shape: &[usize]) -> Variable {
    let x = Tensor::from_vec(values.to_vec(), shape).unwrap().to(&crate::device()).unwrap();
    Variable::requires_grad(x)
}

/// Checks equality up to the rounding of a bf16.
fn close(x: &Tensor, expected: &[f32]) {
    let x = x.to_dtype(DType::F32).unwrap().to_vec::<f32>().unwrap();
    assert_eq!(x.len(), expected.len());
    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 0.01 * b.abs() + 1e-3;
    assert!(x.iter().zip(expected).all(near), "{x:?} instead of {expected:?}");
}

#[test]
fn products_are_made_in_the_scopes_dtype_and_losses_in_f32() {
    let x = leaf(&[1.001, 2.002, -3.003, 0.3, -0.7, 0.11], &[2, 3]);
    let w = leaf(&[0.101, 0.202, 0.303, -0.404, 0.505, -0.606], &[2, 3]);
    let b = leaf(&[0.011, -0.022], &[2]);
    let classes = Tensor::new([1i64, 0]).unwrap();
    let halves = Tensor::new([0.5f32; 2]).unwrap().to(&crate::device()).unwrap();
    let (y, loss) = autocast(DType::BF16, || {
        let y = x.linear(&w, Some(&b)).unwrap();
        let loss = y.cross_entropy(&classes.to(&crate::device()).unwrap(), &halves, Summed(true)).unwrap();
        (y, loss)
    });
    assert_eq!((y.dtype(), loss.dtype()), (DType::BF16, DType::F32));
    close(&y.data(), &[-0.392_578, 2.390_625, -0.066_894_5, -0.5625]);
    close(&loss.data(), &[0.267_870_8]);
    loss.backward().unwrap();
    let grads = [&x, &w, &b].map(|v| v.grad().unwrap());
    assert!(grads.iter().all(|g| g.dtype() == DType::F32));
    close(&grads[0], &[0.014_770_5, -0.008_789_06, 0.026_489_3, -0.095_703_1, 0.057_128_9, -0.171_875]);
    close(&grads[1], &[-0.027_832, 0.190_43, -0.108_398, 0.027_832, -0.190_43, 0.108_398]);
    close(&grads[2], &[-0.160_156, 0.160_156]);
}

#[test]
fn convolutions_too() {
    let x = leaf(&[1.001, 2.002, -3.003, 0.3, -0.7, 0.11, 0.77, 0.13, -0.5], &[1, 1, 3, 3]);
    let w = leaf(&[0.3, -0.7, 0.11, 0.9], &[1, 1, 2, 2]);
    let (y, loss) = autocast(DType::BF16, || {
        let y = x.conv2d(&w, None, Conv2dOptions::default()).unwrap();
        let zeros = Variable::new(y.data().zeros_like().unwrap());
        (y.clone(), y.mse_loss(&zeros, Reduction::Mean).unwrap())
    });
    assert_eq!((y.dtype(), loss.dtype()), (DType::BF16, DType::F32));
    close(&y.data(), &[-1.695_312_5, 2.718_75, 0.781_25, -0.722_656]);
    close(&loss.data(), &[2.849_567]);
    loss.backward().unwrap();
    close(
        &x.grad().unwrap(),
        &[-0.255_859, 1.0, -0.949_219, 0.024_414, -0.992_188, 1.476_562, 0.042_969, 0.310_547, -0.324_219],
    );
    close(&w.grad().unwrap(), &[2.234_375, -6.093_75, -0.953_125, 0.972_656]);
}

#[test]
fn other_operations_keep_their_dtype() {
    let (x, low) = (leaf(&[1.0, 2.0], &[2]), leaf(&[3.0, 4.0], &[2]).to_dtype(DType::BF16).unwrap());
    autocast(DType::F16, || {
        let dtype = |y: taper_autograd::Result<Variable>| y.unwrap().dtype();
        assert_eq!(dtype(x.mul(&x)), DType::F32);
        assert_eq!(dtype(low.relu()), DType::BF16);
        assert_eq!(dtype(low.add(&x)), DType::F32);
        assert_eq!(dtype(low.prod()), DType::F32);
        // On PyTorch's list for GPUs alone.
        let wide = if x.device().is_cuda() { DType::F32 } else { DType::BF16 };
        for y in [low.exp(), low.softmax(0), low.sum(), low.pow(2.0), low.norm(), low.cumsum(0)] {
            assert_eq!(dtype(y), wide);
        }
        assert_eq!(dtype(low.dot(&x)), DType::F16);
        let double = x.to_dtype(DType::F64).unwrap();
        assert_eq!(dtype(double.dot(&double)), DType::F64);
    });
}

#[test]
fn batch_norm_keeps_its_statistics_in_f32() {
    let x = leaf(&[1.0, 2.0, 3.0, 5.0], &[4, 1]).to_dtype(DType::BF16).unwrap();
    let (y, statistics) = autocast(DType::BF16, || x.batch_norm(None, None, 1e-5).unwrap());
    assert_eq!((y.dtype(), statistics.mean.dtype()), (DType::BF16, DType::F32));
    assert_eq!(statistics.mean.to_vec::<f32>().unwrap(), [2.75]);
}

#[test]
fn scopes_nest_and_end() {
    assert_eq!(autocast_dtype(), None);
    let outer = Autocast::enter(DType::BF16);
    {
        let _off = Autocast::enter(DType::F32);
        assert_eq!(autocast_dtype(), None);
    }
    assert_eq!(autocast_dtype(), Some(DType::BF16));
    // The scope is the thread's own, and comes back after an error within an operation.
    assert!(std::thread::spawn(|| autocast_dtype().is_none()).join().unwrap());
    let x = leaf(&[1.0, 2.0], &[2]);
    assert!(x.linear(leaf(&[1.0], &[1, 1]), None).is_err());
    assert_eq!(autocast_dtype(), Some(DType::BF16));
    drop(outer);
    assert_eq!(autocast_dtype(), None);
}

#[test]
fn backward_computes_as_forward_did_wherever_it_is_called() {
    let grad = |inside: bool| {
        let (x, w) = (leaf(&[0.1, 0.7, -0.3], &[1, 3]), leaf(&[0.2, 0.33, 0.4], &[3, 1]));
        let loss = x.matmul(&w).unwrap().square().unwrap().sum().unwrap();
        autocast(if inside { DType::BF16 } else { DType::F32 }, || loss.backward()).unwrap();
        w.grad().unwrap().to_vec::<f32>().unwrap()
    };
    assert_eq!(grad(true), grad(false));
}
