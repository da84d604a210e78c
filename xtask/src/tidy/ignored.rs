//! A test that does not run proves nothing.

use super::Finding;
use super::file::{File, has_word};

pub fn check(file: &File) -> Vec<Finding> {
    let ignores =
        |code: &str| code.contains("#[ignore") || code.contains("cfg_attr") && has_word(code, "ignore");
    file.numbered()
        .filter(|(_, line)| ignores(&line.code))
        .map(|(number, _)| {
            Finding::error(number, "make the test run in seconds, or delete it: none is ignored")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[test]
    fn ignored_tests_are_found() {
        let text = "#[test]\n#[ignore]\nfn a() {}\n#[ignore = \"slow\"]\n#[cfg_attr(unix, ignore)]\n// #[ignore]\nignore();\n";
        assert_eq!(lines(check, "nn/tests/it/a.rs", text), [2, 4, 5]);
    }
}
