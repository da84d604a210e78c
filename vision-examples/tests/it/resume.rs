//! A run that stopped and goes on from its checkpoint is the run that never stopped.

use std::path::{Path, PathBuf};

use serde_json::Value;
use taper::nn::{Metadata, StateDict, load_with_metadata, save_with_metadata};
use taper::tensor::{DType, Tensor};

use crate::run::{cifar, killed, refusal, report, text};

/// Three epochs of 25 mini-batches.
const RUN: &str = "--dataset=synthetic --epochs=3 --limit=25 --batch-size=8 --schedule=one-cycle";

fn arguments(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// The running losses and the trained network.
fn result(out: &Path) -> (Value, Vec<u8>) {
    (report(out)["losses"].clone(), std::fs::read(out.join("net.safetensors")).unwrap())
}

#[test]
fn from_the_middle_of_an_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    let printed = text(&cifar(&whole, &arguments(RUN)));

    let checkpoint = cut.join("checkpoint.safetensors");
    let file = checkpoint.to_str().unwrap();
    killed(&cut, &arguments(&format!("{RUN} --checkpoint-every=1 --workers=0")), || checkpoint.exists());
    let (tensors, metadata) = load_with_metadata(&checkpoint).unwrap();
    let step: u64 = metadata["step"].parse().unwrap();
    assert!(step < 75, "it was killed in time");
    assert!(tensors.contains_key("model.conv1.weight"));
    assert!(tensors.contains_key("optimizer.state.0.momentum_buffer"));

    // The settings and the folder are the checkpoint's.
    let resumed = text(&crate::run::program(&["--resume", file]).output().unwrap());
    assert!(resumed.contains(&format!("Going on after {step} mini-batches")), "{resumed}");
    let line = |epoch: &str| printed.lines().find(|l| l.starts_with(epoch)).unwrap();
    assert!(resumed.contains(line("[3,")), "{resumed}");
    assert_eq!(result(&cut), result(&whole));

    // A finished run goes straight to its test; with another epoch, on.
    let again = text(&cifar(&cut, &["--resume", file]));
    assert!(again.contains("Going on after 75 mini-batches") && !again.contains("loss: "), "{again}");
    assert_eq!(result(&cut), result(&whole));
    let more = text(&cifar(&cut, &["--resume", file, "--epochs", "4"]));
    assert!(more.contains("[4,    25] loss: ") && !more.contains("[3,"), "{more}");
}

#[test]
fn files_that_do_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    text(&cifar(folder.path(), &arguments("--dataset=synthetic --epochs=1 --limit=2 --lr=0.01")));
    let good = folder.path().join("checkpoint.safetensors");
    let error = |file: &Path, more: &[&str]| {
        let message = refusal(&cifar(folder.path(), &[&["--resume", file.to_str().unwrap()], more].concat()));
        assert!(message.contains(&format!("cannot resume from {}", file.display())), "{message}");
        message
    };
    let message = error(&good, &["--lr", "0.02"]);
    assert!(
        message.contains("made with --lr 0.01, and this run is with --lr 0.02; leave --lr out"),
        "{message}"
    );
    assert!(error(&good, &["--limit", "3"]).contains("--limit 2"));
    assert!(error(&good, &["--schedule", "cosine"]).contains("--schedule constant"));
    assert!(error(&folder.path().join("none"), &[]).contains("No such file"));
    assert!(error(&folder.path().join("net.safetensors"), &[]).contains("no checkpoint of a training"));

    // Damage: a part is missing, or a bit differs.
    let bytes = std::fs::read(&good).unwrap();
    let file = folder.path().join("damaged.safetensors");
    let damaged = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        error(&file, &[])
    };
    assert!(damaged(&bytes[..bytes.len() - 1]).contains("no whole safetensors file"));
    assert!(damaged(b"not a checkpoint").contains("no whole safetensors file"));
    let mut flipped = bytes.clone();
    flipped[bytes.len() - 1000] ^= 1;
    assert!(damaged(&flipped).contains("checksum"));

    // Another network, optimiser or dataset.
    let other = |name: &str, change: &dyn Fn(&mut StateDict, &mut Metadata)| {
        let (mut tensors, mut metadata) = load_with_metadata(&good).unwrap();
        change(&mut tensors, &mut metadata);
        let file: PathBuf = folder.path().join(format!("{name}.safetensors"));
        save_with_metadata(&tensors, &metadata, &file).unwrap();
        error(&file, &[])
    };
    let message = other("network", &|tensors, _| {
        let bias = tensors.remove("model.conv1.bias").unwrap();
        tensors.insert("model.layer1.bias".into(), bias);
        tensors.insert("model.fc3.weight".into(), Tensor::zeros((100, 84)).unwrap());
    });
    for part in ["conv1.bias", "layer1.bias", "fc3.weight", "[100, 84]"] {
        assert!(message.contains(part), "{part:?} is not in {message}");
    }
    let beta = |tensors: &mut StateDict, _: &mut Metadata| {
        tensors.insert(
            "optimizer.param_groups.0.beta1".into(),
            Tensor::options().dtype(DType::F64).tensor(0.9f64).unwrap(),
        );
    };
    assert!(other("optimiser", &beta).contains("no setting \"beta1\""));
    let far = |tensors: &mut StateDict, _: &mut Metadata| {
        tensors.insert("loader".into(), Tensor::new([0i64, 0, 20_000]).unwrap());
    };
    assert!(other("dataset", &far).contains("another dataset"));
    let half = |tensors: &mut StateDict, _: &mut Metadata| drop(tensors.remove("generator"));
    assert!(other("half", &half).contains("it has no generator"));
    let scheduled = |tensors: &mut StateDict, _: &mut Metadata| {
        tensors.insert(
            "scheduler.last_epoch".into(),
            Tensor::options().dtype(DType::F64).tensor(1.0f64).unwrap(),
        );
    };
    assert!(
        other("schedule", &scheduled).contains("it has a schedule of the learning rate, this run has none")
    );
}
