//! No file names a folder of one machine.

use super::Finding;
use super::file::File;

/// Folders of users' files; [`check`] adds the slashes, because otherwise this file would contain them.
const HOMES: [&str; 5] = ["home", "root", "work", "Users", "mnt"];

pub fn check(file: &File) -> Vec<Finding> {
    let named = |line: &str| {
        HOMES.iter().find(|home| {
            let folder = format!("/{home}/");
            line.match_indices(&folder).any(|(at, _)| starts_path(&line[..at]))
        })
    };
    let finding = |(number, home): (usize, &&str)| {
        let advice = format!(
            "`/{home}/...` is one machine's: use a path relative to the repository or a temporary folder"
        );
        Finding::error(number, advice)
    };
    file.numbered().filter_map(|(number, line)| Some((number, named(&line.raw)?))).map(finding).collect()
}

/// Returns true if a path that follows `before` is absolute, and not part of a URL or relative path.
fn starts_path(before: &str) -> bool {
    let drive = before.strip_suffix(':').unwrap_or(before);
    let inside = |c: char| c.is_alphanumeric() || "._-~/*}".contains(c);
    match drive.len() < before.len() {
        true => drive.ends_with(|c: char| c.is_ascii_alphabetic()),
        false => !before.ends_with(inside),
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[test]
    fn absolute_paths_are_found_and_others_left() {
        for home in HOMES {
            let text = format!(
                "\"/{home}/me/data\"\nC:/{home}/me\nsee /{home}/me\nhttps://x.org/{home}/a\n./{home}/a\n{home}/a\n"
            );
            assert_eq!(lines(check, "README.md", &text), [1, 2, 3], "{home}");
        }
    }
}
