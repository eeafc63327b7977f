//! The tape: a second of live frames, as one row of history, with the rows of telemetry of that second and
//! with the minute of cells that ended with it.
//!
//! A row is a run of frames, each behind its length (u32, little-endian). It begins with a key frame, so every row can
//! be read alone; rows of one second written by two processes can be joined end to end.

use domain::live::{Decoder, Encoded};
use domain::minute::Minutes;
use domain::spec::SystemSpec;
use domain::telemetry::Row;
use domain::twin::Snapshot;
use store::Second;

/// Collects the frames of the running second.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    system: String,
    second: Option<i64>,
    frames: Vec<u8>,
    rows: Vec<Row>,
    minutes: Minutes,
}

impl Tape {
    /// An empty tape of the system with this id.
    pub(crate) fn new(system: &str) -> Tape {
        Tape { system: system.to_owned(), ..Tape::default() }
    }

    /// Takes the snapshot of a cycle, and its frame; returns the previous second when a new one has
    /// begun.
    pub(crate) fn push(&mut self, snapshot: &Snapshot, encoded: &Encoded) -> Option<Second> {
        let second = snapshot.now.utc.0.div_euclid(1_000_000);
        let minute = self.minutes.push(snapshot);
        let mut done = if self.second == Some(second) { None } else { self.finish() };
        if let Some(done) = &mut done {
            done.cells = minute;
        }
        let frame = if self.frames.is_empty() { &encoded.key } else { &encoded.delta };
        self.second = Some(second);
        self.frames.extend_from_slice(&(frame.len() as u32).to_le_bytes());
        self.frames.extend_from_slice(frame);
        self.rows.push(Row::of(snapshot));
        done
    }

    /// Returns what has been collected of the running second, with the part of the running minute.
    pub(crate) fn end(&mut self) -> Option<Second> {
        let cells = self.minutes.finish();
        self.finish().map(|second| Second { cells, ..second })
    }

    fn finish(&mut self) -> Option<Second> {
        let utc_s = self.second.take()?;
        Some(Second {
            system: self.system.clone(),
            utc_s,
            tape: std::mem::take(&mut self.frames),
            rows: std::mem::take(&mut self.rows),
            ..Second::default()
        })
    }
}

/// Calls `each` with every snapshot of a row of the system `spec` and returns how many frames could not be read.
pub(crate) fn play(row: &[u8], spec: &SystemSpec, mut each: impl FnMut(&Snapshot)) -> usize {
    let mut decoder = Decoder::of(spec);
    let mut unreadable = 0;
    let mut rest = row;
    while let Some((len, after)) = rest.split_first_chunk::<4>() {
        let Some((frame, after)) = after.split_at_checked(u32::from_le_bytes(*len) as usize) else {
            return unreadable + 1;
        };
        rest = after;
        match decoder.decode(frame) {
            Ok(()) => each(decoder.snapshot()),
            Err(_) => unreadable += 1,
        }
    }
    unreadable + usize::from(!rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::limits::{Chemistry, Limits};
    use domain::live::Encoder;
    use domain::minute::Stat;
    use domain::reading::{CellQuantity, Reading, Target};
    use domain::spec::SystemKind;
    use domain::time::{Mono, Now, Utc};
    use domain::topology::Topology;
    use domain::twin::SystemState;

    fn spec() -> SystemSpec {
        SystemSpec {
            id: "hv".to_owned(),
            name: "Pack".to_owned(),
            kind: SystemKind::DataCentre,
            topology: Topology::new(1, 1, 3),
            capacity_ah: 280.0,
            nominal_v: 10.0,
            reserve_pct: 20.0,
            limits: Limits::of(Chemistry::Lfp, 260, 280.0),
            cell_resolution_v: 0.001,
            rate_hz: 1.0,
            simulated: false,
            max_ages: Vec::new(),
            cell_max_age: domain::cells::CELL_MAX_AGE,
        }
    }

    #[test]
    fn a_minute_of_cells_comes_with_its_last_second_and_the_end_brings_the_rest() {
        let spec = spec();
        let (mut tape, mut encoder) = (Tape::new("hv"), Encoder::new(&spec));
        let mut snapshot = Snapshot { state: SystemState::new(&spec), ..Snapshot::default() };
        let mut minutes = Vec::new();
        for second in 0..150_i64 {
            snapshot.now = Now { utc: Utc(second * 1_000_000), mono: Mono(1 + second as u64 * 1_000_000) };
            let reading = Reading { target: Target::Cell(CellQuantity::Voltage, 2), sample: Ok(3.3) };
            snapshot.state.apply(reading, snapshot.now.mono);
            let encoded = encoder.encode(&snapshot);
            let done = tape.push(&snapshot, &encoded);
            minutes.extend(done.and_then(|done| Some((done.utc_s, done.cells?))));
        }
        let last = tape.end().unwrap();
        minutes.extend(last.cells.map(|minute| (last.utc_s, minute)));
        let known: Vec<_> = minutes
            .iter()
            .map(|(utc_s, m)| (*utc_s, m.minute, m.lane(CellQuantity::Voltage, Stat::N)[2], m.knows(0)))
            .collect();
        assert_eq!(known, [(59, 0, 60, false), (119, 1, 60, false), (149, 2, 30, false)]);
        assert!(tape.end().is_none());
    }
}
