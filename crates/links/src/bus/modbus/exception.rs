//! Exception codes of Modbus in words, and what each says of a write.

use std::fmt;

/// The code of an exception reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exception(pub u8);

/// What an exception says of a write that it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteFate {
    /// It was not carried out, and will not be.
    Refused,
    /// It was not carried out: the device has no time. It may be asked again.
    Busy,
    /// Something failed while the device was at it. It is over: what the device has then says what was done.
    Failed,
    /// It may have been carried out, or may be later.
    NotKnown,
}

/// Every code of the Modbus Application Protocol (V1.1b3, section 7; 7 is of its predecessors): name, and what becomes of
/// a write. The protocol says of 4 that something failed while the server was at it, of 5 that it is at it still. A gateway
/// answers 10 and 11 for a device that it has lost, maybe with the request already there.
const CODES: &[(u8, &str, WriteFate)] = &[
    (1, "illegal function", WriteFate::Refused),
    (2, "illegal data address", WriteFate::Refused),
    (3, "illegal data value", WriteFate::Refused),
    (4, "device failure", WriteFate::Failed),
    (5, "acknowledged, not done yet", WriteFate::NotKnown),
    (6, "device busy", WriteFate::Busy),
    (7, "negative acknowledge", WriteFate::Refused),
    (8, "memory parity error", WriteFate::Failed),
    (10, "gateway path unavailable", WriteFate::NotKnown),
    (11, "gateway target did not respond", WriteFate::NotKnown),
];

impl Exception {
    fn known(self) -> Option<&'static (u8, &'static str, WriteFate)> {
        CODES.iter().find(|(code, ..)| *code == self.0)
    }

    /// What the code means.
    pub fn name(self) -> &'static str {
        self.known().map_or("unknown exception", |(_, name, _)| name)
    }

    /// What becomes of a write that is answered so. Of a code that the protocol does not have nothing is known.
    pub fn write_fate(self) -> WriteFate {
        self.known().map_or(WriteFate::NotKnown, |(.., fate)| *fate)
    }

    /// Whether what was asked for has no value any more: all but "not now", which says nothing about it.
    pub fn means_lost(self) -> bool {
        !matches!(self.0, 5 | 6)
    }

    /// Whether it may be about one of the registers that were asked for, or about their number, and not about all.
    pub fn may_be_about_a_part(self) -> bool {
        matches!(self.0, 2..=4)
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (exception {})", self.name(), self.0)
    }
}
