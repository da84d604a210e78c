//! Neural networks: modules with named parameters, layers, losses, and checkpoints that PyTorch can read.
//!
//! `T::new` makes a layer or a loss with PyTorch's defaults, `T::builder` one with options, which `build` checks.
//! Memory can run out in any function that makes a tensor; the error says so.
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

mod builder;
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
pub use layers::attention::{MultiheadAttention, MultiheadAttentionBuilder};
pub use layers::batch_norm::{BatchNorm1d, BatchNorm1dBuilder, BatchNorm2d, BatchNorm2dBuilder};
pub use layers::bilinear::{Bilinear, BilinearBuilder};
pub use layers::conv::{Conv2d, Conv2dBuilder};
pub use layers::conv_transpose::{ConvTranspose2d, ConvTranspose2dBuilder};
pub use layers::conv1d::{Conv1d, Conv1dBuilder};
pub use layers::dropout::{Dropout, Dropout2d};
pub use layers::embedding::{Embedding, EmbeddingBuilder};
pub use layers::instance_norm::{
    InstanceNorm1d, InstanceNorm1dBuilder, InstanceNorm2d, InstanceNorm2dBuilder,
};
pub use layers::linear::{Linear, LinearBuilder};
pub use layers::norm::{GroupNorm, GroupNormBuilder, LayerNorm, LayerNormBuilder};
pub use layers::pool::{
    AvgPool1d, AvgPool1dBuilder, AvgPool2d, AvgPool2dBuilder, MaxPool1d, MaxPool1dBuilder, MaxPool2d,
    MaxPool2dBuilder,
};
pub use layers::pool_adaptive::{AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool1d, AdaptiveMaxPool2d};
pub use layers::recurrent::{
    Gru, GruBuilder, Lstm, LstmBuilder, RecurrentState, Rnn, RnnBuilder, RnnNonlinearity,
};
pub use layers::rms_norm::{RmsNorm, RmsNormBuilder};
pub use layers::sequential::Sequential;
pub use layers::shape::{
    Flatten, FlattenBuilder, Identity, PixelShuffle, Upsample, UpsampleBuilder, UpsampleMode,
};
pub use layers::transformer::{TransformerEncoderLayer, TransformerEncoderLayerBuilder};
pub use loss::Loss;
pub use loss::cross_entropy::{CrossEntropyLoss, CrossEntropyLossBuilder};
pub use loss::nll::{NllLoss, NllLossBuilder};
pub use loss::probability::{
    BceLoss, BceLossBuilder, BceWithLogitsLoss, BceWithLogitsLossBuilder, KLDivLoss, KLDivLossBuilder,
};
pub use loss::regression::{
    HuberLoss, HuberLossBuilder, L1Loss, L1LossBuilder, MseLoss, MseLossBuilder, SmoothL1Loss,
    SmoothL1LossBuilder,
};
pub use loss::similarity::{
    CosineEmbeddingLoss, CosineEmbeddingLossBuilder, HingeEmbeddingLoss, HingeEmbeddingLossBuilder,
    MarginRankingLoss, MarginRankingLossBuilder, TripletMarginLoss, TripletMarginLossBuilder,
};
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
