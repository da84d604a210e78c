//! The layers: gradients, what they print, what they refuse, how they begin.

use taper_autograd::{GradcheckOptions, Variable, gradcheck};
use taper_nn::init::{self, FanMode, Nonlinearity};
use taper_nn::{
    BatchNorm1d, BatchNorm2d, Conv1d, Conv2d, ConvTranspose2d, Dropout, Embedding, Flatten, Forward,
    GroupNorm, InstanceNorm2d, Layer, LayerNorm, Linear, MaxPool2d, Module, MultiheadAttention, PixelShuffle,
    Relu, Result, Sequential, TransformerEncoderLayer, Upsample,
};
use taper_tensor::{DType, Tensor, manual_seed};

/// Numbers without ties, so that no pooling window has two largest.
fn input(shape: &[usize]) -> Variable {
    let count = shape.iter().product::<usize>();
    let values = (0..count).map(|i| ((i * 7919 + 13) % 1009) as f64 / 500.0 - 1.0).collect();
    Variable::requires_grad(Tensor::from_vec::<f64>(values, shape).unwrap())
}

/// A layer with the shape of an input.
type Case = (Box<dyn Layer>, Vec<usize>);

fn layers() -> Result<Vec<Case>> {
    manual_seed(0);
    Ok(vec![
        (Box::new(Linear::new(4, 3)?), vec![2, 4]),
        (Box::new(Conv1d::new(2, 3, 3)?.padding(1).stride(2)), vec![2, 2, 6]),
        (Box::new(Conv2d::new(4, 2, 3)?.groups(2)?.padding(1)), vec![2, 4, 4, 4]),
        (Box::new(ConvTranspose2d::new(2, 3, 3)?.stride(2).output_padding(1)), vec![1, 2, 3, 3]),
        (Box::new(BatchNorm1d::new(3)?), vec![4, 3]),
        (Box::new(BatchNorm2d::new(2)?), vec![2, 2, 3, 3]),
        (Box::new(LayerNorm::new(&[3, 2])?), vec![2, 3, 2]),
        (Box::new(GroupNorm::new(2, 4)?), vec![2, 4, 3]),
        (Box::new(InstanceNorm2d::new(2).affine(true)?), vec![2, 2, 3, 3]),
        (Box::new(MaxPool2d::new(3).stride(2).padding(1)), vec![1, 2, 5, 5]),
        (Box::new(PixelShuffle::new(2)?), vec![1, 4, 2, 3]),
        (Box::new(Upsample::new(2)), vec![1, 1, 2, 3]),
        (Box::new(MultiheadAttention::new(4, 2)?.batch_first(true)), vec![2, 3, 4]),
        (Box::new(TransformerEncoderLayer::new(4, 2)?.dim_feedforward(5)?.dropout(0.0)?), vec![3, 2, 4]),
        (Box::new(Sequential::new().add(Flatten).add(Relu).add(Linear::new(6, 2)?)), vec![2, 2, 3]),
    ])
}

#[test]
fn gradients_reach_the_input_and_every_parameter() -> Result<()> {
    for (layer, shape) in layers()? {
        layer.to_dtype(DType::F64)?;
        let forward = |v: &[Variable]| Ok(layer.forward(&v[0]).unwrap());
        gradcheck(forward, &[input(&shape)], GradcheckOptions::default())
            .unwrap_or_else(|e| panic!("{}: {e}", layer.name()));
        // Weighted unevenly: the plain sum of what was normalised is constant.
        let y = layer.forward(&input(&shape))?;
        y.mul(input(&y.size()))?.sum()?.backward()?;
        for (name, parameter) in layer.named_parameters() {
            let norm = parameter.grad().unwrap().norm()?.item::<f64>()?;
            assert!(norm > 0.0, "{}: {name} has a gradient of zero", layer.name());
        }
    }
    Ok(())
}

#[test]
fn they_print_as_pytorchs() -> Result<()> {
    let printed = |layer: &dyn std::fmt::Display, expected: &str| assert_eq!(layer.to_string(), expected);
    printed(
        &Conv2d::new(4, 8, (3, 5))?.stride(2).padding((1, 2)).groups(2)?.bias(false),
        "Conv2d(4, 8, kernel_size=(3, 5), stride=(2, 2), padding=(1, 2), groups=2, bias=False)",
    );
    printed(
        &BatchNorm2d::new(4)?,
        "BatchNorm2d(4, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)",
    );
    printed(&LayerNorm::new(&[6])?, "LayerNorm((6,), eps=1e-05, elementwise_affine=True)");
    printed(&GroupNorm::new(2, 4)?.eps(0.001), "GroupNorm(2, 4, eps=0.001, affine=True)");
    printed(&Embedding::new(9, 4)?.padding_idx(0)?, "Embedding(9, 4, padding_idx=0)");
    printed(&Dropout::new(0.5)?, "Dropout(p=0.5, inplace=False)");
    printed(&MaxPool2d::new(2), "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)");
    printed(&Upsample::new(2), "Upsample(scale_factor=2.0, mode='nearest')");
    printed(
        &Sequential::new().add(Relu).add(Linear::new(1, 2)?),
        "Sequential(\n  (0): ReLU()\n  (1): Linear(in_features=1, out_features=2, bias=True)\n)",
    );
    Ok(())
}

#[test]
fn they_refuse_what_does_not_fit() -> Result<()> {
    let refused = |layer: &dyn Forward, shape: &[usize], expected: &str| {
        let message = layer.forward(&Variable::new(Tensor::ones(shape).unwrap())).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    };
    refused(&Conv1d::new(2, 2, 3)?, &[2, 5], ".unsqueeze(0)");
    refused(&BatchNorm2d::new(3)?, &[2, 4, 2, 2], "with 3 channels");
    refused(&BatchNorm1d::new(3)?, &[1, 3], "more than one value");
    refused(&LayerNorm::new(&[3])?, &[2, 4], "end in [3]");
    refused(&GroupNorm::new(2, 4)?, &[2, 6, 3], "with 4 channels");
    refused(&PixelShuffle::new(2)?, &[1, 3, 2, 2], "a multiple of 4");
    refused(&MultiheadAttention::new(4, 2)?, &[3, 4], "[length, batch, 4]");
    refused(&Embedding::new(3, 2)?, &[2], "int64");
    let index = Variable::new(Tensor::new([1i64, 3])?);
    assert!(
        Embedding::new(3, 2)?.forward(&index).unwrap_err().to_string().contains("index 3 is out of range")
    );
    assert!(Conv2d::new(3, 6, 5)?.groups(2).unwrap_err().to_string().contains("do not split into 2 groups"));
    assert!(Conv2d::new(3, 6, 0).is_err() && Dropout::new(1.5).is_err() && GroupNorm::new(0, 4).is_err());
    Ok(())
}

#[test]
fn batch_norm_without_momentum_keeps_the_plain_average() -> Result<()> {
    let layer = BatchNorm1d::new(1)?.momentum(None);
    for mean in [1.0f32, 3.0, 8.0] {
        layer.forward(&Variable::new(Tensor::new([[mean - 1.0], [mean + 1.0]])?))?;
    }
    let mean = layer.running_mean.as_ref().unwrap().item::<f32>()?;
    let var = layer.running_var.as_ref().unwrap().item::<f32>()?;
    assert!((mean - 4.0).abs() < 1e-5 && (var - 2.0).abs() < 1e-5, "{mean}, {var}");
    Ok(())
}

/// Mean, variance and bound of 10^5 weights.
fn moments(x: &Variable) -> (f64, f64, f64) {
    let values = x.data().to_dtype(DType::F64).unwrap().to_vec::<f64>().unwrap();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    (mean, variance, values.iter().fold(0.0, |bound, v| v.abs().max(bound)))
}

/// Uniform within ±bound: the mean within 5 of its standard errors, the variance bound² / 3 within
/// 2 %, and the largest near the bound.
fn assert_uniform(x: &Variable, bound: f64) {
    let (mean, variance, largest) = moments(x);
    let error = bound / (3.0 * x.numel() as f64).sqrt();
    assert!(mean.abs() < 5.0 * error, "mean {mean}");
    assert!((variance * 3.0 / (bound * bound) - 1.0).abs() < 0.02, "variance {variance}");
    assert!(largest <= bound * (1.0 + 1e-6) && largest > 0.999 * bound, "{largest} against {bound}");
}

#[test]
fn layers_begin_as_pytorchs() -> Result<()> {
    manual_seed(1);
    assert_uniform(&Linear::new(400, 250)?.weight, 0.05);
    assert_uniform(Linear::new(100, 100_000)?.bias.as_ref().unwrap(), 0.1);
    assert_uniform(&Conv2d::new(16, 700, 3)?.weight, 1.0 / 12.0);
    assert_uniform(&Conv2d::new(16, 1400, 3)?.groups(2)?.weight, 1.0 / 72f64.sqrt());
    assert_uniform(&ConvTranspose2d::new(700, 16, 3)?.weight, 1.0 / 12.0);
    let (mean, variance, _) = moments(&Embedding::new(1000, 100)?.weight);
    assert!(mean.abs() < 0.016 && (variance - 1.0).abs() < 0.02);
    manual_seed(7);
    let first = Linear::new(5, 5)?.weight.data();
    manual_seed(7);
    assert!(first.equal(&Linear::new(5, 5)?.weight.data())?);
    Ok(())
}

#[test]
fn initialisers() -> Result<()> {
    manual_seed(2);
    let weight = Variable::requires_grad(Tensor::zeros((250, 400))?);
    init::xavier_uniform_(&weight, 1.0)?;
    assert_uniform(&weight, (6.0 / 650f64).sqrt());
    init::kaiming_uniform_(&weight, FanMode::FanOut, Nonlinearity::Relu)?;
    assert_uniform(&weight, (6.0 / 250f64).sqrt());
    let std_is = |std: f64| assert!((moments(&weight).1.sqrt() / std - 1.0).abs() < 0.02);
    init::xavier_normal_(&weight, 2.0)?;
    std_is(2.0 * (2.0 / 650f64).sqrt());
    init::kaiming_normal_(&weight, FanMode::FanIn, Nonlinearity::LeakyRelu(1.0))?;
    std_is(0.05);
    init::trunc_normal_(&weight, 0.0, 1.0, -0.5, 0.5)?;
    assert!(moments(&weight).2 <= 0.5);
    assert!(init::trunc_normal_(&weight, 0.0, 1.0, 50.0, 51.0).is_err());
    let square = Variable::requires_grad(Tensor::zeros((6, 2, 2))?);
    init::orthogonal_(&square, 3.0)?;
    let matrix = square.data().reshape((6, 4))?;
    let product = matrix.t()?.matmul(&matrix)?.to_vec::<f32>()?;
    for (i, v) in product.into_iter().enumerate() {
        let expected = if i % 5 == 0 { 9.0 } else { 0.0 };
        assert!((v - expected).abs() < 1e-4, "{i}: {v}");
    }
    assert!(init::xavier_uniform_(&Variable::new(Tensor::zeros(3)?), 1.0).is_err());
    Ok(())
}
