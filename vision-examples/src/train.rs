//! The training loop, as the tutorial writes it, that can stop anywhere and go on.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use taper_autograd::tensor::{Device, Tensor};
use taper_data::{Collate, DataLoader, Dataset};
use taper_nn::{CrossEntropyLoss, Forward, Module};
use taper_optim::Optimizer;
use taper_optim::schedule::{Schedule, Scheduler};

use crate::Result;
use crate::checkpoint::Saving;

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

/// What a training was like so far.
#[derive(Clone, Debug, Default)]
pub struct Training {
    /// The running loss.
    pub losses: Vec<Loss>,
    /// The sum of the losses since the last of its lines.
    pub running_loss: f64,
    /// The mini-batches that went through the network.
    pub step: u64,
    /// The pictures that did.
    pub images: usize,
    /// The time it took.
    pub time: Duration,
}

/// A training: all that a checkpoint holds the state of.
pub struct Run<'a, N, O, D> {
    /// What learns.
    pub net: &'a N,
    /// How.
    pub optimizer: O,
    /// How the learning rate changes after each mini-batch.
    pub scheduler: Option<Scheduler<Box<dyn Schedule>>>,
    /// From what.
    pub loader: &'a DataLoader<D>,
    /// How far it is.
    pub training: Training,
}

impl<N, O, D> Run<'_, N, O, D>
where
    N: Forward + Module,
    O: Optimizer,
    D: Dataset<Sample: Collate<Batch = (Tensor, Tensor)>> + 'static,
{
    /// Trains the network to give the loader's labels, up to the end of epoch `epochs` of `limit`
    /// mini-batches each; prints the running loss and saves the state on the way.
    ///
    /// # Errors
    /// When a sample cannot be had, an operation fails, or the state cannot be saved.
    pub fn train(&mut self, device: &Device, epochs: u64, limit: usize, saving: &Saving) -> Result<()> {
        let criterion = CrossEntropyLoss::new();
        let batches = self.loader.len().min(limit);
        let every = EVERY.min(batches);
        let bar = bar(epochs * batches as u64, self.training.step);
        let (start, before) = (Instant::now(), self.training.time);
        for epoch in self.loader.state().epoch..epochs {
            let rest = self.loader.iter();
            let first = rest.state().position;
            if first == 0 {
                self.training.running_loss = 0.0;
            }
            for (i, batch) in rest.take(limit.saturating_sub(first)).enumerate() {
                let (inputs, labels) = batch?;
                let (inputs, labels) = (inputs.to(device)?, labels.to(device)?);
                self.training.images += labels.numel();

                self.optimizer.zero_grad();
                let outputs = self.net.forward(&inputs.into())?;
                let loss = criterion.forward(&outputs, &labels)?;
                loss.backward()?;
                self.optimizer.step()?;
                if let Some(scheduler) = &mut self.scheduler {
                    scheduler.step(&mut self.optimizer);
                }

                self.training.running_loss += loss.item::<f64>()?;
                self.training.step += 1;
                bar.inc(1);
                let batch = first + i + 1;
                if batch.is_multiple_of(every) {
                    let loss = std::mem::take(&mut self.training.running_loss) / every as f64;
                    let epoch = epoch + 1;
                    bar.suspend(|| println!("[{epoch}, {batch:5}] loss: {loss:.3}"));
                    self.training.losses.push(Loss { epoch, batch, loss });
                }
                self.training.time = before + start.elapsed();
                if saving.is_due(self.training.step) || batch == batches {
                    self.save(saving)?;
                }
            }
        }
        bar.finish_and_clear();
        Ok(())
    }
}

/// A bar for a terminal; nothing where the output goes to a file.
fn bar(steps: u64, done: u64) -> ProgressBar {
    let style = "{bar:40} {pos}/{len} mini-batches  {per_sec}  {eta} left";
    let bar = match ProgressStyle::with_template(style) {
        Ok(style) => ProgressBar::new(steps).with_style(style),
        Err(_) => ProgressBar::new(steps),
    };
    bar.with_position(done)
}
