//! The tutorial's network and its training step in candle-nn, as the peer of ours; a test serves a network that was
//! trained here in it. docs/coming-from-candle.md shows it.

use candle_core::{DType, Device, Tensor};
use candle_nn::{Conv2d, Linear, Module, Optimizer, SGD, VarBuilder, VarMap, conv2d, linear, loss};
use taper_vision_examples::Result;

/// The network, with the names of ours.
pub struct Net {
    conv1: Conv2d,
    conv2: Conv2d,
    fc1: Linear,
    fc2: Linear,
    fc3: Linear,
}

impl Net {
    /// Makes the network with the weights of `vb`.
    pub fn new(vb: &VarBuilder<'_>) -> candle_core::Result<Self> {
        Ok(Self {
            conv1: conv2d(3, 6, 5, Default::default(), vb.pp("conv1"))?,
            conv2: conv2d(6, 16, 5, Default::default(), vb.pp("conv2"))?,
            fc1: linear(400, 120, vb.pp("fc1"))?,
            fc2: linear(120, 84, vb.pp("fc2"))?,
            fc3: linear(84, 10, vb.pp("fc3"))?,
        })
    }
}

impl Module for Net {
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let x = self.conv1.forward(x)?.relu()?.max_pool2d(2)?;
        let x = self.conv2.forward(&x)?.relu()?.max_pool2d(2)?;
        let x = x.flatten_from(1)?;
        let x = self.fc1.forward(&x)?.relu()?;
        let x = self.fc2.forward(&x)?.relu()?;
        self.fc3.forward(&x)
    }
}

/// Returns a training step on a batch of drawn numbers. Its SGD is without momentum, which candle-nn does not have.
pub fn step(batch: usize) -> Result<impl FnMut() -> Result<()>> {
    let variables = VarMap::new();
    let net = Net::new(&VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu))?;
    let mut optimizer = SGD::new(variables.all_vars(), 0.001)?;
    let x = Tensor::randn(0f32, 1.0, (batch, 3, 32, 32), &Device::Cpu)?;
    let y = Tensor::from_vec((0..batch as u32).map(|i| i % 10).collect(), batch, &Device::Cpu)?;
    Ok(move || Ok(optimizer.backward_step(&loss::cross_entropy(&net.forward(&x)?, &y)?)?))
}
