//! What a run leaves behind as text.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::evaluate::Evaluation;
use crate::settings::Settings;
use crate::train::{Loss, Training};

/// The numbers of a run, as `report.json` holds them.
#[derive(Debug, Serialize)]
pub struct Report {
    /// `cifar10` or `synthetic`.
    pub dataset: &'static str,
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
    /// The share of right predictions on the test pictures, in percent.
    pub test_accuracy: f64,
    /// The same for each class.
    pub class_accuracy: BTreeMap<&'static str, f64>,
    /// How many test pictures of a class (row) were taken for each class (column).
    pub confusion: Vec<Vec<usize>>,
}

impl Report {
    /// Collects a run's numbers.
    pub fn new(
        settings: &Settings,
        dataset: &'static str,
        classes: [&'static str; 10],
        training: &Training,
        evaluation: &Evaluation,
    ) -> Self {
        let seconds = training.time.as_secs_f64();
        Self {
            dataset,
            epochs: settings.epochs,
            batch_size: settings.batch_size,
            lr: settings.lr,
            momentum: settings.momentum,
            seed: settings.seed,
            threads: taper_autograd::tensor::num_threads(),
            device: settings.device.clone(),
            train_seconds: seconds,
            images_per_second: training.images as f64 / seconds.max(1e-9),
            losses: training.losses.clone(),
            test_accuracy: evaluation.accuracy(),
            class_accuracy: classes.into_iter().zip(evaluation.class_accuracy()).collect(),
            confusion: evaluation.confusion.clone(),
        }
    }
}

/// The test's result, as the tutorial prints it.
pub fn print(classes: &[&str], evaluation: &Evaluation) {
    let names = |numbers: &[i64]| -> String {
        numbers.iter().take(4).map(|&n| format!("{:6}", classes[n as usize])).collect::<Vec<_>>().join(" ")
    };
    println!("GroundTruth:  {}", names(&evaluation.labels));
    println!("Predicted:    {}", names(&evaluation.predictions));
    println!(
        "Accuracy of the network on the {} test images: {:.1} %",
        evaluation.labels.len(),
        evaluation.accuracy()
    );
    for (name, accuracy) in classes.iter().zip(evaluation.class_accuracy()) {
        println!("Accuracy for class: {name:8} is {accuracy:.1} %");
    }
}
