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
mod summary;

pub use error::{Error, Result, in_layer};
pub use forward::{Forward, Layer};
pub use layers::IntoPair;
pub use layers::activation::*;
pub use layers::attention::MultiheadAttention;
pub use layers::batch_norm::{BatchNorm1d, BatchNorm2d};
pub use layers::bilinear::Bilinear;
pub use layers::conv::Conv2d;
pub use layers::conv_transpose::ConvTranspose2d;
pub use layers::conv1d::Conv1d;
pub use layers::dropout::{Dropout, Dropout2d};
pub use layers::embedding::Embedding;
pub use layers::instance_norm::{InstanceNorm1d, InstanceNorm2d};
pub use layers::linear::Linear;
pub use layers::norm::{GroupNorm, LayerNorm};
pub use layers::pool::{AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d};
pub use layers::pool_adaptive::{AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool1d, AdaptiveMaxPool2d};
pub use layers::recurrent::{Gru, Lstm, RecurrentState, Rnn};
pub use layers::rms_norm::RmsNorm;
pub use layers::sequential::Sequential;
pub use layers::shape::{Flatten, Identity, PixelShuffle, Upsample, UpsampleMode};
pub use layers::transformer::TransformerEncoderLayer;
pub use loss::cross_entropy::CrossEntropyLoss;
pub use loss::nll::NllLoss;
pub use loss::probability::{BceLoss, BceWithLogitsLoss, KLDivLoss};
pub use loss::regression::{HuberLoss, L1Loss, MseLoss, SmoothL1Loss};
pub use loss::similarity::{CosineEmbeddingLoss, HingeEmbeddingLoss, MarginRankingLoss, TripletMarginLoss};
pub use module::{
    AsModule, BufferField, Member, Module, ModuleDict, ModuleField, ModuleList, Place, Training, Visitor,
    print_module,
};
pub use state::{
    Layout, Metadata, Mismatch, StateDict, load, load_bytes, load_state_dict, load_state_dict_lenient,
    load_with_metadata, save, save_with_metadata, state_dict,
};
pub use summary::{Summary, SummaryRow, summary, summary_with};
pub use taper_autograd::{Pad, Reduction};
pub use taper_nn_derive::Module;
