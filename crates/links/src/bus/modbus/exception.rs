//! Exception codes of Modbus in words.

use std::fmt;

/// The code of an exception reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exception(pub u8);

impl Exception {
    /// What the code means.
    pub fn name(self) -> &'static str {
        match self.0 {
            1 => "illegal function",
            2 => "illegal data address",
            3 => "illegal data value",
            4 => "device failure",
            5 => "acknowledged, not done yet",
            6 => "device busy",
            7 => "negative acknowledge",
            8 => "memory parity error",
            10 => "gateway path unavailable",
            11 => "gateway target did not respond",
            _ => "unknown exception",
        }
    }

    /// Whether what was asked for has no value any more: all but "not now", which says nothing about it.
    pub fn means_lost(self) -> bool {
        !matches!(self.0, 5 | 6)
    }
}

impl Exception {
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
