//! Documentation, comments and messages are plain English: they begin with a verb or a noun, and say things straight.

use super::Finding;
use super::file::File;

/// The folders that the rule checks; `""` stands for the pages at the top.
const FOLDERS: [&str; 9] = ["", "tensor", "autograd", "nn", "optim", "data", "src", "docs", "xtask"];

/// Words that begin a clause where documentation needs a verb or a noun.
const CLAUSES: [&str; 6] = ["what", "whether", "how", "where", "when", "which"];

/// Phrases, and their replacements.
const PHRASES: [(&str, &str); 6] = [
    (" is no ", "write `is not a`"),
    (" are no ", "write `are not`"),
    (" of which ", "write two sentences"),
    (", beside ", "write `with`, `next to` or `and`"),
    (" that is there", "name the thing"),
    (" what is to become ", "name the thing"),
];

/// Text around a phrase that makes it plain.
const ALLOWED: [&str; 4] = ["there is no ", "there are no ", " is no longer ", " are no longer "];

pub fn check(file: &File) -> Vec<Finding> {
    let folder = file.path.split_once('/').map_or("", |(folder, _)| folder);
    let prose = file.is_rust() || file.path.ends_with(".md");
    // This file has to name the phrases.
    if !prose || !FOLDERS.contains(&folder) || file.path.ends_with("tidy/words.rs") {
        return vec![];
    }
    let mut found = clauses(file);
    if file.is_rust() {
        found.extend(phrases(file.numbered().map(|(number, line)| (number, plain(&line.comment)))));
        found.extend(phrases(file.numbered().map(|(number, line)| (number, plain(&line.literal())))));
    } else {
        found.extend(phrases(file.numbered().map(|(number, line)| (number, plain(&line.raw)))));
    }
    found.sort_by_key(|finding| finding.line);
    found
}

/// Returns the documentation comments that begin with a clause.
fn clauses(file: &File) -> Vec<Finding> {
    let mut inside = false;
    let mut found = vec![];
    for (number, line) in file.numbered() {
        let comment = line.comment.trim();
        let documents = comment.starts_with("///") || comment.starts_with("//!");
        let first = plain(comment).split([' ', '\'', ',']).next().unwrap_or_default().to_owned();
        if documents && !inside && CLAUSES.contains(&first.as_str()) {
            let advice = format!("documentation begins with `{first}`: begin with a verb, or name the thing");
            found.push(Finding::error(number, advice));
        }
        inside = documents;
    }
    found
}

/// Returns the text of a line in lower case, without the marks of comments.
fn plain(line: &str) -> String {
    line.trim().trim_start_matches(['/', '!']).trim_end_matches('\\').trim().to_lowercase()
}

/// Returns the phrases in lines of text. A phrase may continue on the next line; an empty line ends it.
fn phrases(lines: impl Iterator<Item = (usize, String)>) -> Vec<Finding> {
    let (mut text, mut starts) = (String::from(" "), vec![]);
    for (number, line) in lines {
        starts.push((text.len(), number));
        text += if line.is_empty() { "\n" } else { &line };
        text.push(' ');
    }
    let mut found = vec![];
    for (phrase, advice) in PHRASES {
        for (at, _) in text.match_indices(phrase) {
            let allowed = ALLOWED.iter().any(|allowed| {
                allowed.match_indices(phrase.trim_end()).any(|(offset, _)| {
                    at >= offset && text.get(at - offset..).is_some_and(|rest| rest.starts_with(allowed))
                })
            });
            if !allowed {
                // The phrase's first word may end a line; its place is that of the last word.
                let end = at + phrase.trim_end().len() - 1;
                let line = starts.iter().rev().find(|(start, _)| *start <= end).map_or(1, |(_, line)| *line);
                found.push(Finding::error(line, format!("`{}`: {advice}", phrase.trim())));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[test]
    fn documentation_begins_with_a_verb_or_a_noun() {
        let text = "/// What it holds.\nstruct A;\n/// Returns the sum.\n/// Where it is empty, 0.\nfn a() {}\n\
                    //! How it works.\n/// The sum.\nfn b() {}\n// When it is late.\n/// Whatever.\nfn c() {}\n";
        assert_eq!(lines(check, "tensor/src/a.rs", text), [1, 6]);
    }

    #[test]
    fn phrases_are_found_in_comments_messages_and_pages() {
        let text = "// x is no number\nlet of_which = 1;\nfail(\"two of which one\");\nf(\"it is \\\n   no size\");\n\
                    // The list is\n// no list.\n// it\n\n// is no match\n";
        assert_eq!(lines(check, "tensor/src/a.rs", text), [1, 3, 5, 7, 10]);
        assert_eq!(lines(check, "README.md", "A map, beside it\na list.\nThe one that is there.\n"), [1, 3]);
    }

    #[test]
    fn plain_sentences_pass() {
        let text = "// There is no GPU, and there\n// are no tests. It is no longer used.\n// That is not a shape.\n";
        assert!(lines(check, "tensor/src/a.rs", text).is_empty());
    }

    #[test]
    fn other_folders_are_left() {
        assert!(lines(check, "golden/a.rs", "/// What it holds.\n").is_empty());
        assert!(lines(check, "tensor/Cargo.toml", "# of which one\n").is_empty());
    }
}
