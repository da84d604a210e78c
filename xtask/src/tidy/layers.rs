//! Dependencies between the crates run one way.

use super::Finding;
use super::file::File;
use super::manifest::dependencies;

/// The crates of this workspace that each folder may depend on, in its tests too.
const MAY_USE: [(&str, &[&str]); 9] = [
    ("tensor", &[]),
    ("tensor/pickle", &[]),
    ("autograd", &["taper-tensor"]),
    ("nn", &["taper-tensor", "taper-pickle", "taper-autograd", "taper-nn-derive"]),
    ("nn/derive", &[]),
    ("optim", &["taper-tensor", "taper-autograd"]),
    ("data", &["taper-tensor", "taper-pickle"]),
    ("vision-examples", &[]), // on `taper`, which has them all
    ("xtask", &[]),
];

pub fn check(file: &File) -> Vec<Finding> {
    let Some(folder) = file.path.strip_suffix("/Cargo.toml") else { return Vec::new() };
    let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == folder) else {
        return vec![Finding::error(1, "a new crate: say in xtask/src/tidy/layers.rs what it may build on")];
    };
    dependencies(file)
        .iter()
        .filter_map(|dependency| {
            let name = dependency.name;
            let candle_at_home = ["tensor", "vision-examples"].contains(&folder);
            if name.starts_with("taper-") && !allowed.contains(&name) {
                let advice =
                    format!("`{folder}` does not know {name}: move what needs both up into vision-examples");
                Some(Finding::error(dependency.line, advice))
            } else if name.starts_with("candle") && !candle_at_home {
                Some(Finding::error(
                    dependency.line,
                    format!("only `tensor` knows {name}: go through taper-tensor"),
                ))
            } else {
                None
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[test]
    fn lower_crates_do_not_know_higher_ones() {
        let text = "[dependencies]\ntaper-tensor.workspace = true\ntaper-nn = { path = \"../nn\" }\n\
                    [dev-dependencies]\ntaper-autograd.workspace = true\n";
        assert_eq!(lines(check, "optim/Cargo.toml", text), [3]);
        assert_eq!(lines(check, "data/Cargo.toml", text), [3, 5]);
        assert_eq!(lines(check, "vision-examples/Cargo.toml", text), [2, 3, 5]);
        assert!(
            lines(check, "vision-examples/Cargo.toml", "[dependencies]\ntaper.workspace = true\n").is_empty()
        );
    }

    #[test]
    fn candle_stays_in_tensor_and_beside_the_programs() {
        let text =
            "[dependencies]\ncandle-core.workspace = true\n[dev-dependencies]\ncandle-nn.workspace = true\n";
        assert!(lines(check, "tensor/Cargo.toml", text).is_empty());
        assert!(lines(check, "vision-examples/Cargo.toml", text).is_empty());
        assert_eq!(lines(check, "nn/Cargo.toml", text), [2, 4]);
    }

    #[test]
    fn a_new_crate_needs_a_place() {
        assert_eq!(lines(check, "zoo/Cargo.toml", "[package]\n"), [1]);
        assert!(lines(check, "Cargo.toml", "[workspace]\n").is_empty());
    }
}
