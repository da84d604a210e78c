//! Define-by-run differentiation: a [`Variable`] is a tensor that remembers how it was made, and
//! [`Variable::backward`] walks back through what ran.
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
//! Where the 4.5 comes from: with `y = x + 2` and `z = 3 y²`, the mean over the four elements is
//! `out = 1/4 (z₁ + z₂ + z₃ + z₄)`, that is `out = 1/4 Σ 3 (xᵢ + 2)²`. By the chain rule
//!
//! ```text
//! ∂out/∂xᵢ = ∂out/∂zᵢ · ∂zᵢ/∂yᵢ · ∂yᵢ/∂xᵢ = 1/4 · 6 yᵢ · 1 = 3/2 (xᵢ + 2)
//! ```
//!
//! and at `xᵢ = 1` that is `3/2 · 3 = 4.5`, for each of the four. Backward multiplies the same
//! factors, one for each operation that ran, from the last to the first: `Mean` gives 1/4,
//! `MulScalar` 3, `Mul` 2 y = 6, `AddScalar` 1.
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
