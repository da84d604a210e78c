//! Every declared dependency is used: an unused one costs build time.

use super::Finding;
use super::file::{File, has_word};
use super::manifest::{Dependency, dependencies};

/// Returns the dependencies that no source of their package uses, and those of the root's table that no
/// package uses, each with the manifest's path.
pub fn check(files: &[File]) -> Vec<(&str, Finding)> {
    let manifests: Vec<(&File, Vec<Dependency<'_>>)> = files
        .iter()
        .filter(|file| file.path.ends_with("Cargo.toml"))
        .map(|file| (file, dependencies(file)))
        .collect();
    let named = |name: &str| manifests.iter().flat_map(|(_, all)| all).filter(|d| d.name == name).count();
    let in_source = |folder: &str, dependency: &Dependency<'_>| {
        // A library may be named without the hyphen of its package.
        let names = ["_", ""].map(|hyphen| dependency.name.replace('-', hyphen));
        let sources = files.iter().filter(|file| file.is_rust() && file.path.starts_with(folder));
        sources.flat_map(|file| &file.lines).any(|line| names.iter().any(|name| has_word(&line.raw, name)))
    };
    let mut found = Vec::new();
    for (manifest, all) in &manifests {
        let folder = manifest.path.strip_suffix("Cargo.toml").unwrap_or_default();
        for dependency in all {
            // A package that uses an entry of the root's table names it again.
            let used =
                if folder.is_empty() { named(dependency.name) > 1 } else { in_source(folder, dependency) };
            if !used {
                let advice = format!("{} is used nowhere: remove it", dependency.name);
                found.push((manifest.path.as_str(), Finding::error(dependency.line, advice)));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<(String, usize)> {
        let files: Vec<File> = files.iter().map(|(path, text)| File::new(path, text)).collect();
        check(&files).into_iter().map(|(path, finding)| (path.to_owned(), finding.line)).collect()
    }

    #[test]
    fn a_dependency_without_a_use_is_found() {
        let root = ("Cargo.toml", "[workspace.dependencies]\nrand = \"1\"\nhalf-float = \"2\"\n");
        let nn = ("nn/Cargo.toml", "[dependencies]\nrand.workspace = true\n");
        let used = ("nn/src/lib.rs", "use rand::Rng;\n");
        let unused = ("nn/src/lib.rs", "fn randomly() {}\n");
        assert_eq!(found(&[root, nn, used]), [("Cargo.toml".into(), 3)]);
        assert_eq!(found(&[root, nn, unused]), [("Cargo.toml".into(), 3), ("nn/Cargo.toml".into(), 2)]);
    }
}
