//! A round trip with PyTorch itself: what is saved here loads there, what is saved there loads here,
//! and the outputs agree. `TAPER_PYTHON` names a Python that has PyTorch; without one it is skipped.

use std::path::Path;
use std::process::Command;

use taper::autograd::Variable;
use taper::nn::{
    AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, BatchNorm2d, Bilinear, Conv1d, Conv2d, ConvTranspose2d,
    Embedding, Flatten, Forward, Gelu, GroupNorm, Gru, InstanceNorm2d, Layer, Linear, Lstm, MaxPool2d,
    Module, MultiheadAttention, PRelu, Pad, Result, RmsNorm, Sequential, Softplus, TransformerEncoderLayer,
    Upsample, UpsampleMode, load, load_state_dict, save, state_dict,
};
use taper::tensor::Tensor;
use taper_vision_examples::models::{Net, ResNet18};

#[derive(Module)]
struct Words {
    embedding: Embedding,
    lstm: Lstm,
    encoder: TransformerEncoderLayer,
    gru: Gru,
    norm: RmsNorm,
    act: PRelu,
    pairs: Bilinear,
}

impl Words {
    fn new() -> Result<Self> {
        let encoder = TransformerEncoderLayer::builder(12, 3).dim_feedforward(16).dropout(0.0);
        Ok(Self {
            embedding: Embedding::new(11, 8)?,
            lstm: Lstm::builder(8, 6).num_layers(2).bidirectional(true).batch_first(true).build()?,
            encoder: encoder.batch_first(true).build()?,
            gru: Gru::builder(12, 12).batch_first(true).build()?,
            norm: RmsNorm::new([12])?,
            act: PRelu::new()?,
            pairs: Bilinear::new(12, 12, 5)?,
        })
    }
}

impl Forward for Words {
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let x = self.lstm.forward(&self.embedding.forward(x)?)?;
        let x = self.gru.forward(&self.encoder.forward(&x)?)?;
        let x = self.act.forward(&self.norm.forward(&x)?)?;
        self.pairs.forward(&x, &x)
    }
}

fn images() -> Result<Sequential> {
    Ok(Sequential::new()
        .add(Conv2d::builder(4, 8, 3).padding(1).groups(2).build()?)
        .add(BatchNorm2d::new(8)?)
        .add(Gelu::new())
        .add(ConvTranspose2d::builder(8, 4, 3).stride(2).output_padding(1).build()?)
        .add(GroupNorm::new(2, 4)?)
        .add(AdaptiveAvgPool2d::new(3))
        .add(Flatten::new())
        .add(Linear::new(36, 5)?))
}

/// Layers with options that are not the defaults.
#[derive(Module)]
struct Options {
    body: Sequential,
    conv: Conv1d,
    encoder: TransformerEncoderLayer,
    lstm: Lstm,
    attention: MultiheadAttention,
}

impl Options {
    fn new() -> Result<Self> {
        let body = Sequential::new()
            .add(Conv2d::builder(2, 2, (4, 3)).padding_same(true).dilation((1, 2)).build()?)
            .add(Conv2d::builder(2, 4, 3).padding((1, 2)).padding_mode(Pad::Reflect).build()?)
            .add(InstanceNorm2d::builder(4).affine(true).track_running_stats(true).build()?)
            .add(Softplus::builder().beta(2.0).threshold(1.0).build()?)
            .add(MaxPool2d::builder(2).stride(1).dilation(2).ceil_mode(true).build()?)
            .add(ConvTranspose2d::builder(4, 6, 3).stride(2).padding(1).groups(2).bias(false).build()?)
            .add(BatchNorm2d::builder(6).affine(false).build()?)
            .add(
                AvgPool2d::builder(3)
                    .stride(2)
                    .padding(1)
                    .ceil_mode(true)
                    .count_include_pad(false)
                    .build()?,
            )
            .add(PRelu::builder().num_parameters(6).build()?)
            .add(
                Upsample::builder()
                    .size((6, 5))
                    .mode(UpsampleMode::Bilinear { align_corners: false })
                    .build()?,
            )
            .add(AdaptiveMaxPool2d::new((3, 4)))
            .add(Flatten::builder().start_dim(2).build()?);
        let encoder = TransformerEncoderLayer::builder(14, 2).dim_feedforward(20).activation(Variable::gelu);
        Ok(Self {
            body,
            conv: Conv1d::builder(6, 12, 3).padding(2).groups(3).padding_mode(Pad::Circular).build()?,
            encoder: encoder.norm_first(true).bias(false).batch_first(true).build()?,
            lstm: Lstm::builder(14, 8)
                .proj_size(3)
                .num_layers(2)
                .bidirectional(true)
                .batch_first(true)
                .build()?,
            attention: MultiheadAttention::builder(14, 2).kdim(6).batch_first(true).build()?,
        })
    }
}

impl Forward for Options {
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let x = self.encoder.forward(&self.conv.forward(&self.body.forward(x)?)?)?;
        Ok(self.attention.attend(&x, &self.lstm.forward(&x)?, &x)?.0)
    }
}

#[test]
fn checkpoints_go_both_ways() -> Result<(), Box<dyn std::error::Error>> {
    let models: [(&str, Box<dyn Layer>, Tensor); 5] = [
        ("net", Box::new(Net::new(3)?), Tensor::randn((2, 3, 32, 32))?),
        ("words", Box::new(Words::new()?), Tensor::randint(0, 11, (2, 7))?),
        ("images", Box::new(images()?), Tensor::randn((2, 4, 5, 6))?),
        ("options", Box::new(Options::new()?), Tensor::randn((2, 2, 7, 8))?),
        ("resnet18", Box::new(ResNet18::new(1000)?), Tensor::randn((1, 3, 64, 64))?),
    ];
    let folder = tempfile::tempdir()?;
    for (name, model, x) in &models {
        let mut state = state_dict(&**model);
        model.eval();
        state.insert("example.out".into(), model.forward(&Variable::new(x.clone()))?.data());
        state.insert("example.in".into(), x.clone());
        save(&state, folder.path().join(name).with_extension("safetensors"))?;
    }
    let python = std::env::var_os("TAPER_PYTHON").unwrap_or_else(|| "python3".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pytorch.py");
    let run = match Command::new(python).arg(script).arg(folder.path()).output() {
        Ok(run) => run,
        Err(error) => {
            println!("skipped: no Python: {error}");
            return Ok(());
        }
    };
    let said = String::from_utf8_lossy(&run.stdout);
    println!("{said}");
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    if said.starts_with("skipped: ") {
        return Ok(());
    }
    for (name, model, _) in &models {
        if said.contains(&format!("skipped {name}: ")) {
            continue;
        }
        let example = load(folder.path().join(format!("{name}.example.pth")))?;
        for form in ["zip", "legacy"] {
            // What was there before must not be what makes the outputs agree.
            model.parameters().iter().try_for_each(|parameter| parameter.data().fill_(0.25))?;
            load_state_dict(&**model, &load(folder.path().join(format!("{name}.{form}.pth")))?)?;
            let y = model.forward(&Variable::new(example["in"].clone()))?.data();
            let (y, expected) = (y.to_vec::<f32>()?, example["out"].to_vec::<f32>()?);
            assert_eq!(y.len(), expected.len());
            for (a, b) in y.iter().zip(&expected) {
                assert!((a - b).abs() <= 1e-4 * b.abs().max(1.0), "{name}.{form}.pth: {a}, PyTorch has {b}");
            }
        }
    }
    Ok(())
}
