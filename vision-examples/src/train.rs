//! The training loop, as the tutorial writes it, that can stop anywhere and go on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use taper::data::{Collate, DataLoader, Dataset};
use taper::nn::{CrossEntropyLoss, Forward, Module};
use taper::optim::Optimizer;
use taper::optim::schedule::{Schedule, Scheduler};
use taper::tensor::{Device, Tensor};

use crate::Result;
use crate::checkpoint::Saving;
use crate::progress::Progress;

/// The mini-batches between two lines of the running loss.
const EVERY: usize = 2000;

/// A line of the running loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Loss {
    /// The epoch, from 1.
    pub epoch: u64,
    /// The mini-batch of the epoch, from 1.
    pub batch: usize,
    /// The mean loss of the mini-batches since the last line.
    pub loss: f64,
}

/// The accuracy on the test pictures after an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Accuracy {
    /// The epoch, from 1.
    pub epoch: u64,
    /// The share of right predictions, in percent.
    pub accuracy: f64,
}

/// What a training was like so far.
#[derive(Clone, Debug, Default)]
pub struct Training {
    /// The running loss.
    pub losses: Vec<Loss>,
    /// The sum of the losses since the last of its lines.
    pub running_loss: f64,
    /// The loss of each mini-batch.
    pub curve: Vec<f32>,
    /// The accuracy after those epochs that were followed by a test.
    pub accuracies: Vec<Accuracy>,
    /// The mini-batches that went through the network.
    pub step: u64,
    /// The pictures that did.
    pub images: usize,
    /// The time it took, without the tests.
    pub time: Duration,
}

/// A training: all that a checkpoint holds the state of, and the loss.
pub struct Run<'a, N, D> {
    /// What learns.
    pub net: &'a N,
    /// How.
    pub optimizer: Box<dyn Optimizer>,
    /// How the learning rate changes after each mini-batch.
    pub scheduler: Option<Scheduler<Box<dyn Schedule>>>,
    /// From what.
    pub loader: &'a DataLoader<D>,
    /// What is to become small.
    pub criterion: CrossEntropyLoss,
    /// How far it is.
    pub training: Training,
}

/// How far to train, and what to do on the way.
pub struct Plan<'a> {
    /// Where to compute.
    pub device: &'a Device,
    /// The last epoch, from 1.
    pub epochs: u64,
    /// At most that many mini-batches an epoch.
    pub limit: usize,
    /// When to save the state.
    pub saving: &'a Saving,
    /// Becomes true when the training is to end after the mini-batch that it is at.
    pub stop: &'a AtomicBool,
    /// Called after each epoch, by its number from 1: the accuracy, where this is an epoch to test after.
    pub test: &'a mut dyn FnMut(u64) -> Result<Option<f64>>,
}

/// How a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// After its last epoch.
    Finished,
    /// Because it was told to stop; the checkpoint goes on from there.
    Stopped,
}

impl<N, D> Run<'_, N, D>
where
    N: Forward + Module,
    D: Dataset<Sample: Collate<Batch = (Tensor, Tensor)>> + 'static,
{
    /// Trains the network to give the loader's labels; prints the running loss and saves the state on
    /// the way.
    ///
    /// # Errors
    /// When a sample cannot be had, an operation or a test fails, or the state cannot be saved.
    pub fn train(&mut self, plan: Plan<'_>) -> Result<End> {
        let batches = self.loader.len().min(plan.limit);
        let every = EVERY.min(batches);
        let mut progress = Progress::new(plan.epochs, batches, &self.training);
        let (mut start, mut before) = (Instant::now(), self.training.time);
        // To read a loss waits for the GPU, so it is read when it is shown.
        let mut unread: Vec<Tensor> = vec![];
        for epoch in self.loader.state().epoch..plan.epochs {
            let rest = self.loader.iter();
            let first = rest.state().position;
            if first == 0 {
                self.training.running_loss = 0.0;
            }
            for (i, batch) in rest.take(plan.limit.saturating_sub(first)).enumerate() {
                let (inputs, labels) = batch?;
                unread.push(self.step(&inputs.to(plan.device)?, &labels)?);
                self.training.time = before + start.elapsed();

                let (epoch, batch) = (epoch + 1, first + i + 1);
                let (line, stop) = (batch.is_multiple_of(every), plan.stop.load(Ordering::Relaxed));
                let save = stop || batch == batches || plan.saving.is_due(self.training.step);
                if line || save || progress.is_due(self.training.time) {
                    for loss in unread.drain(..) {
                        let loss = loss.item::<f64>()?;
                        if !loss.is_finite() && self.training.curve.last().is_none_or(|last| last.is_finite())
                        {
                            let place = self.training.curve.len() + 1;
                            progress.warn(&format!(
                                "warning: the loss is {loss} at mini-batch {place}; a smaller --lr may help"
                            ));
                        }
                        self.training.running_loss += loss;
                        self.training.curve.extend([loss as f32]);
                        progress.add(loss);
                    }
                    self.training.time = before + start.elapsed();
                    progress.show(&self.training);
                }
                if line {
                    let loss = std::mem::take(&mut self.training.running_loss) / every as f64;
                    progress.say(&format!("[{epoch}, {batch:5}] loss: {loss:.3}"));
                    self.training.losses.push(Loss { epoch, batch, loss });
                }
                if batch == batches
                    && let Some(accuracy) = (plan.test)(epoch)?
                {
                    progress.say(&format!("[{epoch}] accuracy on the test images: {accuracy:.1} %"));
                    self.training.accuracies.push(Accuracy { epoch, accuracy });
                    (start, before) = (Instant::now(), self.training.time);
                }
                if save {
                    self.save(plan.saving)?;
                }
                if stop {
                    return Ok(End::Stopped);
                }
            }
        }
        Ok(End::Finished)
    }

    /// One mini-batch; its loss. The labels stay on the CPU, where the loss looks at them.
    fn step(&mut self, inputs: &Tensor, labels: &Tensor) -> Result<Tensor> {
        self.optimizer.zero_grad();
        let outputs = self.net.forward(&inputs.into())?;
        let loss = self.criterion.forward(&outputs, labels)?;
        loss.backward()?;
        self.optimizer.step()?;
        if let Some(scheduler) = &mut self.scheduler {
            scheduler.step(&mut *self.optimizer)?;
        }
        self.training.step += 1;
        self.training.images += labels.numel();
        Ok(loss.data())
    }
}
