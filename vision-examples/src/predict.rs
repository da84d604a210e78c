//! A trained network on pictures from anywhere.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use taper::autograd::no_grad;
use taper::data::transforms::{CenterCrop, Compose, Resize, Transform};
use taper::data::{Cifar10, Error, Image, Rng, Synthetic};
use taper::nn::{Forward, Metadata, Module, StateDict, load_state_dict, load_with_metadata};
use taper::tensor::{Device, Tensor};

use crate::Result;
use crate::models::{Model, Normalized, SIDE, normalized};
use crate::settings::ModelChoice;

/// A network with the names of its classes.
pub struct Predictor {
    net: Model,
    classes: Vec<String>,
    device: Device,
    transform: Compose<(Resize, CenterCrop, Normalized)>,
}

impl Predictor {
    /// Reads a network that `cifar` has trained, from its `net.safetensors` or a checkpoint, or one of the
    /// same names that PyTorch has saved; the classes of one that does not name them are CIFAR-10's.
    ///
    /// # Errors
    /// When the file cannot be read, or is of another network.
    pub fn open(path: &Path, device: Device) -> Result<Self> {
        if !path.exists() {
            let advice = "train one with cargo xtask cifar, or name another one with --model";
            return Err(format!("there is no {}; {advice}", path.display()).into());
        }
        let (state, about) = load_with_metadata(path)?;
        Self::new(state, &about, device)
            .map_err(|e| format!("cannot predict with {}: {e}", path.display()).into())
    }

    fn new(mut state: StateDict, about: &Metadata, device: Device) -> Result<Self> {
        // A checkpoint holds the optimiser's state and more besides.
        if about.contains_key("--dataset") {
            let parameter =
                |(name, tensor): (String, _)| Some((name.strip_prefix("model.")?.to_owned(), tensor));
            state = state.into_iter().filter_map(parameter).collect();
        }
        let net = Model::new(recognise(&state, about)?)?;
        load_state_dict(&net, &state)?;
        net.to(&device)?;
        net.eval();
        let names = |names: [&str; 10]| names.map(str::to_owned).to_vec();
        let classes = match about.get("classes") {
            Some(classes) => classes.split(',').map(str::to_owned).collect(),
            None if about.get("--dataset").is_some_and(|name| name == "synthetic") => {
                names(Synthetic::CLASSES)
            }
            None => names(Cifar10::CLASSES),
        };
        let transform = Compose::new((Resize::new(SIDE)?, CenterCrop::new(SIDE)?, normalized()?));
        Ok(Self { net, classes, device, transform })
    }

    /// The likeliest classes of a picture with their probabilities. The picture's shorter side is made 32
    /// pixels long and the middle square is cut out; from there on it is as in training.
    ///
    /// # Errors
    /// When the picture has not three channels, or the network's outputs are no probabilities of its classes.
    pub fn likeliest(&self, image: Image, count: usize) -> Result<Vec<(&str, f64)>> {
        let image = self.transform.apply(image, &mut Rng::new(0, 0))?;
        let batch: Tensor = image.to_tensor()?.unsqueeze(0)?.to(&self.device)?;
        let outputs = no_grad(|| self.net.forward(&batch))?;
        let probabilities = outputs.data().softmax(1)?.to(&Device::cpu())?.to_vec::<f32>()?;
        if probabilities.len() != self.classes.len() {
            let (outputs, names) = (probabilities.len(), self.classes.len());
            return Err(
                format!("the network has {outputs} outputs, and its file names {names} classes").into()
            );
        }
        if probabilities.iter().any(|p| !p.is_finite()) {
            return Err("the network's outputs are no finite numbers: its training has diverged".into());
        }
        let names = self.classes.iter().map(String::as_str);
        let mut classes: Vec<_> = names.zip(probabilities.into_iter().map(f64::from)).collect();
        classes.sort_by(|a, b| b.1.total_cmp(&a.1));
        classes.truncate(count);
        Ok(classes)
    }
}

/// The network that some tensors are of: by its name, where the file has it, or else by theirs.
fn recognise(state: &StateDict, about: &Metadata) -> Result<ModelChoice> {
    if let Some(name) = about.get("model").or_else(|| about.get("--model")) {
        return ModelChoice::from_str(name, false)
            .map_err(|_| format!("it is of the network {name}, expected net or resnet18").into());
    }
    if state.contains_key("layer1.0.conv1.weight") {
        return Ok(ModelChoice::ResNet18);
    }
    if state.contains_key("fc3.weight") {
        return Ok(ModelChoice::Net);
    }
    let some: Vec<&str> = state.keys().take(3).map(String::as_str).collect();
    Err(format!("it is of another network, with the tensors {} …; expected net or resnet18", some.join(", "))
        .into())
}

/// The pictures that an argument stands for: a file, the PNG and JPEG files of a folder, or those that a
/// pattern matches, in the order of their names.
///
/// # Errors
/// When there is none.
pub fn pictures(argument: &Path) -> Result<Vec<PathBuf>> {
    let shown = argument.display();
    if argument.is_file() {
        return Ok(vec![argument.to_owned()]);
    }
    let is_picture = |path: &PathBuf| {
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        path.is_file() && matches!(extension.as_deref(), Some("png" | "jpg" | "jpeg"))
    };
    let (mut found, what): (Vec<PathBuf>, _) = if argument.is_dir() {
        let entries = std::fs::read_dir(argument).map_err(|e| format!("cannot read folder {shown}: {e}"))?;
        (entries.flatten().map(|entry| entry.path()).filter(is_picture).collect(), "folder")
    } else if argument.to_string_lossy().contains(['*', '?', '[']) {
        let matches = glob::glob(&argument.to_string_lossy()).map_err(|e| format!("pattern {shown}: {e}"))?;
        (matches.flatten().filter(is_picture).collect(), "pattern")
    } else {
        return Err(format!("{shown}: no such file or folder").into());
    };
    if found.is_empty() {
        return Err(format!("{what} {shown}: no PNG or JPEG file there").into());
    }
    found.sort();
    Ok(found)
}

/// Reads a picture.
///
/// # Errors
/// When it is neither PNG nor JPEG, or damaged.
pub fn read(path: &Path) -> Result<Image> {
    Image::open(path).map_err(|error| match error {
        Error::Format { message, .. } => {
            format!("{}: no PNG or JPEG picture that can be read: {message}", path.display()).into()
        }
        other => other.into(),
    })
}
