//! Frames as the table shows them: what changed since the last look, grouped bytes, and the filter. Pure.

use domain::link::FrameRow;

/// Bytes stand in groups of this many.
const GROUP: usize = 4;

/// A frame with what changed in it since it was last looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FrameView {
    /// The frame.
    pub row: FrameRow,
    /// Which bytes changed, by place. A frame seen for the first time has not changed.
    pub changed: Vec<bool>,
}

/// A run of bytes that changed, or did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Two digits a byte, spaced, a wider gap after every fourth byte.
    pub hex: String,
    /// Whether they changed since the last look.
    pub changed: bool,
}

impl FrameView {
    /// A frame seen for the first time.
    pub fn first(row: FrameRow) -> FrameView {
        let changed = vec![false; row.raw.len()];
        FrameView { row, changed }
    }

    /// The same frame at the next look. Without a newer frame nothing has changed.
    pub fn then(&self, row: FrameRow) -> FrameView {
        let same_length = self.row.raw.len() == row.raw.len();
        let changed = row.raw.iter().enumerate().map(|(i, byte)| !same_length || self.row.raw[i] != *byte).collect();
        FrameView { row, changed }
    }

    /// Whether no table describes this frame.
    pub fn is_unknown(&self) -> bool {
        self.row.name.is_empty()
    }

    /// The bytes in runs that changed and runs that did not. The gap between two runs belongs to the one that did not.
    pub fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for (i, byte) in self.row.raw.iter().enumerate() {
            let changed = self.changed.get(i).copied().unwrap_or(false);
            let gap = match i {
                0 => "",
                i if i % GROUP == 0 => " \u{2002}",
                _ => " ",
            };
            match runs.last_mut() {
                Some(run) if run.changed == changed => run.hex.push_str(&format!("{gap}{byte:02X}")),
                Some(run) if changed => {
                    run.hex.push_str(gap);
                    runs.push(Run { hex: format!("{byte:02X}"), changed });
                }
                _ => runs.push(Run { hex: format!("{gap}{byte:02X}"), changed }),
            }
        }
        runs
    }

    /// Whether the key, the name or any decoded value contains `filter`, without regard to case (in ASCII, as the
    /// names of a DBC file are). Of several words each
    /// must be found.
    pub fn matches(&self, filter: &str) -> bool {
        let row = &self.row;
        let has = |text: &str, word: &str| text.to_ascii_lowercase().contains(word);
        filter.to_ascii_lowercase().split_whitespace().all(|word| {
            has(&row.key, word)
                || has(&row.name, word)
                || row.decoded.iter().any(|value| has(&value.name, word) || has(&value.text, word))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::link::DecodedValue;

    fn row(raw: &[u8]) -> FrameRow {
        FrameRow {
            key: "0x250 mux 3".into(),
            name: "CellVoltages".into(),
            raw: raw.to_vec(),
            decoded: vec![DecodedValue { name: "CellVoltage_012".into(), text: "3201 mV".into() }],
            ..FrameRow::default()
        }
    }

    #[test]
    fn only_bytes_that_differ_from_the_last_look_have_changed() {
        let first = FrameView::first(row(&[1, 2, 3]));
        assert_eq!(first.changed, [false; 3]);
        let second = first.then(row(&[1, 9, 3]));
        assert_eq!(second.changed, [false, true, false]);
        assert_eq!(second.then(row(&[1, 9, 3])).changed, [false; 3]);
        assert_eq!(second.then(row(&[1, 9])).changed, [true; 2], "another length is another frame");
    }

    #[test]
    fn bytes_are_grouped_by_four_in_runs() {
        let view = FrameView::first(row(&[0, 1, 2, 3, 4, 0xAB])).then(row(&[0, 1, 2, 7, 8, 0xAB]));
        let runs: Vec<(String, bool)> = view.runs().into_iter().map(|run| (run.hex, run.changed)).collect();
        assert_eq!(
            runs,
            [("00 01 02 ".to_owned(), false), ("07 \u{2002}08".to_owned(), true), (" AB".to_owned(), false)]
        );
        assert!(FrameView::first(row(&[])).runs().is_empty());
    }

    #[test]
    fn the_filter_looks_at_ids_names_and_values() {
        let view = FrameView::first(row(&[0]));
        for (filter, found) in [
            ("", true),
            ("0x250", true),
            ("cellvolt", true),
            ("_012", true),
            ("mux 3", true),
            ("0x250 3201", true),
            ("0x260", false),
            ("0x250 soc", false),
        ] {
            assert_eq!(view.matches(filter), found, "{filter}");
        }
    }
}
