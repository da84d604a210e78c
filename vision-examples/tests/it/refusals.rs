use taper_vision_examples::files::claim_folder;

use crate::run::{cifar, program, refusal, text};

#[test]
fn options_that_make_no_sense() {
    let folder = tempfile::tempdir().unwrap();
    let error = |arguments: &[&str]| refusal(&cifar(folder.path(), arguments));
    assert!(error(&["--batch-size", "0"]).contains("at least 1"));
    assert!(error(&["--epochs", "0"]).contains("epochs"));
    assert!(error(&["--lr", "-1", "--dataset", "synthetic"]).contains("lr"));
    assert!(error(&["--label-smoothing", "1.5"]).contains("a number from 0 to 1"));
    assert!(error(&["--optimizer", "adma"]).contains("'adam'"));
    assert!(error(&["--augment=perhaps"]).contains("true, false"));
    assert!(
        error(&["--weight-decay", "-1", "--dataset", "synthetic", "--limit", "1"]).contains("weight_decay")
    );
    assert!(
        error(&["--nesterov", "--momentum", "0", "--dataset", "synthetic", "--limit", "1"])
            .contains("nesterov")
    );
    // Before anything is fetched or written.
    let nowhere = ["--dataset", "cifar10", "--from", "nowhere", "--momentum", "-1"];
    assert!(error(&nowhere).contains("momentum is -1"));
    for option in ["--workers", "--threads"] {
        assert!(error(&[option, "18446744073709551615"]).contains("to 1024"));
    }
    assert!(error(&["--seed", "-1"]).contains("--seed"));
    assert!(error(&["--bach-size", "4"]).contains("--batch-size"));
    assert!(error(&["--device", "gpu"]).contains("expected cpu, cuda or cuda:N"));
    assert!(error(&["--device", "cuda:99"]).contains("device"));
}

#[test]
fn a_folder_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let error = refusal(&cifar(&file, &["--dataset", "synthetic"]));
    assert!(error.contains("--out") && error.contains("file"), "{error}");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "in the way");
}

#[test]
fn a_folder_of_somebody_else() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    std::fs::write(&report, "{}").unwrap();
    let error = refusal(&cifar(folder.path(), &["--dataset", "synthetic", "--limit", "1"]));
    assert!(error.contains("report.json") && error.contains("choose another one with --out"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(std::fs::read_to_string(report).unwrap(), "{}");
}

/// `--dataset cifar10` never falls back to drawn pictures.
#[test]
fn a_source_that_does_not_exist() {
    let folder = tempfile::tempdir().unwrap();
    let (data, missing) = (folder.path().join("data"), folder.path().join("missing.tar.gz"));
    let arguments =
        ["--dataset", "cifar10", "--data", data.to_str().unwrap(), "--from", missing.to_str().unwrap()];
    let error = refusal(&cifar(&folder.path().join("out"), &arguments));
    assert!(error.contains("missing.tar.gz") && error.contains("cifar-10"), "{error}");
    // Nor does `auto` where a source is named.
    let error = refusal(&cifar(&folder.path().join("out"), &arguments[2..]));
    assert!(error.contains("missing.tar.gz"), "{error}");
}

/// What a run has left stays as it is when another one fails, or would write there at the same time.
#[test]
fn the_folder_of_another_run() {
    let folder = tempfile::tempdir().unwrap();
    let run = ["--dataset", "synthetic", "--limit", "5", "--epochs", "1"];
    text(&cifar(folder.path(), &run));
    let settings = || std::fs::read_to_string(folder.path().join("settings.toml")).unwrap();
    let before = settings();
    refusal(&cifar(folder.path(), &[&run[..], &["--momentum", "-1"]].concat()));
    let data = tempfile::tempdir().unwrap();
    let nowhere = ["--dataset", "cifar10", "--from", "nowhere", "--data", data.path().to_str().unwrap()];
    refusal(&cifar(folder.path(), &nowhere));
    assert_eq!(settings(), before);

    std::fs::write(folder.path().join(".taper-killed"), "half").unwrap();
    let held = claim_folder(folder.path(), None).unwrap();
    assert!(!folder.path().join(".taper-killed").exists());
    assert!(refusal(&cifar(folder.path(), &run)).contains("another run writes to folder"));
    drop(held);
    text(&cifar(folder.path(), &run));
}

#[test]
fn a_training_that_diverges_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let output =
        cifar(folder.path(), &["--dataset", "synthetic", "--limit", "20", "--epochs", "1", "--lr", "1e30"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(error.matches("a smaller --lr may help").count(), 1, "{error}");
}

/// A training whose lines nobody reads goes on.
#[cfg(unix)]
#[test]
fn nobody_reads_the_losses() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(&["--dataset", "synthetic", "--limit", "20", "--epochs", "1", "--out"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.arg(folder.path()).stdout(writer).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(folder.path().join("report.html").exists());
}

#[test]
fn damaged_files_are_fetched_again_and_never_used() {
    let folder = tempfile::tempdir().unwrap();
    let batches = folder.path().join("data/cifar-10-batches-bin");
    std::fs::create_dir_all(&batches).unwrap();
    std::fs::write(batches.join("test_batch.bin"), [0; 3073]).unwrap();
    let data = folder.path().join("data");
    let arguments = ["--dataset", "cifar10", "--data", data.to_str().unwrap(), "--from", "nowhere"];
    refusal(&cifar(&folder.path().join("out"), &arguments));
    assert!(!folder.path().join("out/report.json").exists());
}
