//! Checkpoints: one file from which a training goes on as if it had never stopped.
//!
//! A checkpoint is a `.safetensors` file. Its tensors are `model.*`, parameters and buffers by their
//! names, and `optimizer.*`, `scheduler.*`, `generator`, `loader` and `training.*`: every number of the
//! state, as bits and not as text. Its metadata say the `step`, the `epoch` and the settings that
//! make a run what it is, by their names on the command line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use taper::data::{Collate, Dataset, LoaderState};
use taper::nn::{
    Metadata, Module, StateDict, load_state_dict, load_with_metadata, save_with_metadata, state_dict,
};
use taper::tensor::{Generator, Tensor};

use crate::Result;
use crate::train::{Accuracy, Loss, Run, Training};

/// When a training is saved, and where.
#[derive(Clone, Debug)]
pub struct Saving {
    /// The file.
    pub path: PathBuf,
    /// After how many mini-batches, besides the end of each epoch.
    pub every: Option<u64>,
    /// The settings that make the run what it is.
    pub settings: Metadata,
}

impl Saving {
    /// Whether it is time after that many steps.
    pub fn is_due(&self, step: u64) -> bool {
        self.every.is_some_and(|every| step.is_multiple_of(every))
    }
}

impl<N: Module, D: Dataset<Sample: Collate> + 'static> Run<'_, N, D> {
    /// Writes the state of everything to a file, which appears whole or not at all: after a crash there
    /// is the old one or the new one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, saving: &Saving) -> Result<()> {
        let mut all = StateDict::new();
        let mut put = |section: &str, part: StateDict| {
            all.extend(part.into_iter().map(|(name, tensor)| (format!("{section}.{name}"), tensor)));
        };
        put("model", state_dict(self.net));
        put("optimizer", self.optimizer.state_dict().to_tensors()?);
        if let Some(scheduler) = &self.scheduler {
            put("scheduler", numbers(scheduler.state_dict())?);
        }
        put("training", self.training.to_tensors()?);
        let LoaderState { seed, epoch, position } = self.loader.state();
        all.insert("loader".into(), integers([seed, epoch, position as u64])?);
        all.insert("generator".into(), integers(Generator::default_generator().state())?);

        let mut metadata = saving.settings.clone();
        metadata.insert("step".into(), self.training.step.to_string());
        metadata.insert("epoch".into(), epoch.to_string());
        Ok(save_with_metadata(&all, &metadata, &saving.path)?)
    }

    /// Goes on from a file that [`Run::save`] has written.
    ///
    /// # Errors
    /// When there is none, it is damaged, or it is of another network, optimiser, schedule or dataset.
    pub fn resume(&mut self, path: &Path) -> Result<()> {
        self.restore(path).map_err(|e| format!("cannot resume from {}: {e}", path.display()).into())
    }

    fn restore(&mut self, path: &Path) -> Result<()> {
        let (all, _) = load_with_metadata(path)?;
        let section = |name: &str| -> StateDict {
            let of = |key: &String| key.strip_prefix(name)?.strip_prefix('.').map(str::to_owned);
            all.iter().filter_map(|(key, tensor)| Some((of(key)?, tensor.clone()))).collect()
        };
        let [seed, epoch, position] = three(&all, "loader")?;
        self.loader.resume(LoaderState { seed, epoch, position: position.try_into()? })?;
        load_state_dict(self.net, &section("model"))?;
        self.optimizer.load_state_dict(taper::optim::StateDict::from_tensors(&section("optimizer"))?)?;
        match (&mut self.scheduler, section("scheduler")) {
            (None, saved) if saved.is_empty() => {}
            (Some(scheduler), saved) if !saved.is_empty() => {
                let numbers = saved.into_iter().map(|(name, t)| Ok((name, t.item::<f64>()?)));
                scheduler.load_state_dict(&numbers.collect::<Result<_>>()?)?;
            }
            (ours, _) => {
                let (with, without) = if ours.is_some() { ("this run", "it") } else { ("it", "this run") };
                return Err(format!("{with} has a schedule of the learning rate, {without} has none").into());
            }
        }
        self.training = Training::from_tensors(&section("training"))?;
        Generator::default_generator().set_state(three(&all, "generator")?);
        Ok(())
    }
}

impl Training {
    fn to_tensors(&self) -> Result<StateDict> {
        let losses = self.losses.iter().flat_map(|l| [l.epoch as f64, l.batch as f64, l.loss]).collect();
        let tests = self.accuracies.iter().flat_map(|a| [a.epoch as f64, a.accuracy]).collect();
        Ok(StateDict::from([
            ("accuracies".into(), Tensor::from_vec::<f64>(tests, (self.accuracies.len(), 2))?),
            ("curve".into(), Tensor::from_vec::<f32>(self.curve.clone(), self.curve.len())?),
            ("losses".into(), Tensor::from_vec::<f64>(losses, (self.losses.len(), 3))?),
            ("running_loss".into(), Tensor::from_vec(vec![self.running_loss], ())?),
            ("step".into(), Tensor::new(self.step as i64)?),
            ("images".into(), Tensor::new(self.images as i64)?),
            ("nanoseconds".into(), Tensor::new(self.time.as_nanos() as i64)?),
        ]))
    }

    fn from_tensors(state: &StateDict) -> Result<Self> {
        let count = |name| -> Result<u64> { Ok(tensor(state, name)?.item::<i64>()?.try_into()?) };
        let losses = tensor(state, "losses")?.to_vec::<f64>()?;
        let (lines, _) = losses.as_chunks::<3>();
        let accuracies = tensor(state, "accuracies")?.to_vec::<f64>()?;
        let (tests, _) = accuracies.as_chunks::<2>();
        Ok(Self {
            losses: lines
                .iter()
                .map(|&[epoch, batch, loss]| Loss { epoch: epoch as u64, batch: batch as usize, loss })
                .collect(),
            curve: tensor(state, "curve")?.to_vec()?,
            accuracies: tests
                .iter()
                .map(|&[epoch, accuracy]| Accuracy { epoch: epoch as u64, accuracy })
                .collect(),
            running_loss: tensor(state, "running_loss")?.item()?,
            step: count("step")?,
            images: count("images")?.try_into()?,
            time: Duration::from_nanos(count("nanoseconds")?),
        })
    }
}

fn tensor<'a>(state: &'a StateDict, name: &str) -> Result<&'a Tensor> {
    state.get(name).ok_or_else(|| format!("it has no {name}: it is no checkpoint of a training").into())
}

fn numbers(state: BTreeMap<String, f64>) -> Result<StateDict> {
    state.into_iter().map(|(name, value)| Ok((name, Tensor::from_vec(vec![value], ())?))).collect()
}

/// The bits of three numbers.
fn integers(numbers: [u64; 3]) -> Result<Tensor> {
    Ok(Tensor::new(numbers.map(|n| n as i64))?)
}

fn three(state: &StateDict, name: &str) -> Result<[u64; 3]> {
    let numbers = tensor(state, name)?.to_vec::<i64>()?;
    let numbers: [i64; 3] = numbers.try_into().map_err(|_| format!("its {name} is not of three numbers"))?;
    Ok(numbers.map(|n| n as u64))
}
