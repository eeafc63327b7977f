//! The tape: a second of live frames, as one row of history.
//!
//! A row is a run of frames, each behind its length (u32, little-endian). It begins with a key frame, so every row can
//! be read alone; rows of one second written by two processes can be joined end to end.

use domain::live::{Decoder, Encoded};
use domain::spec::SystemSpec;
use domain::time::Utc;
use domain::twin::Moment;
use store::Second;

/// Collects the frames of the running second.
#[derive(Debug)]
pub(crate) struct Tape {
    system: String,
    second: Option<i64>,
    frames: Vec<u8>,
}

impl Tape {
    /// An empty tape of the system with this id.
    pub(crate) fn new(system: &str) -> Tape {
        Tape { system: system.to_owned(), second: None, frames: Vec::new() }
    }

    /// Takes the frame of a cycle at `at`; returns the previous second when a new one has begun.
    pub(crate) fn push(&mut self, at: Utc, encoded: &Encoded) -> Option<Second> {
        let second = at.0.div_euclid(1_000_000);
        let done = if self.second == Some(second) { None } else { self.finish() };
        let frame = if self.frames.is_empty() { &encoded.key } else { &encoded.delta };
        self.second = Some(second);
        self.frames.extend_from_slice(&(frame.len() as u32).to_le_bytes());
        self.frames.extend_from_slice(frame);
        done
    }

    /// Returns what has been collected of the running second.
    pub(crate) fn finish(&mut self) -> Option<Second> {
        let utc_s = self.second.take()?;
        Some(Second { system: self.system.clone(), utc_s, tape: std::mem::take(&mut self.frames) })
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
