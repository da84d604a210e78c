//! Ctrl-C: once for a checkpoint that goes on to the same bits, twice for the end at once.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::run::{cifar, program, report, text};

const RUN: [&str; 6] =
    ["--dataset=synthetic", "--epochs=2", "--limit=150", "--batch-size=4", "--schedule=cosine", "--augment"];

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}

/// A run in its training: a checkpoint is there.
fn begun(out: &Path) -> Child {
    start(program(&RUN), out)
}

fn start(mut command: Command, out: &Path) -> Child {
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
    signal(&child, "-INT");
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
    signal(&child, "-INT");
    // The second one has to come after the answer to the first, as two at once count as one.
    let mut answer = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut answer).unwrap();
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_program_can_be_ended_by_its_system() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = begun(folder.path());
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(128 + 15));
}

/// `nohup` starts a program that the end of its terminal is not to end.
#[cfg(target_os = "linux")]
#[test]
fn what_the_program_was_started_without_does_not_end_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_cifar")]).args(RUN);
    let child = start(command, folder.path());
    signal(&child, "-HUP");
    text(&child.wait_with_output().unwrap());
    assert!(folder.path().join("report.html").exists());
}
