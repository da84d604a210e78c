//! ResNet-18, of "Deep Residual Learning for Image Recognition" (He et al., 2015).

use taper::autograd::Variable;
use taper::nn::init::{FanMode, Nonlinearity, kaiming_normal_};
use taper::nn::{
    AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Forward, Linear, MaxPool2d, Module, Result, Sequential,
};

/// A convolution without bias, as batch norm follows, initialised for the ReLU after it.
fn conv(inputs: usize, outputs: usize, kernel: usize, stride: usize) -> Result<Conv2d> {
    let layer =
        Conv2d::builder(inputs, outputs, kernel).stride(stride).padding(kernel / 2).bias(false).build()?;
    kaiming_normal_(&layer.weight, FanMode::FanOut, Nonlinearity::Relu)?;
    Ok(layer)
}

/// Two convolutions, and around them the shortcut: the input itself, or where the size changes, its
/// pixels through a convolution of one.
#[derive(Module)]
struct BasicBlock {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    conv2: Conv2d,
    bn2: BatchNorm2d,
    downsample: Option<Sequential>,
}

impl BasicBlock {
    fn new(inputs: usize, outputs: usize, stride: usize) -> Result<Self> {
        let downsample = match stride == 1 && inputs == outputs {
            true => None,
            false => {
                Some(Sequential::new().add(conv(inputs, outputs, 1, stride)?).add(BatchNorm2d::new(outputs)?))
            }
        };
        Ok(Self {
            conv1: conv(inputs, outputs, 3, stride)?,
            bn1: BatchNorm2d::new(outputs)?,
            conv2: conv(outputs, outputs, 3, 1)?,
            bn2: BatchNorm2d::new(outputs)?,
            downsample,
        })
    }
}

impl Forward for BasicBlock {
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let y = self.bn1.forward(&self.conv1.forward(x)?)?.relu()?;
        let y = self.bn2.forward(&self.conv2.forward(&y)?)?;
        let shortcut = match &self.downsample {
            Some(downsample) => downsample.forward(x)?,
            None => x.clone(),
        };
        Ok(y.add(shortcut)?.relu()?)
    }
}

/// Eighteen layers with weights, under the names of torchvision's `resnet18`, whose files it loads.
#[derive(Module)]
#[module(rename = "ResNet")]
pub struct ResNet18 {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    maxpool: Option<MaxPool2d>,
    layer1: Sequential,
    layer2: Sequential,
    layer3: Sequential,
    layer4: Sequential,
    avgpool: AdaptiveAvgPool2d,
    fc: Linear,
}

impl ResNet18 {
    /// torchvision's, for pictures of 224 pixels: the stem takes them to 56 before the first block.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn new(num_classes: usize) -> Result<Self> {
        let maxpool = MaxPool2d::builder(3).stride(2).padding(1).build()?;
        Self::with_stem(conv(3, 64, 7, 2)?, Some(maxpool), num_classes)
    }

    /// For CIFAR's pictures of 32 pixels: the stem keeps their size.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn cifar(num_classes: usize) -> Result<Self> {
        Self::with_stem(conv(3, 64, 3, 1)?, None, num_classes)
    }

    fn with_stem(conv1: Conv2d, maxpool: Option<MaxPool2d>, num_classes: usize) -> Result<Self> {
        let stage = |inputs, outputs, stride| -> Result<Sequential> {
            let first = BasicBlock::new(inputs, outputs, stride)?;
            Ok(Sequential::new().add(first).add(BasicBlock::new(outputs, outputs, 1)?))
        };
        Ok(Self {
            conv1,
            bn1: BatchNorm2d::new(64)?,
            maxpool,
            layer1: stage(64, 64, 1)?,
            layer2: stage(64, 128, 2)?,
            layer3: stage(128, 256, 2)?,
            layer4: stage(256, 512, 2)?,
            avgpool: AdaptiveAvgPool2d::new(1),
            fc: Linear::new(512, num_classes)?,
        })
    }
}

impl Forward for ResNet18 {
    /// `[N, 3, H, W]` to `[N, num_classes]`.
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let mut x = self.bn1.forward(&self.conv1.forward(x)?)?.relu()?;
        if let Some(maxpool) = &self.maxpool {
            x = maxpool.forward(&x)?;
        }
        for stage in [&self.layer1, &self.layer2, &self.layer3, &self.layer4] {
            x = stage.forward(&x)?;
        }
        self.fc.forward(&self.avgpool.forward(&x)?.flatten(1)?)
    }
}
