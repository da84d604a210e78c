//! Parameters that share their settings.

use std::collections::BTreeMap;

use taper_autograd::Variable;
use taper_autograd::tensor::Tensor;

use crate::{Error, Result, Settings};

/// Parameters that share their settings; PyTorch's `{'params': …, 'lr': …}`. A schedule or a program changes
/// the settings by name while training runs.
///
/// ```
/// # use taper_autograd::{Variable, tensor::Tensor};
/// use taper_optim::{Optimizer, Sgd};
/// # let leaf = || Variable::requires_grad(Tensor::zeros(3).unwrap());
/// # let (body, head) = (vec![leaf()], vec![leaf()]);
/// let mut optimizer = Sgd::builder(body, 0.001).momentum(0.9).group(head, |s| s.lr(0.1)).build()?;
/// let head = &mut optimizer.param_groups_mut()[1];
/// assert_eq!((head.get("lr"), head.get("momentum")), (Some(0.1), Some(0.9)));
/// head.change("lr", 0.01)?;
/// assert!(head.change("momentun", 0.5).unwrap_err().to_string().contains("there are lr, momentum, dampening"));
/// # Ok::<(), taper_optim::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ParamGroup {
    parameters: Vec<Variable>,
    settings: BTreeMap<String, f64>,
    /// Checks all settings together by the optimiser's rule.
    check: fn(&BTreeMap<String, f64>) -> Result<()>,
}

impl ParamGroup {
    /// Makes a group with checked settings.
    pub(crate) fn new<S: Settings>(parameters: Vec<Variable>, settings: &S) -> Result<Self> {
        settings.check()?;
        let settings = settings.values().into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        Ok(Self { parameters, settings, check: |settings| read::<S>(settings).map(drop) })
    }

    /// Changes a setting by its name in PyTorch, for the steps to come; a switch is 1 or 0.
    ///
    /// # Errors
    /// When there is no such setting, or the value is out of its range; nothing has changed then.
    pub fn change(&mut self, setting: &str, value: f64) -> Result<()> {
        self.change_all([(setting, value)])
    }

    /// Changes several settings together, such as those of a checkpoint.
    pub(crate) fn change_all<'a>(&mut self, changes: impl IntoIterator<Item = (&'a str, f64)>) -> Result<()> {
        let mut settings = self.settings.clone();
        settings.extend(changes.into_iter().map(|(setting, value)| (setting.to_owned(), value)));
        (self.check)(&settings)?;
        self.settings = settings;
        Ok(())
    }

    /// Returns a setting by its name in PyTorch.
    pub fn get(&self, setting: &str) -> Option<f64> {
        self.settings.get(setting).copied()
    }

    /// Returns all settings by their names in PyTorch.
    pub fn settings(&self) -> &BTreeMap<String, f64> {
        &self.settings
    }

    /// Returns the parameters.
    pub fn parameters(&self) -> &[Variable] {
        &self.parameters
    }

    /// Returns the settings as the typed struct.
    pub(crate) fn read<S: Settings>(&self) -> Result<S> {
        read(&self.settings)
    }

    /// Checks that the parameters are leaves, each given once, and in no other group.
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
}

/// Reads settings by name, and checks them.
fn read<S: Settings>(named: &BTreeMap<String, f64>) -> Result<S> {
    let mut settings = S::default();
    named.iter().try_for_each(|(setting, &value)| settings.set(setting, value))?;
    settings.check()?;
    Ok(settings)
}

/// Returns what a message calls a parameter.
pub(crate) fn title(number: usize, parameter: &Variable) -> String {
    let name = parameter.name().unwrap_or_else(|| format!("{number} of shape {:?}", parameter.size()));
    format!("parameter {name}")
}

/// The state that an optimiser keeps of one parameter.
#[derive(Clone, Debug, Default)]
pub struct ParamState {
    /// The number of steps that the parameter has made.
    pub step: u64,
    /// Running averages and the like, by their names in PyTorch.
    pub tensors: BTreeMap<String, Tensor>,
    /// Other numbers, by their names in PyTorch.
    pub numbers: BTreeMap<String, f64>,
}

impl ParamState {
    /// Returns the tensor `name`, initially filled with `start`, like the parameter.
    pub(crate) fn tensor(&mut self, name: &str, like: &Tensor, start: f64) -> Result<Tensor> {
        if let Some(t) = self.tensors.get_mut(name) {
            if t.device() != like.device() {
                *t = t.to(&like.device())?; // the parameter was moved there
            }
            return Ok(t.clone());
        }
        let t = like.like().full(like.size(), start)?;
        self.tensors.insert(name.to_owned(), t.clone());
        Ok(t)
    }
}
