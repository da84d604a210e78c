//! The family `modules`.

use taper_autograd::Variable;
use taper_nn::{
    BatchNorm1d, BatchNorm2d, Conv1d, Conv2d, ConvTranspose2d, Embedding, Forward, GroupNorm, Gru, Layer,
    LayerNorm, Linear, Lstm, Module, MultiheadAttention, PRelu, Rnn, TransformerEncoderLayer,
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

/// A recurrent layer with a case's arguments.
macro_rules! recurrent {
    ($layer:ident, $case:ident) => {{
        let layer = $layer::new($case.need("input_size")?, $case.need("hidden_size")?)?;
        let layer =
            layer.num_layers($case.size("num_layers").unwrap_or(1))?.bias($case.flag("bias", true))?;
        let layer = layer.bidirectional($case.flag("bidirectional", false))?;
        Box::new(layer.batch_first($case.flag("batch_first", false)))
    }};
}

/// The module that a case names, or nothing where there is none.
fn module(case: &Case<'_>) -> Result<Option<Box<dyn Layer>>, Fault> {
    let bias = case.flag("bias", true);
    Ok(Some(match case.json["module"].as_str().unwrap_or_default() {
        "Linear" => Box::new(Linear::new(case.need("in_features")?, case.need("out_features")?)?.bias(bias)),
        "Conv2d" => {
            let layer = Conv2d::new(
                case.need("in_channels")?,
                case.need("out_channels")?,
                case.need("kernel_size")?,
            )?;
            let layer = layer.groups(case.size("groups").unwrap_or(1))?.bias(bias);
            let layer = layer.stride(case.size("stride").unwrap_or(1));
            Box::new(
                layer.padding(case.size("padding").unwrap_or(0)).dilation(case.size("dilation").unwrap_or(1)),
            )
        }
        "Conv1d" => {
            let (inputs, outputs) = (case.need("in_channels")?, case.need("out_channels")?);
            let layer = Conv1d::new(inputs, outputs, case.need("kernel_size")?)?.bias(bias);
            Box::new(
                layer.stride(case.size("stride").unwrap_or(1)).padding(case.size("padding").unwrap_or(0)),
            )
        }
        "ConvTranspose2d" => {
            let (inputs, outputs) = (case.need("in_channels")?, case.need("out_channels")?);
            let layer = ConvTranspose2d::new(inputs, outputs, case.need("kernel_size")?)?.bias(bias);
            let layer =
                layer.stride(case.size("stride").unwrap_or(1)).padding(case.size("padding").unwrap_or(0));
            Box::new(layer.output_padding(case.size("output_padding").unwrap_or(0)))
        }
        "BatchNorm1d" => Box::new(BatchNorm1d::new(case.need("num_features")?)?),
        "BatchNorm2d" => Box::new(BatchNorm2d::new(case.need("num_features")?)?),
        "LayerNorm" => {
            let shape = case.json["args"]["normalized_shape"].as_array().ok_or("no normalized_shape")?;
            let shape: Vec<usize> = shape.iter().filter_map(|n| Some(n.as_u64()? as usize)).collect();
            Box::new(LayerNorm::new(&shape)?)
        }
        "GroupNorm" => Box::new(GroupNorm::new(case.need("num_groups")?, case.need("num_channels")?)?),
        "Embedding" => Box::new(Embedding::new(case.need("num_embeddings")?, case.need("embedding_dim")?)?),
        "PReLU" => Box::new(PRelu::new(case.size("num_parameters").unwrap_or(1))?),
        "RNN" => recurrent!(Rnn, case),
        "LSTM" => recurrent!(Lstm, case),
        "GRU" => recurrent!(Gru, case),
        "MultiheadAttention" => {
            let layer = MultiheadAttention::new(case.need("embed_dim")?, case.need("num_heads")?)?;
            Box::new(SelfAttention { attn: layer.batch_first(case.flag("batch_first", false)) })
        }
        "TransformerEncoderLayer" => {
            let layer = TransformerEncoderLayer::new(case.need("d_model")?, case.need("nhead")?)?;
            let layer = layer.dim_feedforward(case.size("dim_feedforward").unwrap_or(2048))?;
            let layer = layer.dropout(case.real("dropout").unwrap_or(0.1))?;
            Box::new(layer.batch_first(case.flag("batch_first", false)))
        }
        "Net" => Box::new(net(case)?),
        _ => return Ok(None),
    }))
}

/// The tutorial's network, of the number of channels and features that the case's weights have.
fn net(case: &Case<'_>) -> Result<Net, Fault> {
    let size = |key: &str| -> Result<usize, Fault> { Ok(case.tensor(key)?.size_of(1)?) };
    Ok(Net::new(size("state.conv1.weight")?, size("state.fc1.weight")?)?)
}
