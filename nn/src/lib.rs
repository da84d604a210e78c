//! Networks: modules with named parameters, layers, losses, and checkpoints that PyTorch shares.
//!
//! ```
//! use taper_autograd::Variable;
//! use taper_nn::{Forward, Linear, Module, MseLoss, Result};
//! use taper_tensor::Tensor;
//!
//! #[derive(Module)]
//! struct Net { hidden: Linear, out: Linear }
//!
//! impl Forward for Net {
//!     fn forward(&self, x: &Variable) -> Result<Variable> {
//!         self.out.forward(&self.hidden.forward(x)?.relu()?)
//!     }
//! }
//!
//! let net = Net { hidden: Linear::new(4, 8)?, out: Linear::new(8, 1)? };
//! let x = Variable::new(Tensor::ones((2, 4))?);
//! let loss = MseLoss::new().forward(&net.forward(&x)?, Tensor::zeros((2, 1))?)?;
//! loss.backward()?;
//! assert_eq!(net.parameters().len(), 4);
//! assert_eq!(net.hidden.weight.grad().unwrap().size(), [8, 4]);
//! # Ok::<(), taper_nn::Error>(())
//! ```
#![forbid(unsafe_code)]

// What `#[derive(Module)]` writes names this crate, also within it.
extern crate self as taper_nn;

mod error;
mod forward;
pub mod init;
mod layers;
mod loss;
mod module;
mod state;

pub use error::{Error, Result, in_layer};
pub use forward::{Forward, Layer};
pub use layers::IntoPair;
pub use layers::attention::{MultiheadAttention, TransformerEncoderLayer};
pub use layers::batch_norm::{BatchNorm1d, BatchNorm2d};
pub use layers::conv::Conv2d;
pub use layers::conv_transpose::ConvTranspose2d;
pub use layers::conv1d::Conv1d;
pub use layers::dropout::{Dropout, Dropout2d};
pub use layers::embedding::Embedding;
pub use layers::linear::Linear;
pub use layers::norm::{GroupNorm, InstanceNorm2d, LayerNorm};
pub use layers::pool::{MaxPool2d, Relu};
pub use layers::sequential::Sequential;
pub use layers::shape::{Flatten, Identity, PixelShuffle, Upsample, UpsampleMode};
pub use loss::cross_entropy::CrossEntropyLoss;
pub use loss::nll::NllLoss;
pub use loss::probability::{BceLoss, BceWithLogitsLoss, KLDivLoss};
pub use loss::regression::{HuberLoss, L1Loss, MseLoss, SmoothL1Loss};
pub use loss::similarity::{CosineEmbeddingLoss, HingeEmbeddingLoss, MarginRankingLoss, TripletMarginLoss};
pub use module::{AsModule, BufferField, Member, Module, ModuleField, Training, Visitor, print_module};
pub use state::{
    Layout, Metadata, Mismatch, StateDict, load, load_bytes, load_state_dict, load_state_dict_lenient,
    load_with_metadata, save, save_with_metadata, state_dict,
};
pub use taper_autograd::Reduction;
pub use taper_nn_derive::Module;
