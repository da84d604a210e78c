//! The family `modules`.

use taper_autograd::{Pad, Variable};
use taper_nn::{
    AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool1d, AdaptiveMaxPool2d, AvgPool1d, AvgPool2d,
    BatchNorm1d, BatchNorm2d, Conv1d, Conv2d, ConvTranspose2d, Dropout, Dropout2d, Elu, Embedding, Flatten,
    Forward, Gelu, GroupNorm, Gru, Hardsigmoid, Hardswish, Hardtanh, Identity, InstanceNorm1d,
    InstanceNorm2d, Layer, LayerNorm, LeakyRelu, Linear, LogSigmoid, LogSoftmax, Lstm, MaxPool1d, MaxPool2d,
    Mish, Module, MultiheadAttention, PRelu, PixelShuffle, Relu, Relu6, RmsNorm, Rnn, RnnNonlinearity, Selu,
    Sigmoid, Silu, Softmax, Softplus, Softsign, Tanh, TransformerEncoderLayer, Upsample, UpsampleMode,
    load_state_dict, state_dict,
};

use super::{Case, Fault, family};
use crate::tutorial::Net;

#[test]
fn golden_modules() {
    family("modules", |case| match module(case) {
        Ok(None) => None,
        Ok(Some(module)) => Some(check(case, &*module)),
        Err(fault) => Some(Err(fault)),
    });
}

/// The reference's module calls `attn(x, x, x)`, where `attn` is its child.
#[derive(Module)]
struct SelfAttention {
    attn: MultiheadAttention,
}

impl Forward for SelfAttention {
    fn forward(&self, x: &Variable) -> taper_nn::Result<Variable> {
        Ok(self.attn.attend(x, x, x)?.0)
    }
}

fn check(case: &Case<'_>, module: &dyn Layer) -> Result<(), Fault> {
    module.to(&crate::device())?;
    load_state_dict(module, &case.tensors("state."))?;
    if case.json["train"].as_bool() == Some(true) {
        module.train()
    } else {
        module.eval()
    };
    let input = case.input("in.0")?;
    let output = module.forward(&input)?;
    case.compare("out.0", &output.data())?;
    output.backward_with(&case.tensor("grad_out.0")?)?;
    if input.is_requires_grad() {
        case.compare_grad("grad.0", &input)?;
    }
    for (name, parameter) in module.named_parameters() {
        case.compare_grad(&format!("grad.{name}"), &parameter)?;
    }
    let after = state_dict(module);
    for name in case.tensors("after.").keys() {
        case.compare(&format!("after.{name}"), after.get(name).ok_or(format!("no buffer {name}"))?)?;
    }
    if case.tensor("eval_out.0").is_ok() {
        module.eval();
        let output = module.forward(&Variable::new(input.data()))?;
        case.compare("eval_out.0", &output.data())?;
    }
    Ok(())
}

/// A batch norm with a case's arguments.
macro_rules! batch_norm {
    ($layer:ident, $case:ident) => {{
        let layer = $layer::builder($case.need("num_features")?).eps($case.real("eps").unwrap_or(1e-5));
        let layer = layer.affine($case.flag("affine", true));
        let layer = layer.track_running_stats($case.flag("track_running_stats", true));
        // None is the plain average, and not the default.
        let average = $case.json["args"].get("momentum").is_some_and(serde_json::Value::is_null);
        let layer = match $case.real("momentum") {
            Some(momentum) => layer.momentum(momentum),
            None if average => layer.momentum(None),
            None => layer,
        };
        Box::new(layer.build()?)
    }};
}

/// An instance norm with a case's arguments.
macro_rules! instance_norm {
    ($layer:ident, $case:ident) => {{
        let layer = $layer::builder($case.need("num_features")?).eps($case.real("eps").unwrap_or(1e-5));
        let layer = layer.affine($case.flag("affine", false));
        let layer = layer.track_running_stats($case.flag("track_running_stats", false));
        Box::new(layer.momentum($case.real("momentum").unwrap_or(0.1)).build()?)
    }};
}

/// A recurrent layer with a case's arguments.
macro_rules! recurrent {
    ($layer:ident, $case:ident) => {{
        let layer = $layer::builder($case.need("input_size")?, $case.need("hidden_size")?);
        let layer = layer.num_layers($case.size("num_layers").unwrap_or(1)).bias($case.flag("bias", true));
        let layer = layer.bidirectional($case.flag("bidirectional", false));
        layer.dropout($case.real("dropout").unwrap_or(0.0)).batch_first($case.flag("batch_first", false))
    }};
}

/// A convolution of images or sequences with a case's arguments; `$size` reads a size.
macro_rules! convolution {
    ($layer:ident, $case:ident, $size:ident) => {{
        let kernel = $case.$size("kernel_size").ok_or("no kernel_size")?;
        let layer = $layer::builder($case.need("in_channels")?, $case.need("out_channels")?, kernel);
        let mut layer = layer.groups($case.size("groups").unwrap_or(1)).bias($case.flag("bias", true));
        if let Some(stride) = $case.$size("stride") {
            layer = layer.stride(stride);
        }
        if let Some(padding) = $case.$size("padding") {
            layer = layer.padding(padding);
        }
        if let Some(dilation) = $case.$size("dilation") {
            layer = layer.dilation(dilation);
        }
        layer
    }};
}

/// A pooling with a case's arguments.
macro_rules! pool {
    ($layer:ident, $case:ident, $size:ident) => {{
        let mut layer = $layer::builder($case.$size("kernel_size").ok_or("no kernel_size")?);
        if let Some(stride) = $case.$size("stride") {
            layer = layer.stride(stride);
        }
        if let Some(padding) = $case.$size("padding") {
            layer = layer.padding(padding);
        }
        layer.ceil_mode($case.flag("ceil_mode", false))
    }};
}

/// A maximum with a case's dilation too.
macro_rules! max_pool {
    ($layer:ident, $case:ident, $size:ident) => {{
        let layer = pool!($layer, $case, $size);
        match $case.$size("dilation") {
            Some(dilation) => layer.dilation(dilation),
            None => layer,
        }
    }};
}

fn padding_mode(case: &Case<'_>) -> Result<Pad, Fault> {
    Ok(match case.text("padding_mode").unwrap_or("zeros") {
        "zeros" => Pad::Constant(0.0),
        "reflect" => Pad::Reflect,
        "replicate" => Pad::Replicate,
        "circular" => Pad::Circular,
        other => return Err(format!("no padding_mode {other}").into()),
    })
}

/// `normalized_shape`, one number or a list.
fn shape(case: &Case<'_>) -> Result<Vec<usize>, Fault> {
    let value = case.arg("normalized_shape").ok_or("no normalized_shape")?;
    let sizes = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    Ok(sizes.iter().filter_map(|n| Some(n.as_u64()? as usize)).collect())
}

/// The module that a case names, or nothing where there is none, or none with one of its arguments.
fn module(case: &Case<'_>) -> Result<Option<Box<dyn Layer>>, Fault> {
    let module = match build(case)? {
        Some(module) => Some(module),
        None => activation(case)?,
    };
    Ok(module.filter(|_| case.unread().is_none()))
}

fn build(case: &Case<'_>) -> Result<Option<Box<dyn Layer>>, Fault> {
    let bias = |case: &Case<'_>| case.flag("bias", true);
    let eps = |case: &Case<'_>| case.real("eps").unwrap_or(1e-5);
    Ok(Some(match case.json["module"].as_str().unwrap_or_default() {
        "Linear" => Box::new(
            Linear::builder(case.need("in_features")?, case.need("out_features")?)
                .bias(bias(case))
                .build()?,
        ),
        "Conv2d" => Box::new(convolution!(Conv2d, case, pair).padding_mode(padding_mode(case)?).build()?),
        "Conv1d" => Box::new(convolution!(Conv1d, case, single).padding_mode(padding_mode(case)?).build()?),
        "ConvTranspose2d" => {
            let layer = convolution!(ConvTranspose2d, case, pair);
            Box::new(layer.output_padding(case.pair("output_padding").unwrap_or((0, 0))).build()?)
        }
        "MaxPool2d" => Box::new(max_pool!(MaxPool2d, case, pair).build()?),
        "MaxPool1d" => Box::new(max_pool!(MaxPool1d, case, single).build()?),
        "AvgPool2d" => {
            let layer = pool!(AvgPool2d, case, pair).count_include_pad(case.flag("count_include_pad", true));
            Box::new(layer.divisor_override(case.size("divisor_override")).build()?)
        }
        "AvgPool1d" => {
            let layer = pool!(AvgPool1d, case, single);
            Box::new(layer.count_include_pad(case.flag("count_include_pad", true)).build()?)
        }
        "AdaptiveAvgPool2d" => {
            Box::new(AdaptiveAvgPool2d::new(case.pair("output_size").ok_or("no output_size")?))
        }
        "AdaptiveMaxPool2d" => {
            Box::new(AdaptiveMaxPool2d::new(case.pair("output_size").ok_or("no output_size")?))
        }
        "AdaptiveAvgPool1d" => {
            Box::new(AdaptiveAvgPool1d::new(case.single("output_size").ok_or("no output_size")?))
        }
        "AdaptiveMaxPool1d" => {
            Box::new(AdaptiveMaxPool1d::new(case.single("output_size").ok_or("no output_size")?))
        }
        "BatchNorm1d" => batch_norm!(BatchNorm1d, case),
        "BatchNorm2d" => batch_norm!(BatchNorm2d, case),
        "InstanceNorm1d" => instance_norm!(InstanceNorm1d, case),
        "InstanceNorm2d" => instance_norm!(InstanceNorm2d, case),
        "LayerNorm" => {
            let layer = LayerNorm::builder(&shape(case)?).eps(eps(case)).bias(bias(case));
            Box::new(layer.elementwise_affine(case.flag("elementwise_affine", true)).build()?)
        }
        "RMSNorm" => {
            let layer =
                RmsNorm::builder(&shape(case)?).elementwise_affine(case.flag("elementwise_affine", true));
            Box::new(layer.eps(case.real("eps")).build()?)
        }
        "GroupNorm" => {
            let layer = GroupNorm::builder(case.need("num_groups")?, case.need("num_channels")?);
            Box::new(layer.eps(eps(case)).affine(case.flag("affine", true)).build()?)
        }
        "Embedding" => {
            let layer = Embedding::builder(case.need("num_embeddings")?, case.need("embedding_dim")?);
            let layer = layer.norm_type(case.real("norm_type").unwrap_or(2.0));
            let layer = layer.max_norm(case.real("max_norm")).padding_idx(case.size("padding_idx"));
            Box::new(layer.build()?)
        }
        "PReLU" => {
            let layer = PRelu::builder().num_parameters(case.size("num_parameters").unwrap_or(1));
            Box::new(layer.init(case.real("init").unwrap_or(0.25)).build()?)
        }
        "RNN" => {
            let relu = case.text("nonlinearity") == Some("relu");
            let function = if relu { RnnNonlinearity::Relu } else { RnnNonlinearity::Tanh };
            Box::new(recurrent!(Rnn, case).nonlinearity(function).build()?)
        }
        "LSTM" => Box::new(recurrent!(Lstm, case).build()?),
        "GRU" => Box::new(recurrent!(Gru, case).build()?),
        "MultiheadAttention" => {
            let layer = MultiheadAttention::builder(case.need("embed_dim")?, case.need("num_heads")?);
            let layer = layer.bias(bias(case)).dropout(case.real("dropout").unwrap_or(0.0));
            Box::new(SelfAttention { attn: layer.batch_first(case.flag("batch_first", false)).build()? })
        }
        "TransformerEncoderLayer" => {
            let layer = TransformerEncoderLayer::builder(case.need("d_model")?, case.need("nhead")?);
            let layer = layer.dim_feedforward(case.size("dim_feedforward").unwrap_or(2048));
            let layer = layer.dropout(case.real("dropout").unwrap_or(0.1)).bias(bias(case));
            let layer = layer.norm_first(case.flag("norm_first", false));
            let layer = layer.layer_norm_eps(case.real("layer_norm_eps").unwrap_or(1e-5));
            let layer = match case.text("activation") {
                Some("gelu") => layer.activation(Variable::gelu),
                _ => layer,
            };
            Box::new(layer.batch_first(case.flag("batch_first", false)).build()?)
        }
        "Net" => Box::new(net(case)?),
        _ => return Ok(None),
    }))
}

/// Layers without parameters, but for poolings.
fn activation(case: &Case<'_>) -> Result<Option<Box<dyn Layer>>, Fault> {
    let dim =
        |name: &str| Ok::<_, Fault>(case.arg(name).and_then(serde_json::Value::as_i64).ok_or("no dim")?);
    let or = |name: &str, default: f64| case.real(name).unwrap_or(default);
    Ok(Some(match case.json["module"].as_str().unwrap_or_default() {
        "ReLU" => Box::new(Relu::new()),
        "ReLU6" => Box::new(Relu6::new()),
        "Sigmoid" => Box::new(Sigmoid::new()),
        "Tanh" => Box::new(Tanh::new()),
        "SiLU" => Box::new(Silu::new()),
        "Softsign" => Box::new(Softsign::new()),
        "LogSigmoid" => Box::new(LogSigmoid::new()),
        "Mish" => Box::new(Mish::new()),
        "SELU" => Box::new(Selu::new()),
        "Hardswish" => Box::new(Hardswish::new()),
        "Hardsigmoid" => Box::new(Hardsigmoid::new()),
        "Softplus" => {
            Box::new(Softplus::builder().beta(or("beta", 1.0)).threshold(or("threshold", 20.0)).build()?)
        }
        "LeakyReLU" => Box::new(LeakyRelu::builder().negative_slope(or("negative_slope", 0.01)).build()?),
        "ELU" => Box::new(Elu::builder().alpha(or("alpha", 1.0)).build()?),
        "Hardtanh" => {
            Box::new(Hardtanh::builder().min_val(or("min_val", -1.0)).max_val(or("max_val", 1.0)).build()?)
        }
        "GELU" => {
            Box::new(Gelu::builder().approximate_tanh(case.text("approximate") == Some("tanh")).build()?)
        }
        "Softmax" => Box::new(Softmax::new(dim("dim")?)),
        "LogSoftmax" => Box::new(LogSoftmax::new(dim("dim")?)),
        "Identity" => Box::new(Identity::new()),
        "Flatten" => Box::new(
            Flatten::builder()
                .start_dim(dim("start_dim").unwrap_or(1))
                .end_dim(dim("end_dim").unwrap_or(-1))
                .build()?,
        ),
        "PixelShuffle" => Box::new(PixelShuffle::new(case.need("upscale_factor")?)?),
        "Upsample" => {
            let layer = Upsample::builder();
            let layer = match (case.pair("size"), case.real("scale_factor")) {
                (Some(size), _) => layer.size(size),
                (None, Some(factor)) => layer.scale_factor(factor as usize),
                (None, None) => layer,
            };
            let align_corners = case.flag("align_corners", false);
            let layer = match case.text("mode").unwrap_or("nearest") {
                "nearest" => layer,
                "bilinear" => layer.mode(UpsampleMode::Bilinear { align_corners }),
                _ => return Ok(None),
            };
            Box::new(layer.build()?)
        }
        // In training their numbers are not PyTorch's.
        "Dropout" if case.json["train"] == false => Box::new(Dropout::new(or("p", 0.5))?),
        "Dropout2d" if case.json["train"] == false => Box::new(Dropout2d::new(or("p", 0.5))?),
        _ => return Ok(None),
    }))
}

/// The tutorial's network, of the number of channels and features that the case's weights have.
fn net(case: &Case<'_>) -> Result<Net, Fault> {
    let size = |key: &str| -> Result<usize, Fault> { Ok(case.tensor(key)?.size_of(1)?) };
    Ok(Net::new(size("state.conv1.weight")?, size("state.fc1.weight")?)?)
}
