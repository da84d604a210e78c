//! The training loop, as the tutorial writes it.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use taper_autograd::tensor::Device;
use taper_data::{Collate, DataLoader, Dataset};
use taper_nn::{CrossEntropyLoss, Forward};
use taper_optim::Optimizer;

use crate::Result;

/// The mini-batches between two lines of the running loss.
const EVERY: usize = 2000;

/// A line of the running loss.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Loss {
    /// The epoch, from 1.
    pub epoch: u64,
    /// The mini-batch of the epoch, from 1.
    pub batch: usize,
    /// The mean loss of the mini-batches since the last line.
    pub loss: f64,
}

/// What a training was like.
#[derive(Clone, Debug, Default)]
pub struct Training {
    /// The running loss.
    pub losses: Vec<Loss>,
    /// The time it took.
    pub time: Duration,
    /// The pictures that went through the network.
    pub images: usize,
}

/// Trains a network to give the loader's labels, `limit` mini-batches an epoch, and prints the
/// running loss.
///
/// # Errors
/// When a sample cannot be had, or an operation fails.
pub fn train<D>(
    net: &impl Forward,
    loader: &DataLoader<D>,
    optimizer: &mut impl Optimizer,
    device: &Device,
    epochs: u64,
    limit: usize,
) -> Result<Training>
where
    D: Dataset<Sample: Collate<Batch = (taper_autograd::tensor::Tensor, taper_autograd::tensor::Tensor)>>
        + 'static,
{
    let criterion = CrossEntropyLoss::new();
    let mut training = Training::default();
    let batches = loader.len().min(limit);
    let every = EVERY.min(batches);
    let bar = bar(epochs * batches as u64);
    let start = Instant::now();
    for epoch in 1..=epochs {
        let mut running_loss = 0.0;
        for (i, batch) in loader.iter().take(limit).enumerate() {
            let (inputs, labels) = batch?;
            let (inputs, labels) = (inputs.to(device)?, labels.to(device)?);
            training.images += labels.numel();

            optimizer.zero_grad();
            let outputs = net.forward(&inputs.into())?;
            let loss = criterion.forward(&outputs, &labels)?;
            loss.backward()?;
            optimizer.step()?;

            running_loss += loss.item::<f64>()?;
            bar.inc(1);
            let batch = i + 1;
            if batch % every == 0 {
                let line = Loss { epoch, batch, loss: running_loss / every as f64 };
                bar.suspend(|| println!("[{epoch}, {batch:5}] loss: {:.3}", line.loss));
                training.losses.push(line);
                running_loss = 0.0;
            }
        }
    }
    training.time = start.elapsed();
    bar.finish_and_clear();
    Ok(training)
}

/// A bar for a terminal; nothing where the output goes to a file.
fn bar(steps: u64) -> ProgressBar {
    let style = "{bar:40} {pos}/{len} mini-batches  {per_sec}  {eta} left";
    match ProgressStyle::with_template(style) {
        Ok(style) => ProgressBar::new(steps).with_style(style),
        Err(_) => ProgressBar::new(steps),
    }
}
