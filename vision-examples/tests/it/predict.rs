//! Pictures from files, and what is none.

use std::path::Path;
use std::process::{Command, Output};

use taper::data::{Dataset, Image, Synthetic};
use taper::nn::{Forward, Layer, Linear, Module, Sequential, load, load_state_dict, save, state_dict};
use taper::tensor::{Tensor, manual_seed};
use taper_vision_examples::models::{Net, ResNet18, normalized};

use crate::run::{cifar, refusal, text};

fn predict(model: &Path, images: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_predict"));
    command.arg("--model").arg(model).args(images).output().unwrap()
}

/// A folder with a network that was trained for a moment, and one with pictures of several sizes.
fn trained() -> (tempfile::TempDir, tempfile::TempDir) {
    let (out, photos) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    text(&cifar(
        out.path(),
        &[
            "--dataset=synthetic",
            "--epochs=1",
            "--limit=30",
            "--batch-size=32",
            "--optimizer=adam",
            "--lr=0.002",
        ],
    ));
    let (disc, label) = Synthetic::test(10).at(0).unwrap();
    assert_eq!(label, 0);
    disc.save(photos.path().join("disc.png")).unwrap();
    Image::new([1, 70, 50], vec![200; 3500]).unwrap().save(photos.path().join("grey.jpg")).unwrap();
    (out, photos)
}

#[test]
fn the_three_likeliest_classes() {
    let (out, photos) = trained();
    let (model, folder) = (out.path().join("net.safetensors"), photos.path());
    let all = text(&predict(&model, &[folder]));
    let lines: Vec<&str> = all.lines().collect();
    assert_eq!(lines.len(), 2, "{all}");
    assert!(lines[1].contains("grey.jpg"), "{all}");
    // The picture has the network's size, so that the answer is that of training's test.
    let net = Net::new(3).unwrap();
    load_state_dict(&net, &load(&model).unwrap()).unwrap();
    let sample = Synthetic::test(1).transform(normalized().unwrap()).at(0).unwrap().0.to_tensor().unwrap();
    let outputs = net.forward(&sample.unsqueeze(0).unwrap()).unwrap();
    let class = outputs.argmax(1).unwrap().to_vec::<i64>().unwrap()[0];
    let expected = format!("disc.png  {} ", Synthetic::CLASSES[class as usize]);
    assert!(lines[0].contains(&expected), "{expected:?} is not in {all}");
    for line in &lines {
        let numbers: Vec<f64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
        assert_eq!(numbers.len(), 3, "{line}");
        assert!(numbers.is_sorted_by(|a, b| a >= b) && numbers.iter().sum::<f64>() <= 100.1, "{line}");
    }
    // A pattern, and the network in the checkpoint, are as good.
    let checkpoint = out.path().join("checkpoint.safetensors");
    assert_eq!(text(&predict(&checkpoint, &[&folder.join("*.[pj]*g")])), all);
    // So is the network without what the file says of it.
    manual_seed(1);
    let (plain, resnet) = (folder.join("plain.safetensors"), folder.join("resnet.safetensors"));
    save(&state_dict(&Net::new(3).unwrap()), &plain).unwrap();
    assert!(text(&predict(&plain, &[folder])).contains("airplane"));
    save(&state_dict(&ResNet18::cifar(10).unwrap()), &resnet).unwrap();
    assert_eq!(text(&predict(&resnet, &[folder])).lines().count(), 2);
}

#[test]
fn what_is_no_picture() {
    let (out, photos) = trained();
    let (model, folder) = (out.path().join("net.safetensors"), photos.path());
    let (notes, torn) = (folder.join("notes.txt"), folder.join("torn.png"));
    std::fs::write(&notes, "no picture").unwrap();
    let png = std::fs::read(folder.join("disc.png")).unwrap();
    std::fs::write(&torn, &png[..png.len() / 2]).unwrap();
    for (path, expected) in [
        (notes.clone(), "notes.txt: no PNG or JPEG picture that can be read"),
        (torn, "torn.png: no PNG or JPEG picture that can be read"),
        (folder.join("none.png"), "none.png: no such file or folder"),
        (folder.join("*.gif"), "no PNG or JPEG file there"),
        (folder.join("[.png"), "pattern"),
    ] {
        let output = predict(&model, &[&path, &folder.join("disc.png")]);
        let error = refusal(&output);
        assert!(error.contains(expected), "{error}");
        assert!(error.matches(": no PNG").count() <= 1 && error.matches(".png: ").count() <= 1, "{error}");
        // The other picture is looked at all the same.
        assert!(String::from_utf8_lossy(&output.stdout).contains("disc.png  "));
    }
    let empty = tempfile::tempdir().unwrap();
    assert!(refusal(&predict(&model, &[empty.path()])).contains("no PNG or JPEG file there"));
    assert!(refusal(&predict(&model, &[])).contains("<IMAGE>"));
}

#[test]
fn what_is_no_network_of_ours() {
    let (_, photos) = trained();
    let folder = photos.path();
    let file = folder.join("other.safetensors");
    let error = |net: &dyn Layer| {
        save(&state_dict(net), &file).unwrap();
        let error = refusal(&predict(&file, &[folder]));
        assert!(error.contains("cannot predict with") && error.contains("other.safetensors"), "{error}");
        error
    };
    let message = error(&Sequential::new().add(Linear::new(2, 3).unwrap()));
    assert!(message.contains("another network, with the tensors 0.bias, 0.weight"), "{message}");
    // ImageNet's stem and classes.
    let message = error(&ResNet18::new(100).unwrap());
    assert!(message.contains("conv1.weight") && message.contains("fc.weight"), "{message}");
    let about = [("model".to_owned(), "vgg".to_owned())].into();
    let state = [("x".to_owned(), Tensor::zeros(1).unwrap())].into();
    taper::nn::save_with_metadata(&state, &about, &file).unwrap();
    assert!(refusal(&predict(&file, &[folder])).contains("of the network vgg, expected net or resnet18"));
    std::fs::write(&file, "no network").unwrap();
    assert!(refusal(&predict(&file, &[folder])).contains("no whole safetensors file"));
    assert!(refusal(&predict(&folder.join("none"), &[folder])).contains("train one with cargo xtask cifar"));
    assert!(refusal(&predict(folder, &[folder])).contains("directory"));
    // Names for other classes than it has, and outputs that are no numbers.
    let net = Net::new(3).unwrap();
    let about = |classes: &str| {
        [("model", "net"), ("classes", classes)].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
    };
    taper::nn::save_with_metadata(&state_dict(&net), &about("cat,dog"), &file).unwrap();
    assert!(refusal(&predict(&file, &[folder])).contains("10 outputs, and its file names 2 classes"));
    for parameter in net.parameters() {
        parameter.data().fill_(f64::NAN).unwrap();
    }
    save(&state_dict(&net), &file).unwrap();
    assert!(refusal(&predict(&file, &[folder])).contains("diverged"));
}

#[test]
fn a_picture_too_long_and_thin() {
    let (out, photos) = trained();
    let line = photos.path().join("line.png");
    Image::new([3, 1, 9_000_000], vec![0; 27_000_000]).unwrap().save(&line).unwrap();
    let error = refusal(&predict(&out.path().join("net.safetensors"), &[&line]));
    assert!(error.contains("line.png") && error.contains("from 1x9000000"), "{error}");
}

/// Who reads what is printed may go away, as `head` does.
#[cfg(unix)]
#[test]
fn nobody_reads_the_answers() {
    let (out, photos) = trained();
    let mut command = Command::new(env!("CARGO_BIN_EXE_predict"));
    command.arg("--model").arg(out.path().join("net.safetensors")).arg(photos.path());
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stdout(writer).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    if let Ok(full) = std::fs::File::options().write(true).open("/dev/full") {
        assert!(refusal(&command.stdout(full).output().unwrap()).contains("cannot write to standard output"));
    }
}
