//! Reads a module's parameters and buffers by name, and writes them.

mod bytes;
mod file;
mod mismatch;
mod torch;
mod zip;

use std::collections::BTreeMap;

use taper_autograd::Variable;
use taper_tensor::Tensor;

pub use file::{load, load_bytes, load_with_metadata, save, save_with_metadata};
pub use mismatch::{Layout, Mismatch};

use crate::{Error, Member, Module, Result, Visitor};

/// Tensors by name, as a checkpoint holds them.
pub type StateDict = BTreeMap<String, Tensor>;

/// The texts of a checkpoint, by key.
pub type Metadata = BTreeMap<String, String>;

/// Returns the parameters and buffers of a module by their dotted names; a shared one appears under each of its
/// names, as in PyTorch. The tensors share the module's memory.
///
/// ```
/// use taper_nn::{Linear, load_state_dict, state_dict};
///
/// let (trained, net) = (Linear::new(3, 2)?, Linear::new(3, 2)?);
/// let state = state_dict(&trained);
/// assert_eq!(state.keys().collect::<Vec<_>>(), ["bias", "weight"]);
/// load_state_dict(&net, &state)?;
/// assert!(net.weight.data().equal(&trained.weight.data())?);
/// # Ok::<(), taper_nn::Error>(())
/// ```
pub fn state_dict(module: &dyn Module) -> StateDict {
    variables(module).into_iter().map(|(name, variable)| (name, variable.data())).collect()
}

/// Copies the tensors of a checkpoint into the parameters and buffers of the same names, in place and in the
/// module's own dtype and device; tensors that share their memory change with them.
///
/// # Errors
/// When names are missing or unexpected, or shapes or kinds of dtype differ: all of them are listed
/// in [`Error::StateDict`], and nothing has changed.
pub fn load_state_dict(module: &dyn Module, state: &StateDict) -> Result<()> {
    let variables = variables(module);
    let mismatch = Mismatch::between(&variables, state);
    if !mismatch.is_empty() {
        return Err(Error::StateDict(mismatch));
    }
    copy(&variables, state)
}

/// Copies as [`load_state_dict`] does, but skips what does not fit, and returns it; PyTorch's `strict=False`,
/// which however fails on another shape.
///
/// # Errors
/// When a copy fails.
pub fn load_state_dict_lenient(module: &dyn Module, state: &StateDict) -> Result<Mismatch> {
    let variables = variables(module);
    let mismatch = Mismatch::between(&variables, state);
    let fits = |name: &String| !mismatch.misshapen.iter().any(|(other, ..)| name == other);
    let fitting: Vec<_> = variables.into_iter().filter(|(name, _)| fits(name)).collect();
    copy(&fitting, state)?;
    Ok(mismatch)
}

fn copy(variables: &[(String, Variable)], state: &StateDict) -> Result<()> {
    variables
        .iter()
        .filter_map(|(name, variable)| Some((variable, state.get(name)?)))
        .try_for_each(|(variable, tensor)| Ok(variable.data().copy_(tensor)?))
}

/// Returns the parameters and buffers of the tree, a shared one under each of its names.
fn variables(module: &dyn Module) -> Vec<(String, Variable)> {
    let mut found = Vec::new();
    for (path, module) in module.modules() {
        for (name, member) in Visitor::members_of(module) {
            if let Member::Parameter(variable) | Member::Buffer(variable) = member {
                let name = if path.is_empty() { name } else { format!("{path}.{name}") };
                found.push((name, variable.clone()));
            }
        }
    }
    found
}
