//! A source file with code, comments and tests told apart.

use super::mask::mask;

/// The role of a source file, by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Library,
    Test,
    Bench,
    Example,
}

pub struct File {
    /// The path from the root of the repository, with `/`.
    pub path: String,
    pub lines: Vec<Line>,
}

/// A line of a file, split into parallel strings: code is blank in `comment`, and comments in `code`. Files
/// in other languages than Rust have only `raw`.
pub struct Line {
    pub raw: String,
    pub code: String,
    pub comment: String,
    /// True if the line is part of an item under `#[cfg(test)]`.
    pub test: bool,
}

impl Line {
    /// Returns the contents of literals, with everything else blanked.
    pub fn literal(&self) -> String {
        let parts = self.raw.chars().zip(self.code.chars()).zip(self.comment.chars());
        parts.map(|((raw, code), comment)| if code == ' ' && comment == ' ' { raw } else { ' ' }).collect()
    }
}

impl File {
    pub fn new(path: &str, text: &str) -> Self {
        let (code, comments) = if path.ends_with(".rs") { mask(text) } else { Default::default() };
        let tests = test_lines(&code);
        let (mut code, mut comments) = (code.lines(), comments.lines());
        let part = |lines: &mut std::str::Lines<'_>| lines.next().unwrap_or_default().to_owned();
        let lines = text.lines().enumerate().map(|(i, raw)| Line {
            raw: raw.to_owned(),
            code: part(&mut code),
            comment: part(&mut comments),
            test: tests.iter().any(|(first, last)| (*first..=*last).contains(&i)),
        });
        Self { path: path.to_owned(), lines: lines.collect() }
    }

    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub fn role(&self) -> Role {
        let within = |folder: &str| self.path.split('/').rev().skip(1).any(|part| part == folder);
        if within("tests") || self.path.ends_with("/tests.rs") {
            Role::Test
        } else if within("benches") {
            Role::Bench
        } else if within("examples") {
            Role::Example
        } else {
            Role::Library
        }
    }

    /// Returns the lines of a library or program, with their numbers, without tests, benches and examples.
    pub fn shipped(&self) -> impl Iterator<Item = (usize, &Line)> {
        let ships = self.is_rust() && self.role() == Role::Library;
        self.numbered().filter(move |(_, line)| ships && !line.test)
    }

    /// Returns all lines with their numbers, from 1.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, &Line)> {
        self.lines.iter().enumerate().map(|(i, line)| (i + 1, line))
    }

    /// Returns true if the comment on line `number`, or one in the block of comments and attributes directly
    /// above it, satisfies `wanted`.
    pub fn comment_at(&self, number: usize, wanted: impl Fn(&str) -> bool) -> bool {
        let above = self.lines[..number - 1].iter().rev().take_while(|line| {
            let code = line.code.trim();
            code.starts_with("#[") || (code.is_empty() && !line.comment.trim().is_empty())
        });
        std::iter::once(&self.lines[number - 1]).chain(above).any(|line| wanted(&line.comment))
    }
}

/// Returns true if `code` contains the identifier `name` as a whole word.
pub fn has_word(code: &str, name: &str) -> bool {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
}

/// Returns the first and last line, from 0, of each item under a `cfg(test)`.
fn test_lines(code: &str) -> Vec<(usize, usize)> {
    let line_of = |at: usize| code[..at].matches('\n').count();
    code.match_indices("#[cfg(")
        .filter_map(|(start, _)| {
            let attribute = &code[start..start + code[start..].find(']')?];
            let is_test = has_word(attribute, "test") && !attribute.contains("not(test");
            is_test.then(|| (line_of(start), line_of(end_of_item(code, start + attribute.len()))))
        })
        .collect()
}

/// Returns the end of the item that follows position `from`: its `;`, or the brace that closes it.
fn end_of_item(code: &str, from: usize) -> usize {
    let mut depth = 0;
    for (i, c) in code[from..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return from + i,
            '}' => depth -= 1,
            ';' if depth == 0 => return from + i,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_follow_places() {
        let role = |path: &str| File::new(path, "").role();
        assert_eq!(role("nn/src/linear.rs"), Role::Library);
        assert_eq!(role("nn/src/linear/tests.rs"), Role::Test);
        assert_eq!(role("nn/tests/it/main.rs"), Role::Test);
        assert_eq!(role("tensor/benches/add.rs"), Role::Bench);
        assert_eq!(role("vision-examples/examples/01_tensors.rs"), Role::Example);
        assert_eq!(role("vision-examples/src/bin/cifar.rs"), Role::Library);
    }

    #[test]
    fn items_under_cfg_test_do_not_ship() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() { if x { } }\n}\nfn c() {}\n\
                    #[cfg(all(test, unix))]\nmod more;\n#[cfg(not(test))]\nfn d() {}\n";
        let file = File::new("nn/src/x.rs", text);
        let shipped: Vec<usize> = file.shipped().map(|(number, _)| number).collect();
        assert_eq!(shipped, [1, 6, 9, 10]);
    }

    #[test]
    fn comments_are_found_beside_and_above() {
        let file = File::new("x.rs", "// one\n#[inline]\nfn a() {}\n\n// two\n\nfn b() {} // three\n");
        let has = |number, word: &str| file.comment_at(number, |comment| comment.contains(word));
        assert!(has(3, "one") && has(7, "three"));
        assert!(!has(7, "two"), "an empty line ends the block");
    }

    #[test]
    fn words_are_whole() {
        assert!(has_word("use x::{Var, y};", "Var"));
        assert!(!has_word("Variable::Var_", "Var"));
    }
}
