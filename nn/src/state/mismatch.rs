//! Lists what does not fit between a checkpoint and a module.

use std::fmt;

use taper_autograd::Variable;
use taper_tensor::{DType, Tensor};

use super::StateDict;

/// Everything that does not fit between a module and a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// Names that the module has and the checkpoint lacks.
    pub missing: Vec<String>,
    /// Names that the checkpoint has and the module lacks.
    pub unexpected: Vec<String>,
    /// Names with the checkpoint's shape and dtype, and the module's.
    pub misshapen: Vec<(String, Layout, Layout)>,
}

/// A tensor's shape and dtype.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The sizes, one per dimension.
    pub shape: Vec<usize>,
    /// The dtype.
    pub dtype: DType,
}

impl Layout {
    fn of(tensor: &Tensor) -> Self {
        Self { shape: tensor.size().to_vec(), dtype: tensor.dtype() }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.shape, self.dtype)
    }
}

impl Mismatch {
    /// Returns true if everything fits.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn between(variables: &[(String, Variable)], state: &StateDict) -> Self {
        let mut found = Self::default();
        for (name, variable) in variables {
            let Some(tensor) = state.get(name) else {
                found.missing.push(name.clone());
                continue;
            };
            let (theirs, ours) = (Layout::of(tensor), Layout::of(&variable.data()));
            // A real number of another width is converted; an integer and a real number are different things.
            if theirs.shape != ours.shape || theirs.dtype.is_float() != ours.dtype.is_float() {
                found.misshapen.push((name.clone(), theirs, ours));
            }
        }
        let known: std::collections::HashSet<&String> = variables.iter().map(|(name, _)| name).collect();
        found.unexpected = state.keys().filter(|name| !known.contains(name)).cloned().collect();
        found
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.missing.is_empty() {
            parts.push(format!("missing in the checkpoint: {}", self.missing.join(", ")));
        }
        if !self.unexpected.is_empty() {
            parts.push(format!("unexpected in the checkpoint: {}", self.unexpected.join(", ")));
        }
        for (name, theirs, ours) in &self.misshapen {
            parts.push(format!("{name} is {theirs} in the checkpoint, the module expects {ours}"));
        }
        f.write_str(&parts.join("; "))
    }
}
