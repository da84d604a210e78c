//! What the settings stand for.

use taper_autograd::Variable;
use taper_autograd::tensor::Device;
use taper_data::transforms::{Compose, RandomCrop, RandomHorizontalFlip, Transform};
use taper_nn::CrossEntropyLoss;
use taper_optim::schedule::{CosineAnnealingLr, OneCycleLr, Schedule, Scheduler};
use taper_optim::{Adadelta, Adagrad, Adam, AdamW, Adamax, Lion, NAdam, Optimizer, RAdam, RmsProp, Sgd};

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
        macro_rules! decaying {
            ($kind:ident) => {{
                let optimizer = $kind::new(parameters, self.lr)?;
                match self.weight_decay {
                    Some(decay) => Box::new(optimizer.weight_decay(decay)),
                    None => Box::new(optimizer),
                }
            }};
        }
        Ok(match self.optimizer {
            OptimizerChoice::Sgd => {
                let sgd = Sgd::new(parameters, self.lr)?.momentum(self.momentum).nesterov(self.nesterov);
                Box::new(sgd.weight_decay(self.weight_decay.unwrap_or(0.0)))
            }
            OptimizerChoice::Adam => decaying!(Adam),
            OptimizerChoice::AdamW => decaying!(AdamW),
            OptimizerChoice::RmsProp => decaying!(RmsProp),
            OptimizerChoice::Adagrad => decaying!(Adagrad),
            OptimizerChoice::Adadelta => decaying!(Adadelta),
            OptimizerChoice::Adamax => decaying!(Adamax),
            OptimizerChoice::NAdam => decaying!(NAdam),
            OptimizerChoice::RAdam => decaying!(RAdam),
            OptimizerChoice::Lion => decaying!(Lion),
        })
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
            ScheduleChoice::Cosine => Box::new(CosineAnnealingLr::new(steps, 0.0)?),
            ScheduleChoice::OneCycle => Box::new(OneCycleLr::new(self.lr, steps)?),
        };
        Ok(Some(Scheduler::new(schedule, optimizer)))
    }

    /// What is to become small.
    pub fn criterion(&self) -> CrossEntropyLoss {
        CrossEntropyLoss::new().label_smoothing(self.label_smoothing)
    }

    /// From a training picture to the network's numbers.
    pub fn transforms(&self) -> Transforms {
        let mut steps: Vec<Box<dyn Transform>> = vec![];
        if self.augment {
            steps.push(Box::new(RandomCrop::new(SIDE).padding(4)));
            steps.push(Box::new(RandomHorizontalFlip::default()));
        }
        steps.push(Box::new(normalized()));
        Compose::new(steps)
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
