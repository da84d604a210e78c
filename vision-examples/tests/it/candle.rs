//! What is trained here serves in candle: the checkpoint loads into a network of candle-nn's layers by its own
//! names, and the logits agree.

use candle_core::{DType, Device};
use candle_nn::{Module as _, VarBuilder};
use taper::nn::{CrossEntropyLoss, Forward, Module, save, state_dict};
use taper::optim::{Optimizer, Sgd};
use taper::tensor::{Tensor, manual_seed};
use taper_vision_examples::{Result, models::Net};

#[path = "../../src/bin/bench/candle.rs"]
#[allow(dead_code, reason = "the step is the benchmark's")]
mod peer;

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
    let served = peer::Net::new(&vb)?;
    // The same memory, without a copy.
    let theirs = Tensor::from_candle(served.forward(x.as_candle())?)?;
    let ours = net.forward(&x)?.data();
    assert!(ours.abs()?.max()?.item::<f32>()? > 1.0, "it learned something");
    assert!(theirs.allclose(&ours, 1e-5, 1e-5)?);
    Ok(())
}
