//! What becomes of a write, how it is answered, and what is said afterwards.

use super::table::Setpoint;

/// Why a write is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The value cannot be.
    Value,
    /// The device is under local control.
    Local,
    /// The connection is gone.
    Dropped,
}

/// What becomes of a write that is not refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fate {
    /// This value is taken.
    Taken(f32),
    /// Nothing is done.
    Ignored,
    /// It is taken so much later, s.
    Late(f32),
}

/// How a write is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Manner {
    /// Not at all, and the connection ends; the write is not carried out.
    pub drops: bool,
    /// Not at all.
    pub keeps_silent: bool,
    /// So much later, s.
    pub late_s: f32,
}

/// What a controller says of its setpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Told {
    pub(super) values: [f32; 7],
    pub(super) left_s: [f32; 7],
    /// Whether it is under local control.
    pub local: bool,
}

impl Told {
    /// The value, in the unit of the setpoint.
    pub fn value(&self, setpoint: Setpoint) -> f32 {
        self.values[setpoint as usize]
    }

    /// How long it is still held, s; 0 for a default, and for what stays.
    pub fn left_s(&self, setpoint: Setpoint) -> f32 {
        self.left_s[setpoint as usize]
    }
}
