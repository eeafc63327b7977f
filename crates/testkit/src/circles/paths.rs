//! The paths of a source text: of its `use` items, and those within code that begin with `crate`, `super` or `self`.
//! No parser of Rust: comments and texts are left out, the rest is words and signs.

/// A text without what is compiled for tests only: from `#[cfg(test)]` followed by a module with a body to the end.
pub(super) fn without_tests(text: &str) -> String {
    let mut from = 0;
    while let Some(at) = text[from..].find("#[cfg(test)]").map(|at| from + at) {
        let after = text[at + "#[cfg(test)]".len()..].trim_start();
        let ends = |sign: char| after.find(sign).unwrap_or(after.len());
        if after.starts_with("mod ") && ends('{') < ends(';') {
            return text[..at].to_owned();
        }
        from = at + 1;
    }
    text.to_owned()
}

/// Every path, as its parts. A group (`a::{b, c}`) gives one for each of its names, `a::self` is `a`.
pub(super) fn paths(text: &str) -> Vec<Vec<String>> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_use = tokens[at] == "use";
        let begins = is_use || matches!(tokens[at].as_str(), "crate" | "super" | "self");
        let follows = tokens.get(at + 1).is_some_and(|next| next == "::");
        let inside = at > 0 && tokens[at - 1] == "::";
        if is_use {
            at = tree(&tokens, at + 1, &[], &mut found);
        } else if begins && follows && !inside {
            at = tree(&tokens, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Reads a path or group from `at` on; where it ends.
fn tree(tokens: &[String], mut at: usize, before: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = before.to_vec();
    loop {
        match tokens.get(at).map(String::as_str) {
            Some("{") => {
                at += 1;
                while let Some(token) = tokens.get(at) {
                    match token.as_str() {
                        "}" => return at + 1,
                        "," => at += 1,
                        _ => at = tree(tokens, at, &path, found).max(at + 1),
                    }
                }
                return at;
            }
            Some("*") => at += 1,
            Some("self") if !path.is_empty() => at += 1,
            Some(word) if word.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_') => {
                path.push(word.to_owned());
                at += 1;
            }
            _ => {}
        }
        match tokens.get(at).map(String::as_str) {
            Some("::") => at += 1,
            Some("as") => {
                found.push(path);
                return at + 2;
            }
            _ => {
                found.push(path);
                return at;
            }
        }
    }
}

/// Words, `::` and other signs, without comments, texts and letters in quotes.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = raw_text(rest) {
            length
        } else if first == '"' {
            plain_text(rest)
        } else if let Some(length) = letter(rest) {
            length
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else if first.is_alphanumeric() || first == '_' {
            let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
            tokens.push(rest[..end].to_owned());
            end
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[skip..];
    }
    tokens
}

/// The length of `r"..."` or `r#"..."#` at the beginning.
fn raw_text(text: &str) -> Option<usize> {
    let hashes = text.strip_prefix('r')?.bytes().take_while(|byte| *byte == b'#').count();
    let body = text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(body.find(&end).map_or(text.len(), |at| 1 + hashes + 1 + at + end.len()))
}

/// The length of `"..."` at the beginning.
fn plain_text(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of `'x'` or `'\n'` at the beginning; `None` for a lifetime.
fn letter(text: &str) -> Option<usize> {
    let body = text.strip_prefix('\'')?;
    let mut letters = body.char_indices();
    let (_, first) = letters.next()?;
    if first == '\\' {
        let (after, _) = letters.nth(1)?;
        return Some(1 + after + body[after..].find('\'')? + 1);
    }
    let (at, second) = letters.next()?;
    (second == '\'').then_some(1 + at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str) -> Vec<String> {
        paths(text).into_iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn paths_of_use_items_and_of_code() {
        for (text, expected) in [
            ("use crate::a::B;", vec!["crate::a::B"]),
            (
                "pub(crate) use super::{a, b::{self, C as D}, e::*};",
                vec!["super::a", "super::b", "super::b::C", "super::e"],
            ),
            ("fn f(x: &'a str) -> crate::x::Y { super::g(self.h, 'c', '\\'') }", vec!["crate::x::Y", "super::g"]),
            ("let t = \"use crate::no;\"; // use crate::no;\n/* crate::no */ r#\"crate::\"no\"#", vec![]),
            ("pub(in crate::a) struct S; use a::b;", vec!["crate::a", "a::b"]),
        ] {
            assert_eq!(joined(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_for_tests_only_is_left_out() {
        assert_eq!(without_tests("a\n#[cfg(test)]\nmod tests {\n b }\n"), "a\n");
        assert_eq!(without_tests("#[cfg(test)]\nmod tests;\nc"), "#[cfg(test)]\nmod tests;\nc");
        assert_eq!(without_tests("#[cfg(test)]\nuse x;\nc"), "#[cfg(test)]\nuse x;\nc");
    }
}
