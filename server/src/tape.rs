//! The tape: a second of live frames, as one row of history, with the rows of telemetry and the events of that second.
//!
//! A row is a run of frames, each behind its length (u32, little-endian). It begins with a key frame, so every row can
//! be read alone; rows of one second written by two processes can be joined end to end.

use domain::live::{Decoder, Encoded};
use domain::spec::SystemSpec;
use domain::telemetry::Row;
use domain::twin::Moment;
use store::{Event, Second};

/// Collects the frames of the running second.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    system: String,
    second: Option<i64>,
    frames: Vec<u8>,
    rows: Vec<Row>,
    events: Vec<Event>,
}

impl Tape {
    /// An empty tape of the system with this id.
    pub(crate) fn new(system: &str) -> Tape {
        Tape { system: system.to_owned(), ..Tape::default() }
    }

    /// Takes the moment of a cycle, its frame and what happened in it; returns the previous second when a new one has
    /// begun.
    pub(crate) fn push(&mut self, moment: &Moment, encoded: &Encoded, events: Vec<Event>) -> Option<Second> {
        let second = moment.now.utc.0.div_euclid(1_000_000);
        let done = if self.second == Some(second) { None } else { self.finish() };
        let frame = if self.frames.is_empty() { &encoded.key } else { &encoded.delta };
        self.second = Some(second);
        self.frames.extend_from_slice(&(frame.len() as u32).to_le_bytes());
        self.frames.extend_from_slice(frame);
        self.rows.push(Row::of(moment));
        self.events.extend(events);
        done
    }

    /// Returns what has been collected of the running second.
    pub(crate) fn finish(&mut self) -> Option<Second> {
        let utc_s = self.second.take()?;
        Some(Second {
            system: self.system.clone(),
            utc_s,
            tape: std::mem::take(&mut self.frames),
            rows: std::mem::take(&mut self.rows),
            events: std::mem::take(&mut self.events),
        })
    }
}

/// Calls `each` with every moment of a row of the system `spec` and returns how many frames could not be read.
pub(crate) fn play(row: &[u8], spec: &SystemSpec, mut each: impl FnMut(&Moment)) -> usize {
    let mut decoder = Decoder::of(spec);
    let mut unreadable = 0;
    let mut rest = row;
    while let Some((len, after)) = rest.split_first_chunk::<4>() {
        let Some((frame, after)) = after.split_at_checked(u32::from_le_bytes(*len) as usize) else {
            return unreadable + 1;
        };
        rest = after;
        match decoder.decode(frame) {
            Ok(()) => each(decoder.moment()),
            Err(_) => unreadable += 1,
        }
    }
    unreadable + usize::from(!rest.is_empty())
}
