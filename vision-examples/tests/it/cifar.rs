use crate::run::{cifar, report, text};

/// The same seed gives the same bits, however many threads prepare the batches or compute.
#[test]
fn a_seed_is_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, more: &[&str]| {
        let out = folder.path().join(name);
        let arguments = [&["--dataset", "synthetic", "--epochs", "2", "--limit", "30"], more].concat();
        text(&cifar(&out, &arguments));
        (report(&out)["losses"].clone(), std::fs::read(out.join("net.safetensors")).unwrap())
    };
    let (losses, net) = run("in line", &["--workers", "0", "--threads", "1"]);
    assert_eq!(losses.as_array().unwrap().len(), 2);
    for more in [["--workers", "1"], ["--workers", "2"], ["--threads", "2"]] {
        assert!((losses.clone(), net.clone()) == run("again", &more), "{more:?} changes the result");
    }
    let (other, _) = run("other", &["--seed", "1"]);
    assert_ne!(losses, other);
}

#[test]
fn the_output_is_the_tutorials() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--dataset", "synthetic", "--epochs", "1", "--limit", "40", "--batch-size", "32"];
    let text = text(&cifar(folder.path(), &arguments));
    for expected in [
        "(conv1): Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1))",
        "[1,    40] loss: 2.",
        "Finished Training",
        "GroundTruth:  disc     square   triangle cross",
        "Accuracy of the network on the 10000 test images: ",
        "Accuracy for class: disc     is ",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in:\n{text}");
    }
    let report = report(folder.path());
    assert_eq!(report["dataset"], "synthetic");
    assert_eq!(report["class_accuracy"].as_object().unwrap().len(), 10);
    assert!(report["images_per_second"].as_f64().unwrap() > 0.0);
    let rows = report["confusion"].as_array().unwrap();
    let total: u64 = rows.iter().flat_map(|r| r.as_array().unwrap()).map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(total, 10_000);
}
