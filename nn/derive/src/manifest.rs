//! Finds the path of `taper_nn` in the package that derives `Module`.

use std::path::Path;

use syn::parse_quote;

/// Returns `::taper::nn` for a package whose manifest names `taper` and not `taper-nn`, else `::taper_nn`.
pub fn path_of_nn() -> syn::Path {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let manifest = std::fs::read_to_string(Path::new(&folder).join("Cargo.toml")).unwrap_or_default();
    if only_the_front_door(&manifest) { parse_quote!(::taper::nn) } else { parse_quote!(::taper_nn) }
}

fn only_the_front_door(manifest: &str) -> bool {
    names(manifest, "taper") && !names(manifest, "taper-nn")
}

/// Returns true if a manifest has a dependency, as a key in a table or as a table of its own. It does not parse
/// TOML; if it guesses wrong, `#[module(crate = "...")]` helps.
fn names(manifest: &str, package: &str) -> bool {
    manifest.lines().any(|line| {
        let line = line.trim();
        let table = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
        match table {
            Some(table) => table.contains("dependencies.") && table.rsplit('.').next() == Some(package),
            None => {
                let key = line.split(['=', '.']).next().unwrap_or_default();
                line.contains('=') && key.trim().trim_matches('"') == package
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_of_the_front_door_alone() {
        assert!(only_the_front_door("[dependencies]\ntaper = \"0.1\"\n"));
        assert!(only_the_front_door("[dependencies]\n  taper.workspace = true\n"));
        assert!(only_the_front_door("[dependencies.taper]\nversion = \"0.1\"\n"));
    }

    #[test]
    fn a_package_of_single_crates() {
        for manifest in [
            "[dependencies]\ntaper-nn = \"0.1\"\n",
            "[dependencies]\ntaper = \"0.1\"\ntaper-nn = { path = \"nn\" }\n",
            "[dependencies]\ntaper = \"0.1\"\n[dev-dependencies.taper-nn]\nversion = \"0.1\"\n",
            "[package]\nname = \"taper\"\n",
            "",
        ] {
            assert!(!only_the_front_door(manifest), "{manifest}");
        }
    }
}
