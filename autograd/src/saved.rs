//! Tensors that a gradient rule needs, with the versions that they must still have.

use taper_tensor::Tensor;

use crate::mode::is_grad_enabled;
use crate::record::Context;
use crate::variable::History;
use crate::{Result, Variable};

/// An input of an operation, kept for its gradient rule, or nothing if the rule does not need it.
pub(crate) struct Saved(Option<(Tensor, u64, History)>);

impl Variable {
    /// Keeps this input.
    pub(crate) fn save(&self) -> Saved {
        if !is_grad_enabled() {
            return Saved(None);
        }
        let data = self.data();
        let version = data.version();
        Saved(Some((data, version, self.history())))
    }

    /// Keeps this input for the gradient of `other`, if that is needed.
    pub(crate) fn save_for(&self, other: &Variable) -> Saved {
        if is_grad_enabled() && other.is_requires_grad() { self.save() } else { Saved(None) }
    }
}

impl Saved {
    /// Returns the saved input with its position in the graph, so that rules can be differentiated.
    pub(crate) fn get(&self, ctx: &Context<'_>) -> Result<Variable> {
        let Some((tensor, version, history)) = &self.0 else {
            return Err(crate::Error::GraphFreed { op: ctx.node.name });
        };
        ctx.check_version(tensor, *version)?;
        Ok(Variable::with_history(tensor.clone(), history.clone()))
    }
}
