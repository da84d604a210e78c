//! What is trained here serves in candle: the checkpoint loads into a network of candle-nn's layers by its own
//! names, and the logits agree.

use candle_core::{DType, Device, Tensor as CandleTensor};
use candle_nn::{Conv2d, Linear, Module as _, VarBuilder, conv2d, linear};
use taper::nn::{CrossEntropyLoss, Forward, Module, save, state_dict};
use taper::optim::{Optimizer, Sgd};
use taper::tensor::{Tensor, manual_seed};
use taper_vision_examples::{Result, models::Net};

/// The tutorial's network in candle-nn; docs/coming-from-candle.md shows it.
struct Served {
    conv1: Conv2d,
    conv2: Conv2d,
    fc1: Linear,
    fc2: Linear,
    fc3: Linear,
}

impl Served {
    fn load(vb: &VarBuilder<'_>) -> candle_core::Result<Self> {
        Ok(Self {
            conv1: conv2d(3, 6, 5, Default::default(), vb.pp("conv1"))?,
            conv2: conv2d(6, 16, 5, Default::default(), vb.pp("conv2"))?,
            fc1: linear(400, 120, vb.pp("fc1"))?,
            fc2: linear(120, 84, vb.pp("fc2"))?,
            fc3: linear(84, 10, vb.pp("fc3"))?,
        })
    }
}

impl candle_nn::Module for Served {
    fn forward(&self, x: &CandleTensor) -> candle_core::Result<CandleTensor> {
        let x = self.conv1.forward(x)?.relu()?.max_pool2d(2)?;
        let x = self.conv2.forward(&x)?.relu()?.max_pool2d(2)?;
        let x = x.flatten_from(1)?;
        let x = self.fc1.forward(&x)?.relu()?;
        let x = self.fc2.forward(&x)?.relu()?;
        self.fc3.forward(&x)
    }
}

#[test]
fn a_trained_network_serves_in_candle() -> Result<()> {
    manual_seed(0);
    let net = Net::new(3)?;
    let mut optimizer = Sgd::builder(net.parameters(), 0.01).momentum(0.9).build()?;
    let (x, y) = (Tensor::randn((16, 3, 32, 32))?, Tensor::randint(0, 10, 16)?);
    for _ in 0..20 {
        optimizer.zero_grad();
        CrossEntropyLoss::new().forward(&net.forward(&x)?, &y)?.backward()?;
        optimizer.step()?;
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("net.safetensors");
    save(&state_dict(&net), &path)?;

    let vb = VarBuilder::from_buffered_safetensors(std::fs::read(&path)?, DType::F32, &Device::Cpu)?;
    let served = Served::load(&vb)?;
    // The same memory, without a copy.
    let theirs = Tensor::from_candle(served.forward(x.as_candle())?)?;
    let ours = net.forward(&x)?.data();
    assert!(ours.abs()?.max()?.item::<f32>()? > 1.0, "it learned something");
    assert!(theirs.allclose(&ours, 1e-5, 1e-5)?);
    Ok(())
}
