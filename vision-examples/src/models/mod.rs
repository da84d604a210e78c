//! The networks, one file each, and the choice among them.

mod net;
mod resnet;

use taper::autograd::Variable;
use taper::data::transforms::{Compose, Normalize, ToTensor};
use taper::nn::{Forward, Module, Result};

pub use net::Net;
pub use resnet::ResNet18;

use crate::settings::ModelChoice;

/// The width and height of the pictures that the networks see.
pub const SIDE: usize = 32;

/// From bytes to numbers.
pub type Normalized = Compose<(ToTensor, Normalize)>;

/// Returns the transform from bytes to the numbers that the networks see, -1 to 1, as in the tutorial.
///
/// # Errors
/// Never, as the deviations are above 0.
pub fn normalized() -> taper::data::Result<Normalized> {
    Ok(Compose::new((ToTensor, Normalize::new([0.5; 3], [0.5; 3])?)))
}

/// One of the networks for colour pictures of 32x32: `[N, 3, 32, 32]` to `[N, 10]`.
#[derive(Module)]
pub enum Model {
    /// The tutorial's.
    Net(Box<Net>),
    /// ResNet-18 with a stem for small pictures.
    ResNet18(Box<ResNet18>),
}

impl Model {
    /// A new network for ten classes.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn new(choice: ModelChoice) -> Result<Self> {
        Ok(match choice {
            ModelChoice::Net => Self::Net(Box::new(Net::new(3)?)),
            ModelChoice::ResNet18 => Self::ResNet18(Box::new(ResNet18::cifar(10)?)),
        })
    }

    /// Which one it is.
    pub fn choice(&self) -> ModelChoice {
        match self {
            Self::Net(_) => ModelChoice::Net,
            Self::ResNet18(_) => ModelChoice::ResNet18,
        }
    }
}

impl Forward for Model {
    fn forward(&self, x: &Variable) -> Result<Variable> {
        match self {
            Self::Net(net) => net.forward(x),
            Self::ResNet18(net) => net.forward(x),
        }
    }
}
