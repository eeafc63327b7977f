//! The frame log: a run of live frames, each behind its length (u32, little-endian). It begins with a key frame, so it
//! can be read alone; logs of one second that two processes wrote can be joined end to end.

use super::Decoder;
use crate::spec::SystemSpec;
use crate::twin::Snapshot;

/// Adds a frame to a log.
pub fn append(log: &mut Vec<u8>, frame: &[u8]) {
    log.extend_from_slice(&(frame.len() as u32).to_le_bytes());
    log.extend_from_slice(frame);
}

/// Calls `each` with every snapshot of a log of the system `spec` and returns how many frames could not be read.
pub fn play(log: &[u8], spec: &SystemSpec, mut each: impl FnMut(&Snapshot)) -> usize {
    let mut decoder = Decoder::of(spec);
    let mut unreadable = 0;
    let mut rest = log;
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
