//! The tutorial's last section: training on a GPU.
//!
//!     cargo run --release -p taper-vision-examples --features cudnn --example 05_on_the_gpu
//!
//! Without a GPU the same lines run on the CPU: a device is a value, not a type.

use taper::prelude::*;
use taper::tensor::cuda;
use taper_vision_examples::models::Net;

/// The section; public, as a test runs it too.
pub fn main() -> taper::Result<()> {
    // device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    let device = if cuda::is_available() { Device::cuda(0)? } else { Device::cpu() };
    println!("{device}");
    manual_seed(0); // the same weights on every device

    // net.to(device): goes through all modules and moves their parameters and buffers
    let net = Net::new(3)?;
    net.to(&device)?;
    let criterion = CrossEntropyLoss::new();
    // The optimiser shares the network's parameters, so it works where they are.
    let mut optimizer = Sgd::builder(net.parameters(), 0.001).momentum(0.9).build()?;

    // inputs, labels = data[0].to(device), data[1].to(device): at every step, too
    let (inputs, labels) = (Tensor::randn((4, 3, 32, 32))?, Tensor::new([3, 8, 8, 0])?);
    let (inputs, labels) = (inputs.to(&device)?, labels.to(&device)?);
    for step in 1..=3 {
        optimizer.zero_grad();
        let loss = criterion.forward(&net.forward(&inputs)?, &labels)?;
        loss.backward()?;
        optimizer.step()?;
        println!("step {step}: loss {:.4}", loss.item::<f64>()?);
    }

    // An operation never moves a tensor by itself: what is on two devices is an error that says so.
    // Why is it no faster? The network is small: at a batch of 4 a GPU has little to do. Exercise: make it wider, in
    // `src/models/net.rs`. Argument 2 of the first Conv2d and argument 1 of the second have to be the same number.
    // model = nn.DataParallel(model): not here. One process computes on one device.
    Ok(())
}
