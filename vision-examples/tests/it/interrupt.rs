//! Ctrl-C: once for a checkpoint that goes on to the same bits, twice for the end at once.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::run::{cifar, program, report, text};

const RUN: [&str; 6] =
    ["--dataset=synthetic", "--epochs=2", "--limit=150", "--batch-size=4", "--schedule=cosine", "--augment"];

fn signal(child: &Child) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
}

/// A run in its training: a checkpoint is there.
fn begun(out: &Path) -> Child {
    let mut command = program(&RUN);
    command.args(["--checkpoint-every", "1", "--out"]).arg(out).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    while !out.join("checkpoint.safetensors").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended too early");
        std::thread::sleep(Duration::from_millis(1));
    }
    child
}

#[test]
fn once_ends_with_a_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    text(&cifar(&whole, &RUN));
    let child = begun(&cut);
    signal(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let (out, error) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(error.contains("Ending with a checkpoint; Ctrl-C again ends at once"), "{error}");
    assert!(out.contains("of 300 mini-batches") && out.contains("--resume"), "{out}");
    assert!(!cut.join("report.json").exists());

    let file = cut.join("checkpoint.safetensors");
    text(&cifar(&cut, &["--resume", file.to_str().unwrap()]));
    assert_eq!(report(&cut)["losses"], report(&whole)["losses"]);
    let net = |out: &Path| std::fs::read(out.join("net.safetensors")).unwrap();
    assert!(net(&cut) == net(&whole), "the interruption changed the weights");
}

#[test]
fn twice_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = begun(&folder.path().join("out"));
    signal(&child);
    // The second one has to come after the answer to the first, as two at once count as one.
    let mut answer = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut answer).unwrap();
    signal(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
