//! Automatic differentiation: a [`Variable`] is a tensor that records the operation that made it, and
//! [`Variable::backward`] computes gradients through the recorded operations.
//!
//! ```
//! use taper_autograd::Variable;
//! use taper_tensor::Tensor;
//! let x = Variable::requires_grad(Tensor::ones((2, 2))?);
//! let y = (&x + 2.0)?;
//! let out = ((&y * &y)? * 3.0)?.mean()?;
//! out.backward()?;
//! assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [4.5; 4]);
//! # Ok::<(), taper_autograd::Error>(())
//! ```
//!
//! The 4.5 follows from the chain rule. With `y = x + 2` and `z = 3 y²`, the mean over the four elements is
//! `out = 1/4 (z₁ + z₂ + z₃ + z₄)`, that is `out = 1/4 Σ 3 (xᵢ + 2)²`. So
//!
//! ```text
//! ∂out/∂xᵢ = ∂out/∂zᵢ · ∂zᵢ/∂yᵢ · ∂yᵢ/∂xᵢ = 1/4 · 6 yᵢ · 1 = 3/2 (xᵢ + 2)
//! ```
//!
//! which is `3/2 · 3 = 4.5` at `xᵢ = 1`, for each of the four. Backward multiplies the same
//! factors, one for each operation that ran, from the last to the first: `Mean` gives 1/4,
//! `MulScalar` 3, `Mul` 2 y = 6, `AddScalar` 1.
//!
//! | task | items |
//! | --- | --- |
//! | make variables | [`Variable::new`] for constants, [`Variable::requires_grad`] for leaves, [`Variable::detach`] |
//! | compute | the methods of [`Variable`], which have the names of the methods of [`Tensor`](tensor::Tensor) |
//! | compute gradients | [`Variable::backward`], [`Variable::backward_with`], [`Variable::backward_options`], [`grad()`] |
//! | read and reset gradients | [`Variable::grad`], [`Variable::zero_grad`], [`Variable::retain_grad`] |
//! | switch recording on and off | [`no_grad`], [`enable_grad`], [`inference`], [`GradMode`] |
//! | change variables in place | [`Variable::copy_`] and the other methods with a trailing underscore |
//! | observe or replace gradients | [`Variable::register_hook`] |
//! | write an operation | [`Function`] |
//! | compute in mixed precision | [`autocast()`] |
//! | check gradients | [`gradcheck()`], [`gradgradcheck`], [`detect_anomaly`] |
//! | draw and profile the graph | [`to_dot`], [`to_mermaid`], [`profile()`] |
//!
//! Each operation returns an error if memory runs out or a device fails; the pages of the operations do not
//! repeat that.
#![forbid(unsafe_code)]

mod alias;
mod anomaly;
mod autocast;
mod engine;
mod error;
mod function;
mod gradcheck;
mod graph;
mod hooks;
mod mode;
mod node;
mod operand;
mod ops;
mod profile;
mod queue;
mod record;
mod saved;
mod variable;

pub use anomaly::{ModuleScope, detect_anomaly, is_detecting_anomaly};
pub use autocast::{Autocast, autocast, autocast_dtype};
pub use engine::{Backward, Grad, grad};
pub use error::{Error, Result};
pub use function::{BackwardContext, ForwardContext, Function};
pub use gradcheck::{GradcheckOptions, gradcheck, gradgradcheck};
pub use graph::{to_dot, to_mermaid};
pub use hooks::HookHandle;
pub use mode::{GradMode, InferenceMode, enable_grad, inference, is_grad_enabled, no_grad};
pub use node::Node;
pub use ops::conv::{Conv2dOptions, ConvTranspose2dOptions};
pub use ops::loss::Reduction;
pub use ops::normalization::BatchStatistics;
pub use profile::{Lap, Pass, profile};
pub use taper_tensor as tensor;
pub use taper_tensor::Pad;
pub use variable::Variable;
