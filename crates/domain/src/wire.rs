//! Bytes between server and page and on the history tape: small, self-contained, safe to read from anyone.
//!
//! [`Writer`] and [`Reader`] know LEB128 integers, floats, text and runs of bits. On them stand [`Step`] (a value as a
//! whole number of resolution steps) and two codecs for many values at once: which of n things are meant (`subset`),
//! and small numbers with rare large ones (`rice`).
//!
//! A reader never panics, and a length that it reads never makes it allocate more than a fixed multiple of the bytes
//! that are really there, or of a limit that its caller has checked. Integers are little-endian.

mod bits;
mod plain;
mod reader;
pub(crate) mod rice;
mod step;
pub(crate) mod subset;
mod writer;

pub use bits::{BitReader, BitWriter};
pub use reader::Reader;
pub use step::Step;
/// The binary form of a struct or enum from its fields, see the crate `wire-derive`.
pub use wire_derive::Wire;
pub use writer::Writer;

use thiserror::Error;

/// The format of everything that is a [`Wire`] message. Raised when one of them changes.
pub const FORMAT: u8 = 5;

/// Why bytes could not be read.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum WireError {
    /// The bytes end too early.
    #[error("it ends at byte {at}, in the middle of a value")]
    Short {
        /// Where it ends, from 0.
        at: usize,
    },
    /// A number, code or length that cannot be.
    #[error("{what} before byte {at} cannot be")]
    Invalid {
        /// What it should have been.
        what: &'static str,
        /// Where reading stood, from 0.
        at: usize,
    },
    /// There are bytes after the end.
    #[error("it should end at byte {at} but goes on")]
    Trailing {
        /// Where it should end, from 0.
        at: usize,
    },
    /// Another version wrote it.
    #[error("it has format {got}, this version reads format {known}")]
    Format {
        /// The format that was found.
        got: u8,
        /// The format that can be read.
        known: u8,
    },
}

/// Something that has one form on the wire.
pub trait Wire: Sized {
    /// Appends it.
    fn write(&self, w: &mut Writer);

    /// Takes one from the front.
    ///
    /// # Errors
    /// [`WireError`] says where the bytes end too early or cannot be.
    fn read(r: &mut Reader<'_>) -> Result<Self, WireError>;

    /// A whole message: the format's number, then the value.
    fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.u8(FORMAT);
        self.write(&mut w);
        w.finish()
    }

    /// Reads a whole message made by [`Wire::to_bytes`].
    ///
    /// # Errors
    /// As [`Wire::read`]; also for another format and for bytes after the end.
    fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::new(bytes);
        r.format(FORMAT)?;
        let value = Self::read(&mut r)?;
        r.end()?;
        Ok(value)
    }
}

/// Maps small numbers of either sign to small numbers: 0, -1, 1, -2 become 0, 1, 2, 3.
pub(crate) const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// The inverse of [`zigzag`].
pub(crate) const fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests;
