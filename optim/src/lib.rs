//! Optimisers with PyTorch's names, defaults and trajectories.
//!
//! `T::new` makes an optimiser or a schedule with PyTorch's defaults, `T::builder` one with options, which `build`
//! checks. Memory can run out in any function that makes a tensor; the error says so.
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
mod clip;
mod ema;
mod error;
mod grad_scaler;
mod group;
mod lbfgs;
mod line_search;
mod lion;
mod nadam;
mod optimizer;
mod radam;
mod rmsprop;
pub mod schedule;
mod settings;
mod sgd;
mod state;

pub use adadelta::{Adadelta, AdadeltaSettings};
pub use adagrad::{Adagrad, AdagradSettings};
pub use adam::{Adam, AdamSettings, AdamW, AdamWSettings};
pub use adamax::{Adamax, AdamaxSettings};
pub use clip::{
    IfNonFinite, check_gradients, clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_, get_total_norm,
};
pub use ema::Ema;
pub use error::{Error, Result};
pub use grad_scaler::{GradScaler, GradScalerBuilder};
pub use group::{ParamGroup, ParamState};
pub use lbfgs::{Lbfgs, LbfgsBuilder};
pub use lion::{Lion, LionSettings};
pub use nadam::{NAdam, NAdamSettings};
pub use optimizer::{LossResult, Optimizer, OptimizerBuilder, PerParameter, Rule, Update};
pub use radam::{RAdam, RAdamSettings};
pub use rmsprop::{RmsProp, RmsPropSettings};
pub use settings::Settings;
pub use sgd::{Sgd, SgdSettings};
pub use state::StateDict;
