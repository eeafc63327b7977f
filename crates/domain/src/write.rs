//! Writes to devices: what can be set, what a link is asked to set, and what becomes of it, step by step.
//!
//! ```text
//! requested --> Unchanged | NotSent
//!      '--> Sent --> Echoed --> Confirmed | Mismatch
//!             '--> Rejected | Unknown | NotSent
//! ```
//!
//! A write that may have been heard is never sent again by itself: after [`WriteOutcome::Unknown`] the device is asked
//! what it has.

use crate::link::LinkIdx;
use crate::time::{Mono, Now};

/// What a write does to the memory that keeps the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wear {
    /// It is lost at power-off, and may be written as often as needed.
    Volatile,
    /// It is stored, in memory that bears a limited number of writes: only on change, and seldom.
    Flash,
}

/// A number that a device lets others set.
#[derive(Clone, Debug, PartialEq)]
pub struct Setpoint {
    /// Its name in commands; unique in its link.
    pub name: String,
    /// Its name for people.
    pub label: String,
    /// Unit of the values; may be empty.
    pub unit: String,
    /// The lowest value that is ever written.
    pub min: f64,
    /// The highest.
    pub max: f64,
    /// Values are multiples of this above `min`.
    pub step: f64,
    /// What a write costs.
    pub wear: Wear,
}

/// A value that a setpoint cannot have.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BadValue {
    /// Not a number, or infinite.
    #[error("this is not a number")]
    NotANumber,
    /// Outside of what may be written.
    #[error("{0} is not between {1} and {2}")]
    Outside(f64, f64, f64),
}

impl Setpoint {
    /// The value that is written for `value`: the nearest step.
    ///
    /// # Errors
    /// It is not a number from `min` to `max`. Nothing is ever clamped: a wrong wish is refused.
    pub fn admit(&self, value: f64) -> Result<f64, BadValue> {
        if !value.is_finite() {
            return Err(BadValue::NotANumber);
        }
        if !(self.min..=self.max).contains(&value) {
            return Err(BadValue::Outside(value, self.min, self.max));
        }
        // The step above the last may lie beyond the highest value.
        let last = ((self.max - self.min) / self.step + 1e-9).floor();
        let steps = ((value - self.min) / self.step).round().min(last);
        Ok((self.min + steps * self.step).clamp(self.min, self.max))
    }
}

/// Tells one write from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteId(pub u64);

/// A setpoint of a link's device is to be set.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteRequest {
    /// By which its receipts are known.
    pub id: WriteId,
    /// The link whose device it is.
    pub link: LinkIdx,
    /// The setpoint's name.
    pub setpoint: String,
    /// The wanted value, in the setpoint's unit.
    pub value: f64,
    /// It is not sent after this.
    pub deadline: Mono,
}

/// What has become of a write.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteOutcome {
    /// The device has this value already: nothing was sent.
    Unchanged(f64),
    /// Nothing was sent, and why.
    NotSent(String),
    /// It is on its way to the device.
    Sent,
    /// The device says that it has taken it.
    Echoed,
    /// The device has the wanted value: this was read back.
    Confirmed(f64),
    /// The device has another value than the wanted one: this was read back.
    Mismatch(f64),
    /// The device refuses, and what it says.
    Rejected(String),
    /// It was sent, and nobody knows whether it was heard; why.
    Unknown(String),
}

impl WriteOutcome {
    /// Whether nothing follows.
    pub fn is_final(&self) -> bool {
        !matches!(self, WriteOutcome::Sent | WriteOutcome::Echoed)
    }
}

/// One step of a write.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// The write.
    pub id: WriteId,
    /// When it was known.
    pub at: Now,
    /// What has become of it.
    pub outcome: WriteOutcome,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_refused_outside_the_range_and_rounded_within_it() {
        let reserve = Setpoint {
            name: "reserve".into(),
            label: "Reserve".into(),
            unit: "%".into(),
            min: 10.0,
            max: 52.0,
            step: 5.0,
            wear: Wear::Flash,
        };
        for (value, admitted) in [
            (10.0, Some(10.0)),
            (12.4, Some(10.0)),
            (12.6, Some(15.0)),
            (51.9, Some(50.0)),
            (52.0, Some(50.0)),
            (9.99, None),
            (52.01, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
        ] {
            assert_eq!(reserve.admit(value).ok(), admitted, "{value}");
        }
    }
}
