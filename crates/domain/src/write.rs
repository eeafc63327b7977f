//! Writes to devices: what can be set, what a link is asked to set, and what becomes of it, step by step.
//!
//! ```text
//! requested --> Unchanged | Refused | NotSent | Expired
//!      '--> Sent --> (Echoed) --> Confirmed | Clamped | Ignored | Unconfirmable
//!             '--> Exception | Unknown | NotSent
//! ```
//!
//! Echoed is told where the protocol has an echo: Modbus has one, CAN and MQTT have not.
//!
//! A write that may have been heard is never sent again by itself: after [`WriteOutcome::Unknown`] the device is asked
//! what it has.

use crate::link::LinkIdx;
use crate::time::{Mono, Now};
use std::fmt;
use std::time::Duration;

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
    /// What it is on the device, for people: `register 2716, unit 100`, `802.SoCRsvMin, unit 1`, `Limits.Discharge`. At one
    /// address of a link no two setpoints have the same.
    pub sets: String,
    /// What its values mean, where the table of the device says so: `0 = "standby"`.
    pub words: Vec<(i64, String)>,
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
    /// The longest that a value is held without being renewed; `None` if it stays until another one is written.
    pub lease: Option<Duration>,
}

impl fmt::Display for Wear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Wear::Volatile => "volatile",
            Wear::Flash => "flash",
        })
    }
}

impl fmt::Display for Setpoint {
    /// One line for a person: what it sets, from where to where, how long, and at which price.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Setpoint { name, label, sets, words: _, unit, min, max, step, wear, lease } = self;
        write!(f, "{name}: ")?;
        if !label.is_empty() && !sets.starts_with(label.as_str()) {
            write!(f, "{label}, ")?;
        }
        let space = if unit.is_empty() { "" } else { " " };
        write!(f, "{sets}, {min} to {max}{space}{unit} in steps of {step}, {wear}")?;
        match lease {
            Some(lease) => write!(f, ", held for {} s at most", lease.as_secs()),
            None => f.write_str(", stays until another value is written"),
        }
    }
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

/// A lease that a setpoint cannot have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLease {
    /// A value that is held for a time only is to be held for ever.
    #[error("its values are held for a time only: ask for 1 to {} s", .0.as_secs())]
    Missing(Duration),
    /// A value that stays is to be held for a time.
    #[error("its values stay until another one is written: it has no lease")]
    None,
    /// Shorter than a second, or longer than it can be.
    #[error("a lease of {:.1} s is not between 1 and {} s", .0.as_secs_f64(), .1.as_secs())]
    Length(Duration, Duration),
}

/// The value nearest to `value` that is a whole number of steps above `min`.
///
/// # Errors
/// `value` is not a number from `min` to `max`.
pub(crate) fn nearest_step(value: f64, (min, max): (f64, f64), step: f64) -> Result<f64, BadValue> {
    if !value.is_finite() {
        return Err(BadValue::NotANumber);
    }
    if !(min..=max).contains(&value) {
        return Err(BadValue::Outside(value, min, max));
    }
    // The step above the last may lie beyond the highest value.
    let last = ((max - min) / step + 1e-9).floor();
    let steps = ((value - min) / step).round().min(last);
    Ok((min + steps * step).clamp(min, max))
}

impl Setpoint {
    /// The value that is written for `value`: the nearest step.
    ///
    /// # Errors
    /// It is not a number from `min` to `max`. Nothing is ever clamped: a wrong wish is refused.
    pub fn admit(&self, value: f64) -> Result<f64, BadValue> {
        nearest_step(value, (self.min, self.max), self.step)
    }

    /// Whether a value lies in the range, but for what arithmetic leaves.
    pub fn contains(&self, value: f64) -> bool {
        let slack = 1e-9 * self.min.abs().max(self.max.abs()).max(1.0);
        (self.min - slack..=self.max + slack).contains(&value)
    }

    /// Checks how long a value is to be held.
    ///
    /// # Errors
    /// A setpoint whose values are held for a time needs one, of 1 s to its longest; another has none.
    pub fn admit_lease(&self, lease: Option<Duration>) -> Result<(), BadLease> {
        match (self.lease, lease) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(BadLease::None),
            (Some(longest), None) => Err(BadLease::Missing(longest)),
            (Some(longest), Some(asked)) if (Duration::from_secs(1)..=longest).contains(&asked) => Ok(()),
            (Some(longest), Some(asked)) => Err(BadLease::Length(asked, longest)),
        }
    }
}

/// What a site says of a setpoint and the device has to agree to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Terms {
    /// The power that its 100 % are, W; `None` where it is no share of a power.
    pub full_scale_w: Option<f64>,
    /// What the device has by itself while it holds no value, in the setpoint's unit; `None` if the site does not say it.
    pub returns_to: Option<f64>,
}

/// Tells one write from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteId(pub u64);

/// What a device may have where a setpoint is written over it. Values are in the setpoint's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Replaces {
    /// Any value, and one that is not known.
    Anything,
    /// A value from the first to the second, which is known: a renewal replaces only its own value.
    Within(f64, f64),
    /// A value of at least this, or one that is not known: lower ones are safer.
    AtLeast(f64),
    /// A value of at most this, or one that is not known: higher ones are safer.
    AtMost(f64),
    /// A value that does not lie between these two, or one that is not known: those between are safer.
    Outside(f64, f64),
}

impl Replaces {
    /// Whether a device that has `value` is written over.
    pub fn allows(self, value: f64) -> bool {
        match self {
            Self::Anything => true,
            Self::Within(low, high) => (low..=high).contains(&value),
            Self::AtLeast(low) => value >= low,
            Self::AtMost(high) => value <= high,
            Self::Outside(low, high) => !(low < value && value < high),
        }
    }
}

/// A setpoint of a link's device is to be set, or only to be read.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteRequest {
    /// By which its receipts are known.
    pub id: WriteId,
    /// The link whose device it is.
    pub link: LinkIdx,
    /// The setpoint's name.
    pub setpoint: String,
    /// The wanted value, in the setpoint's unit; `None` if the device is only asked which one it has.
    pub value: Option<f64>,
    /// How long it is held unless it is asked for again, which renews it: then it is sent although the device has the
    /// value. `None` if it stays.
    pub lease: Option<Duration>,
    /// What the device may have for it to be written: what has been made safer at the device is not written over.
    pub replaces: Replaces,
    /// It is not sent after this.
    pub deadline: Mono,
}

impl WriteRequest {
    /// A write of `value`, or a read, that replaces anything and has no lease.
    pub fn new(id: WriteId, link: LinkIdx, setpoint: &str, value: Option<f64>, deadline: Mono) -> Self {
        Self { id, link, setpoint: setpoint.to_owned(), value, lease: None, replaces: Replaces::Anything, deadline }
    }

    /// How it ends, unsent, on a device that has `value`, which was read a moment ago; `None` if it may be written.
    pub fn gives_way(&self, value: Option<f64>) -> Option<WriteOutcome> {
        match (self.replaces, value) {
            (replaces, Some(value)) => (!replaces.allows(value)).then_some(WriteOutcome::Read(value)),
            (Replaces::Within(..), None) => {
                Some(WriteOutcome::NotSent("the device does not say which value it has".to_owned()))
            }
            (_, None) => None,
        }
    }
}

/// A write that is not to be sent any more, if it has not been yet. Then it ends with [`WriteOutcome::NotSent`]; else
/// nothing becomes of the wish.
///
/// What only makes room for another is left alone as soon as its device is asked what it has: else commands in a row,
/// each faster than that question, would keep every value from the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// The write.
    pub id: WriteId,
    /// The link that it was given to.
    pub link: LinkIdx,
    /// Why, for people.
    pub why: &'static str,
    /// Whether it is taken back also while its device is asked: it is not to be, whatever comes after it.
    pub also_begun: bool,
}

/// What has become of a write, or of a read.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteOutcome {
    /// Of a read, and of a write that gives way to it ([`WriteRequest::replaces`]): the device has this value.
    Read(f64),
    /// The device has this value already: nothing was sent.
    Unchanged(f64),
    /// It may not be, and why: nothing was sent, and asking again changes nothing.
    Refused(String),
    /// Nothing was sent, and why.
    NotSent(String),
    /// Nothing was sent: its time was over before.
    Expired,
    /// It is on its way to the device.
    Sent,
    /// The device says that it has taken it.
    Echoed,
    /// The device has the wanted value: this was read back.
    Confirmed(f64),
    /// The device has this value, which is neither the wanted one nor the one before.
    Clamped(f64),
    /// The device still has the value that it had before.
    Ignored(f64),
    /// It was sent, and the device has nothing that would say whether it was taken.
    Unconfirmable,
    /// The device refuses, and what it says.
    Exception(String),
    /// It was sent, and nobody knows whether it was heard; why.
    Unknown(String),
}

impl WriteOutcome {
    /// Whether nothing follows.
    pub fn is_final(&self) -> bool {
        !matches!(self, WriteOutcome::Sent | WriteOutcome::Echoed)
    }

    /// The value that the device has, if it was read.
    pub fn value(&self) -> Option<f64> {
        use WriteOutcome::*;
        match self {
            Read(value) | Unchanged(value) | Confirmed(value) | Clamped(value) | Ignored(value) => Some(*value),
            _ => None,
        }
    }

    /// Whether it is certain that nothing was sent: such a write is not counted as one.
    pub fn is_nothing_sent(&self) -> bool {
        use WriteOutcome::*;
        matches!(self, Read(_) | Unchanged(_) | Refused(_) | NotSent(_) | Expired)
    }

    /// What follows from the value that was read back: the wanted one, the one from before, or another.
    pub fn of_read_back(read: f64, wanted: f64, before: Option<f64>, same: impl Fn(f64, f64) -> bool) -> WriteOutcome {
        match before {
            _ if same(read, wanted) => WriteOutcome::Confirmed(read),
            Some(before) if same(read, before) => WriteOutcome::Ignored(read),
            _ => WriteOutcome::Clamped(read),
        }
    }
}

impl fmt::Display for WriteOutcome {
    /// In words for a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteOutcome::Read(value) => write!(f, "the device has {value}"),
            WriteOutcome::Unchanged(value) => write!(f, "not sent: the device has {value} already"),
            WriteOutcome::Refused(why) => write!(f, "refused: {why}"),
            WriteOutcome::NotSent(why) => write!(f, "not sent: {why}"),
            WriteOutcome::Expired => f.write_str("not sent: its time was over before it could be sent"),
            WriteOutcome::Sent => f.write_str("sent"),
            WriteOutcome::Echoed => f.write_str("taken by the device"),
            WriteOutcome::Confirmed(value) => write!(f, "confirmed: the device has {value}"),
            WriteOutcome::Clamped(value) => write!(f, "not followed: the device has changed to {value}"),
            WriteOutcome::Ignored(value) => write!(f, "ignored: the device still has {value}"),
            WriteOutcome::Unconfirmable => f.write_str("sent: the device has nothing that would confirm it"),
            WriteOutcome::Exception(why) => write!(f, "rejected by the device: {why}"),
            WriteOutcome::Unknown(why) => write!(f, "unknown whether it was heard: {why}"),
        }
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
            sets: "802.SoCRsvMin".into(),
            words: Vec::new(),
            unit: "%".into(),
            min: 10.0,
            max: 52.0,
            step: 5.0,
            wear: Wear::Flash,
            lease: None,
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

    #[test]
    fn a_setpoint_is_one_line() {
        let line = |label: &str, sets: &str, unit: &str, wear, lease: Option<u64>| {
            let (lease, name, unit) = (lease.map(Duration::from_secs), "limit".to_owned(), unit.to_owned());
            let (label, sets) = (label.to_owned(), sets.to_owned());
            let words = Vec::new();
            Setpoint { name, label, sets, words, unit, min: -5.0, max: 50.0, step: 0.5, wear, lease }.to_string()
        };
        for (line, says) in [
            (
                line("Reserve", "register 2901, unit 100", "%", Wear::Flash, None),
                "limit: Reserve, register 2901, unit 100, -5 to 50 % in steps of 0.5, flash, stays until another value is written",
            ),
            (
                line("802.SetOp", "802.SetOp, unit 1", "", Wear::Volatile, Some(60)),
                "limit: 802.SetOp, unit 1, -5 to 50 in steps of 0.5, volatile, held for 60 s at most",
            ),
        ] {
            assert_eq!(line, says);
        }
    }

    #[test]
    fn a_write_gives_way_to_a_value_that_it_is_not_to_replace() {
        let write = |replaces| WriteRequest {
            replaces,
            ..WriteRequest::new(WriteId(1), LinkIdx(0), "limit", Some(120.0), Mono(0))
        };
        let unsaid = || Some(WriteOutcome::NotSent("the device does not say which value it has".into()));
        let found = |value| Some(WriteOutcome::Read(value));
        for (replaces, has, ends) in [
            (Replaces::Anything, Some(90.0), None),
            (Replaces::Anything, None, None),
            (Replaces::Within(119.5, 120.5), Some(120.0), None),
            (Replaces::Within(119.5, 120.5), Some(90.0), found(90.0)),
            (Replaces::Within(119.5, 120.5), None, unsaid()),
            (Replaces::AtLeast(100.0), Some(100.0), None),
            (Replaces::AtLeast(100.0), Some(90.0), found(90.0)),
            (Replaces::AtLeast(100.0), None, None),
            (Replaces::AtMost(100.0), Some(90.0), None),
            (Replaces::AtMost(100.0), Some(110.0), found(110.0)),
            (Replaces::Outside(-10.0, 10.0), Some(0.0), found(0.0)),
            (Replaces::Outside(-10.0, 10.0), Some(10.0), None),
            (Replaces::Outside(-10.0, 10.0), Some(-50.0), None),
            (Replaces::Outside(-10.0, 10.0), None, None),
        ] {
            assert_eq!(write(replaces).gives_way(has), ends, "{has:?} of {replaces:?}");
        }
    }

    #[test]
    fn a_lease_is_there_where_values_are_held_for_a_time_and_nowhere_else() {
        let held = |lease| Setpoint {
            name: "limit".into(),
            label: "Limit".into(),
            sets: "124.OutWRte".into(),
            words: Vec::new(),
            unit: "%".into(),
            min: 0.0,
            max: 100.0,
            step: 1.0,
            wear: Wear::Volatile,
            lease,
        };
        let s = Duration::from_secs;
        for (longest, asked, says) in [
            (None, None, ""),
            (Some(s(60)), Some(s(1)), ""),
            (Some(s(60)), Some(s(60)), ""),
            (None, Some(s(5)), "its values stay until another one is written: it has no lease"),
            (Some(s(60)), None, "its values are held for a time only: ask for 1 to 60 s"),
            (Some(s(60)), Some(s(61)), "a lease of 61.0 s is not between 1 and 60 s"),
            (Some(s(60)), Some(Duration::ZERO), "a lease of 0.0 s is not between 1 and 60 s"),
        ] {
            let told = held(longest).admit_lease(asked).err().map_or(String::new(), |error| error.to_string());
            assert_eq!(told, says, "{asked:?} of {longest:?}");
        }
    }

    #[test]
    fn what_is_read_back_is_the_wanted_the_old_or_another_value() {
        use WriteOutcome::{Clamped, Confirmed, Ignored};
        let same = |one: f64, other: f64| (one - other).abs() < 0.05;
        for (read, before, outcome) in [
            (45.01, Some(30.0), Confirmed(45.01)),
            (30.0, Some(30.0), Ignored(30.0)),
            (20.0, Some(30.0), Clamped(20.0)),
            (20.0, None, Clamped(20.0)),
            // It was renewed.
            (45.0, Some(45.0), Confirmed(45.0)),
        ] {
            assert_eq!(WriteOutcome::of_read_back(read, 45.0, before, same), outcome, "{read} after {before:?}");
        }
    }
}
