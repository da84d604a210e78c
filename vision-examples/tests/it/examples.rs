//! The tutorial's sections: what each prints is in `tests/outputs`.

use std::cell::RefCell;
use std::path::Path;

use taper::data::Synthetic;
use taper::tensor::Generator;

thread_local! {
    static PRINTED: RefCell<String> = const { RefCell::new(String::new()) };
}

fn say(text: &str) {
    PRINTED.with_borrow_mut(|all| all.push_str(text));
}

/// In place of the standard library's, so that the programs below print to the test.
macro_rules! print {
    ($($text:tt)*) => { crate::examples::say(&format!($($text)*)) };
}
macro_rules! println {
    ($($text:tt)*) => {{
        print!($($text)*);
        print!("\n");
    }};
}

#[path = "../../examples/01_tensors.rs"]
mod tensors;

#[path = "../../examples/02_autograd.rs"]
mod autograd;

#[path = "../../examples/03_neural_networks.rs"]
mod neural_networks;

#[path = "../../examples/04_training_a_classifier.rs"]
#[allow(dead_code, reason = "main is for the program")]
mod classifier;

#[path = "../../examples/05_on_the_gpu.rs"]
mod gpu;

/// Asserts that an example prints what it did; `TAPER_BLESS=1` writes down what it prints now.
fn prints(name: &str, run: impl FnOnce() -> taper::Result<()>) {
    // Other tests draw random numbers meanwhile.
    Generator::new(0).scope(run).unwrap();
    let output = PRINTED.take();
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
    prints("01_tensors", tensors::main);
}

#[test]
fn autograd_prints() {
    prints("02_autograd", autograd::main);
}

#[test]
fn neural_networks_print() {
    prints("03_neural_networks", neural_networks::main);
}

#[test]
fn the_classifier_prints() {
    let folder = tempfile::tempdir().unwrap();
    let classes = Synthetic::CLASSES;
    prints("04_training_a_classifier", || {
        classifier::run(Synthetic::train(400), Synthetic::test(40), classes, 2, folder.path())
    });
    assert!(["batch.png", "test_batch.png"].iter().all(|name| folder.path().join(name).exists()));
}

#[test]
fn the_gpu_section_prints_on_a_cpu() {
    if !taper::tensor::cuda::is_available() {
        prints("05_on_the_gpu", gpu::main);
    }
}

/// The code in a chapter of the book stands in its program, line after line.
#[test]
fn the_book_shows_what_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (chapter, program) in [
        ("1-tensors", "01_tensors"),
        ("2-autograd", "02_autograd"),
        ("3-neural-networks", "03_neural_networks"),
        ("4-training-a-classifier", "04_training_a_classifier"),
        ("5-on-the-gpu", "05_on_the_gpu"),
    ] {
        let read = |path| std::fs::read_to_string(root.join(path)).unwrap();
        let text = read(format!("../docs/{chapter}.md"));
        let program = read(format!("examples/{program}.rs"));
        let program: Vec<_> = program.lines().map(str::trim).collect();
        let blocks: Vec<_> =
            text.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert!(!blocks.is_empty(), "{chapter} has no code");
        for block in blocks {
            let block: Vec<_> = block.lines().map(str::trim).collect();
            assert!(program.windows(block.len()).any(|lines| lines == block), "{chapter}: {block:#?}");
        }
    }
}
