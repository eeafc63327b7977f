//! Frames as the table shows them: what changed since the last look, grouped bytes, the filter, and the groups of a
//! multiplexed message told together. Pure.

use crate::format;
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

/// The message that a multiplexed frame is a group of: `0x250` of `0x250 mux 3`; `None` for any other frame.
pub fn message_of(key: &str) -> Option<&str> {
    key.split_once(" mux ").map(|(message, _)| message)
}

/// A group is late when it is older than so many of its periods, and than a second.
const LATE_PERIODS: f32 = 3.0;
const LATE_MS: f32 = 1_000.0;

/// The groups of one multiplexed message, told together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// The name of the message.
    pub name: String,
    /// How many of its groups were received.
    pub groups: usize,
    /// Frames a second, of all groups; `None` while no period is known.
    pub per_s: Option<f32>,
    /// Frames received, of all groups.
    pub count: u64,
    /// Age of the newest group, ms.
    pub newest_ms: u32,
    /// The oldest group: what it is called within the message (`mux 3`), and its age in ms.
    pub oldest: (String, u32),
    /// How many groups stay away longer than they should.
    pub late: usize,
}

impl Message {
    /// What the `groups` of one message are together.
    pub fn of<'a>(groups: impl Iterator<Item = &'a FrameRow>) -> Message {
        let mut message = Message { newest_ms: u32::MAX, ..Message::default() };
        for row in groups {
            message.groups += 1;
            message.count += row.count;
            message.newest_ms = message.newest_ms.min(row.age_ms);
            if message.groups == 1 || row.age_ms > message.oldest.1 {
                let mux = message_of(&row.key).map_or(row.key.as_str(), |id| row.key[id.len()..].trim_start());
                message.oldest = (mux.to_owned(), row.age_ms);
            }
            if message.name.is_empty() {
                message.name.clone_from(&row.name);
            }
            if let Some(period_ms) = row.period_ms.filter(|ms| *ms > 0.0) {
                *message.per_s.get_or_insert_default() += 1e3 / period_ms;
            }
            let allowed_ms = (row.period_ms.unwrap_or(0.0) * LATE_PERIODS).max(LATE_MS);
            message.late += usize::from(row.age_ms as f32 > allowed_ms);
        }
        message
    }

    /// The worst of its groups, in words: `oldest < 1 s`, `2 groups late, oldest 12 s: mux 3`.
    pub fn worst_words(&self) -> String {
        let age = format::calm_age(self.oldest.1 as f32 / 1e3);
        match self.late {
            0 => format!("every group is there, oldest {age}"),
            1 => format!("1 group late: {}, {age}", self.oldest.0),
            late => format!("{late} groups late, oldest {age}: {}", self.oldest.0),
        }
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

    #[test]
    fn the_groups_of_a_message_are_told_together_with_the_worst() {
        assert_eq!(
            (message_of("0x250 mux 3"), message_of("0x220"), message_of("reg 0-6")),
            (Some("0x250"), None, None)
        );
        let group = |mux: u32, age_ms: u32| FrameRow {
            key: format!("0x250 mux {mux}"),
            name: "CellVoltages".into(),
            count: 100,
            period_ms: Some(200.0),
            age_ms,
            ..FrameRow::default()
        };
        let ok = [group(0, 50), group(1, 150), group(2, 100)];
        let message = Message::of(ok.iter());
        assert_eq!((message.name.as_str(), message.groups, message.count), ("CellVoltages", 3, 300));
        assert_eq!((message.newest_ms, &message.oldest, message.per_s), (50, &("mux 1".to_owned(), 150), Some(15.0)));
        assert_eq!(message.worst_words(), "every group is there, oldest <\u{202f}1\u{202f}s");
        let late = [group(0, 50), group(1, 12_000), group(2, 1_400)];
        let message = Message::of(late.iter());
        assert_eq!(message.worst_words(), "2 groups late, oldest 12\u{202f}s: mux 1");
        assert_eq!(Message::of(late[..2].iter()).worst_words(), "1 group late: mux 1, 12\u{202f}s");
    }
}
