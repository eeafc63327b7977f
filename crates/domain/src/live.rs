//! The live stream of one system: a [`Snapshot`](crate::twin::Snapshot) each engine cycle, in few bytes.
//!
//! An [`Encoder`] makes a *delta* frame of each snapshot, for those who have the snapshot before. For all others,
//! [`key_frame`] makes one that stands alone. A [`Decoder`] turns them back. The same frames go over the WebSocket, into the page's HTML
//! and onto the history tape.
//!
//! ```text
//! format u8 | kind u8 | seq | now: mono, utc | age of the newest reading
//! key only:  layout: topology, number of points, of cell quantities, of node quantities; the steps of each column
//! each column: which items are new | their ages | what they share | the rest of each | which reasons changed | these
//! sections u8 | alarms that are active, and that wait for a person, if bit 0 | links, if bit 1, else when each was heard | the whole site, if bit 2
//!                bit 3: battery power is derived from voltage and current
//!                bit 4: points of devices: in a key frame their steps and ages, in runs; then their column
//! ```
//!
//! A column is one quantity of many items: all points, the voltage of every cell, the delay of every node. A key frame is
//! a delta to a column of which nothing is known, so there is one codec for both kinds. Cells move together when the load
//! changes: the median of all changes is sent once, the small rest in a few bits each.
//!
//! What a decoder shows equals the encoder's snapshot, but: values are rounded to their [`Step`](crate::wire::Step), the
//! times of readings are true to 0.1 s, counters of links are refreshed once a second, and alarm values too unless the list
//! itself changes.

mod column;
mod decoder;
mod encoder;
mod layout;
pub mod log;
mod sections;

pub use decoder::Decoder;
pub use encoder::{Encoded, Encoder, key_frame};

use crate::wire::WireError;
use thiserror::Error;

/// The format of the frames. Raised when they change in a way that older decoders would misread.
pub const FORMAT: u8 = 6;
/// The oldest format that is still read: tape is kept for years. Format 2 says nothing of the whole site, nor whether an
/// alarm chatters; format 3 does not say whether power is derived; format 4 has no points
/// of devices; format 5 does not say what people have done about alarms, nor which are over and wait for them.
pub const OLDEST: u8 = 2;

/// Whether a frame stands alone. What is no frame at all does not.
pub fn is_key(frame: &[u8]) -> bool {
    frame.get(1) == Some(&KEY)
}

/// Second byte of a key frame.
const KEY: u8 = 1;
/// Second byte of a delta frame.
const DELTA: u8 = 2;

/// Why a frame was not taken.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum LiveError {
    /// A delta that does not follow what the decoder has: wait for a key frame, or ask for one.
    #[error("live frame {got} does not follow the last one; a key frame is needed")]
    Gap {
        /// The frame's number.
        got: u32,
    },
    /// The frame's second byte is not a kind of frame.
    #[error("live frame of unknown kind {0}")]
    Kind(u8),
    /// The frame is not sound.
    #[error("live frame not understood: {0}")]
    Wire(#[from] WireError),
}

#[cfg(test)]
mod tests;
