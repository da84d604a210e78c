//! Separation of Rust's code, comments and literals.

/// Returns `text` twice, with the same lines: once with everything but the code blanked, and once with
/// everything but the comments. Both omit the contents of literals.
pub fn mask(text: &str) -> (String, String) {
    let chars: Vec<char> = text.chars().collect();
    let (mut code, mut comments) = (String::new(), String::new());
    let mut i = 0;
    while i < chars.len() {
        let (kind, length) = token(&chars, i);
        // The end of the file ends an open literal.
        let end = chars.len().min(i + length);
        for &c in &chars[i..end] {
            let blank = if c == '\n' { '\n' } else { ' ' };
            code.push(if kind == Kind::Code { c } else { blank });
            comments.push(if kind == Kind::Comment { c } else { blank });
        }
        i = end;
    }
    (code, comments)
}

#[derive(PartialEq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

/// Returns the kind and the length of the token at `i`; code advances by one word or character.
fn token(chars: &[char], i: usize) -> (Kind, usize) {
    let at = |offset: usize| chars.get(i + offset).copied().unwrap_or('\n');
    let rest = &chars[i..];
    match (at(0), at(1)) {
        ('/', '/') => (Kind::Comment, rest.iter().position(|c| *c == '\n').unwrap_or(rest.len())),
        ('/', '*') => (Kind::Comment, block_comment(rest)),
        ('"', _) => (Kind::Literal, string(rest, 0)),
        ('b' | 'c', '"') => (Kind::Literal, 1 + string(&rest[1..], 0)),
        ('r', '"' | '#') => raw_string(rest, 1),
        ('b' | 'c', 'r') => raw_string(rest, 2),
        // An escape is two characters at least: its closing quote is not the escaped one.
        ('\'', '\\') => {
            (Kind::Literal, 4 + rest.iter().skip(3).position(|c| *c == '\'').unwrap_or(rest.len()))
        }
        ('\'', _) if at(2) == '\'' => (Kind::Literal, 3),
        (c, _) if is_word(c) => (Kind::Code, word(rest)),
        _ => (Kind::Code, 1),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn word(rest: &[char]) -> usize {
    rest.iter().position(|c| !is_word(*c)).unwrap_or(rest.len())
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut i) = (0, 0);
    while i < rest.len() {
        match (rest[i], rest.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            break;
        }
    }
    i
}

/// Returns the length of a string that starts with a quote, and ends with a quote and `hashes` times `#`.
fn string(rest: &[char], hashes: usize) -> usize {
    let mut i = 1;
    while i < rest.len() {
        let closes =
            rest[i] == '"' && rest.iter().skip(i + 1).take(hashes).filter(|c| **c == '#').count() == hashes;
        match rest[i] {
            '\\' if hashes == 0 => i += 2,
            _ if closes => return i + 1 + hashes,
            _ => i += 1,
        }
    }
    i
}

/// Returns the kind and the length of a raw string with a prefix of `prefix` letters, or of the word that
/// only starts like one.
fn raw_string(rest: &[char], prefix: usize) -> (Kind, usize) {
    let hashes = rest.iter().skip(prefix).take_while(|c| **c == '#').count();
    if rest.get(prefix + hashes) != Some(&'"') {
        return (Kind::Code, word(rest));
    }
    let content = &rest[prefix + hashes..];
    let length = if hashes == 0 {
        // No escapes in it: the next quote ends it.
        2 + content.iter().skip(1).position(|c| *c == '"').unwrap_or(content.len())
    } else {
        string(content, hashes)
    };
    (Kind::Literal, prefix + hashes + length)
}

#[cfg(test)]
mod tests {
    use super::mask;

    fn code(text: &str) -> String {
        mask(text).0
    }

    #[test]
    fn comments_leave_the_code() {
        let (code, comments) = mask("a; // b\n/* c /* d */ e */ f\n/// g\n");
        assert_eq!(code, "a;     \n                  f\n     \n");
        assert_eq!(comments, "   // b\n/* c /* d */ e */  \n/// g\n");
    }

    #[test]
    fn literals_are_in_neither() {
        assert_eq!(code(r#"f("a // \" b", c)"#), "f(           , c)");
        assert_eq!(code(r###"f(r#"a " b"#, br"\", c"d")"###), "f(          ,      ,     )");
        assert_eq!(code(r"f('{', '\'', '\u{1F}', b'x', 'a: loop)"), "f(   ,     ,         , b   , 'a: loop)");
    }

    #[test]
    fn words_that_start_like_literals_are_words() {
        let text = "r#type + bring + croak + brr + r + b + c";
        assert_eq!(code(text), text);
        assert_eq!(code("bar\"x\""), "bar   ");
    }

    #[test]
    fn lines_stay_lines_whatever_is_left_open() {
        for text in ["\"a\nb", "/* a\nb", "r#\"a\nb", "'\\", "a\n'"] {
            let (code, comments) = mask(text);
            assert_eq!(code.matches('\n').count(), text.matches('\n').count(), "{text:?}");
            assert_eq!(comments.chars().count(), text.chars().count(), "{text:?}");
        }
    }
}
