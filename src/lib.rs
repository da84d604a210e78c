//! **taper** trains neural networks in Rust the way that PyTorch does in Python: tensors that share memory,
//! define-by-run autograd, layers and losses, optimisers, datasets and loaders.
//!
//! ```
//! use taper::prelude::*;
//!
//! fn main() -> taper::Result<()> {
//!     manual_seed(0);
//!     let x = Tensor::randn((64, 2))?;
//!     let y = (x.i((.., ..1))? * 3.0)?;
//!     let net = Linear::new(2, 1)?;
//!     let mut optimizer = Sgd::new(net.parameters(), 0.1)?;
//!     let criterion = MseLoss::new();
//!     for _ in 0..100 {
//!         optimizer.zero_grad();
//!         let loss = criterion.forward(&net.forward(&x)?, &y)?;
//!         loss.backward()?;
//!         optimizer.step()?;
//!     }
//!     assert!((net.weight.data().i((0, 0))?.item::<f32>()? - 3.0).abs() < 0.01);
//!     Ok(())
//! }
//! ```
//!
//! # Where is what
//!
//! | to | see |
//! | --- | --- |
//! | make, index, change and combine tensors; read and write arrays | [`tensor`] |
//! | record operations and compute gradients | [`autograd`] |
//! | build networks of layers, compute losses, save and load checkpoints | [`nn`] |
//! | change parameters by their gradients; schedule learning rates; clip | [`optim`] |
//! | read datasets, transform pictures, load batches | [`data`] |
//!
//! Each module is a crate of its own, `taper-tensor` to `taper-data`. Depend on one of them alone where that is all
//! you need: it builds faster, and has fewer crates below it.
//!
//! # Defaults
//!
//! They are PyTorch's: a tensor of bare real numbers is float32, of bare integers int64, of `true` and `false`
//! bool, and new tensors are on the CPU ([`Tensor::new`](tensor::Tensor::new) has the details). Layers are
//! initialised, and optimisers set, as PyTorch's are.
//!
//! # Features
//!
//! `cuda` computes on NVIDIA's GPUs, `cudnn` also with NVIDIA's library of network kernels.
#![forbid(unsafe_code)]

mod error;
pub mod prelude;

pub use error::{Error, Result};
pub use taper_autograd as autograd;
pub use taper_data as data;
pub use taper_nn as nn;
pub use taper_optim as optim;
pub use taper_tensor as tensor;
