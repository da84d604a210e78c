//! Library code returns errors. A panic that cannot happen is explained in an `// invariant:` comment.

use super::Finding;
use super::file::File;

const METHODS: [&str; 4] = [".unwrap()", ".unwrap_err()", ".expect(", ".expect_err("];
const MACROS: [&str; 4] = ["panic", "todo", "unimplemented", "unreachable"];

pub fn check(file: &File) -> Vec<Finding> {
    panicking(file)
        .filter(|(number, _)| !is_invariant(file, *number))
        .map(|(number, what)| {
            let advice =
                format!("`{what}`: return an error, or say why it cannot happen in `// invariant: ...`");
            Finding::error(number, advice)
        })
        .collect()
}

/// Returns the number of panics of a file that are reviewed as impossible.
pub fn invariants(file: &File) -> usize {
    panicking(file).filter(|(number, _)| is_invariant(file, *number)).count()
}

/// Returns the lines of library code that may panic, and the panicking call.
fn panicking(file: &File) -> impl Iterator<Item = (usize, String)> {
    file.shipped().filter_map(|(number, line)| {
        let method =
            METHODS.iter().find(|method| line.code.contains(**method)).map(|method| (*method).to_owned());
        let words: Vec<&str> =
            line.code.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '!').collect();
        let called = |name: &&str| words.iter().any(|word| word.strip_suffix('!') == Some(name));
        let macros = || MACROS.iter().find(|name| called(name)).map(|name| format!("{name}!"));
        Some((number, method.or_else(macros)?))
    })
}

fn is_invariant(file: &File, number: usize) -> bool {
    file.comment_at(number, |comment| {
        comment.split_once("invariant:").is_some_and(|(_, why)| !why.trim().is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[test]
    fn library_code_does_not_panic() {
        let text = "x.unwrap();\ny\n    .expect(\"y\");\npanic!(\"z\");\nstd::unreachable!();\n\
                    x.unwrap_or(1); x.expected(); \"panic!\"; dont_panic!();\n/// x.unwrap()\n";
        assert_eq!(lines(check, "nn/src/a.rs", text), [1, 3, 4, 5]);
        assert!(lines(check, "nn/tests/it/a.rs", text).is_empty());
        assert!(lines(check, "nn/src/a.rs", &format!("#[cfg(test)]\nmod tests {{\n{text}}}\n")).is_empty());
    }

    #[test]
    fn an_invariant_says_why() {
        let text = "x.unwrap(); // invariant: pushed above\n// invariant: one\n// per layer\ny.unwrap();\n\
                    z.unwrap(); // invariant:\n\n// unrelated\nz.unwrap();\n";
        assert_eq!(lines(check, "nn/src/a.rs", text), [5, 8]);
        assert_eq!(invariants(&File::new("nn/src/a.rs", text)), 2);
    }
}
