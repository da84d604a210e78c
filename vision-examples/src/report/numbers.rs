//! A run's numbers.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::evaluate::Evaluation;
use crate::output::say;
use crate::settings::Settings;
use crate::train::{Accuracy, Loss, Training};

/// The points of the loss curve, at most.
const POINTS: usize = 200;

/// The numbers of a run, as `report.json` holds them.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The program and its version.
    pub program: &'static str,
    /// `cifar10` or `synthetic`.
    pub dataset: &'static str,
    /// `net` or `resnet18`.
    pub model: String,
    /// All settings, by their names in a file.
    pub settings: Value,
    /// How often training went through the pictures.
    pub epochs: u64,
    /// The pictures in a mini-batch.
    pub batch_size: usize,
    /// The learning rate.
    pub lr: f64,
    /// The momentum.
    pub momentum: f64,
    /// The seed of the weights and of the shuffling.
    pub seed: u64,
    /// The threads that computed.
    pub threads: usize,
    /// Where it was computed.
    pub device: String,
    /// The time of the training, in seconds.
    pub train_seconds: f64,
    /// The pictures that went through training in a second.
    pub images_per_second: f64,
    /// The running loss.
    pub losses: Vec<Loss>,
    /// Epochs, from 0, and the mean loss of the mini-batches since the last point.
    pub loss_curve: Vec<(f64, f64)>,
    /// The accuracies of the tests between epochs.
    pub accuracies: Vec<Accuracy>,
    /// The pictures of the last test.
    pub test_images: usize,
    /// The share of right predictions on the test pictures, in percent.
    pub test_accuracy: f64,
    /// The names of the classes, by their numbers.
    pub classes: Vec<String>,
    /// The accuracy for each class.
    pub class_accuracy: BTreeMap<&'static str, f64>,
    /// How many test pictures of a class (row) were taken for each class (column).
    pub confusion: Vec<Vec<usize>>,
}

impl Report {
    /// Collects a run's numbers; `batches` is the mini-batches in an epoch.
    pub fn new(
        settings: &Settings,
        dataset: &'static str,
        classes: [&'static str; 10],
        (training, batches): (&Training, usize),
        evaluation: &Evaluation,
    ) -> Self {
        let seconds = training.time.as_secs_f64();
        Self {
            program: concat!("taper cifar ", env!("CARGO_PKG_VERSION")),
            dataset,
            model: settings.model_name(),
            settings: settings.to_json(),
            epochs: settings.epochs,
            batch_size: settings.batch_size,
            lr: settings.lr,
            momentum: settings.momentum,
            seed: settings.seed,
            threads: taper::tensor::num_threads(),
            device: settings.device.clone(),
            train_seconds: seconds,
            images_per_second: training.images as f64 / seconds.max(1e-9),
            losses: training.losses.clone(),
            loss_curve: curve(&training.curve, batches),
            accuracies: training.accuracies.clone(),
            test_images: evaluation.labels.len(),
            test_accuracy: evaluation.accuracy(),
            classes: classes.map(str::to_owned).to_vec(),
            class_accuracy: classes.into_iter().zip(evaluation.class_accuracy()).collect(),
            confusion: evaluation.confusion.clone(),
        }
    }
}

/// Means of as many losses each as leave few enough points.
fn curve(losses: &[f32], batches: usize) -> Vec<(f64, f64)> {
    let each = losses.len().div_ceil(POINTS).max(1);
    let point = |(i, part): (usize, &[f32])| {
        let mean = part.iter().map(|&loss| f64::from(loss)).sum::<f64>() / part.len() as f64;
        ((i * each + part.len()) as f64 / batches.max(1) as f64, mean)
    };
    losses.chunks(each).enumerate().map(point).collect()
}

/// The test's result, as the tutorial prints it.
pub fn print(classes: &[&str], evaluation: &Evaluation) {
    let width = classes.iter().map(|name| name.len()).max().unwrap_or(0);
    let names = |numbers: &[i64]| -> String {
        let names = numbers.iter().take(4).map(|&n| format!("{:width$} ", classes[n as usize]));
        names.collect::<String>().trim_end().to_owned()
    };
    say(format_args!("GroundTruth:  {}", names(&evaluation.labels)));
    say(format_args!("Predicted:    {}", names(&evaluation.predictions)));
    say(format_args!(
        "Accuracy of the network on the {} test images: {:.1} %",
        evaluation.labels.len(),
        evaluation.accuracy()
    ));
    for (name, accuracy) in classes.iter().zip(evaluation.class_accuracy()) {
        say(format_args!("Accuracy for class: {name:width$} is {accuracy:.1} %"));
    }
}
