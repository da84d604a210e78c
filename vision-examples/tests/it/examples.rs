//! The tutorial's sections: what each prints is in `tests/outputs`.

use std::path::Path;

#[path = "../../examples/01_tensors.rs"]
#[allow(dead_code, reason = "main is for the program")]
mod tensors;

#[path = "../../examples/03_neural_networks.rs"]
#[allow(dead_code, reason = "main is for the program")]
mod neural_networks;

/// Asserts that an example prints what it did; `TAPER_BLESS=1` writes down what it prints now.
fn prints(name: &str, run: impl FnOnce(&mut dyn std::io::Write) -> Result<(), Box<dyn std::error::Error>>) {
    let mut output = Vec::new();
    run(&mut output).unwrap();
    let output = String::from_utf8(output).unwrap();
    // What a GPU prints is known only where there is one.
    let output = output.split("--- CUDA").next().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outputs").join(name).with_extension("txt");
    if std::env::var_os("TAPER_BLESS").is_some() {
        std::fs::write(&path, output).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    for (n, (line, expected)) in output.lines().zip(expected.lines()).enumerate() {
        assert_eq!(line, expected, "{name}, line {}", n + 1);
    }
    assert_eq!(output.lines().count(), expected.lines().count(), "{name}: the number of lines");
}

#[test]
fn tensors_print() {
    prints("01_tensors", |out| tensors::run(out));
}

#[test]
fn neural_networks_print() {
    prints("03_neural_networks", |out| neural_networks::run(out));
}
