//! Lines of a candump log: what `candump` writes, and what is recorded. Pure.

mod fields;
mod line;
mod terminal;
mod write;

pub use line::parse;
pub use write::write_line;

use super::OwnedFrame;

/// What a line is.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// A frame, and when it was received.
    Frame(Stamp, OwnedFrame),
    /// The recorder could not keep up and lost this many frames.
    Dropped(u32),
    /// Nothing on it.
    Blank,
}

/// When a frame was received, by the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// Microseconds of the recorder's clock.
    At(u64),
    /// Microseconds since the first frame, or since the one before: the line does not say which.
    Since(u64),
    /// The log has no times.
    None,
}

/// The line does not follow the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a line of a candump log")]
pub struct LineError;
