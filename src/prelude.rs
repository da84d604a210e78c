//! Imports what most programs use: `use taper::prelude::*`.
//!
//! It has the types and traits, and the crates as modules for all else, as in `optim::schedule::StepLr`. It has no
//! `Result`: a function of a program returns [`taper::Result`](crate::Result), a `forward`
//! [`nn::Result`].

pub use crate::{autograd, data, nn, optim, tensor};

pub use taper_autograd::{Variable, autocast, enable_grad, no_grad};
pub use taper_data::transforms::{Compose, Normalize, ToTensor};
pub use taper_data::{DataLoader, Dataset, TensorDataset};
pub use taper_nn::{
    BatchNorm2d, Conv2d, CrossEntropyLoss, Dropout, Embedding, Forward, Layer, LayerNorm, Linear, Loss,
    Module, MseLoss, Sequential,
};
pub use taper_optim::{Adam, AdamW, Optimizer, Sgd};
pub use taper_tensor::{DType, Device, Keepdim, Tensor, manual_seed};
