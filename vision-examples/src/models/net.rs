//! The tutorial's convolutional network.

use taper::autograd::Variable;
use taper::nn::{Conv2d, Forward, Linear, Module, Result};

/// LeNet for 32x32 pictures in ten classes: two convolutions with pooling, three linear layers.
/// `[N, channels, 32, 32]` to `[N, 10]`.
#[derive(Module)]
pub struct Net {
    conv1: Conv2d,
    conv2: Conv2d,
    fc1: Linear,
    fc2: Linear,
    fc3: Linear,
}

impl Net {
    /// The network of the tutorial's part 4, for colour pictures; its part 3 has `channels` 1.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn new(channels: usize) -> Result<Self> {
        Ok(Self {
            conv1: Conv2d::new(channels, 6, 5)?,
            conv2: Conv2d::new(6, 16, 5)?,
            fc1: Linear::new(16 * 5 * 5, 120)?,
            fc2: Linear::new(120, 84)?,
            fc3: Linear::new(84, 10)?,
        })
    }
}

impl Forward for Net {
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let x = self.conv1.forward(x)?.relu()?.max_pool2d(2)?;
        let x = self.conv2.forward(&x)?.relu()?.max_pool2d(2)?;
        let x = x.flatten(1)?; // all dimensions but the batch
        let x = self.fc1.forward(&x)?.relu()?;
        let x = self.fc2.forward(&x)?.relu()?;
        self.fc3.forward(&x)
    }
}
