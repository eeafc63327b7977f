//! From a place in the text to the line and the key that a person knows.

/// The lines of a TOML text, each with the table and the key that it is under.
pub(super) struct Places<'a> {
    lines: Vec<Line<'a>>,
}

struct Line<'a> {
    /// Its first byte.
    start: usize,
    table: &'a str,
    key: &'a str,
}

impl<'a> Places<'a> {
    pub(super) fn of(text: &'a str) -> Places<'a> {
        let (mut table, mut key, mut start, mut lines) = ("", "", 0, Vec::new());
        for whole in text.split_inclusive('\n') {
            let (row, named) = (whole.trim(), key);
            if let Some(header) = row.strip_prefix('[') {
                table = header.trim_start_matches('[').split(']').next().unwrap_or_default().trim();
                key = "";
            } else if let Some((name, _)) = row.split_once('=') {
                let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '"');
                // A line of a nested array has its own braces in front; it stays under the key that opened it.
                key = if name.trim().chars().all(bare) { name.trim() } else { named };
            }
            lines.push(Line { start, table, key });
            start += whole.len();
        }
        Places { lines }
    }

    /// The line (from 1) and the key path (`link.map`) at byte `at`.
    pub(super) fn at(&self, at: usize) -> (usize, String) {
        let line = self.lines.partition_point(|line| line.start <= at).max(1);
        let (table, key) = self.lines.get(line - 1).map_or(("", ""), |line| (line.table, line.key));
        let path = match (table, key) {
            ("", key) => key.to_owned(),
            (table, "") => table.to_owned(),
            (table, key) => format!("{table}.{key}"),
        };
        (line, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_a_line_and_a_key() {
        let text = "[site]\nname = \"Hall\"\n\n[[link]]\nid = \"bms\"\nmap = [\n  { point = \"x\" },\n]\n";
        for (needle, line, key) in [("Hall", 2, "site.name"), ("bms", 5, "link.id"), ("\"x\"", 7, "link.map")] {
            let at = text.find(needle).unwrap();
            assert_eq!(Places::of(text).at(at), (line, key.to_owned()), "{needle}");
        }
        assert_eq!(Places::of("").at(9), (1, String::new()));
    }
}
