//! The architecture's invariants, checked over the sources.
//!
//! A rule is a function from one [`File`], or from all of them, to its findings, in its own file with
//! its test.

mod candle;
mod file;
mod forbid;
mod ignored;
mod layers;
mod length;
mod manifest;
mod mask;
mod panics;
mod paths;
mod unsafety;
mod unused;
mod words;

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use file::File;

/// Something that a rule found in a file.
#[derive(Debug, PartialEq)]
struct Finding {
    /// The line number, from 1.
    line: usize,
    /// The problem, and what to do.
    advice: String,
    /// True if it does not fail the check.
    warning: bool,
}

impl Finding {
    fn error(line: usize, advice: impl Into<String>) -> Self {
        Self { line, advice: advice.into(), warning: false }
    }

    fn warning(line: usize, advice: impl Into<String>) -> Self {
        Self { line, advice: advice.into(), warning: true }
    }
}

type Rule = fn(&File) -> Vec<Finding>;

const RULES: [(&str, Rule); 10] = [
    ("candle", candle::check),
    ("forbid-unsafe", forbid::check),
    ("ignored-test", ignored::check),
    ("layers", layers::check),
    ("length", length::check),
    ("manifest", manifest::check),
    ("panics", panics::check),
    ("paths", paths::check),
    ("unsafe", unsafety::check),
    ("words", words::check),
];

/// Checks every source, manifest and page under `root`, and prints the findings.
pub fn run(root: &Path) -> Result<ExitCode, String> {
    let mut files = Vec::new();
    collect(root, root, &mut files).map_err(|error| format!("tidy: {error}"))?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let (mut errors, mut warnings) = (0, 0);
    for (path, rule, finding) in findings(&files) {
        let severity = if finding.warning { "warning: " } else { "" };
        println!("{path}:{}: {severity}{rule}: {}", finding.line, finding.advice);
        *if finding.warning { &mut warnings } else { &mut errors } += 1;
    }
    let invariants: usize = files.iter().map(panics::invariants).sum();
    println!(
        "tidy: {} files, {errors} errors, {warnings} warnings; panics reviewed as invariants: {invariants}",
        files.len()
    );
    Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn findings(files: &[File]) -> impl Iterator<Item = (&str, &'static str, Finding)> {
    let of_each = files.iter().flat_map(|file| {
        RULES.iter().flat_map(move |(name, rule)| {
            rule(file).into_iter().map(move |finding| (file.path.as_str(), *name, finding))
        })
    });
    of_each.chain(unused::check(files).into_iter().map(|(path, finding)| (path, "unused", finding)))
}

/// Returns the lines at which `rule` finds something in a file with this path and text.
#[cfg(test)]
fn lines(rule: Rule, path: &str, text: &str) -> Vec<usize> {
    rule(&File::new(path, text)).iter().map(|finding| finding.line).collect()
}

/// Reads the files that rules check, below `folder`. Hidden, built and downloaded files are skipped.
fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !name.starts_with('.') && !["target", "out"].contains(&&*name) {
                collect(root, &path, files)?;
            }
        } else if path.extension().is_some_and(|e| e == "rs" || e == "toml" || e == "md") {
            let relative = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.push(File::new(&relative, &fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::process::ExitCode;

    #[test]
    fn the_repository_is_tidy() {
        assert_eq!(super::run(&crate::cargo::root()), Ok(ExitCode::SUCCESS));
    }

    #[test]
    fn a_folder_with_a_fault_is_not() {
        let folder = std::env::temp_dir().join(format!("taper-tidy-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("nn/src")).unwrap();
        std::fs::create_dir_all(folder.join("target/src")).unwrap();
        std::fs::write(folder.join("target/src/lib.rs"), "unsafe {}").unwrap();
        let code = |text: &str| {
            std::fs::write(folder.join("nn/src/lib.rs"), text).unwrap();
            super::run(&folder)
        };
        let results = [code("#![forbid(unsafe_code)]\n"), code("unsafe {}\n")];
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(results, [Ok(ExitCode::SUCCESS), Ok(ExitCode::FAILURE)]);
    }
}
