//! What a run leaves behind: numbers, drawings, and a page of both.

mod charts;
mod drawing;
mod network;
mod numbers;
mod page;

use std::path::Path;

use taper::autograd::Variable;
use taper::autograd::enable_grad;
use taper::data::Image;
use taper::data::pictures::{Tile, sheet};
use taper::nn::{Forward, Module, summary};
use taper::tensor::{Generator, Tensor};

pub use drawing::{Anchor, COLOURS, Drawing, STYLE, escape};
pub use numbers::{Report, print};

use crate::models::{Model, SIDE};
use crate::settings::ModelChoice;
use crate::{Result, files};

/// The pictures shown of a test.
pub const SHOWN: usize = 40;

/// A test picture and what became of it.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The picture.
    pub image: Image,
    /// Its class's name.
    pub truth: &'static str,
    /// The name of the class that it was taken for.
    pub prediction: &'static str,
}

/// Writes `report.json`, `report.html` and the drawings into a folder.
///
/// # Errors
/// When they cannot be written.
pub fn write(out: &Path, report: &Report, samples: &[Sample], net: &Model) -> Result<()> {
    let put = |name: &str, bytes: &[u8]| files::write(&out.join(name), bytes);
    let summary = summary(net, (1, 3, SIDE, SIDE))?;
    let network = network(net.choice())?;

    let classes: Vec<&str> = report.classes.iter().map(String::as_str).collect();
    let by_class: Vec<_> = classes.iter().map(|&class| (class, report.class_accuracy[class])).collect();
    let mut drawings = vec![("loss", charts::curve("Training loss", "epoch", &report.loss_curve))];
    if report.accuracies.len() > 1 {
        let points: Vec<_> = report.accuracies.iter().map(|a| (a.epoch as f64, a.accuracy)).collect();
        drawings
            .push(("accuracy", charts::curve("Accuracy on the test images, in percent", "epoch", &points)));
    }
    drawings.push(("classes", charts::bars("Accuracy for each class", &by_class)));
    drawings.push(("confusion", charts::confusion("Confusion matrix", &classes, &report.confusion)));
    for (name, drawing) in &drawings {
        put(&format!("{name}.png"), &drawing.png()?)?;
    }
    put("network.png", &network.png()?)?;
    grid(samples)?.save(out.join("images.png"))?;
    put("report.html", page::page(report, &summary, &drawings, &network, samples)?.as_bytes())?;
    put("report.json", serde_json::to_string_pretty(report)?.as_bytes())
}

/// The layers of a network as a drawing: of a new one, because in training each layer is one operation, and
/// the trained one is to stay as it is.
///
/// # Errors
/// When memory runs out.
pub fn network(choice: ModelChoice) -> Result<Drawing> {
    Generator::new(0).scope(|| {
        let net = Model::new(choice)?;
        net.named_parameters(); // which gives them the names that the drawing shows
        enable_grad(|| {
            let input = Variable::requires_grad(Tensor::zeros((2, 3, SIDE, SIDE))?).add(0.0)?;
            Ok(network::draw("The network", &input, &net.forward(&input)?))
        })
    })
}

/// The pictures with truth and prediction; wrong ones in red.
fn grid(samples: &[Sample]) -> Result<Image> {
    let tile = |sample: &Sample| match sample.truth == sample.prediction {
        true => Tile::new(sample.image.clone(), sample.truth),
        false => Tile {
            caption: format!("{} as {}", sample.truth, sample.prediction),
            colour: [201, 58, 58],
            ..Tile::new(sample.image.clone(), "")
        },
    };
    let tiles: Vec<Tile> = samples.iter().map(tile).collect();
    Ok(sheet(&tiles, 8, 144)?)
}
