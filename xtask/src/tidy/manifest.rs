//! Each dependency has its version and its reason in one place: the root's `Cargo.toml`.

use super::Finding;
use super::file::File;

/// An entry of a dependency table.
pub struct Dependency<'a> {
    pub line: usize,
    pub name: &'a str,
    /// The text after the name.
    specification: &'a str,
}

/// Returns the entries of the dependency tables of a `Cargo.toml`.
pub fn dependencies(file: &File) -> Vec<Dependency<'_>> {
    let mut table = "";
    let mut found = Vec::new();
    for (line, text) in file.numbered() {
        let text = text.raw.trim();
        if let Some(header) = text.strip_prefix('[') {
            table = header.split(']').next().unwrap_or_default();
            // `[dependencies.name]` is a table for one dependency, specified on the next line.
            if let Some((_, name)) = table.rsplit_once("dependencies.") {
                let specification = file.lines.get(line).map_or("", |next| &next.raw);
                found.push(Dependency { line, name, specification });
            }
        } else if table.ends_with("dependencies") && !text.is_empty() && !text.starts_with('#') {
            let end = text.find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').unwrap_or(text.len());
            found.push(Dependency { line, name: &text[..end], specification: &text[end..] });
        }
    }
    found
}

pub fn check(file: &File) -> Vec<Finding> {
    if !file.path.ends_with("Cargo.toml") {
        return Vec::new();
    }
    let at_root = file.path == "Cargo.toml";
    let fault = |dependency: &Dependency<'_>| {
        let reason =
            dependency.specification.split_once('#').is_some_and(|(_, reason)| !reason.trim().is_empty());
        let inherited = dependency.specification.replace(' ', "").contains("workspace=true");
        let ours = dependency.name.split('-').next() == Some("taper");
        if at_root { !reason && !ours && !inherited } else { !inherited }
    };
    let advice = match at_root {
        true => "say in a comment behind it what it is for",
        false => "write `workspace = true`, with version and reason in the root's Cargo.toml",
    };
    dependencies(file)
        .iter()
        .filter(|dependency| fault(dependency))
        .map(|dependency| Finding::error(dependency.line, format!("{}: {advice}", dependency.name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[test]
    fn each_dependency_has_a_reason() {
        let text = "[workspace.dependencies]\n# these\ntaper-nn = { path = \"nn\" }\n\
                    tar = \"0.4\"  # archives\nzip = \"1\"\nbzip = \"1\" #\n\n[profile.dev]\nopt-level = 1\n";
        assert_eq!(lines(check, "Cargo.toml", text), [5, 6]);
    }

    #[test]
    fn crates_inherit_versions() {
        let text = "[package]\nname = \"x\"\n[dependencies]\ntar.workspace = true\nzip = \"1\"\n\
                    rand = { workspace = true, features = [] }\n[target.'cfg(unix)'.dev-dependencies]\nlibc = \"1\"\n";
        assert_eq!(lines(check, "data/Cargo.toml", text), [5, 8]);
    }

    #[test]
    fn every_form_of_table_is_read() {
        let text = "[dependencies.tar]\nworkspace = true\n[dev-dependencies]\nzip.workspace = true\n[lints]\nworkspace = true\n";
        let file = File::new("data/Cargo.toml", text);
        let found: Vec<_> = dependencies(&file).iter().map(|d| (d.line, d.name)).collect();
        assert_eq!(found, [(1, "tar"), (4, "zip")]);
        assert_eq!(check(&file), []);
    }
}
