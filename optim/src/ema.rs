//! Averages weights over the training.

use std::collections::BTreeMap;

use taper_autograd::Variable;
use taper_autograd::tensor::Tensor;
use taper_autograd::tensor::step::ema_;

use crate::group::title;
use crate::{Error, Result};

/// Keeps an exponential moving average of parameters, `average = decay · average + (1 - decay) · weight` after
/// each step. It often generalises better than the last weights (Polyak and Juditsky, "Acceleration of
/// stochastic approximation by averaging", 1992). PyTorch's `AveragedModel` with `get_ema_multi_avg_fn(decay)`:
/// the first update copies the weights.
///
/// ```
/// # use taper_autograd::{Variable, tensor::Tensor};
/// use taper_optim::{Ema, Optimizer, Sgd};
/// let w = Variable::requires_grad(Tensor::new([4.0f32])?);
/// let mut optimizer = Sgd::new(vec![w.clone()], 0.25)?;
/// let mut ema = Ema::new(vec![w.clone()], 0.5)?;
/// for _ in 0..2 {
///     optimizer.zero_grad();
///     w.square()?.sum()?.backward()?;
///     optimizer.step()?;
///     ema.update()?;
/// }
/// assert_eq!((w.item::<f32>()?, ema.averages()[0].item::<f32>()?), (1.0, 1.5));
/// ema.swap()?; // test the averaged weights …
/// assert_eq!(w.item::<f32>()?, 1.5);
/// ema.swap()?; // … and train on
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Ema {
    parameters: Vec<Variable>,
    averages: Vec<Tensor>,
    decay: f64,
    n_averaged: u64,
}

impl Ema {
    /// Makes averages that begin as copies of the parameters.
    ///
    /// # Errors
    /// When `decay` is not from 0 to 1.
    pub fn new(parameters: Vec<Variable>, decay: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&decay) {
            let expected = "a number from 0 to 1";
            return Err(Error::Setting { optimizer: "ema", setting: "decay", value: decay, expected });
        }
        let averages = parameters.iter().map(|p| Ok(p.data().copy()?)).collect::<Result<_>>()?;
        Ok(Self { parameters, averages, decay, n_averaged: 0 })
    }

    /// Adds the parameters to the averages; call it after each step.
    ///
    /// # Errors
    /// When a parameter was moved to another dtype or device.
    pub fn update(&mut self) -> Result<()> {
        for (average, parameter) in self.averages.iter().zip(&self.parameters) {
            match self.n_averaged {
                0 => average.copy_(&parameter.data())?,
                _ => ema_(self.decay, average, &parameter.data())?,
            }
        }
        self.n_averaged += 1;
        Ok(())
    }

    /// Returns the averages, in the order of the parameters.
    pub fn averages(&self) -> &[Tensor] {
        &self.averages
    }

    /// Exchanges the parameters and the averages, in place: once to use the averages, and again to continue
    /// the training.
    ///
    /// # Errors
    /// When a parameter was moved to another dtype or device.
    pub fn swap(&mut self) -> Result<()> {
        for (average, parameter) in self.averages.iter().zip(&self.parameters) {
            let (data, kept) = (parameter.data(), average.copy()?);
            average.copy_(&data)?;
            data.copy_(&kept)?;
        }
        Ok(())
    }

    /// Returns what a resumed training needs: the averages by number, which share the memory of the running
    /// ones, and `n_averaged`.
    ///
    /// # Errors
    /// When a tensor cannot be made.
    pub fn state_dict(&self) -> Result<BTreeMap<String, Tensor>> {
        let averages = self.averages.iter().enumerate().map(|(i, t)| (i.to_string(), t.clone()));
        let n_averaged = Tensor::new(self.n_averaged as i64)?;
        Ok(averages.chain([("n_averaged".to_owned(), n_averaged)]).collect())
    }

    /// Continues from a saved state.
    ///
    /// # Errors
    /// When it belongs to other parameters; nothing has changed then.
    pub fn load_state_dict(&mut self, state: &BTreeMap<String, Tensor>) -> Result<()> {
        let fail = |message: String| Err(Error::Parameters { optimizer: "ema", message });
        let Some(n_averaged) = state.get("n_averaged") else {
            return fail("the state has no n_averaged".into());
        };
        if state.len() != self.averages.len() + 1 {
            return fail(format!(
                "the state has {} averages, expected {}",
                state.len() - 1,
                self.averages.len()
            ));
        }
        let n_averaged = n_averaged.item::<i64>()? as u64;
        for (i, average) in self.averages.iter().enumerate() {
            match state.get(&i.to_string()) {
                Some(saved) if saved.size() == average.size() => {}
                saved => {
                    let size = saved.map(Tensor::size);
                    let parameter = title(i, &self.parameters[i]);
                    return fail(format!(
                        "the state of {parameter} has shape {size:?}, expected {:?}",
                        average.size()
                    ));
                }
            }
        }
        for (i, average) in self.averages.iter().enumerate() {
            average.copy_(&state[&i.to_string()])?;
        }
        self.n_averaged = n_averaged;
        Ok(())
    }
}
