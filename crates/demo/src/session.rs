//! What the session has seen of one system: the tape, rows, minutes of cells and alarms of the last hour, in memory.

use domain::engine::{AlarmEvent, Publication, Record};
use domain::live::{key_frame, log};
use domain::minute::CellMinute;
use domain::recent::Recent;
use domain::spec::SystemSpec;
use domain::telemetry::Row;
use domain::twin::Snapshot;
use std::collections::VecDeque;

/// How long the past is kept, s.
pub(crate) const KEPT_S: i64 = 3_600;
/// Alarms that are kept at most.
const EVENTS_MAX: usize = 500;

/// The past of one system since the start.
pub(crate) struct Session {
    pub(crate) spec: SystemSpec,
    newest: Option<Publication>,
    pub(crate) recent: Recent,
    /// Frames by the second, s since 1970-01-01 UTC.
    tape: VecDeque<(i64, Vec<u8>)>,
    pub(crate) rows: VecDeque<Row>,
    pub(crate) minutes: VecDeque<CellMinute>,
    pub(crate) events: VecDeque<AlarmEvent>,
}

impl Session {
    pub(crate) fn new(spec: &SystemSpec) -> Session {
        Session {
            recent: Recent::new(spec),
            spec: spec.clone(),
            newest: None,
            tape: VecDeque::new(),
            rows: VecDeque::new(),
            minutes: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// Takes a cycle.
    pub(crate) fn publish(&mut self, publication: Publication) {
        self.recent.push(&publication.snapshot);
        self.newest = Some(publication);
    }

    /// Takes what is kept of a second, and forgets what is too old.
    pub(crate) fn keep(&mut self, record: Record) {
        let Record { utc_s, frames, rows, cells, .. } = record;
        self.tape.push_back((utc_s, frames));
        self.rows.extend(rows);
        self.minutes.extend(cells);
        let oldest_s = utc_s - KEPT_S;
        while self.tape.pop_front_if(|(at_s, _)| *at_s < oldest_s).is_some() {}
        while self.rows.pop_front_if(|row| row.at_ms < oldest_s * 1_000).is_some() {}
        while self.minutes.pop_front_if(|minute| minute.minute * 60 < oldest_s).is_some() {}
    }

    /// Takes alarms that were raised or cleared.
    pub(crate) fn happened(&mut self, events: Vec<AlarmEvent>) {
        self.events.extend(events);
        let surplus = self.events.len().saturating_sub(EVENTS_MAX);
        self.events.drain(..surplus);
    }

    pub(crate) fn key_frame(&self) -> Option<Vec<u8>> {
        let newest = self.newest.as_ref()?;
        Some(key_frame(&newest.spec, newest.encoded.seq, &newest.snapshot))
    }

    /// Calls `each` with every snapshot from `from_ms` up to but not including `to_ms`, oldest first. The second that runs
    /// is not among them.
    pub(crate) fn play(&self, from_ms: i64, to_ms: i64, mut each: impl FnMut(&Snapshot)) {
        let (first_s, end_s) = (from_ms.div_euclid(1_000), to_ms.saturating_add(999).div_euclid(1_000));
        let start = self.tape.partition_point(|(at_s, _)| *at_s < first_s);
        for (_, frames) in self.tape.range(start..).take_while(|(at_s, _)| *at_s < end_s) {
            log::play(frames, &self.spec, |snapshot| {
                if (from_ms..to_ms).contains(&snapshot.now.utc.0.div_euclid(1_000)) {
                    each(snapshot);
                }
            });
        }
    }

    /// The rows from `from_ms` up to but not including `to_ms`.
    pub(crate) fn rows(&self, from_ms: i64, to_ms: i64) -> Vec<&Row> {
        let start = self.rows.partition_point(|row| row.at_ms < from_ms);
        self.rows.range(start..).take_while(|row| row.at_ms < to_ms).collect()
    }

    /// About how many bytes the past takes.
    pub(crate) fn bytes(&self) -> usize {
        let tape: usize = self.tape.iter().map(|(_, frames)| frames.capacity() + 32).sum();
        let minutes: usize = self.minutes.iter().map(|minute| minute.cells() * 16).sum();
        tape + minutes + self.rows.capacity() * size_of::<Row>() + self.recent.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::spec::SystemIdx;

    #[test]
    fn the_past_is_an_hour_however_long_the_page_is_open() {
        let spec = crate::site::DemoSite::read().unwrap().spec.systems[0].clone();
        let mut session = Session::new(&spec);
        let mut bytes = Vec::new();
        for second in 0..3 * KEPT_S {
            let cells = (second % 60 == 59).then(|| CellMinute::empty(second / 60, 260));
            let rows = (0..5).map(|k| Row::empty(second * 1_000 + k * 200)).collect();
            session.keep(Record {
                system: SystemIdx(0),
                utc_s: second,
                frames: vec![0; 1_500],
                rows,
                cells,
                devices: None,
            });
            bytes.push(session.bytes());
        }
        assert_eq!((session.tape.len(), session.rows.len()), (KEPT_S as usize + 1, 5 * (KEPT_S as usize + 1)));
        assert!((60..=61).contains(&session.minutes.len()));
        assert!(bytes.iter().max().unwrap() < &20_000_000, "{:?}", bytes.iter().max());
        assert_eq!(session.rows(0, i64::MAX).first().unwrap().at_ms, (2 * KEPT_S - 1) * 1_000);
    }
}
