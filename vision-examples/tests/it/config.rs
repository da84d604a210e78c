//! Settings in a file.

use serde_json::Value;
use taper::autograd::Variable;
use taper::tensor::Tensor;
use taper_vision_examples::settings::Settings;

use crate::run::{cifar, refusal, report, text};

#[test]
fn a_file_sets_and_the_flags_win() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("run.toml"), folder.path().join("out"));
    let settings = "dataset = 'synthetic'\nepochs = 1\nlimit = 3\nbatch-size = 8\noptimizer = 'adamw'\n\
                    weight-decay = 0.1\naugment = true\nlabel-smoothing = 0.1\nschedule = 'one-cycle'\n";
    std::fs::write(&file, settings).unwrap();
    let config = ["--config", file.to_str().unwrap()];
    text(&cifar(
        &out,
        &[&config[..], &["--batch-size", "4", "--augment=false", "--test-every", "1"]].concat(),
    ));
    let whole = report(&out);
    let settings = &whole["settings"];
    assert_eq!(settings["batch-size"], 4);
    assert_eq!(settings["augment"], false);
    assert_eq!(settings["optimizer"], "adamw");
    assert_eq!(settings["weight-decay"], 0.1);
    assert_eq!((&settings["model"], &settings["limit"]), (&Value::from("net"), &Value::from(3)));
    assert_eq!(whole["accuracies"].as_array().unwrap().len(), 1);

    // The file that a run leaves repeats it, and its checkpoint knows the settings.
    let again = folder.path().join("again");
    text(&cifar(&again, &["--config", out.join("settings.toml").to_str().unwrap()]));
    assert_eq!(report(&again)["losses"], whole["losses"]);
    let checkpoint = out.join("checkpoint.safetensors");
    let resume = ["--resume", checkpoint.to_str().unwrap()];
    text(&cifar(&out, &resume));
    let error = refusal(&cifar(&out, &[&resume[..], &["--optimizer", "lion"]].concat()));
    assert!(error.contains("made with --optimizer adamw, and this run is with --optimizer lion"), "{error}");
    let error = refusal(&cifar(&out, &[&resume[..], &config].concat()));
    assert!(error.contains("--batch-size 4"), "{error}");
}

/// Two steps of a parameter from 1 along a gradient of 1: each optimiser ends elsewhere.
#[test]
fn every_optimizer_by_its_name() {
    let names =
        ["sgd", "adam", "adamw", "rmsprop", "adagrad", "adadelta", "adamax", "nadam", "radam", "lion"];
    let mut ends: Vec<u32> =
        names.map(|name| after_two_steps(&["--optimizer", name, "--lr", "0.1"])).to_vec();
    ends.push(after_two_steps(&["--nesterov", "--lr", "0.1"]));
    ends.push(after_two_steps(&["--momentum", "0", "--lr", "0.1"]));
    ends.extend(
        names.map(|name| after_two_steps(&["--optimizer", name, "--lr", "0.1", "--weight-decay", "0.2"])),
    );
    let count = ends.len();
    ends.sort();
    ends.dedup();
    // Adam and Adamax have the same two steps here, and so do they with a penalty in the gradient.
    assert!(ends.len() >= count - 4, "{} of {count}", ends.len());
}

fn after_two_steps(arguments: &[&str]) -> u32 {
    let arguments = std::iter::once(&"cifar").chain(arguments);
    let settings = Settings::read(arguments.map(|argument| argument.into())).unwrap();
    let parameter = Variable::requires_grad(Tensor::new(1.0f32).unwrap());
    let mut optimizer = settings.optimizer(vec![parameter.clone()]).unwrap();
    for _ in 0..2 {
        parameter.set_grad(Some(Tensor::new(1.0f32).unwrap()));
        optimizer.step().unwrap();
    }
    parameter.item::<f32>().unwrap().to_bits()
}

#[test]
fn what_a_file_cannot_say() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.toml");
    let error = |content: &str| {
        std::fs::write(&file, content).unwrap();
        let error = refusal(&cifar(&folder.path().join("out"), &["--config", file.to_str().unwrap()]));
        assert!(error.contains("run.toml"), "{error}");
        assert!(!folder.path().join("out").exists(), "it began all the same");
        error
    };
    let message = error("# a comment\n\nbach-size = 4\n");
    assert!(message.contains("line 3: unknown key bach-size; did you mean batch-size?"), "{message}");
    assert!(error("label_smoothing = 0.1").contains("did you mean label-smoothing?"));
    assert!(error("resume = 'x'").contains("unknown key resume"));
    let message = error("lr = 0.1\nbatch-size = 0");
    assert!(message.contains("line 2: invalid value '0'") && message.contains("at least 1"), "{message}");
    assert!(!message.contains("--help"), "{message}");
    let message = error("schedule = 'cosin'");
    assert!(message.contains("possible values") && message.contains("'cosine'"), "{message}");
    assert!(error("[training]\nlr = 0.1").contains("unknown key training"));
    assert!(error("lr = [0.1]").contains("lr is of type array, expected one value"));
    assert!(error("lr = ").contains("is no TOML"));
    assert!(error("lr = 1\nlr = 2").contains("duplicate"));
    let missing = refusal(&cifar(folder.path(), &["--config", "no.toml"]));
    assert!(missing.contains("cannot read the settings in no.toml"), "{missing}");
}
