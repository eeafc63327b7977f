//! What history keeps of a system, second by second: a log of its live frames, a row of telemetry each cycle, and the
//! minute of cells and of device points that ended with the second.

use crate::device_minute::{DeviceMinute, DeviceMinutes};
use crate::live::{Encoded, key_frame, log};
use crate::minute::{CellMinute, Minutes};
use crate::spec::{SystemIdx, SystemSpec};
use crate::telemetry::Row;
use crate::twin::Snapshot;

/// One second of one system.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// The system.
    pub system: SystemIdx,
    /// Which second: whole seconds since 1970-01-01 UTC.
    pub utc_s: i64,
    /// The live frames of that second, as a log ([`log`]).
    pub frames: Vec<u8>,
    /// The rows of that second, one a cycle.
    pub rows: Vec<Row>,
    /// The minute of cells that ended with that second, or a part of one.
    pub cells: Option<CellMinute>,
    /// The minute of device points that ended with that second, or a part of one.
    pub devices: Option<DeviceMinute>,
}

/// Collects the running second of one system.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    second: Option<i64>,
    frames: Vec<u8>,
    rows: Vec<Row>,
    minutes: Minutes,
    device_minutes: DeviceMinutes,
}

impl Recorder {
    /// Takes the snapshot of a cycle of the system that `spec` describes, and its frame; returns the previous second when
    /// a new one has begun.
    pub fn push(
        &mut self,
        system: SystemIdx,
        spec: &SystemSpec,
        snapshot: &Snapshot,
        encoded: &Encoded,
    ) -> Option<Record> {
        let second = snapshot.now.utc.0.div_euclid(1_000_000);
        let cells = self.minutes.push(snapshot);
        let devices = self.device_minutes.push(&spec.device_points, snapshot);
        let over = if self.second == Some(second) { None } else { self.take(system) };
        self.second = Some(second);
        if self.frames.is_empty() {
            log::append(&mut self.frames, &key_frame(spec, encoded.seq, snapshot));
        } else {
            log::append(&mut self.frames, &encoded.delta);
        }
        self.rows.push(Row::of(snapshot));
        over.map(|over| Record { cells, devices, ..over })
    }

    /// Returns what has been collected of the running second, with the part of the running minute.
    pub fn end(&mut self, system: SystemIdx) -> Option<Record> {
        let (cells, devices) = (self.minutes.finish(), self.device_minutes.finish());
        self.take(system).map(|record| Record { cells, devices, ..record })
    }

    fn take(&mut self, system: SystemIdx) -> Option<Record> {
        let utc_s = self.second.take()?;
        let (frames, rows) = (std::mem::take(&mut self.frames), std::mem::take(&mut self.rows));
        Some(Record { system, utc_s, frames, rows, ..Record::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::Encoder;
    use crate::minute::Stat;
    use crate::reading::{CellQuantity, Reading, Target};
    use crate::time::{Mono, Now, Utc};
    use crate::topology::Topology;
    use crate::twin::SystemState;

    #[test]
    fn a_minute_of_cells_comes_with_its_last_second_and_the_end_brings_the_rest() {
        let spec = SystemSpec { topology: Topology::new(1, 1, 3), ..crate::engine::tests::site().systems[0].clone() };
        let (mut recorder, mut encoder) = (Recorder::default(), Encoder::new(&spec));
        let mut snapshot = Snapshot { state: SystemState::new(&spec), ..Snapshot::default() };
        let mut minutes = Vec::new();
        for second in 0..150_i64 {
            snapshot.now = Now { utc: Utc(second * 1_000_000), mono: Mono(1 + second as u64 * 1_000_000) };
            let reading = Reading { target: Target::Cell(CellQuantity::Voltage, 2), sample: Ok(3.3) };
            snapshot.state.apply(reading, snapshot.now.mono);
            let encoded = encoder.encode(&snapshot);
            let done = recorder.push(SystemIdx(0), &spec, &snapshot, &encoded);
            minutes.extend(done.and_then(|done| Some((done.utc_s, done.cells?))));
        }
        let last = recorder.end(SystemIdx(0)).unwrap();
        minutes.extend(last.cells.map(|minute| (last.utc_s, minute)));
        let known: Vec<_> = minutes
            .iter()
            .map(|(utc_s, m)| (*utc_s, m.minute, m.column(CellQuantity::Voltage, Stat::N)[2], m.knows(0)))
            .collect();
        assert_eq!(known, [(59, 0, 60, false), (119, 1, 60, false), (149, 2, 30, false)]);
        assert!(recorder.end(SystemIdx(0)).is_none());
    }
}
