//! The tutorial's third part: a network, its parameters, its loss, its graph, one step.

use taper_autograd::{Variable, detect_anomaly};
use taper_nn::{Conv2d, Forward, Linear, Module, MseLoss, Result};
use taper_tensor::Tensor;

#[derive(Module)]
pub struct Net {
    pub conv1: Conv2d,
    conv2: Conv2d,
    fc1: Linear,
    fc2: Linear,
    fc3: Linear,
}

impl Net {
    pub fn new(channels: usize, features: usize) -> Result<Self> {
        Ok(Self {
            conv1: Conv2d::new(channels, 6, 5)?,
            conv2: Conv2d::new(6, 16, 5)?,
            fc1: Linear::new(features, 120)?,
            fc2: Linear::new(120, 84)?,
            fc3: Linear::new(84, 10)?,
        })
    }
}

impl Forward for Net {
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let x = self.conv1.forward(x)?.relu()?.max_pool2d(2)?;
        let x = self.conv2.forward(&x)?.relu()?.max_pool2d(2)?;
        let x = x.flatten(1)?;
        let x = self.fc1.forward(&x)?.relu()?;
        let x = self.fc2.forward(&x)?.relu()?;
        self.fc3.forward(&x)
    }
}

#[test]
fn it_prints_as_in_pytorch() {
    let expected = "\
Net(
  (conv1): Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1))
  (conv2): Conv2d(6, 16, kernel_size=(5, 5), stride=(1, 1))
  (fc1): Linear(in_features=400, out_features=120, bias=True)
  (fc2): Linear(in_features=120, out_features=84, bias=True)
  (fc3): Linear(in_features=84, out_features=10, bias=True)
)";
    assert_eq!(Net::new(3, 400).unwrap().to_string(), expected);
}

#[test]
fn the_whole_section() -> Result<()> {
    let net = Net::new(3, 400)?;
    let names: Vec<_> = net.named_parameters().into_iter().map(|(name, _)| name).collect();
    let expected = [
        "conv1.weight",
        "conv1.bias",
        "conv2.weight",
        "conv2.bias",
        "fc1.weight",
        "fc1.bias",
        "fc2.weight",
        "fc2.bias",
        "fc3.weight",
        "fc3.bias",
    ];
    assert_eq!(names, expected);
    assert_eq!(net.parameters()[0].size(), [6, 3, 5, 5]);

    let input = Variable::new(Tensor::randn((1, 3, 32, 32))?);
    net.zero_grad();
    net.forward(&input)?.backward_with(&Tensor::randn((1, 10))?)?;
    let bias = || net.conv1.bias.as_ref().unwrap().grad();
    assert!(bias().is_some());
    net.zero_grad();
    assert!(bias().is_none());

    let target = Tensor::randn((1, 10))?;
    let criterion = MseLoss::new();
    let before = criterion.forward(&net.forward(&input)?, &target)?;
    let node = before.creator().unwrap();
    assert_eq!(node.name(), "MseLoss");
    let linear = node.previous_functions()[0].0.clone();
    assert_eq!(linear.name(), "Linear");
    assert_eq!(linear.previous_functions()[0].0.name(), "Relu");

    before.backward()?;
    assert!(bias().unwrap().norm()?.item::<f32>()? > 0.0);
    for f in net.parameters() {
        f.data().sub_(&(f.grad().unwrap() * 0.01)?)?; // weight = weight - learning_rate * gradient
    }
    let after = criterion.forward(&net.forward(&input)?, &target)?;
    assert!(after.item::<f32>()? < before.item::<f32>()?, "{before} to {after}");
    Ok(())
}

/// The gradient of fc3's input is infinite where its weights are.
#[test]
fn an_anomaly_names_the_layer() -> Result<()> {
    let net = Net::new(3, 400)?;
    net.parameters()[8].data().fill_(f32::INFINITY)?;
    let input = Variable::new(Tensor::ones((1, 3, 32, 32))?);
    let error = detect_anomaly(|| -> Result<()> { Ok(net.forward(&input)?.sum()?.backward()?) });
    let error = error.unwrap_err().to_string();
    assert!(error.contains("Linear returned a gradient that is not finite"), "{error}");
    assert!(error.contains("tutorial.rs") && error.ends_with("in fc3"), "{error}");
    Ok(())
}

#[test]
fn an_error_names_the_layer() {
    let net = Net::new(3, 400).unwrap();
    net.parameters();
    let refused =
        |shape: &[usize]| net.forward(&Variable::new(Tensor::ones(shape).unwrap())).unwrap_err().to_string();
    let single = refused(&[3, 32, 32]);
    assert!(single.starts_with("in conv1: conv2d: ") && single.contains(".unsqueeze(0)"), "{single}");
    assert_eq!(
        refused(&[1, 2, 32, 32]),
        "in conv1: conv2d: input has 2 channels, weight [6, 3, 5, 5] expects 3"
    );
    let size = refused(&[1, 3, 36, 36]);
    assert!(size.starts_with("in fc1: linear: ") && size.contains("[1, 576]"), "{size}");
}
