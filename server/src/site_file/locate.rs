//! From a place in the text to the line and the key that a person knows.

/// The line (from 1) and the key path (`link.map`) at byte `at` of a TOML text.
pub(super) fn locate(text: &str, at: usize) -> (usize, String) {
    let at = at.min(text.len());
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let mut table = "";
    let mut key = "";
    for (i, row) in text.lines().take(line).enumerate() {
        let row = row.trim();
        if let Some(header) = row.strip_prefix('[') {
            table = header.trim_start_matches('[').split(']').next().unwrap_or_default().trim();
            key = "";
        } else if let Some((name, _)) = row.split_once('=') {
            let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '"');
            // A line of a nested array has its own braces in front; it stays under the key that opened it.
            if name.trim().chars().all(bare) && (i + 1 < line || !name.trim().is_empty()) {
                key = name.trim();
            }
        }
    }
    let path = match (table, key) {
        ("", key) => key.to_owned(),
        (table, "") => table.to_owned(),
        (table, key) => format!("{table}.{key}"),
    };
    (line, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_a_line_and_a_key() {
        let text = "[site]\nname = \"Hall\"\n\n[[link]]\nid = \"bms\"\nmap = [\n  { point = \"x\" },\n]\n";
        for (needle, line, key) in [("Hall", 2, "site.name"), ("bms", 5, "link.id"), ("\"x\"", 7, "link.map")] {
            let at = text.find(needle).unwrap();
            assert_eq!(locate(text, at), (line, key.to_owned()), "{needle}");
        }
        assert_eq!(locate("", 9), (1, String::new()));
    }
}
