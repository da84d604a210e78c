//! The layers: gradients, what they print, what they refuse, how they begin.

use taper_autograd::{GradcheckOptions, Variable, autocast, gradcheck, no_grad};
use taper_nn::init::{self, FanMode, Nonlinearity};
use taper_nn::{
    AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool1d, AdaptiveMaxPool2d, AvgPool1d, AvgPool2d,
    BatchNorm1d, BatchNorm2d, Bilinear, Celu, Conv1d, Conv2d, ConvTranspose2d, Dropout, Dropout2d, Elu,
    Embedding, Flatten, Forward, Gelu, GroupNorm, Gru, Hardsigmoid, Hardswish, Hardtanh, Identity,
    InstanceNorm1d, InstanceNorm2d, Layer, LayerNorm, LeakyRelu, Linear, LogSigmoid, LogSoftmax, Lstm,
    MaxPool1d, MaxPool2d, Mish, Module, ModuleList, MultiheadAttention, PRelu, Pad, PixelShuffle,
    RecurrentState, Relu, Relu6, Result, RmsNorm, Rnn, RnnNonlinearity, Selu, Sequential, Sigmoid, Silu,
    Softmax, Softplus, Softsign, Tanh, TransformerEncoderLayer, Upsample, UpsampleMode,
};
use taper_tensor::{DType, Generator, Tensor};

/// Numbers without ties, so that no pooling window has two largest.
fn input(shape: &[usize]) -> Variable {
    let count = shape.iter().product::<usize>();
    let values = (0..count).map(|i| ((i * 7919 + 13) % 1009) as f64 / 500.0 - 1.0).collect();
    Variable::requires_grad(Tensor::from_vec::<f64>(values, shape).unwrap())
}

/// A layer with the shape of an input.
type Case = (Box<dyn Layer>, Vec<usize>);

fn layers() -> Result<Vec<Case>> {
    Generator::new(0).scope(drawn)
}

fn drawn() -> Result<Vec<Case>> {
    Ok(vec![
        (Box::new(Linear::new(4, 3)?), vec![2, 4]),
        (Box::new(Conv1d::builder(2, 3, 3).padding(1).stride(2).build()?), vec![2, 2, 6]),
        (Box::new(Conv2d::builder(4, 2, 3).groups(2).padding(1).build()?), vec![2, 4, 4, 4]),
        (Box::new(Conv2d::builder(2, 3, (2, 3)).padding_same(true).build()?), vec![2, 2, 3, 4]),
        (
            Box::new(Conv1d::builder(2, 3, 4).padding_same(true).padding_mode(Pad::Reflect).build()?),
            vec![2, 2, 6],
        ),
        (Box::new(ConvTranspose2d::builder(2, 3, 3).stride(2).output_padding(1).build()?), vec![1, 2, 3, 3]),
        (
            Box::new(Conv1d::builder(4, 2, 3).groups(2).padding(2).padding_mode(Pad::Circular).build()?),
            vec![2, 4, 5],
        ),
        (
            Box::new(Conv2d::builder(1, 2, 3).padding((1, 2)).padding_mode(Pad::Reflect).build()?),
            vec![1, 1, 3, 4],
        ),
        (
            Box::new(ConvTranspose2d::builder(4, 6, 2).stride(2).groups(2).bias(false).build()?),
            vec![1, 4, 2, 3],
        ),
        (Box::new(BatchNorm1d::new(3)?), vec![4, 3]),
        (Box::new(BatchNorm2d::new(2)?), vec![2, 2, 3, 3]),
        (Box::new(LayerNorm::new([3, 2])?), vec![2, 3, 2]),
        (Box::new(GroupNorm::new(2, 4)?), vec![2, 4, 3]),
        (Box::new(InstanceNorm2d::builder(2).affine(true).build()?), vec![2, 2, 3, 3]),
        (Box::new(InstanceNorm1d::builder(2).affine(true).build()?), vec![2, 2, 5]),
        (
            Box::new(InstanceNorm2d::builder(2).affine(true).track_running_stats(true).build()?),
            vec![2, 2, 3, 3],
        ),
        (Box::new(RmsNorm::new([3, 2])?), vec![2, 3, 2]),
        (Box::new(MaxPool2d::builder(2).stride(1).dilation(2).ceil_mode(true).build()?), vec![1, 2, 5, 5]),
        (
            Box::new(AvgPool2d::builder(3).padding(1).ceil_mode(true).count_include_pad(false).build()?),
            vec![1, 2, 5, 4],
        ),
        (Box::new(AvgPool2d::builder(2).divisor_override(3).build()?), vec![1, 2, 4, 4]),
        (Box::new(AdaptiveMaxPool2d::new((2, 3))), vec![1, 2, 5, 4]),
        (Box::new(AdaptiveMaxPool1d::new(3)), vec![1, 2, 7]),
        (Box::new(MaxPool2d::builder(3).stride(2).padding(1).build()?), vec![1, 2, 5, 5]),
        (Box::new(AvgPool2d::builder((2, 3)).stride(2).padding(1).build()?), vec![1, 2, 5, 5]),
        (Box::new(AdaptiveAvgPool2d::new((2, 3))), vec![1, 2, 5, 4]),
        (Box::new(MaxPool1d::builder(3).stride(2).padding(1).build()?), vec![1, 2, 7]),
        (Box::new(AvgPool1d::new(2)?), vec![1, 2, 7]),
        (Box::new(AdaptiveAvgPool1d::new(3)), vec![1, 2, 7]),
        (
            Box::new(Rnn::builder(3, 6).nonlinearity(RnnNonlinearity::Relu).num_layers(2).build()?),
            vec![4, 2, 3],
        ),
        (Box::new(Rnn::builder(3, 2).bias(false).bidirectional(true).build()?), vec![4, 2, 3]),
        (Box::new(Lstm::builder(3, 2).num_layers(2).bidirectional(true).build()?), vec![3, 2, 3]),
        (Box::new(Lstm::builder(3, 4).proj_size(2).num_layers(2).build()?), vec![3, 2, 3]),
        (Box::new(Gru::builder(3, 2).num_layers(2).batch_first(true).build()?), vec![2, 3, 3]),
        (Box::new(PixelShuffle::new(2)?), vec![1, 4, 2, 3]),
        (Box::new(Upsample::new(2)?), vec![1, 1, 2, 3]),
        (Box::new(Upsample::builder().size((5, 4)).build()?), vec![1, 1, 2, 3]),
        (
            Box::new(
                Upsample::builder()
                    .scale_factor(2)
                    .mode(UpsampleMode::Bilinear { align_corners: false })
                    .build()?,
            ),
            vec![1, 1, 2, 3],
        ),
        (Box::new(Identity::new()), vec![2, 2]),
        (Box::new(Dropout::new(0.4)?), vec![3, 4]),
        (Box::new(Dropout2d::new(0.4)?), vec![2, 4, 2, 2]),
        (Box::new(Gru::builder(3, 2).num_layers(2).dropout(0.3).build()?), vec![2, 2, 3]),
        (Box::new(MultiheadAttention::builder(4, 2).batch_first(true).build()?), vec![2, 3, 4]),
        (Box::new(MultiheadAttention::builder(4, 2).bias(false).dropout(0.3).build()?), vec![3, 2, 4]),
        (Box::new(MultiheadAttention::builder(4, 2).vdim(4).build()?), vec![3, 2, 4]),
        (
            Box::new(TransformerEncoderLayer::builder(4, 2).dim_feedforward(5).dropout(0.0).build()?),
            vec![3, 2, 4],
        ),
        (
            Box::new(
                TransformerEncoderLayer::builder(4, 2)
                    .dim_feedforward(5)
                    .activation(Variable::gelu)
                    .norm_first(true)
                    .layer_norm_eps(1e-3)
                    .batch_first(true)
                    .build()?,
            ),
            vec![2, 3, 4],
        ),
        (Box::new(Flatten::builder().start_dim(0).end_dim(1).build()?), vec![2, 2, 3]),
        (
            Box::new(Sequential::new().add(Flatten::new()).add(Relu::new()).add(Linear::new(6, 2)?)),
            vec![2, 2, 3],
        ),
    ])
}

#[test]
fn gradients_reach_the_input_and_every_parameter() -> Result<()> {
    for (layer, shape) in layers()? {
        layer.to_dtype(DType::F64)?;
        let forward = |v: &[Variable]| Ok(Generator::new(3).scope(|| layer.forward(&v[0])).unwrap());
        gradcheck(forward, &[input(&shape)], GradcheckOptions::default())
            .unwrap_or_else(|e| panic!("{}: {e}", layer.name()));
        parameters_have_their_gradients(&*layer, &input(&shape))?;
    }
    let embedding = Embedding::builder(5, 3).padding_idx(1).build()?;
    embedding.to_dtype(DType::F64)?;
    parameters_have_their_gradients(&embedding, &Variable::new(Tensor::new([[0i64, 2], [2, 4]])?))
}

/// A layer that is new has to be among those whose gradients are checked.
#[test]
fn every_layer_is_checked() -> Result<()> {
    let library = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs")).unwrap();
    let checked: Vec<Box<dyn Layer>> =
        layers()?.into_iter().map(|(layer, _)| layer).chain(activations()?).collect();
    let checked: Vec<String> = checked.iter().map(|layer| layer.name().to_lowercase()).collect();
    // No layers; and two whose inputs are not one of real numbers, which have tests of their own.
    let elsewhere =
        ["intopair", "recurrentstate", "rnnnonlinearity", "upsamplemode", "embedding", "bilinear"];
    let exported = library.split("pub use layers::").skip(1).map(|rest| rest.split(';').next().unwrap());
    let names = exported.flat_map(|path| {
        let names = path.split("::").last().unwrap_or(path).replace(['{', '}'], "").to_lowercase();
        names.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>()
    });
    // All of the activations are exported: their rows begin with a name.
    let activations = include_str!("../../src/layers/activation.rs");
    let rows = activations.lines().filter_map(|line| line.strip_prefix("    ")?.split_once(" = \""));
    let rows =
        rows.filter(|(name, _)| name.chars().all(char::is_alphanumeric)).map(|(name, _)| name.to_lowercase());
    let names: Vec<String> = names.filter(|name| !name.is_empty() && name != "*").chain(rows).collect();
    assert!(names.len() > 40, "{names:?}");
    let missing = names.iter().filter(|name| !checked.contains(name) && !elsewhere.contains(&name.as_str()));
    let missing: Vec<_> = missing.filter(|name| !name.ends_with("builder")).collect();
    assert!(missing.is_empty(), "not checked: {missing:?}");
    Ok(())
}

/// Compares backward's gradient of each parameter, which is not zero, with the central difference at
/// some ten of its elements.
fn parameters_have_their_gradients(layer: &dyn Layer, x: &Variable) -> Result<()> {
    let objective = || -> Result<Variable> {
        // The same elements drop out each time.
        let y = Generator::new(3).scope(|| layer.forward(x))?;
        // Weighted unevenly: the plain sum of what was normalised is constant.
        Ok(y.mul(input(&y.size()))?.sum()?)
    };
    layer.zero_grad();
    objective()?.backward()?;
    for (name, parameter) in layer.named_parameters() {
        let (whole, grad) = (parameter.data(), parameter.grad().unwrap().to_vec::<f64>()?);
        assert!(grad.iter().any(|g| *g != 0.0), "{}: {name} has a gradient of zero", layer.name());
        let values = whole.to_vec::<f64>()?;
        for k in (0..values.len()).step_by(values.len().div_ceil(10)) {
            let at = |shift: f64| -> Result<f64> {
                let mut moved = values.clone();
                moved[k] += shift;
                parameter.set_data(Tensor::from_vec(moved, whole.size())?);
                Ok(no_grad(objective)?.item()?)
            };
            let (found, numeric) = (grad[k], (at(1e-6)? - at(-1e-6)?) / 2e-6);
            let close = (found - numeric).abs() <= 1e-5 + 1e-3 * numeric.abs();
            assert!(close, "{}: {name}[{k}]: backward gives {found}, the difference {numeric}", layer.name());
        }
        parameter.set_data(whole);
    }
    Ok(())
}

fn activations() -> Result<Vec<Box<dyn Layer>>> {
    Ok(vec![
        Box::new(Relu::new()),
        Box::new(Relu6::new()),
        Box::new(Sigmoid::new()),
        Box::new(Tanh::new()),
        Box::new(Silu::new()),
        Box::new(Softplus::new()),
        Box::new(Softplus::builder().beta(2.0).threshold(3.0).build()?),
        Box::new(Softsign::new()),
        Box::new(LogSigmoid::new()),
        Box::new(Mish::new()),
        Box::new(Selu::new()),
        Box::new(Celu::builder().alpha(0.7).build()?),
        Box::new(Hardswish::new()),
        Box::new(Hardsigmoid::new()),
        Box::new(LeakyRelu::new()),
        Box::new(Elu::builder().alpha(0.7).build()?),
        Box::new(Hardtanh::new()),
        Box::new(Softmax::new(1)),
        Box::new(LogSoftmax::new(-1)),
        Box::new(Gelu::new()),
        Box::new(Gelu::builder().approximate_tanh(true).build()?),
        Box::new(PRelu::builder().num_parameters(4).build()?),
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
    let prelu = PRelu::builder().num_parameters(3).build()?;
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
    let small = Bilinear::builder(2, 2, 1).bias(false).build()?;
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
    let layer = Lstm::builder(3, 4).num_layers(2).build()?;
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
    let both = Gru::builder(3, 2).bidirectional(true).build()?;
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
        &Conv2d::builder(2, 3, 3).padding_same(true).build()?,
        "Conv2d(2, 3, kernel_size=(3, 3), stride=(1, 1), padding=same)",
    );
    printed(&Lstm::builder(3, 4).proj_size(2).build()?, "LSTM(3, 4, proj_size=2)");
    printed(
        &Conv2d::builder(4, 8, (3, 5)).stride(2).padding((1, 2)).groups(2).bias(false).build()?,
        "Conv2d(4, 8, kernel_size=(3, 5), stride=(2, 2), padding=(1, 2), groups=2, bias=False)",
    );
    printed(
        &BatchNorm2d::new(4)?,
        "BatchNorm2d(4, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)",
    );
    printed(&LayerNorm::new([6])?, "LayerNorm((6,), eps=1e-05, elementwise_affine=True, bias=True)");
    printed(
        &GroupNorm::builder(2, 4).eps(0.001).build()?,
        "GroupNorm(2, 4, eps=0.001, affine=True, bias=True)",
    );
    printed(&Embedding::builder(9, 4).padding_idx(0).build()?, "Embedding(9, 4, padding_idx=0)");
    printed(&Dropout::new(0.5)?, "Dropout(p=0.5, inplace=False)");
    printed(
        &MaxPool2d::new(2)?,
        "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)",
    );
    printed(
        &MaxPool2d::builder(3).dilation((1, 2)).ceil_mode(true).build()?,
        "MaxPool2d(kernel_size=3, stride=3, padding=0, dilation=(1, 2), ceil_mode=True)",
    );
    printed(
        &ConvTranspose2d::builder(4, 6, 3).stride(2).groups(2).build()?,
        "ConvTranspose2d(4, 6, kernel_size=(3, 3), stride=(2, 2), groups=2)",
    );
    printed(
        &Conv1d::builder(4, 6, 3).groups(2).padding(1).padding_mode(Pad::Reflect).build()?,
        "Conv1d(4, 6, kernel_size=(3,), stride=(1,), padding=(1,), groups=2, padding_mode=reflect)",
    );
    printed(
        &InstanceNorm2d::builder(3).track_running_stats(true).build()?,
        "InstanceNorm2d(3, eps=1e-05, momentum=0.1, affine=False, bias=False, track_running_stats=True)",
    );
    printed(&Softplus::new(), "Softplus(beta=1.0, threshold=20.0)");
    printed(&Flatten::builder().end_dim(2).build()?, "Flatten(start_dim=1, end_dim=2)");
    printed(&Upsample::builder().size((4, 6)).build()?, "Upsample(size=(4, 6), mode='nearest')");
    printed(&AvgPool2d::new((2, 3))?, "AvgPool2d(kernel_size=(2, 3), stride=(2, 3), padding=0)");
    printed(&AvgPool1d::new(2)?, "AvgPool1d(kernel_size=(2,), stride=(2,), padding=(0,))");
    printed(&AdaptiveAvgPool2d::new(1), "AdaptiveAvgPool2d(output_size=1)");
    printed(&Hardtanh::new(), "Hardtanh(min_val=-1.0, max_val=1.0)");
    printed(&LeakyRelu::new(), "LeakyReLU(negative_slope=0.01)");
    printed(&Gelu::new(), "GELU(approximate='none')");
    printed(&Softmax::new(1), "Softmax(dim=1)");
    printed(&PRelu::builder().num_parameters(3).build()?, "PReLU(num_parameters=3)");
    printed(&Bilinear::new(2, 3, 4)?, "Bilinear(in1_features=2, in2_features=3, out_features=4, bias=True)");
    printed(&RmsNorm::new([2, 3])?, "RMSNorm((2, 3), eps=None, elementwise_affine=True)");
    printed(
        &Lstm::builder(3, 5).num_layers(2).dropout(0.5).batch_first(true).build()?,
        "LSTM(3, 5, num_layers=2, batch_first=True, dropout=0.5)",
    );
    let list: ModuleList = vec![Box::new(Relu::new()), Box::new(Linear::new(1, 2)?)];
    assert_eq!(list.name(), "ModuleList");
    assert_eq!(list.named_parameters()[0].0, "1.weight");
    printed(&Upsample::new(2)?, "Upsample(scale_factor=2.0, mode='nearest')");
    printed(
        &Sequential::new().add(Relu::new()).add(Linear::new(1, 2)?),
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
    refused(&LayerNorm::new([3])?, &[2, 4], "ends in [3]");
    refused(&GroupNorm::new(2, 4)?, &[2, 6, 3], "with 4 channels");
    refused(&PixelShuffle::new(2)?, &[1, 3, 2, 2], "a multiple of 4");
    refused(&MultiheadAttention::new(4, 2)?, &[3, 4], "[length, batch, 4]");
    refused(&Embedding::new(3, 2)?, &[2], "int64");
    refused(&Lstm::new(3, 2)?, &[4, 3], ".unsqueeze");
    refused(&Gru::new(3, 2)?, &[4, 2, 5], "expected [length, batch, 3]");
    refused(&Rnn::new(3, 2)?, &[0, 2, 3], "input has shape [0, 2, 3]");
    refused(&MaxPool1d::new(2)?, &[2, 4], ".unsqueeze(0)");
    refused(&RmsNorm::new([3])?, &[2, 4], "ends in [3]");
    refused(&InstanceNorm2d::new(3)?, &[2, 3, 1, 1], "more than one value");
    refused(&GroupNorm::new(4, 4)?, &[1, 4, 1, 1], "more than one value");
    refused(&InstanceNorm1d::new(3)?, &[2, 4, 5], "with 3 channels");
    let index = Variable::new(Tensor::new([1i64, 3])?);
    assert!(
        Embedding::new(3, 2)?.forward(&index).unwrap_err().to_string().contains("index 3 is out of range")
    );
    Ok(())
}

#[test]
fn batch_norm_of_no_samples_leaves_the_running_statistics() -> Result<()> {
    let layer = BatchNorm2d::new(3)?;
    layer.forward(&Variable::new(Tensor::ones((0, 3, 4, 4))?))?;
    let values = |x: &Option<Variable>| x.as_ref().unwrap().data().to_vec::<f32>();
    assert_eq!((values(&layer.running_mean)?, values(&layer.running_var)?), (vec![0.0; 3], vec![1.0; 3]));
    Ok(())
}

/// Statistics of 16-bit numbers are computed in f32.
#[test]
fn norms_of_16_bit_numbers_keep_their_digits() -> Result<()> {
    let close = |y: Variable, expected: &[f32], what: &str| -> Result<()> {
        let got = y.data().to_dtype(DType::F32)?.to_vec::<f32>()?;
        let near = got.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 0.01 * b.abs());
        assert!(near && got.len() == expected.len(), "{what}: {got:?}, not {expected:?}");
        Ok(())
    };
    let far = Tensor::new([[-300.0f32, 300.0]])?;
    let fine = Tensor::new([[256.0f32, 258.0, 260.0, 262.0]])?;
    let normal = [-1.3416, -0.4472, 0.4472, 1.3416];
    for autocast_only in [false, true] {
        let run = |layer: &dyn Layer, x: &Tensor, dtype: DType, shape: &[usize]| -> Result<Variable> {
            let x = Variable::new(x.to_dtype(dtype)?.reshape(shape)?);
            if autocast_only {
                return autocast(dtype, || layer.forward(&x));
            }
            layer.to_dtype(dtype)?;
            layer.forward(&x)
        };
        for (x, dtype, expected) in [(&far, DType::F16, &[-1.0, 1.0][..]), (&fine, DType::BF16, &normal)] {
            let n = x.numel();
            close(run(&LayerNorm::new([n])?, x, dtype, &[1, n])?, expected, "layer norm")?;
            close(run(&GroupNorm::new(1, 1)?, x, dtype, &[1, 1, n])?, expected, "group norm")?;
            close(run(&InstanceNorm1d::new(1)?, x, dtype, &[1, 1, n])?, expected, "instance norm")?;
            close(run(&BatchNorm1d::new(1)?, x, dtype, &[n, 1])?, expected, "batch norm")?;
        }
        let x = Tensor::new([[400.0f32, 400.0]])?;
        close(run(&RmsNorm::new([2])?, &x, DType::F16, &[1, 2])?, &[1.0, 1.0], "RMS norm")?;
    }
    let x = Variable::requires_grad(far.to_dtype(DType::F16)?);
    let y = x.layer_norm(&[2], None, None, 1e5)?; // a large eps, so that the gradient is not 0
    y.select(1, 1)?.sum()?.backward()?;
    let g = x.grad().unwrap().to_dtype(DType::F32)?.to_vec::<f32>()?;
    // d = sqrt(9e4 + 1e5): (1/2 - 9e4 / (2 · 1.9e5)) / d
    assert!((g[1] - 6.037e-4).abs() < 1e-6 && (g[0] + 6.037e-4).abs() < 1e-6, "{g:?}");
    Ok(())
}

#[test]
fn batch_norm_without_momentum_keeps_the_plain_average() -> Result<()> {
    let layer = BatchNorm1d::builder(1).momentum(None).build()?;
    for mean in [1.0f32, 3.0, 8.0] {
        layer.forward(&Variable::new(Tensor::new([[mean - 1.0], [mean + 1.0]])?))?;
    }
    let mean = layer.running_mean.as_ref().unwrap().item::<f32>()?;
    let var = layer.running_var.as_ref().unwrap().item::<f32>()?;
    assert!((mean - 4.0).abs() < 1e-5 && (var - 2.0).abs() < 1e-5, "{mean}, {var}");
    Ok(())
}

/// Two samples of two channels: means 1, 4 and 3, 8; unbiased variances 2, 8 and 2, 0.
#[test]
fn instance_norm_tracks_the_mean_of_the_samples() -> Result<()> {
    let layer = InstanceNorm1d::builder(2).track_running_stats(true).momentum(0.5).build()?;
    let x = Variable::new(Tensor::new([[[0.0f32, 2.0], [2.0, 6.0]], [[2.0, 4.0], [8.0, 8.0]]])?);
    let y = layer.forward(&x)?;
    assert!((y.data().to_vec::<f32>()?[1] - 1.0).abs() < 1e-4); // by its own statistics
    let values = |x: &Option<Variable>| x.as_ref().unwrap().data().to_vec::<f32>();
    assert_eq!(values(&layer.running_mean)?, [1.0, 3.0]); // halfway from 0 to 2, and to 6
    assert_eq!(values(&layer.running_var)?, [1.5, 2.5]); // halfway from 1 to 2, and to 4
    assert_eq!(layer.named_buffers().len(), 3);
    layer.eval();
    let y = layer.forward(&x)?.data().to_vec::<f32>()?;
    assert!((y[0] + 1.0 / 1.5f32.sqrt()).abs() < 1e-4 && (y[6] - 5.0 / 2.5f32.sqrt()).abs() < 1e-4, "{y:?}");
    Ok(())
}

#[test]
fn embeddings_keep_within_their_norm() -> Result<()> {
    let vectors = Tensor::new([[3.0f32, 4.0], [6.0, 8.0], [0.3, 0.4]])?;
    assert!(!Embedding::from_pretrained(vectors.clone())?.weight.is_requires_grad());
    let table = Embedding::builder(3, 2).weight(vectors.clone()).max_norm(5.0).build()?;
    assert!(table.weight.is_requires_grad());
    assert_eq!(table.to_string(), "Embedding(3, 2, max_norm=5.0)");
    let y = table.forward(&Variable::new(Tensor::new([2i64, 1, 1])?))?.data().to_vec::<f32>()?;
    assert!(y.iter().zip([0.3, 0.4, 3.0, 4.0, 3.0, 4.0]).all(|(a, b)| (a - b).abs() < 1e-5), "{y:?}");
    assert!((table.weight.data().to_vec::<f32>()?[2] - 3.0).abs() < 1e-5); // in the table itself
    let table = Embedding::builder(3, 2).weight(vectors).max_norm(5.0).norm_type(1.0).build()?;
    let y = table.forward(&Variable::new(Tensor::new([0i64])?))?.data().abs()?.sum()?.item::<f32>()?;
    assert!((y - 5.0).abs() < 1e-5, "{y}");
    assert!(Embedding::from_pretrained(Tensor::new([1i64])?).is_err());
    Ok(())
}

#[test]
fn maxima_come_with_their_places() -> Result<()> {
    let x = Variable::new(Tensor::new([[[[1.0f32, 9.0, 2.0], [3.0, 4.0, 8.0]]]])?);
    let (y, places) = MaxPool2d::new((2, 1))?.forward_with_indices(&x)?;
    assert_eq!((y.data().to_vec::<f32>()?, places.to_vec::<i64>()?), (vec![3.0, 9.0, 8.0], vec![3, 1, 5]));
    let (y, places) = AdaptiveMaxPool2d::new(1).forward_with_indices(&x)?;
    assert_eq!((y.item::<f32>()?, places.item::<i64>()?), (9.0, 1));
    let (_, places) = MaxPool1d::new(3)?.forward_with_indices(&x.select(0, 0)?)?;
    assert_eq!(places.to_vec::<i64>()?, [1, 2]);
    Ok(())
}

/// Excluded positions have no weight, by a mask of bool and by one that is added.
#[test]
fn attention_keeps_to_its_masks() -> Result<()> {
    let layer = MultiheadAttention::builder(4, 2).batch_first(true).build()?;
    let x = Variable::new(Tensor::randn((2, 3, 4))?);
    let later = Tensor::ones((3, 3))?.triu(1)?; // no position sees those after it
    let excluded = later.to_dtype(DType::Bool)?;
    let added = later.ones_like()?.mul(f64::NEG_INFINITY)?.triu(1)?;
    let added = added.where_(&excluded, &later.zeros_like()?)?;
    let weights = |mask: &Tensor| layer.attend_masked(&x, &x, &x, Some(mask), None).map(|(_, w)| w.data());
    let found = weights(&excluded)?;
    assert_eq!(found.select(1, 0)?.to_vec::<f32>()?, [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    assert!(found.allclose(&weights(&added)?, 1e-5, 1e-6)?);
    let heads = excluded.unsqueeze(0)?.expand((4, 3, 3))?;
    assert!(found.allclose(&weights(&heads)?, 1e-5, 1e-6)?);
    let padding = Tensor::new([[false, false, true], [false, true, true]])?;
    let (_, found) = layer.attend_masked(&x, &x, &x, None, Some(&padding))?;
    assert_eq!(found.data().select(2, 2)?.abs()?.sum()?.item::<f32>()?, 0.0);
    let message = layer.attend_masked(&x, &x, &x, Some(&padding), None).unwrap_err().to_string();
    assert!(message.contains("attn_mask has shape [2, 3], expected [3, 3] or [4, 3, 3]"), "{message}");
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
    Generator::new(1).scope(begin)
}

fn begin() -> Result<()> {
    assert_uniform(&Linear::new(400, 250)?.weight, 0.05);
    assert_uniform(Linear::new(100, 100_000)?.bias.as_ref().unwrap(), 0.1);
    assert_uniform(&Conv2d::new(16, 700, 3)?.weight, 1.0 / 12.0);
    assert_uniform(&Conv2d::builder(16, 1400, 3).groups(2).build()?.weight, 1.0 / 72f64.sqrt());
    assert_uniform(&ConvTranspose2d::new(700, 16, 3)?.weight, 1.0 / 12.0);
    assert_uniform(&ConvTranspose2d::builder(1400, 16, 3).groups(2).build()?.weight, 1.0 / 72f64.sqrt());
    assert_uniform(&Conv1d::new(100, 400, 3)?.weight, 1.0 / 300f64.sqrt());
    assert_uniform(&Bilinear::new(100, 50, 20)?.weight, 0.1);
    for (_, weight) in Lstm::new(150, 160)?.named_parameters().into_iter().take(2) {
        assert_uniform(&weight, 1.0 / 160f64.sqrt());
    }
    let attention = MultiheadAttention::new(200, 2)?; // 600 rows of 200: a bound of √(6 / 800)
    assert_uniform(attention.in_proj_weight.as_ref().unwrap(), (6.0f64 / 800.0).sqrt());
    assert_eq!(attention.in_proj_bias.as_ref().unwrap().data().abs()?.max()?.item::<f32>()?, 0.0);
    let norm = BatchNorm2d::new(100_000)?;
    assert_eq!(moments(norm.weight.as_ref().unwrap()), (1.0, 0.0, 1.0));
    assert_eq!(moments(norm.bias.as_ref().unwrap()), (0.0, 0.0, 0.0));
    let (mean, variance, _) = moments(&Embedding::new(1000, 100)?.weight);
    assert!(mean.abs() < 0.016 && (variance - 1.0).abs() < 0.02);
    let seeded = || Generator::new(7).scope(|| Linear::new(5, 5));
    assert!(seeded()?.weight.data().equal(seeded()?.weight.data())?);
    Ok(())
}

#[test]
fn initialisers() -> Result<()> {
    Generator::new(2).scope(initialise)
}

fn initialise() -> Result<()> {
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
