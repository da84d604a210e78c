//! The layers: gradients, what they print, what they refuse, how they begin.

use taper_autograd::{GradcheckOptions, Variable, gradcheck};
use taper_nn::init::{self, FanMode, Nonlinearity};
use taper_nn::{
    AdaptiveAvgPool1d, AdaptiveAvgPool2d, AvgPool1d, AvgPool2d, BatchNorm1d, BatchNorm2d, Bilinear, Conv1d,
    Conv2d, ConvTranspose2d, Dropout, Elu, Embedding, Flatten, Forward, Gelu, GroupNorm, Gru, Hardsigmoid,
    Hardswish, Hardtanh, Identity, InstanceNorm1d, InstanceNorm2d, Layer, LayerNorm, LeakyRelu, Linear,
    LogSigmoid, LogSoftmax, Lstm, MaxPool1d, MaxPool2d, Mish, Module, ModuleList, MultiheadAttention, PRelu,
    PixelShuffle, RecurrentState, Relu, Relu6, Result, RmsNorm, Rnn, Selu, Sequential, Sigmoid, Silu,
    Softmax, Softplus, Softsign, Tanh, TransformerEncoderLayer, Upsample, UpsampleMode,
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
        (Box::new(InstanceNorm1d::new(2).affine(true)?), vec![2, 2, 5]),
        (Box::new(RmsNorm::new(&[3, 2])?), vec![2, 3, 2]),
        (Box::new(MaxPool2d::new(3).stride(2).padding(1)), vec![1, 2, 5, 5]),
        (Box::new(AvgPool2d::new((2, 3)).stride(2).padding(1)), vec![1, 2, 5, 5]),
        (Box::new(AdaptiveAvgPool2d::new((2, 3))), vec![1, 2, 5, 4]),
        (Box::new(MaxPool1d::new(3).stride(2).padding(1)), vec![1, 2, 7]),
        (Box::new(AvgPool1d::new(2)), vec![1, 2, 7]),
        (Box::new(AdaptiveAvgPool1d::new(3)), vec![1, 2, 7]),
        (Box::new(Rnn::new(3, 2)?.relu().num_layers(2)?), vec![4, 2, 3]),
        (Box::new(Rnn::new(3, 2)?.bias(false)?.bidirectional(true)?), vec![4, 2, 3]),
        (Box::new(Lstm::new(3, 2)?.num_layers(2)?.bidirectional(true)?), vec![3, 2, 3]),
        (Box::new(Gru::new(3, 2)?.num_layers(2)?.batch_first(true)), vec![2, 3, 3]),
        (Box::new(PixelShuffle::new(2)?), vec![1, 4, 2, 3]),
        (Box::new(Upsample::new(2)), vec![1, 1, 2, 3]),
        (Box::new(Upsample::new(2).mode(UpsampleMode::Bilinear { align_corners: false })), vec![1, 1, 2, 3]),
        (Box::new(Identity), vec![2, 2]),
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

fn activations() -> Result<Vec<Box<dyn Layer>>> {
    Ok(vec![
        Box::new(Relu),
        Box::new(Relu6),
        Box::new(Sigmoid),
        Box::new(Tanh),
        Box::new(Silu),
        Box::new(Softplus),
        Box::new(Softsign),
        Box::new(LogSigmoid),
        Box::new(Mish),
        Box::new(Selu),
        Box::new(Hardswish),
        Box::new(Hardsigmoid),
        Box::new(LeakyRelu::default()),
        Box::new(Elu::new(0.7)),
        Box::new(Hardtanh::default()),
        Box::new(Softmax::new(1)),
        Box::new(LogSoftmax::new(-1)),
        Box::new(Gelu::new()),
        Box::new(Gelu::new().approximate_tanh(true)),
        Box::new(PRelu::new(4)?),
    ])
}

#[test]
fn activations_have_the_gradients_they_should() -> Result<()> {
    for layer in activations()? {
        layer.to_dtype(DType::F64)?;
        // From -4 to 4: on all the pieces that some are made of, and on none of their corners.
        let x = input(&[4, 4]).data().mul(4.0)?;
        let forward = |v: &[Variable]| Ok(layer.forward(&v[0]).unwrap());
        gradcheck(forward, &[Variable::requires_grad(x)], GradcheckOptions::default())
            .unwrap_or_else(|e| panic!("{}: {e}", layer.name()));
    }
    let prelu = PRelu::new(3)?;
    prelu.forward(&Variable::new(Tensor::full((2, 3, 2), -1.0)?))?.sum()?.backward()?;
    assert_eq!(prelu.weight.grad().unwrap().to_vec::<f32>()?, [-4.0; 3]);
    Ok(())
}

#[test]
fn gradients_reach_both_inputs_of_a_bilinear_layer() -> Result<()> {
    let layer = Bilinear::new(3, 2, 4)?;
    layer.to_dtype(DType::F64)?;
    let forward = |v: &[Variable]| {
        let own = Bilinear { weight: v[2].clone(), bias: Some(v[3].clone()) };
        Ok(own.forward(&v[0], &v[1]).unwrap())
    };
    let bias = layer.bias.clone().unwrap();
    gradcheck(forward, &[input(&[2, 3]), input(&[2, 2]), layer.weight, bias], GradcheckOptions::default())?;
    let small = Bilinear::new(2, 2, 1)?.bias(false);
    init::constant_(&small.weight, 1.0)?;
    let vector = |a: f32, b: f32| Variable::new(Tensor::new([[a, b]]).unwrap());
    assert_eq!(small.forward(&vector(1.0, 2.0), &vector(3.0, 4.0))?.item::<f32>()?, 21.0);
    let message = small.forward(&vector(1.0, 2.0), &input(&[1, 3])).unwrap_err().to_string();
    assert!(message.contains("expected [..., 2] and [..., 2]"), "{message}");
    Ok(())
}

/// A sequence in two parts, the second from where the first ended, is the whole sequence.
#[test]
fn recurrent_layers_go_on_from_a_state() -> Result<()> {
    let layer = Lstm::new(3, 4)?.num_layers(2)?;
    let x = Variable::new(Tensor::randn((5, 2, 3))?);
    let (whole, last) = layer.forward_with_state(&x, None)?;
    let (_, state) = layer.forward_with_state(&x.narrow(0, 0, 2)?, None)?;
    let (rest, end) = layer.forward_with_state(&x.narrow(0, 2, 3)?, Some(&state))?;
    let close = |a: &Variable, b: &Variable| a.data().sub(b.data())?.abs()?.max()?.item::<f32>();
    assert!(close(&whole.narrow(0, 2, 3)?, &rest)? < 1e-6);
    assert!(close(&last.hidden, &end.hidden)? < 1e-6);
    assert!(close(last.cell.as_ref().unwrap(), end.cell.as_ref().unwrap())? < 1e-6);
    let wrong = RecurrentState { hidden: x.clone(), cell: None };
    let message = layer.forward_with_state(&x, Some(&wrong)).unwrap_err().to_string();
    assert!(message.contains("the state has shape [5, 2, 3], expected [2, 2, 4]"), "{message}");
    Ok(())
}

/// The outputs of the way back over a sequence are those of the way forth over its mirror image.
#[test]
fn a_bidirectional_layer_runs_both_ways() -> Result<()> {
    let both = Gru::new(3, 2)?.bidirectional(true)?;
    let names: Vec<String> = both.named_parameters().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names[4..6], ["weight_ih_l0_reverse", "weight_hh_l0_reverse"]);
    let back = Gru::new(3, 2)?;
    let state = taper_nn::state_dict(&both);
    let state =
        state.into_iter().filter_map(|(name, t)| Some((name.strip_suffix("_reverse")?.to_owned(), t)));
    taper_nn::load_state_dict(&back, &state.collect())?;
    let x = Variable::new(Tensor::randn((4, 1, 3))?);
    let expected = back.forward(&x.flip(0)?)?.flip(0)?;
    let found = both.forward(&x)?.narrow(2, 2, 2)?;
    assert!(found.data().sub(expected.data())?.abs()?.max()?.item::<f32>()? < 1e-6);
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
        "BatchNorm2d(4, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)",
    );
    printed(&LayerNorm::new(&[6])?, "LayerNorm((6,), eps=1e-05, elementwise_affine=True, bias=True)");
    printed(&GroupNorm::new(2, 4)?.eps(0.001), "GroupNorm(2, 4, eps=0.001, affine=True, bias=True)");
    printed(&Embedding::new(9, 4)?.padding_idx(0)?, "Embedding(9, 4, padding_idx=0)");
    printed(&Dropout::new(0.5)?, "Dropout(p=0.5, inplace=False)");
    printed(&MaxPool2d::new(2), "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)");
    printed(&AvgPool2d::new((2, 3)), "AvgPool2d(kernel_size=(2, 3), stride=(2, 3), padding=0)");
    printed(&AvgPool1d::new(2), "AvgPool1d(kernel_size=(2,), stride=(2,), padding=(0,))");
    printed(&AdaptiveAvgPool2d::new(1), "AdaptiveAvgPool2d(output_size=1)");
    printed(&Hardtanh::default(), "Hardtanh(min_val=-1.0, max_val=1.0)");
    printed(&LeakyRelu::default(), "LeakyReLU(negative_slope=0.01)");
    printed(&Gelu::new(), "GELU(approximate='none')");
    printed(&Softmax::new(1), "Softmax(dim=1)");
    printed(&PRelu::new(3)?, "PReLU(num_parameters=3)");
    printed(&Bilinear::new(2, 3, 4)?, "Bilinear(in1_features=2, in2_features=3, out_features=4, bias=True)");
    printed(&RmsNorm::new(&[2, 3])?, "RMSNorm((2, 3), eps=None, elementwise_affine=True)");
    printed(
        &Lstm::new(3, 5)?.num_layers(2)?.dropout(0.5)?.batch_first(true),
        "LSTM(3, 5, num_layers=2, batch_first=True, dropout=0.5)",
    );
    let list: ModuleList = vec![Box::new(Relu), Box::new(Linear::new(1, 2)?)];
    assert_eq!(list.name(), "ModuleList");
    assert_eq!(list.named_parameters()[0].0, "1.weight");
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
    refused(&Lstm::new(3, 2)?, &[4, 3], ".unsqueeze");
    refused(&Gru::new(3, 2)?, &[4, 2, 5], "expected [length, batch, 3]");
    refused(&Rnn::new(3, 2)?, &[0, 2, 3], "input has shape [0, 2, 3]");
    refused(&MaxPool1d::new(2), &[2, 4], ".unsqueeze(0)");
    refused(&RmsNorm::new(&[3])?, &[2, 4], "end in [3]");
    refused(&InstanceNorm1d::new(3), &[2, 4, 5], "with 3 channels");
    assert!(Rnn::new(3, 0).is_err() && Gru::new(3, 2)?.num_layers(0).is_err());
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
