//! Optimisers with PyTorch's names, defaults and trajectories.
//!
//! ```
//! use taper_autograd::{Variable, tensor::Tensor};
//! use taper_optim::{Optimizer, Sgd};
//! let w = Variable::requires_grad(Tensor::new(&[4.0f32])?);
//! let mut optimizer = Sgd::new(vec![w.clone()], 0.1)?;
//! for _ in 0..100 {
//!     optimizer.zero_grad();
//!     w.square()?.sum()?.backward()?;
//!     optimizer.step()?; // w = w - 0.1 · 2 w
//! }
//! assert!(w.item::<f32>()?.abs() < 1e-6);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod adadelta;
mod adagrad;
mod adam;
mod adamax;
mod error;
mod group;
mod lion;
mod nadam;
mod optimizer;
mod radam;
mod rmsprop;
pub mod schedule;
mod sgd;

pub use adadelta::{Adadelta, AdadeltaRule};
pub use adagrad::{Adagrad, AdagradRule};
pub use adam::{Adam, AdamRule, AdamW};
pub use adamax::{Adamax, AdamaxRule};
pub use error::{Error, Result};
pub use group::{ParamGroup, ParamState};
pub use lion::{Lion, LionRule};
pub use nadam::{NAdam, NAdamRule};
pub use optimizer::{Optimizer, PerParameter, Rule, StateDict};
pub use radam::{RAdam, RAdamRule};
pub use rmsprop::{RmsProp, RmsPropRule};
pub use sgd::{Sgd, SgdRule};
