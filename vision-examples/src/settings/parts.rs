//! What the settings stand for.

use taper::autograd::Variable;
use taper::data::transforms::{Compose, RandomCrop, RandomHorizontalFlip, Transform};
use taper::nn::CrossEntropyLoss;
use taper::optim::schedule::{CosineAnnealingLr, OneCycleLr, Schedule, Scheduler};
use taper::optim::{
    AdadeltaSettings, AdagradSettings, AdamSettings, AdamWSettings, AdamaxSettings, LionSettings,
    NAdamSettings, Optimizer, PerParameter, RAdamSettings, RmsPropSettings, Rule, SgdSettings,
};
use taper::tensor::Device;

use super::{OptimizerChoice, ScheduleChoice, Settings};
use crate::Result;
use crate::models::{SIDE, normalized};

/// The transforms of pictures, chosen when the program runs.
pub type Transforms = Compose<Vec<Box<dyn Transform>>>;

impl Settings {
    /// The optimiser of some parameters.
    ///
    /// # Errors
    /// When a setting is out of its range.
    pub fn optimizer(&self, parameters: Vec<Variable>) -> Result<Box<dyn Optimizer>> {
        match self.optimizer {
            OptimizerChoice::Sgd => {
                let sgd = SgdSettings::default().momentum(self.momentum).nesterov(self.nesterov);
                self.optimizer_with(parameters, sgd)
            }
            OptimizerChoice::Adam => self.optimizer_with(parameters, AdamSettings::default()),
            OptimizerChoice::AdamW => self.optimizer_with(parameters, AdamWSettings::default()),
            OptimizerChoice::RmsProp => self.optimizer_with(parameters, RmsPropSettings::default()),
            OptimizerChoice::Adagrad => self.optimizer_with(parameters, AdagradSettings::default()),
            OptimizerChoice::Adadelta => self.optimizer_with(parameters, AdadeltaSettings::default()),
            OptimizerChoice::Adamax => self.optimizer_with(parameters, AdamaxSettings::default()),
            OptimizerChoice::NAdam => self.optimizer_with(parameters, NAdamSettings::default()),
            OptimizerChoice::RAdam => self.optimizer_with(parameters, RAdamSettings::default()),
            OptimizerChoice::Lion => self.optimizer_with(parameters, LionSettings::default()),
        }
    }

    fn optimizer_with<R: Rule + 'static>(
        &self,
        parameters: Vec<Variable>,
        mut settings: R,
    ) -> Result<Box<dyn Optimizer>> {
        if let Some(decay) = self.weight_decay {
            settings.set("weight_decay", decay)?;
        }
        Ok(Box::new(PerParameter::builder(parameters, self.lr).settings(settings).build()?))
    }

    /// The schedule of the learning rate over so many mini-batches.
    ///
    /// # Errors
    /// When the learning rate is negative.
    pub fn scheduler(
        &self,
        steps: u64,
        optimizer: &mut dyn Optimizer,
    ) -> Result<Option<Scheduler<Box<dyn Schedule>>>> {
        let schedule: Box<dyn Schedule> = match self.schedule {
            ScheduleChoice::Constant => return Ok(None),
            ScheduleChoice::Cosine => Box::new(CosineAnnealingLr::new(steps)?),
            ScheduleChoice::OneCycle => Box::new(OneCycleLr::new(self.lr, steps)?),
        };
        Ok(Some(Scheduler::new(schedule, optimizer)?))
    }

    /// Makes the loss.
    ///
    /// # Errors
    /// When the label smoothing is not from 0 to 1.
    pub fn criterion(&self) -> Result<CrossEntropyLoss> {
        Ok(CrossEntropyLoss::builder().label_smoothing(self.label_smoothing).build()?)
    }

    /// Returns the transforms from a training picture to the network's numbers.
    ///
    /// # Errors
    /// Never, as the options are in their ranges.
    pub fn transforms(&self) -> Result<Transforms> {
        let mut steps: Vec<Box<dyn Transform>> = vec![];
        if self.augment {
            steps.push(Box::new(RandomCrop::builder(SIDE).padding(4).build()?));
            steps.push(Box::new(RandomHorizontalFlip::new()));
        }
        steps.push(Box::new(normalized()?));
        Ok(Compose::new(steps))
    }

    /// Where to compute.
    ///
    /// # Errors
    /// When it is no device, or not there.
    pub fn device(&self) -> Result<Device> {
        device(&self.device)
    }
}

/// `cpu`, `cuda` or `cuda:N`.
///
/// # Errors
/// When it is none of these, or not there.
pub fn device(name: &str) -> Result<Device> {
    name.parse::<Device>().map_err(|e| format!("--device {name}: {e}").into())
}
