//! The compiler's messages for a field that cannot be a module: they have to say what to do.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

/// The compiler, with one of this crate's libraries.
struct Compiler {
    deps: PathBuf,
    library: PathBuf,
    folder: tempfile::TempDir,
}

impl Compiler {
    /// Of the libraries beside this test, which can be of several builds, the latest that a module
    /// without a fault compiles with.
    fn find() -> Self {
        let deps = std::env::current_exe().unwrap().parent().unwrap().to_owned();
        let is_library = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with("libtaper_nn-") && name.ends_with(".rlib")
        };
        let entries = std::fs::read_dir(&deps).unwrap().map(|entry| entry.unwrap().path());
        let mut libraries: Vec<PathBuf> = entries.filter(is_library).collect();
        let written =
            |path: &PathBuf| path.metadata().and_then(|m| m.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
        libraries.sort_by_key(|path| std::cmp::Reverse(written(path)));
        let mut said = String::new();
        for library in libraries {
            let compiler = Self { deps: deps.clone(), library, folder: tempfile::tempdir().unwrap() };
            let run =
                compiler.run("#[derive(Module)] pub struct Net { a: Linear, #[module(skip)] n: usize }");
            if run.status.success() {
                return compiler;
            }
            said = String::from_utf8_lossy(&run.stderr).into_owned();
        }
        panic!("no library of this build is in {}: {said}", deps.display());
    }

    fn run(&self, source: &str) -> Output {
        let file = self.folder.path().join("case.rs");
        let source = format!("#![allow(dead_code, unused)]\nuse taper_nn::{{Linear, Module}};\n{source}\n");
        std::fs::write(&file, source).unwrap();
        let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        command.args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "-o"]);
        command.arg(self.folder.path().join("case.rmeta")).arg("-L").arg(dependency(&self.deps));
        command.arg("--extern").arg(format!("taper_nn={}", self.library.display())).arg(&file);
        command.output().unwrap()
    }
}

fn dependency(deps: &Path) -> String {
    format!("dependency={}", deps.display())
}

#[test]
fn the_compiler_says_what_to_do() {
    let compiler = Compiler::find();
    let cases: [(&str, &[&str]); 9] = [
        (
            "#[derive(Module)] struct Net { conv: Linear, channels: usize }",
            &["a field of type `usize` cannot be a member of a module", "`#[module(skip)]`"],
        ),
        (
            "struct Block; #[derive(Module)] struct Net(Block);",
            &["a field of type `Block` cannot be a member", "put `#[derive(Module)]` on its definition"],
        ),
        (
            "#[derive(Module)] struct Net { #[module(buffer)] mean: Vec<f32> }",
            &["a field of type `Vec<f32>` cannot be a buffer", "make it a `Variable`"],
        ),
        (
            "#[derive(Module)] struct Net { layers: Vec<String> }",
            &["`String` is not a module", "`#[module(skip)]`"],
        ),
        (
            "struct Plain; #[derive(Module)] enum Layer { A(Linear), B(Plain) }",
            &["`Plain` is not a module", "put `#[derive(Module)]` on its definition"],
        ),
        (
            "#[derive(Module)] struct Net { #[module(bufer)] a: Linear }",
            &["`bufer` is unknown in `#[module(...)]`", "a field takes `skip`, `buffer`"],
        ),
        (
            "#[derive(Module)] struct Net { a: Linear, #[module(rename = \"a\")] b: Linear }",
            &["two fields are named `a`", "give one another name"],
        ),
        ("#[derive(Module)] union Net { a: u8 }", &["make it a struct or an enum"]),
        (
            "struct Plain; fn parameters() { Module::parameters(&Plain); }",
            &["`Plain` is not a module", "put `#[derive(Module)]` on its definition"],
        ),
    ];
    for (source, advice) in cases {
        let run = compiler.run(source);
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(!run.status.success(), "it compiled: {source}");
        for advice in advice {
            assert!(said.contains(advice), "{source}: {advice:?} is not in\n{said}");
        }
    }
}
