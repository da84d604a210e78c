//! The settings that are one of several words.

use clap::ValueEnum;
use serde::Serialize;

/// The datasets to choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum DatasetChoice {
    /// CIFAR-10, or drawn pictures where it cannot be had.
    Auto,
    /// CIFAR-10, or an error.
    Cifar10,
    /// Drawn pictures of ten shapes.
    Synthetic,
}

/// The networks to choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ModelChoice {
    /// The tutorial's: two convolutions, three linear layers, 62,006 parameters.
    Net,
    /// ResNet-18 with a stem for small pictures, 11,173,962 parameters.
    #[value(name = "resnet18")]
    #[serde(rename = "resnet18")]
    ResNet18,
}

/// The optimisers to choose from, with PyTorch's defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lower")]
pub enum OptimizerChoice {
    /// Stochastic gradient descent with momentum
    Sgd,
    /// Adam
    Adam,
    /// Adam with the decay of the weights apart
    AdamW,
    /// RMSprop
    RmsProp,
    /// Adagrad
    Adagrad,
    /// Adadelta
    Adadelta,
    /// Adamax
    Adamax,
    /// Adam with Nesterov's momentum
    NAdam,
    /// Rectified Adam
    RAdam,
    /// Lion
    Lion,
}

/// What the learning rate can do during a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ScheduleChoice {
    /// Stay as it is.
    Constant,
    /// Fall to 0 along half a cosine.
    Cosine,
    /// Rise to `--lr` and fall to almost 0.
    OneCycle,
}
