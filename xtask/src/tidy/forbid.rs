//! Every crate but `tensor` forbids `unsafe`.

use super::Finding;
use super::file::File;

pub fn check(file: &File) -> Vec<Finding> {
    let is_root = file.path.ends_with("/src/lib.rs") || file.path.ends_with("/src/main.rs");
    let forbids = || file.lines.iter().any(|line| line.code.contains("#![forbid(unsafe_code)]"));
    if !is_root || file.path.starts_with("tensor/") || forbids() {
        return Vec::new();
    }
    vec![Finding::error(1, "add `#![forbid(unsafe_code)]` below the crate's documentation")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_of_safe_crates_say_so() {
        let count = |path: &str, text: &str| check(&File::new(path, text)).len();
        assert_eq!(count("nn/src/lib.rs", "//! nn\n#![forbid(unsafe_code)]\n"), 0);
        assert_eq!(count("nn/src/lib.rs", "//! #![forbid(unsafe_code)]\n"), 1);
        assert_eq!(count("xtask/src/main.rs", ""), 1);
        assert_eq!(count("nn/src/linear.rs", ""), 0);
        assert_eq!(count("tensor/src/lib.rs", ""), 0);
    }
}
