//! The states of optimisers, and their form as tensors in a file.

use std::collections::BTreeMap;

use taper_autograd::tensor::{DType, Tensor};

use crate::group::ParamState;
use crate::{Error, Result};

/// An optimiser's state, as PyTorch's `optimizer.state_dict()`: parameters are numbered through all groups.
#[derive(Clone, Debug)]
pub struct StateDict {
    /// The state of each parameter that has made a step.
    pub state: BTreeMap<usize, ParamState>,
    /// Each group's settings.
    pub param_groups: Vec<BTreeMap<String, f64>>,
}

impl StateDict {
    /// Returns the state as named tensors, for a file. `state.0.momentum_buffer` shares the optimiser's memory;
    /// numbers become f64 tensors without dimensions, `step.0`, `number.0.mu_product` and `param_groups.0.lr`.
    ///
    /// ```
    /// # use taper_autograd::{Variable, tensor::Tensor};
    /// use taper_optim::{Optimizer, Sgd, StateDict};
    /// let w = Variable::requires_grad(Tensor::ones(3)?);
    /// let mut optimizer = Sgd::builder(vec![w.clone()], 0.1).momentum(0.9).build()?;
    /// w.sum()?.backward()?;
    /// optimizer.step()?;
    /// let tensors = optimizer.state_dict().to_tensors()?;
    /// assert_eq!(tensors["state.0.momentum_buffer"].size(), [3]);
    /// assert_eq!(tensors["param_groups.0.lr"].item::<f64>()?, 0.1);
    /// optimizer.load_state_dict(StateDict::from_tensors(&tensors)?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When a tensor cannot be made.
    pub fn to_tensors(&self) -> Result<BTreeMap<String, Tensor>> {
        let mut tensors = BTreeMap::new();
        for (number, state) in &self.state {
            tensors.insert(format!("step.{number}"), float64(state.step as f64)?);
            tensors.extend(state.tensors.iter().map(|(k, t)| (format!("state.{number}.{k}"), t.clone())));
            for (name, &value) in &state.numbers {
                tensors.insert(format!("number.{number}.{name}"), float64(value)?);
            }
        }
        for (group, settings) in self.param_groups.iter().enumerate() {
            for (setting, &value) in settings {
                tensors.insert(format!("param_groups.{group}.{setting}"), float64(value)?);
            }
        }
        Ok(tensors)
    }

    /// Reads the state from the tensors of [`StateDict::to_tensors`].
    ///
    /// # Errors
    /// When a name is unknown, or a number is not a single f64.
    pub fn from_tensors(tensors: &BTreeMap<String, Tensor>) -> Result<Self> {
        let mut state: BTreeMap<usize, ParamState> = BTreeMap::new();
        let mut groups: BTreeMap<usize, BTreeMap<String, f64>> = BTreeMap::new();
        for (key, tensor) in tensors {
            let fail = |message: &str| {
                let message = format!("{key} in the saved state {message}");
                Error::Parameters { optimizer: "optimizer", message }
            };
            let number = || match (tensor.dtype(), tensor.dim()) {
                (DType::F64, 0) => Ok(tensor.item::<f64>()?),
                _ => Err(fail("is not a single f64 number")),
            };
            let (kind, rest) = key.split_once('.').ok_or_else(|| fail("is not a name of a state"))?;
            let (index, name) = rest.split_once('.').unwrap_or((rest, ""));
            let index: usize = index.parse().map_err(|_| fail("has no number of a parameter or group"))?;
            match kind {
                "step" => state.entry(index).or_default().step = number()? as u64,
                "state" => drop(state.entry(index).or_default().tensors.insert(name.into(), tensor.clone())),
                "number" => drop(state.entry(index).or_default().numbers.insert(name.into(), number()?)),
                "param_groups" => drop(groups.entry(index).or_default().insert(name.into(), number()?)),
                _ => return Err(fail("is not a name of a state")),
            }
        }
        Ok(Self { state, param_groups: groups.into_values().collect() })
    }
}

/// A number as a tensor, with all its digits.
fn float64(number: f64) -> Result<Tensor> {
    Ok(Tensor::from_vec(vec![number], ())?)
}
