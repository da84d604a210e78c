//! Parameters that share their settings.

use std::collections::BTreeMap;

use taper_autograd::Variable;
use taper_autograd::tensor::Tensor;

use crate::{Error, Result, Settings};

/// Parameters, and the settings that differ from the optimiser's: PyTorch's `{'params': …, 'lr': …}`.
///
/// ```
/// # use taper_autograd::{Variable, tensor::Tensor};
/// use taper_optim::{Optimizer, ParamGroup, Sgd};
/// # let leaf = || Variable::requires_grad(Tensor::zeros(3).unwrap());
/// # let (body, head) = (vec![leaf()], vec![leaf()]);
/// let mut optimizer = Sgd::new(body, 0.001)?.momentum(0.9);
/// optimizer.add_param_group(ParamGroup::new(head).set("lr", 0.1))?;
/// assert_eq!(optimizer.param_groups()[1].get("lr"), Some(0.1));
/// assert_eq!(optimizer.param_groups()[1].get("momentum"), Some(0.9));
/// # Ok::<(), taper_optim::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ParamGroup {
    parameters: Vec<Variable>,
    settings: BTreeMap<String, f64>,
}

impl ParamGroup {
    /// A group with the optimiser's settings.
    pub fn new(parameters: Vec<Variable>) -> Self {
        Self { parameters, settings: BTreeMap::new() }
    }

    /// Changes a setting, by its name in PyTorch; a switch is 1 or 0. The optimiser refuses a name that it
    /// does not know, or a value out of range, when the group is added to it, else at its next step.
    pub fn set(mut self, setting: &str, value: f64) -> Self {
        self.change(setting, value);
        self
    }

    /// As [`ParamGroup::set`], in place.
    pub fn change(&mut self, setting: &str, value: f64) {
        match self.settings.get_mut(setting) {
            Some(old) => *old = value,
            None => drop(self.settings.insert(setting.to_owned(), value)),
        }
    }

    /// A setting, by its name in PyTorch.
    pub fn get(&self, setting: &str) -> Option<f64> {
        self.settings.get(setting).copied()
    }

    /// All settings.
    pub fn settings(&self) -> &BTreeMap<String, f64> {
        &self.settings
    }

    /// The parameters.
    pub fn parameters(&self) -> &[Variable] {
        &self.parameters
    }

    /// Leaves that are not yet in other groups, each given once, or else an error.
    pub(crate) fn expect_new(&self, optimizer: &'static str, others: &[Self]) -> Result<()> {
        let fail = |message: String| Err(Error::Parameters { optimizer, message });
        let mut seen: Vec<&Variable> = others.iter().flat_map(Self::parameters).collect();
        for p in &self.parameters {
            let title = title(seen.len(), p);
            if !p.is_leaf() {
                return fail(format!("{title} was made by an operation; only leaves can be trained"));
            }
            if let Some(first) = seen.iter().position(|q| q.is(p)) {
                return fail(format!("{title} is given twice: it is parameter {first} too"));
            }
            seen.push(p);
        }
        Ok(())
    }

    /// Changes `settings` to what they are in this group, and checks them.
    pub(crate) fn read<S: Settings>(&self, mut settings: S) -> Result<S> {
        self.settings.iter().try_for_each(|(setting, &value)| settings.set(setting, value))?;
        settings.check()?;
        Ok(settings)
    }

    /// Fills in the settings that were not made.
    pub(crate) fn complete<S: Settings>(&mut self, defaults: &S) -> Result<()> {
        let settings = self.read(defaults.clone())?;
        self.settings = settings.values().into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        Ok(())
    }
}

/// What a message calls a parameter.
pub(crate) fn title(number: usize, parameter: &Variable) -> String {
    let name = parameter.name().unwrap_or_else(|| format!("{number} of shape {:?}", parameter.size()));
    format!("parameter {name}")
}

/// What an optimiser remembers of one parameter.
#[derive(Clone, Debug, Default)]
pub struct ParamState {
    /// How many steps the parameter has made.
    pub step: u64,
    /// Running averages and the like, by their names in PyTorch.
    pub tensors: BTreeMap<String, Tensor>,
    /// Numbers beside the tensors, by their names in PyTorch.
    pub numbers: BTreeMap<String, f64>,
}

impl ParamState {
    /// The tensor `name`, at first filled with `start`, like the parameter.
    pub(crate) fn tensor(&mut self, name: &str, like: &Tensor, start: f64) -> Result<Tensor> {
        if let Some(t) = self.tensors.get_mut(name) {
            if t.device() != like.device() {
                *t = t.to(&like.device())?; // where the parameter was moved to
            }
            return Ok(t.clone());
        }
        let t = like.like().full(like.size(), start)?;
        self.tensors.insert(name.to_owned(), t.clone());
        Ok(t)
    }
}
