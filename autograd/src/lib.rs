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
//! // out = 1/4 Σ 3 (x + 2)², so that d out / dx = 3/2 (x + 2), which is 4.5 at x = 1.
//! assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [4.5; 4]);
//! # Ok::<(), taper_autograd::Error>(())
//! ```
#![forbid(unsafe_code)]

mod anomaly;
mod engine;
mod error;
mod function;
mod gradcheck;
mod graph;
mod inplace;
mod mode;
mod node;
mod operand;
mod ops;
mod saved;
mod variable;

pub use anomaly::{ModuleScope, detect_anomaly, is_detecting_anomaly};
pub use engine::{Backward, grad};
pub use error::{Error, Result};
pub use function::{BackwardContext, ForwardContext, Function};
pub use gradcheck::{GradcheckOptions, gradcheck, gradgradcheck};
pub use graph::{to_dot, to_mermaid};
pub use mode::{GradMode, enable_grad, inference, is_grad_enabled, no_grad};
pub use node::Node;
pub use operand::{IntoOperand, Operand};
pub use ops::conv::Conv2dOptions;
pub use ops::join::PadMode;
pub use ops::loss::Reduction;
pub use ops::norm::BatchStatistics;
pub use taper_tensor as tensor;
pub use variable::Variable;
