//! How well a network does on pictures that it has not seen.

use taper::autograd::no_grad;
use taper::data::{Collate, DataLoader, Dataset};
use taper::nn::{Forward, Module};
use taper::tensor::{Device, Tensor};

use crate::Result;

/// Truth against prediction over a test set.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// `confusion[truth][prediction]`: how many pictures.
    pub confusion: Vec<Vec<usize>>,
    /// The predictions, in order.
    pub predictions: Vec<i64>,
    /// The labels, in order.
    pub labels: Vec<i64>,
}

/// Predicts the class of every picture: the one with the largest output. The network is in evaluation mode
/// meanwhile, and then again in training mode.
///
/// # Errors
/// When a sample cannot be had, its label is none of the classes, or an operation fails.
pub fn evaluate<D>(
    net: &(impl Forward + Module),
    loader: &DataLoader<D>,
    device: &Device,
    classes: usize,
) -> Result<Evaluation>
where
    D: Dataset<Sample: Collate<Batch = (Tensor, Tensor)>> + 'static,
{
    let (mut predictions, mut labels) = (vec![], vec![]);
    net.eval();
    no_grad(|| -> Result<()> {
        for batch in loader.iter() {
            let (inputs, truth) = batch?;
            let outputs = net.forward(&inputs.to(device)?.into())?;
            predictions.extend(outputs.data().to(&Device::cpu())?.argmax(1)?.to_vec::<i64>()?);
            labels.extend(truth.to_vec::<i64>()?);
        }
        Ok(())
    })?;
    net.train();
    let mut confusion = vec![vec![0; classes]; classes];
    for (&truth, &prediction) in labels.iter().zip(&predictions) {
        let cell = confusion.get_mut(truth as usize).and_then(|row| row.get_mut(prediction as usize));
        *cell.ok_or_else(|| {
            format!("label {truth} or prediction {prediction} is none of {classes} classes")
        })? += 1;
    }
    Ok(Evaluation { confusion, predictions, labels })
}

impl Evaluation {
    /// The share of right predictions, in percent.
    pub fn accuracy(&self) -> f64 {
        let right: usize = (0..self.confusion.len()).map(|c| self.confusion[c][c]).sum();
        percent(right, self.labels.len())
    }

    /// The share of right predictions among the pictures of each class, in percent.
    pub fn class_accuracy(&self) -> Vec<f64> {
        self.confusion.iter().enumerate().map(|(c, row)| percent(row[c], row.iter().sum())).collect()
    }
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}
