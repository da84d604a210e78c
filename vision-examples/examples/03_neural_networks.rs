//! The tutorial's third section: a network, its loss, its gradients, and a step of training.
//!
//!     cargo run --release -p taper-vision-examples --example 03_neural_networks
//!
//! Every statement of the tutorial stands above its counterpart.

use taper::nn::summary;
use taper::prelude::*;

/// LeNet, which reads digits. `derive(Module)` finds the layers in the fields, and in them the
/// parameters, under the names that PyTorch gives them: `conv1.weight`.
#[derive(Module)]
struct Net {
    conv1: Conv2d,
    conv2: Conv2d,
    fc1: Linear,
    fc2: Linear,
    fc3: Linear,
}

impl Net {
    fn new() -> nn::Result<Self> {
        Ok(Self {
            // 1 input channel, 6 output channels, 5x5 kernels
            conv1: Conv2d::new(1, 6, 5)?,
            conv2: Conv2d::new(6, 16, 5)?,
            // an affine function: y = Wx + b
            fc1: Linear::new(16 * 5 * 5, 120)?,
            fc2: Linear::new(120, 84)?,
            fc3: Linear::new(84, 10)?,
        })
    }
}

/// Only `forward` is to be written; the way back, where the gradients are computed, is autograd's.
/// Any function of variables may stand in it, also loops and branches.
impl Forward for Net {
    fn forward(&self, x: &Variable) -> nn::Result<Variable> {
        // x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2)): the largest of each 2x2 window
        let x = self.conv1.forward(x)?.relu()?.max_pool2d(2)?;
        let x = self.conv2.forward(&x)?.relu()?.max_pool2d(2)?;
        // x = x.view(-1, self.num_flat_features(x)): all dimensions but the batch in one
        let x = x.flatten(1)?;
        let x = self.fc1.forward(&x)?.relu()?;
        let x = self.fc2.forward(&x)?.relu()?;
        self.fc3.forward(&x)
    }
}

/// The section; public, as a test runs it too.
pub fn main() -> taper::Result<()> {
    manual_seed(0); // the same numbers in every run, whatever the threads

    println!("--- Define the network");
    // net = Net(); print(net)
    let mut net = Net::new()?;
    println!("{net}");
    // params = list(net.parameters()); print(len(params)); print(params[0].size())
    let params = net.parameters();
    println!("{}", params.len());
    println!("{:?}", params[0].size()); // conv1's weight
    // What each layer makes of a picture, and what it costs.
    println!("{}", summary(&net, (1, 1, 32, 32))?);
    // input = torch.randn(1, 1, 32, 32): a batch of one sample, of one channel
    let input = Variable::new(Tensor::randn((1, 1, 32, 32))?);
    // out = net(input); print(out)
    let output = net.forward(&input)?;
    println!("{output}");
    // net.zero_grad(); out.backward(torch.randn(1, 10)): a gradient for each of the outputs
    net.zero_grad();
    output.backward_with(&Tensor::randn((1, 10))?)?;
    // Layers take batches only. A single sample gets one by `unsqueeze(0)`, as the error says.
    let error = net.forward(&Variable::new(Tensor::randn((1, 32, 32))?)).expect_err("there is no batch");
    println!("error: {error}");

    println!("--- Loss function");
    // target = torch.arange(1, 11).view(1, -1): made up, for example
    let target = Tensor::arange(1.0f32, 11.0, 1.0)?.reshape((1, -1))?;
    // criterion = nn.MSELoss(); loss = criterion(output, target); print(loss)
    let output = net.forward(&input)?;
    let criterion = MseLoss::new();
    let loss = criterion.forward(&output, &target)?;
    println!("{:.3}", loss.item::<f32>()?);
    // print(loss.grad_fn), print(loss.grad_fn.next_functions[0][0]), and so on: the graph that ran,
    // from its end: the loss, fc3, the relu before it.
    let mut node = loss.creator();
    for _ in 0..3 {
        let Some(function) = node else { break };
        println!("{}", function.name());
        node = function.previous_functions().first().map(|(previous, _)| previous.clone());
    }

    println!("--- Backprop");
    // net.zero_grad(): gradients add up, so those of before are forgotten first
    net.zero_grad();
    let bias_grad = || net.conv1.bias.as_ref().and_then(Variable::grad);
    // print(net.conv1.bias.grad) before and after loss.backward()
    println!("conv1.bias.grad before backward: {:?}", bias_grad().map(|grad| grad.size().to_vec()));
    loss.backward()?;
    let grad = bias_grad().ok_or("backward reaches every parameter")?;
    println!("conv1.bias.grad after backward:\n{grad}");

    println!("--- Update the weights");
    // for f in net.parameters(): f.data.sub_(f.grad.data * learning_rate)
    let learning_rate = 0.01;
    for f in net.parameters() {
        if let Some(grad) = f.grad() {
            f.data().sub_(&(grad * learning_rate)?)?; // weight = weight - learning_rate * gradient
        }
    }
    let loss = criterion.forward(&net.forward(&input)?, &target)?;
    println!("loss after a step: {:.3}", loss.item::<f32>()?);
    // optimizer = optim.SGD(net.parameters(), lr=0.01): the same rule, and others, as an object
    let mut optimizer = Sgd::new(net.parameters(), 0.01)?;
    // in the training loop:
    for step in 2..=4 {
        optimizer.zero_grad();
        let loss = criterion.forward(&net.forward(&input)?, &target)?;
        loss.backward()?;
        optimizer.step()?; // does the update
        let after = criterion.forward(&net.forward(&input)?, &target)?;
        println!("loss after step {step}: {:.3}", after.item::<f32>()?);
    }
    // Fine-tuning: for param in net.parameters(): param.requires_grad = False; net.fc3 = nn.Linear(84, 10)
    net.requires_grad_(false)?;
    net.fc3 = Linear::new(84, 10)?; // only the new layer is trained: its weight and its bias
    let trained = net.parameters().iter().filter(|p| p.is_requires_grad()).count();
    println!("{trained} of {} parameters are trained", net.parameters().len());
    Ok(())
}
