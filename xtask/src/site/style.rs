//! Joins the style sheets into one file: `@import "file.css";` at the start of a line is replaced by that file, comments
//! and indentation are left out. Nothing else of CSS needs to be understood.

use anyhow::{Context as _, Result};
use std::fs;
use std::path::Path;

/// The style sheet `main` with all that it imports, in order.
///
/// # Errors
/// Names the file that cannot be read.
pub(super) fn bundle(main: &Path) -> Result<String> {
    Ok(strip(&join(main)?))
}

fn join(path: &Path) -> Result<String> {
    let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let mut joined = String::new();
    for line in text.lines() {
        match imported(line) {
            Some(name) => joined.push_str(&join(&path.with_file_name(name))?),
            None => joined.push_str(line),
        }
        joined.push('\n');
    }
    Ok(joined)
}

fn imported(line: &str) -> Option<&str> {
    line.trim().strip_prefix("@import \"")?.strip_suffix("\";")
}

/// Without comments, indentation and empty lines. Text in quotes stays as it is.
fn strip(css: &str) -> String {
    let mut plain = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(at) = rest.find(['"', '\'', '/']) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let length = match from.as_bytes() {
            [b'/', b'*', ..] => {
                rest = from.split_once("*/").map_or("", |(_, after)| after);
                continue;
            }
            [b'/', ..] => 1,
            // A quoted text ends at the same mark; CSS allows no line break in it.
            [mark, inside @ ..] => {
                1 + inside.iter().position(|b| b == mark || *b == b'\n').map_or(inside.len(), |i| i + 1)
            }
            [] => 0,
        };
        plain.push_str(&from[..length]);
        rest = &from[length..];
    }
    plain.push_str(rest);
    let lines: Vec<&str> = plain.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_indentation_go_and_quotes_stay() {
        for (css, plain) in [
            ("/* all */\na {\n  color: red; /* why */\n}\n", "a {\ncolor: red;\n}"),
            ("a::before { content: \"/* not */ '\"; }", "a::before { content: \"/* not */ '\"; }"),
            ("a { grid-area: 1 / 2; }", "a { grid-area: 1 / 2; }"),
            ("a {} /* never closed", "a {}"),
        ] {
            assert_eq!(strip(css), plain);
        }
    }

    #[test]
    fn imports_are_replaced_in_order() {
        let folder = std::env::temp_dir().join(format!("packtwin-style-{}", std::process::id()));
        fs::create_dir_all(folder.join("parts")).unwrap();
        fs::write(folder.join("main.css"), "@import \"one.css\";\n@import \"parts/two.css\";\nc {}\n").unwrap();
        fs::write(folder.join("one.css"), "a {}\n").unwrap();
        fs::write(folder.join("parts/two.css"), "b {}\n").unwrap();
        let bundled = bundle(&folder.join("main.css")).unwrap();
        fs::remove_file(folder.join("one.css")).unwrap();
        let broken = bundle(&folder.join("main.css"));
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(bundled, "a {}\nb {}\nc {}");
        assert!(broken.is_err_and(|error| error.to_string().contains("one.css")));
    }
}
