//! `unsafe` is limited to the kernels and the array bridge, with a comment that explains why it is sound.

use super::Finding;
use super::file::{File, has_word};

const ALLOWED: [&str; 3] = ["tensor/src/cpu/", "tensor/src/cuda/", "tensor/src/bridge"];

pub fn check(file: &File) -> Vec<Finding> {
    let allowed = ALLOWED.iter().any(|place| file.path.starts_with(place));
    let advice = |number: usize| match allowed {
        false => Some(
            "`unsafe` belongs into tensor/src/cpu/, tensor/src/cuda/ or tensor/src/bridge*: call a safe function from there",
        ),
        true if only_declares(&file.lines[number - 1].code) || explained(file, number) => None,
        true => Some("say in a `// SAFETY:` comment above why it is sound"),
    };
    file.numbered()
        .filter(|(_, line)| has_word(&line.code, "unsafe"))
        .filter_map(|(number, _)| Some(Finding::error(number, advice(number)?)))
        .collect()
}

/// Returns true if a line declares an unsafe function, which is explained where it is called.
fn only_declares(code: &str) -> bool {
    code.matches("unsafe fn").count() == code.matches("unsafe").count()
}

/// Returns true if a comment explains the `unsafe` on a line: on that line, or above its statement's first
/// line.
fn explained(file: &File, number: usize) -> bool {
    let continues = |above: &str| !above.is_empty() && !above.ends_with([';', '{', '}', ',', ']']);
    let mut first = number;
    while first > 1 && continues(file.lines[first - 2].code.trim()) {
        first -= 1;
    }
    let explains = |comment: &str| comment.contains("SAFETY:");
    file.comment_at(number, explains) || file.comment_at(first, explains)
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[test]
    fn unsafe_has_its_places() {
        let text = "// SAFETY: checked\nunsafe { x() }\n";
        assert_eq!(lines(check, "tensor/src/views.rs", text), [2]);
        assert_eq!(lines(check, "nn/src/a.rs", text), [2]);
        assert!(lines(check, "tensor/src/cpu/copy.rs", text).is_empty());
        assert!(lines(check, "tensor/src/bridge.rs", text).is_empty());
        assert!(lines(check, "tensor/src/bridge/npy.rs", text).is_empty());
        assert!(lines(check, "nn/src/lib.rs", "#![forbid(unsafe_code)]\n// unsafe\n").is_empty());
    }

    #[test]
    fn unsafe_is_explained() {
        let text = "// SAFETY: one\n#[cfg(unix)]\nunsafe { a() };\nunsafe { b() };\n// SAFETY: two\nlet x =\n    unsafe { c() };\n\
                    pub unsafe fn d(p: *const u8) {\n    unsafe { e(p) }\n}\n";
        assert_eq!(lines(check, "tensor/src/cpu/a.rs", text), [4, 9]);
    }
}
