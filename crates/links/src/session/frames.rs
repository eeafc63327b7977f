//! The last frame of each kind, for people who look at raw bytes. Text is made when asked for, never per frame.

use crate::describe::Describe;
use crate::device::can_error::{ControllerWatch, ErrorReport};
use domain::link::{DecodedValue, FrameRow, LinkFault};
use domain::time::Mono;
use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

/// How many different frames that no table describes are remembered.
const MAX_UNKNOWN: usize = 64;
/// Weight of the newest interval in the mean period: about the last eight count.
const PERIOD_WEIGHT: f32 = 1.0 / 8.0;

/// The last frame of each slot, and of those that have none.
#[derive(Clone, Debug, Default)]
pub(crate) struct FrameLog {
    known: Vec<Option<Entry>>,
    /// By key, with what is wrong with it.
    unknown: BTreeMap<String, (LinkFault, Entry)>,
    /// The last error frame, and the state of the controller after it.
    error: Option<(ErrorReport, ControllerWatch, Entry)>,
    /// What was received before belongs to the bus as it was before its last restart.
    restarted_at: Mono,
    /// Room for a key, so that a frame that is known makes none.
    key: String,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    raw: Vec<u8>,
    count: u64,
    at: Mono,
    period_ms: Option<f32>,
}

impl Entry {
    fn see(&mut self, raw: &[u8], at: Mono, restarted_at: Mono) {
        if self.at < restarted_at {
            // The pause in between is no period.
            self.period_ms = None;
        } else if self.count > 0 {
            let interval_ms = at.seconds_since(self.at) * 1e3;
            let mean = self.period_ms.unwrap_or(interval_ms);
            self.period_ms = Some(mean + (interval_ms - mean) * PERIOD_WEIGHT);
        }
        self.raw.clear();
        self.raw.extend_from_slice(raw);
        self.count += 1;
        self.at = at;
    }

    fn row(&self, key: String, name: String, decoded: Vec<DecodedValue>, now: Mono) -> FrameRow {
        FrameRow {
            key,
            name,
            count: self.count,
            period_ms: self.period_ms,
            age_ms: u32::try_from(now.since(self.at).as_millis()).unwrap_or(u32::MAX),
            raw: self.raw.clone(),
            decoded,
        }
    }
}

impl FrameLog {
    /// Takes a frame of a slot.
    pub(crate) fn see(&mut self, slot: usize, raw: &[u8], at: Mono) {
        if slot >= self.known.len() {
            self.known.resize_with(slot + 1, || None);
        }
        self.known[slot].get_or_insert_default().see(raw, at, self.restarted_at);
    }

    /// Takes a frame that was rejected. When too many kinds are known already, a new one is not remembered.
    pub(crate) fn see_unknown(&mut self, key: impl Display, fault: LinkFault, raw: &[u8], at: Mono) {
        self.key.clear();
        // Writing into a text cannot fail.
        let _ = write!(self.key, "{key}");
        if !self.unknown.contains_key(&self.key) {
            if self.unknown.len() >= MAX_UNKNOWN {
                return;
            }
            self.unknown.insert(self.key.clone(), (fault, Entry::default()));
        }
        if let Some((why, entry)) = self.unknown.get_mut(&self.key) {
            *why = fault;
            entry.see(raw, at, self.restarted_at);
        }
    }

    /// Takes an error frame, and the controller's state after it.
    pub(crate) fn see_error(&mut self, report: ErrorReport, controller: ControllerWatch, raw: &[u8], at: Mono) {
        let (last, state, entry) = self.error.get_or_insert_with(|| (report, controller, Entry::default()));
        (*last, *state) = (report, controller);
        entry.see(raw, at, Mono(0));
    }

    /// The controller's state has changed without an error frame.
    pub(crate) fn controller(&mut self, controller: ControllerWatch) {
        if let Some((_, state, _)) = &mut self.error {
            *state = controller;
        }
    }

    /// The bus starts anew at `at`: what was received before is marked as such.
    pub(crate) fn restarted(&mut self, at: Mono) {
        self.restarted_at = at;
    }

    /// When the last frame of a slot was received.
    pub(crate) fn last(&self, slot: usize) -> Option<Mono> {
        self.known.get(slot)?.as_ref().map(|entry| entry.at)
    }

    /// One row for each kind of frame: the controller's errors, those of the table in its order, then the others.
    pub(crate) fn rows(&self, table: &dyn Describe, now: Mono) -> Vec<FrameRow> {
        let error = self.error.iter().map(|(last, controller, entry)| {
            let name = format!("Controller is {}", controller.state.label());
            entry.row("error frame".to_owned(), name, controller.decoded(last), now)
        });
        let known = self.known.iter().enumerate().filter_map(|(slot, entry)| {
            let entry = entry.as_ref()?;
            let mut name = table.name(slot);
            if entry.at < self.restarted_at {
                name += " (before the restart)";
            }
            Some(entry.row(table.key(slot), name, table.decoded(slot, &entry.raw), now))
        });
        let unknown = self.unknown.iter();
        let unknown =
            unknown.map(|(key, (fault, entry))| entry.row(key.clone(), fault.words().to_owned(), Vec::new(), now));
        error.chain(known).chain(unknown).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Names;

    impl Describe for Names {
        fn key(&self, slot: usize) -> String {
            format!("key {slot}")
        }
        fn name(&self, slot: usize) -> String {
            format!("name {slot}")
        }
        fn decoded(&self, _: usize, raw: &[u8]) -> Vec<DecodedValue> {
            vec![DecodedValue { name: "first byte".into(), text: raw[0].to_string() }]
        }

        fn ages(&self, _: std::time::Duration) -> crate::ages::Ages {
            crate::ages::Ages::default()
        }
    }

    #[test]
    fn rows_have_the_last_bytes_a_period_and_an_age() {
        let mut log = FrameLog::default();
        for tick in 1..=5 {
            log.see(3, &[tick, 0], Mono(u64::from(tick) * 200_000));
        }
        log.see_unknown("0x7FF", LinkFault::UnknownId, &[9], Mono(1_000_000));
        let rows = log.rows(&Names, Mono(1_050_000));
        let [known, unknown] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!(
            (known.key.as_str(), known.count, known.age_ms, known.raw.as_slice()),
            ("key 3", 5, 50, [5, 0].as_slice())
        );
        assert!((known.period_ms.unwrap() - 200.0).abs() < 0.1);
        assert_eq!(known.decoded[0].text, "5");
        assert_eq!((unknown.name.as_str(), unknown.period_ms), ("unknown id", None));
    }

    #[test]
    fn frames_before_a_restart_are_marked_and_their_period_is_not_mixed_with_the_pause() {
        let mut log = FrameLog::default();
        for at in [0, 200_000, 400_000] {
            log.see(0, &[1], Mono(at));
            log.see(1, &[1], Mono(at));
        }
        log.restarted(Mono(60_000_000));
        log.see(0, &[2], Mono(60_000_000));
        let rows = log.rows(&Names, Mono(60_000_000));
        let short: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.period_ms, row.count)).collect();
        assert_eq!(short, [("name 0", None, 4), ("name 1 (before the restart)", Some(200.0), 3)]);
        log.see(0, &[2], Mono(60_100_000));
        assert_eq!(log.rows(&Names, Mono(60_100_000))[0].period_ms, Some(100.0));
        assert_eq!((log.last(1), log.last(2)), (Some(Mono(400_000)), None));
    }

    #[test]
    fn a_babbling_bus_cannot_fill_the_memory() {
        let mut log = FrameLog::default();
        for id in 0..1_000 {
            log.see_unknown(id, LinkFault::UnknownId, &[1], Mono(1));
        }
        assert_eq!(log.rows(&Names, Mono(1)).len(), MAX_UNKNOWN);
    }
}
