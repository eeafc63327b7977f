//! A control as a site configures it: which setpoint of which device it is, and within which envelope.

use super::control_kind::{ControlKind, Safer};
use crate::link::LinkIdx;
use crate::time::Mono;
use crate::write::{BadValue, Replaces, Setpoint, Terms, Wear, nearest_step};
use std::fmt;
use std::time::Duration;

/// A control of a system.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlSpec {
    /// What is commanded.
    pub kind: ControlKind,
    /// The link to the device that is set.
    pub link: LinkIdx,
    /// The name of the link's setpoint.
    pub setpoint: String,
    /// Values of the setpoint for one unit of the control: 0.001 where the device wants kW.
    pub per_unit: f64,
    /// The power that the setpoint means by 100 %, W, where it is set in %.
    pub full_scale_w: Option<f64>,
    /// Lowest and highest value of the setpoint and its step, in its unit.
    pub device: (f64, f64, f64),
    /// The lowest value that may be commanded, in the unit of the kind.
    pub min: f64,
    /// The highest.
    pub max: f64,
    /// Values are multiples of this above `min`.
    pub step: f64,
    /// The value to which the system returns.
    pub safe: f64,
    /// How long the device holds a value that is not renewed; `None` if it stays until another one is written.
    pub lease: Option<Duration>,
    /// What the device has then, by itself; `None` if it holds every value.
    pub returns_to: Option<f64>,
    /// What a write does to the device's memory.
    pub wear: Wear,
    /// How many writes may be made.
    pub budget: WriteBudget,
}

/// How often a control may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteBudget {
    /// The shortest time between two writes.
    pub gap: Duration,
    /// The most writes in an hour.
    pub per_hour: u32,
    /// The most writes in 24 hours.
    pub per_day: u32,
}

/// The longest time between two writes.
const GAP_MAX: Duration = Duration::from_secs(86_400);

/// Of the writes of a day, as many are kept for the safe direction.
pub const KEPT_FOR_SAFETY: u32 = 4;

impl WriteBudget {
    /// What is allowed unless a site says another: a value in flash is changed by people, not by programs.
    pub const fn of(wear: Wear) -> WriteBudget {
        let gap = Duration::from_secs(5);
        match wear {
            Wear::Volatile => WriteBudget { gap, per_hour: 60, per_day: 1_440 },
            Wear::Flash => WriteBudget { gap, per_hour: 12, per_day: 24 },
        }
    }

    /// Refuses what lets nobody command: no writes at all, or a pause of more than a day.
    fn check(self) -> Result<(), BadControl> {
        match self {
            WriteBudget { per_hour: 0, .. } => Err(BadControl::NeverWritten("writes_per_hour")),
            WriteBudget { per_day: 0, .. } => Err(BadControl::NeverWritten("writes_per_day")),
            WriteBudget { gap, .. } if gap > GAP_MAX => Err(BadControl::LongGap(gap.as_secs(), GAP_MAX.as_secs())),
            _ => Ok(()),
        }
    }
}

/// What is wrong with how a control is configured. Numbers are in the unit of the control.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BadControl {
    /// NaN or infinite.
    #[error("`{0}` is {1}: write a number{2}")]
    NotANumber(&'static str, Number, String),
    /// Beyond what the kind, or its setpoint, allows.
    #[error("`{0}` is {1}, which is not between {2} and {3}, {4}")]
    Outside(&'static str, Number, Number, String, String),
    /// The lowest value is not below the highest; where one of them is not written, from where it is.
    #[error("`min` is {0}{1} and `max` is {2}{3}: `min` must be below `max`")]
    UpsideDown(Number, &'static str, Number, &'static str),
    /// The setpoint has no two values that the kind may have.
    #[error(
        "the setpoint \"{0}\" takes {1} to {2} in steps of {3}, and `{4}` is from {5} to {6}: they have fewer than two \
         values in common; name another setpoint, or correct its range where the device is described"
    )]
    NothingInCommon(String, Number, String, Number, &'static str, Number, String),
    /// Not a number above 0, or none that the device can tell apart.
    #[error("`step` is {0}: use a multiple of {1}, which is the step of the setpoint")]
    Step(Number, Number),
    /// There would be one value only.
    #[error("`step` is {0}, but from `min` to `max` there is {1} only: use a smaller one")]
    LongStep(Number, Number),
    /// The device has no such value: it would be rounded, perhaps out of the envelope.
    #[error("`min` is {0}: the setpoint has steps of {1}, beginning with {2}")]
    Between(Number, Number, Number),
    /// Outside of the range.
    #[error("`safe` is {0}, which is not between {1} and {2}")]
    Safe(Number, Number, String),
    /// The usual one is outside of the range.
    #[error("`safe` is missing: it is {0} where nothing else is written, which is not between {1} and {2}")]
    NoSafe(Number, Number, String),
    /// It would be rounded, perhaps to the less safe side.
    #[error("`safe` is {0}, which is none of the steps of {1} that begin with {2}")]
    SafeBetween(Number, Number, Number),
    /// The power of 100 % is none.
    #[error("`full_scale_w` is {0}: write the power in W that the device means by 100 %, above 0")]
    FullScale(Number),
    /// The setpoint is no share of a power.
    #[error("`full_scale_w` is for a power that is set in %, but {0} is set in {1}: leave it out")]
    NoShare(&'static str, String),
    /// It is not known what the device has when a lease is over.
    #[error(
        "`returns_to` is missing: the device gives {0} up after {1} s without the server (disarmed, ended, or not reached), \
         and has a value of its own then; write which one, in {2}"
    )]
    NoReturn(String, u64, &'static str),
    /// The device keeps every value.
    #[error("`returns_to` is for a setpoint with `lease_s`: {0} stays until another value is written, so leave it out")]
    NeverReturns(String),
    /// The same of what is safe where nothing is written.
    #[error(
        "`safe` is missing: it is {0} where nothing else is written, which is none of the steps of {1} that begin with {2}"
    )]
    NoSafeBetween(Number, Number, Number),
    /// The device returns to what a control may not have, or to what is less safe than `safe`.
    #[error(
        "`returns_to` is {0}, {1}: the device has it whenever the server is disarmed, ended, or does not reach it; give the \
         device another default, or change {2}"
    )]
    Returns(String, String, &'static str),
    /// The setpoint is that of another control: by what it is known, and whose it is.
    #[error("{0} is that of {1}, by {2}: name the setpoint of {3} here, or correct the table of the device")]
    Crossed(String, &'static str, String, &'static str),
    /// The device means the opposite by its values.
    #[error("by the words of the device {0} of {1} is \"{2}\", but {0} is to be {3}: correct the table of the device")]
    TurnedRound(i64, String, String, &'static str),
    /// The unit is not that of the kind.
    #[error("the setpoint \"{0}\" is set in {1}, but {2} in {3}: {4}")]
    Unit(String, String, &'static str, &'static str, &'static str),
    /// As often as never.
    #[error("`{0}` is 0, and nothing could ever be commanded: write 1 or more, or leave this [[control]] out")]
    NeverWritten(&'static str),
    /// A pause that no command outlasts.
    #[error("`gap_s` is {0}, which is not between 0 and {1}: the seconds from one write to the next")]
    LongGap(u64, u64),
}

impl BadControl {
    /// The key of the site file that is wrong; `None` where it is the control as a whole, or one that is missing.
    pub fn key(&self) -> Option<&'static str> {
        Some(match self {
            BadControl::NotANumber(key, ..) | BadControl::Outside(key, ..) | BadControl::NeverWritten(key) => key,
            BadControl::UpsideDown(.., "") => "max",
            BadControl::UpsideDown(..) | BadControl::Between(..) => "min",
            BadControl::Step(..) | BadControl::LongStep(..) => "step",
            BadControl::Safe(..) | BadControl::SafeBetween(..) | BadControl::NoSafeBetween(..) => "safe",
            BadControl::FullScale(_) | BadControl::NoShare(..) => "full_scale_w",
            BadControl::NeverReturns(_) | BadControl::Returns(..) => "returns_to",
            BadControl::LongGap(..) => "gap_s",
            BadControl::NothingInCommon(..)
            | BadControl::Crossed(..)
            | BadControl::TurnedRound(..)
            | BadControl::Unit(..) => "setpoint",
            BadControl::NoSafe(..) | BadControl::NoReturn(..) => return None,
        })
    }
}

/// A number as a site file has it: one that would fill a line is written with an exponent.
#[derive(Clone, Copy, PartialEq)]
pub struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            value if value.is_nan() => f.write_str("nan"),
            value if value.is_finite() && value != 0.0 && !(1e-6..1e15).contains(&value.abs()) => {
                write!(f, "{value:e}")
            }
            value => write!(f, "{value}"),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A renewal that failed is tried again after this share of the lease, until the lease is over.
pub(crate) const RENEW_AGAIN: u32 = 8;

/// Refuses a setpoint that is another control's, or whose words say the opposite. What the device says of it counts before
/// the name that somebody gave it; what nothing tells is taken as it is.
fn is_of(kind: ControlKind, setpoint: &Setpoint) -> Result<(), BadControl> {
    let crossed = |of: ControlKind, by: String| {
        let (name, of, own) = (setpoint.name.clone(), of.spec().label, kind.spec().label);
        Err(BadControl::Crossed(name, of, by, own))
    };
    for (value, word) in &setpoint.words {
        match ControlKind::of_word(word) {
            Some((of, _)) if of != kind => return crossed(of, "its words".to_owned()),
            Some((_, means)) if means != *value as f64 => {
                let (name, wanted) = (setpoint.name.clone(), kind.choice(*value as f64).unwrap_or("something else"));
                return Err(BadControl::TurnedRound(*value, name, word.clone(), wanted));
            }
            _ => {}
        }
    }
    let is_other = |name: &str| ControlKind::of_name(name).filter(|of| !kind.is_like(*of));
    for (called, by) in [(&setpoint.sets, "what it sets"), (&setpoint.label, "what its table calls it")] {
        if let Some(of) = is_other(called) {
            return crossed(of, format!("{by}, \"{called}\""));
        }
    }
    is_other(&setpoint.name).map_or(Ok(()), |of| crossed(of, "its name".to_owned()))
}

/// Values of a setpoint in this unit for one unit of `kind`; a power may be in W or kW, or in % of `full_scale_w`.
fn per_unit(kind: ControlKind, unit: &str, full_scale_w: Option<f64>) -> Option<f64> {
    match (kind.spec().unit, unit, full_scale_w) {
        ("W", "W", _) | ("%", "%", _) => Some(1.0),
        ("W", "kW", _) => Some(1e-3),
        ("W", "%", Some(full)) if full > 0.0 && full.is_finite() => Some(100.0 / full),
        ("", _, _) => Some(1.0),
        _ => None,
    }
}

/// Whether a number of steps is a whole one, but for what arithmetic leaves.
fn is_whole(steps: f64) -> bool {
    (steps - steps.round()).abs() <= 1e-6
}

/// As many steps as make at least `length`.
fn steps(length: f64, step: f64) -> f64 {
    (length / step - 1e-6).ceil()
}

/// What a site says of a control; what it does not say follows from kind and setpoint.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// The lowest value.
    pub min: Option<f64>,
    /// The highest value.
    pub max: Option<f64>,
    /// The step.
    pub step: Option<f64>,
    /// The safe value.
    pub safe: Option<f64>,
    /// The power that the setpoint means by 100 %, W.
    pub full_scale_w: Option<f64>,
    /// What the device has when its lease is over.
    pub returns_to: Option<f64>,
    /// How often it may be written.
    pub budget: Option<WriteBudget>,
}

impl Wanted {
    /// Refuses what is no number, and a power of 100 % that is none; `unit` is that of the control.
    fn check_numbers(&self, unit: &str) -> Result<(), BadControl> {
        let Wanted { min, max, step, safe, full_scale_w, returns_to, budget: _ } = *self;
        let unit = if unit.is_empty() { String::new() } else { format!(", in {unit}") };
        let own = [("min", min), ("max", max), ("step", step), ("safe", safe), ("returns_to", returns_to)];
        for (key, value) in own {
            if let Some(value) = value.filter(|value| !value.is_finite()) {
                return Err(BadControl::NotANumber(key, Number(value), unit));
            }
        }
        match full_scale_w.filter(|full| !(full.is_finite() && *full > 0.0)) {
            Some(full) => Err(BadControl::FullScale(Number(full))),
            None => Ok(()),
        }
    }
}

/// The nearest step of an envelope that is not less safe than `value`, where `widens` says whether one value lies further
/// from the safe side than another.
///
/// # Errors
/// `value` is not a number of the envelope.
pub fn admitted(
    value: f64,
    envelope: (f64, f64),
    step: f64,
    widens: impl Fn(f64, f64) -> bool,
) -> Result<f64, BadValue> {
    let nearest = nearest_step(value, envelope, step)?;
    // What arithmetic leaves is no wish for another step.
    if !widens(nearest, value) || (nearest - value).abs() < step * 1e-6 {
        return Ok(nearest);
    }
    let safer = if nearest > value { nearest - step } else { nearest + step };
    let safer = nearest_step(safer, envelope, step).ok();
    // Of two steps on either side of the safe value the nearest may be the safer one.
    Ok(safer.filter(|safer| !widens(*safer, nearest)).unwrap_or(nearest))
}

impl ControlSpec {
    /// The control of `kind` that sets `setpoint` of `link`. The envelope is the narrowest of kind, setpoint and site.
    ///
    /// # Errors
    /// What the site says cannot be.
    pub fn new(
        kind: ControlKind,
        link: LinkIdx,
        setpoint: &Setpoint,
        wanted: &Wanted,
    ) -> Result<ControlSpec, BadControl> {
        let spec = kind.spec();
        wanted.check_numbers(spec.unit)?;
        is_of(kind, setpoint)?;
        let per_unit = per_unit(kind, &setpoint.unit, wanted.full_scale_w).ok_or_else(|| {
            let (unit, mend) = match (spec.unit, setpoint.unit.as_str()) {
                ("W", "%") => ("%", "write `full_scale_w`, the power in W that the device means by 100 %"),
                (_, "") => ("a bare number", "write its unit where the device is described"),
                (_, unit) => (unit, "name another setpoint, or correct its unit where the device is described"),
            };
            BadControl::Unit(setpoint.name.clone(), unit.to_owned(), spec.key, spec.unit, mend)
        })?;
        if wanted.full_scale_w.is_some() && (spec.unit, setpoint.unit.as_str()) != ("W", "%") {
            let unit = if setpoint.unit.is_empty() { "a bare number" } else { &setpoint.unit };
            return Err(BadControl::NoShare(spec.key, unit.to_owned()));
        }
        let with_unit = |value: f64| format!("{} {}", Number(value), spec.unit).trim_end().to_owned();
        let (low, high) = spec.range;
        let device = (setpoint.min / per_unit, setpoint.max / per_unit);
        let finest = setpoint.step / per_unit;
        // The first step of the device that a control of this kind may have, and the highest value.
        let first = device.0 + steps(low.max(device.0) - device.0, finest) * finest;
        let last = high.min(device.1);
        if last - first < finest * (1.0 - 1e-9) {
            let (name, step) = (setpoint.name.clone(), Number(finest));
            let (from, to, low, high) = (Number(device.0), with_unit(device.1), Number(low), with_unit(high));
            return Err(BadControl::NothingInCommon(name, from, to, step, spec.key, low, high));
        }
        for (key, value) in [("min", wanted.min), ("max", wanted.max)] {
            let Some(value) = value else { continue };
            if !(low..=high).contains(&value) {
                let of = format!("the widest range of `{}`", spec.key);
                return Err(BadControl::Outside(key, Number(value), Number(low), with_unit(high), of));
            }
            if !setpoint.contains(value * per_unit) {
                let of = format!("the range of the setpoint \"{}\"", setpoint.name);
                return Err(BadControl::Outside(key, Number(value), Number(device.0), with_unit(device.1), of));
            }
        }
        let (min, max) = (wanted.min.unwrap_or(first), wanted.max.unwrap_or(last));
        if min >= max {
            let from = |written: Option<f64>| if written.is_some() { "" } else { " (not written: what is possible)" };
            return Err(BadControl::UpsideDown(Number(min), from(wanted.min), Number(max), from(wanted.max)));
        }
        if !is_whole((min - device.0) / finest) {
            return Err(BadControl::Between(Number(min), Number(finest), Number(device.0)));
        }
        let step = wanted.step.unwrap_or_else(|| steps(spec.step, finest).max(1.0) * finest);
        if !(step >= finest * (1.0 - 1e-9) && is_whole(step / finest)) {
            return Err(BadControl::Step(Number(step), Number(finest)));
        }
        if wanted.step.is_some() && step > (max - min) * (1.0 + 1e-9) {
            return Err(BadControl::LongStep(Number(step), Number(max - min)));
        }
        let safe = wanted.safe.unwrap_or(spec.safe);
        if !(min..=max).contains(&safe) {
            let bad = if wanted.safe.is_some() { BadControl::Safe } else { BadControl::NoSafe };
            return Err(bad(Number(safe), Number(min), with_unit(max)));
        }
        if !is_whole((safe - min) / step) {
            let bad = if wanted.safe.is_some() { BadControl::SafeBetween } else { BadControl::NoSafeBetween };
            return Err(bad(Number(safe), Number(step), Number(min)));
        }
        let budget = wanted.budget.unwrap_or(WriteBudget::of(setpoint.wear));
        budget.check()?;
        let device = (setpoint.min, setpoint.max, setpoint.step);
        let (wear, lease, returns_to) = (setpoint.wear, setpoint.lease, wanted.returns_to);
        let name = setpoint.name.clone();
        let made = ControlSpec {
            kind,
            link,
            setpoint: name,
            per_unit,
            full_scale_w: wanted.full_scale_w,
            device,
            min,
            max,
            step,
            safe,
            lease,
            returns_to,
            wear,
            budget,
        };
        made.check_return()?;
        Ok(made)
    }

    /// Refuses a device that returns by itself to what the site does not want.
    fn check_return(&self) -> Result<(), BadControl> {
        let to = match (self.returns_to, self.lease) {
            (None, None) => return Ok(()),
            (Some(_), None) => return Err(BadControl::NeverReturns(self.setpoint.clone())),
            (None, Some(lease)) => {
                return Err(BadControl::NoReturn(self.setpoint.clone(), lease.as_secs(), self.kind.spec().unit));
            }
            (Some(to), Some(_)) => to,
        };
        let words = |value: f64| self.kind.words(value);
        let between = || format!("which is not between {} and {}", words(self.min), words(self.max));
        let less_safe = || format!("which is less safe than the safe value of {}", words(self.safe));
        match () {
            () if !(self.min..=self.max).contains(&to) => {
                Err(BadControl::Returns(words(to), between(), "`min` or `max`"))
            }
            () if !self.is_safe(to) => Err(BadControl::Returns(words(to), less_safe(), "`safe`")),
            () => Ok(()),
        }
    }

    /// The shortest lease that the server can renew. It renews after half of a lease and tries again after each eighth,
    /// at most once in a cycle of the system: an eighth must have a cycle, and the whole 2 s for a device that is slow.
    pub fn shortest_lease(cycle: Duration) -> Duration {
        (cycle * RENEW_AGAIN).max(Duration::from_secs(2))
    }

    /// The value that is commanded for `value`: the nearest step within the envelope that is not less safe.
    ///
    /// # Errors
    /// It is not a number from `min` to `max`. Nothing is clamped: a wrong wish is refused.
    pub fn admit(&self, value: f64) -> Result<f64, BadValue> {
        admitted(value, (self.min, self.max), self.step, |value, before| self.widens(value, before))
    }

    /// Whether `value` lies further from the safe side than `before`: a wider limit, a lower reserve.
    pub fn widens(&self, value: f64, before: f64) -> bool {
        self.kind.spec().safer.is_wider(value, before, self.safe)
    }

    /// Whether `value` is at least as safe as the safe value.
    pub fn is_safe(&self, value: f64) -> bool {
        !self.widens(value, self.safe)
    }

    /// Whether two values are the same to the device: closer than half of its step.
    pub fn is_same(&self, one: f64, other: f64) -> bool {
        (one - other).abs() <= self.device_step() / 2.0
    }

    /// Whether a device that says `has` may be taken to have `value`, which it was given. A device may round, or count from
    /// another end: one step beside counts, of a number. To the wider side it counts only while what it says is no less
    /// safe than what the device returns to when it is left alone: whichever of both is safer is what remains.
    pub fn accepts(&self, value: f64, has: f64) -> bool {
        let is_safer = || !self.widens(has, value) || self.returns_to.is_none_or(|to| !self.widens(has, to));
        self.is_same(has, value) || self.is_beside(value, has) && is_safer()
    }

    /// Whether a value is at most one step beside another, of numbers: the next of a choice is another choice.
    pub fn is_beside(&self, value: f64, has: f64) -> bool {
        (has - value).abs() <= self.device_step() * 1.1 && self.kind.spec().choices.is_empty()
    }

    /// What a renewal of `value` replaces: the values of the setpoint with which a device may be taken to have it.
    pub fn renews(&self, value: f64) -> Replaces {
        let step = self.device_step();
        let end = |beside: f64| {
            let reach = if self.accepts(value, value + beside) { 1.1 * beside } else { beside / 2.0 };
            (value + reach) * self.per_unit
        };
        Replaces::Within(end(-step), end(step))
    }

    /// What a write of `value` replaces, which was decided where the device had `before`: no value that is safer than both.
    /// What has been made safer at the device since then is not written over.
    pub fn replaces(&self, value: f64, before: f64) -> Replaces {
        // A number one step beside is taken for the same, as everywhere.
        let reach = if self.kind.spec().choices.is_empty() { 1.1 } else { 0.5 } * self.device_step();
        match self.kind.spec().safer {
            Safer::Lower => Replaces::AtLeast((value.min(before) - reach) * self.per_unit),
            Safer::Higher => Replaces::AtMost((value.max(before) + reach) * self.per_unit),
            Safer::Nearer => {
                let far = (value - self.safe).abs().min((before - self.safe).abs()) - reach;
                // Nothing is safer than a value that is the safe one, to a step.
                if far > 0.0 {
                    Replaces::Outside((self.safe - far) * self.per_unit, (self.safe + far) * self.per_unit)
                } else {
                    Replaces::Anything
                }
            }
        }
    }

    /// Whether a value is the one to which the device returns by itself.
    pub fn is_return(&self, value: f64) -> bool {
        self.returns_to.is_some_and(|to| (value - to).abs() <= self.device_step() * 1.1)
    }

    fn device_step(&self) -> f64 {
        self.device.2 / self.per_unit
    }

    /// When a value that the device has since `at` is renewed, and when the device would forget it.
    pub fn renewal(&self, at: Mono) -> Option<(Mono, Mono)> {
        self.lease.map(|lease| (at + lease / 2, at + lease))
    }

    /// The setpoint's value for a value of the control: a step of the device, whatever arithmetic leaves.
    pub fn to_setpoint(&self, value: f64) -> f64 {
        let (min, max, step) = self.device;
        (min + ((value * self.per_unit - min) / step).round() * step).clamp(min, max)
    }

    /// What the device has to agree to.
    pub fn terms(&self) -> Terms {
        let returns_to = self.returns_to.map(|value| self.to_setpoint(value));
        Terms { full_scale_w: self.full_scale_w, returns_to }
    }

    /// The control's value for a value of the setpoint.
    pub fn of_setpoint(&self, value: f64) -> f64 {
        value / self.per_unit
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn setpoint(unit: &str, min: f64, max: f64, step: f64) -> Setpoint {
        Setpoint {
            name: "limit".into(),
            label: "Limit".into(),
            sets: "register 1".into(),
            words: Vec::new(),
            unit: unit.into(),
            min,
            max,
            step,
            wear: Wear::Volatile,
            lease: None,
        }
    }

    fn made(kind: ControlKind, setpoint: &Setpoint, wanted: Wanted) -> Result<ControlSpec, String> {
        ControlSpec::new(kind, LinkIdx(0), setpoint, &wanted).map_err(|why| why.to_string())
    }

    #[test]
    fn between_two_steps_the_safer_one_is_commanded() {
        let watts = setpoint("W", 0.0, 400e3, 1e3);
        let limit = made(ControlKind::DischargeLimit, &watts, Wanted::default()).unwrap();
        let reserve = made(ControlKind::Reserve, &setpoint("%", 0.0, 100.0, 1.0), Wanted::default()).unwrap();
        for (control, wish, value) in [
            (&limit, 90_900.0, 90e3),
            (&limit, 90_100.0, 90e3),
            (&limit, 91e3 - 1e-6, 91e3),
            (&limit, 249_999.0, 249e3),
            (&limit, 1.0, 0.0),
            (&reserve, 29.1, 30.0),
            (&reserve, 29.9, 30.0),
            (&reserve, 49.5, 50.0),
        ] {
            assert_eq!(control.admit(wish), Ok(value), "{wish}");
        }
    }

    #[test]
    fn the_terms_are_in_the_unit_of_the_device() {
        let device = Setpoint { lease: Some(Duration::from_secs(60)), ..setpoint("%", 0.0, 100.0, 1.0) };
        let wanted = Wanted { full_scale_w: Some(250e3), returns_to: Some(150e3), ..Wanted::default() };
        let control = made(ControlKind::DischargeLimit, &device, wanted).unwrap();
        assert_eq!(control.terms(), Terms { full_scale_w: Some(250e3), returns_to: Some(60.0) });
    }

    #[test]
    fn the_envelope_is_the_narrowest_of_kind_device_and_site() {
        let limit = |unit, min, max, step| setpoint(unit, min, max, step);
        for (device, wanted, envelope) in [
            (limit("W", 0.0, 400e3, 100.0), Wanted::default(), (0.0, 250e3, 1e3, 1.0)),
            (limit("kW", 0.0, 200.0, 5.0), Wanted::default(), (0.0, 200e3, 5e3, 1e-3)),
            (
                limit("%", 0.0, 100.0, 1.0),
                Wanted { full_scale_w: Some(250e3), ..Wanted::default() },
                (0.0, 250e3, 2.5e3, 4e-4),
            ),
            (
                limit("W", 0.0, 400e3, 100.0),
                Wanted { min: Some(20e3), max: Some(180e3), step: Some(500.0), ..Wanted::default() },
                (20e3, 180e3, 500.0, 1.0),
            ),
        ] {
            let control = made(ControlKind::DischargeLimit, &device, wanted).unwrap();
            assert_eq!((control.min, control.max, control.step, control.per_unit), envelope);
            assert_eq!(control.of_setpoint(control.to_setpoint(control.max)), control.max);
        }
    }

    #[test]
    fn what_cannot_be_is_said() {
        let watts = || setpoint("W", 0.0, 100e3, 1e3);
        let percent = || setpoint("%", 0.0, 100.0, 1.0);
        let usual = Wanted::default;
        let min = |min| Wanted { min: Some(min), safe: Some(50e3), ..usual() };
        let max = |max| Wanted { max: Some(max), ..usual() };
        let step = |step| Wanted { step: Some(step), safe: Some(50e3), ..usual() };
        let safe = |safe| Wanted { safe: Some(safe), ..usual() };
        let full = |full_scale_w| Wanted { full_scale_w: Some(full_scale_w), ..usual() };
        let often = |gap, per_hour, per_day| {
            let gap = Duration::from_secs(gap);
            Wanted { budget: Some(WriteBudget { gap, per_hour, per_day }), safe: Some(0.0), ..usual() }
        };
        let widest = "the widest range of `discharge-limit`";
        let above_0 = "write the power in W that the device means by 100 %, above 0";
        let multiple = "use a multiple of 1000, which is the step of the setpoint";
        let number = "write a number, in W";
        let never = "is 0, and nothing could ever be commanded: write 1 or more, or leave this [[control]] out";
        for (device, wanted, key, says) in [
            (watts(), max(251e3), "max", format!("`max` is 251000, which is not between 0 and 250000 W, {widest}")),
            (watts(), max(1e300), "max", format!("`max` is 1e300, which is not between 0 and 250000 W, {widest}")),
            (watts(), min(-1.0), "min", format!("`min` is -1, which is not between 0 and 250000 W, {widest}")),
            (
                watts(),
                max(120e3),
                "max",
                "`max` is 120000, which is not between 0 and 100000 W, the range of the setpoint \"limit\"".into(),
            ),
            (watts(), min(f64::NAN), "min", format!("`min` is nan: {number}")),
            (watts(), max(f64::INFINITY), "max", format!("`max` is inf: {number}")),
            (watts(), safe(f64::NAN), "safe", format!("`safe` is nan: {number}")),
            (watts(), step(f64::NEG_INFINITY), "step", format!("`step` is -inf: {number}")),
            (
                watts(),
                Wanted { max: Some(20e3), ..min(90e3) },
                "max",
                "`min` is 90000 and `max` is 20000: `min` must be below `max`".into(),
            ),
            (
                watts(),
                min(100e3),
                "min",
                "`min` is 100000 and `max` is 100000 (not written: what is possible): `min` must be below `max`".into(),
            ),
            (watts(), min(400.0), "min", "`min` is 400: the setpoint has steps of 1000, beginning with 0".into()),
            (watts(), step(10.0), "step", format!("`step` is 10: {multiple}")),
            (watts(), step(1_500.0), "step", format!("`step` is 1500: {multiple}")),
            (watts(), step(0.0), "step", format!("`step` is 0: {multiple}")),
            (watts(), step(-1e3), "step", format!("`step` is -1000: {multiple}")),
            (
                watts(),
                step(200e3),
                "step",
                "`step` is 200000, but from `min` to `max` there is 100000 only: use a smaller one".into(),
            ),
            (
                watts(),
                safe(50_500.0),
                "safe",
                "`safe` is 50500, which is none of the steps of 1000 that begin with 0".into(),
            ),
            (watts(), safe(150e3), "safe", "`safe` is 150000, which is not between 0 and 100000 W".into()),
            (
                watts(),
                usual(),
                "",
                "`safe` is missing: it is 150000 where nothing else is written, which is not between 0 and 100000 W".into(),
            ),
            (percent(), full(0.0), "full_scale_w", format!("`full_scale_w` is 0: {above_0}")),
            (percent(), full(-1.0), "full_scale_w", format!("`full_scale_w` is -1: {above_0}")),
            (percent(), full(f64::INFINITY), "full_scale_w", format!("`full_scale_w` is inf: {above_0}")),
            (
                percent(),
                full(1e9),
                "setpoint",
                "the setpoint \"limit\" takes 0 to 1000000000 W in steps of 10000000, and `discharge-limit` is from 0 to \
                 250000 W: they have fewer than two values in common; name another setpoint, or correct its range where \
                 the device is described"
                    .into(),
            ),
            (
                watts(),
                full(250e3),
                "full_scale_w",
                "`full_scale_w` is for a power that is set in %, but discharge-limit is set in W: leave it out".into(),
            ),
            (
                percent(),
                usual(),
                "setpoint",
                "the setpoint \"limit\" is set in %, but discharge-limit in W: write `full_scale_w`, the power in W that the \
                 device means by 100 %"
                    .into(),
            ),
            (
                setpoint("A", 0.0, 100.0, 1.0),
                usual(),
                "setpoint",
                "the setpoint \"limit\" is set in A, but discharge-limit in W: name another setpoint, or correct its unit \
                 where the device is described"
                    .into(),
            ),
            (watts(), often(5, 0, 24), "writes_per_hour", format!("`writes_per_hour` {never}")),
            (watts(), often(5, 12, 0), "writes_per_day", format!("`writes_per_day` {never}")),
            (
                watts(),
                often(86_401, 12, 24),
                "gap_s",
                "`gap_s` is 86401, which is not between 0 and 86400: the seconds from one write to the next".into(),
            ),
        ] {
            let why = ControlSpec::new(ControlKind::DischargeLimit, LinkIdx(0), &device, &wanted).unwrap_err();
            assert_eq!((why.key().unwrap_or_default(), why.to_string()), (key, says));
        }
    }

    #[test]
    fn where_a_lease_ends_is_known_and_within_what_the_site_says() {
        let held = || Setpoint { lease: Some(Duration::from_secs(60)), ..setpoint("W", 0.0, 250e3, 1e3) };
        let limits = |max, safe, returns_to| Wanted { max, safe, returns_to, ..Wanted::default() };
        let grid = Setpoint { lease: Some(Duration::from_secs(60)), ..setpoint("W", -5e3, 5e3, 10.0) };
        let ends = "the device has it whenever the server is disarmed, ended, or does not reach it; give the device another \
            default, or change";
        for (kind, device, wanted, says) in [
            (ControlKind::DischargeLimit, held(), limits(None, None, Some(150e3)), String::new()),
            (ControlKind::DischargeLimit, held(), limits(None, None, Some(0.0)), String::new()),
            (ControlKind::GridSetpoint, grid.clone(), limits(None, None, Some(50.0)), String::new()),
            (
                ControlKind::DischargeLimit,
                held(),
                limits(None, None, None),
                "`returns_to` is missing: the device gives limit up after 60 s without the server (disarmed, ended, or not \
                 reached), and has a value of its own then; write which one, in W"
                    .into(),
            ),
            (
                ControlKind::DischargeLimit,
                held(),
                limits(Some(100e3), Some(80e3), Some(150e3)),
                format!("`returns_to` is 150 kW, which is not between 0 W and 100 kW: {ends} `min` or `max`"),
            ),
            (
                ControlKind::DischargeLimit,
                held(),
                limits(None, Some(80e3), Some(150e3)),
                format!("`returns_to` is 150 kW, which is less safe than the safe value of 80 kW: {ends} `safe`"),
            ),
            (
                ControlKind::GridSetpoint,
                grid,
                limits(None, None, Some(-200.0)),
                format!("`returns_to` is -200 W, which is less safe than the safe value of 50 W: {ends} `safe`"),
            ),
            (
                ControlKind::DischargeLimit,
                setpoint("W", 0.0, 250e3, 1e3),
                limits(None, None, Some(150e3)),
                "`returns_to` is for a setpoint with `lease_s`: limit stays until another value is written, so leave it out"
                    .into(),
            ),
        ] {
            assert_eq!(made(kind, &device, wanted).err().unwrap_or_default(), says);
        }
    }

    #[test]
    fn a_setpoint_that_is_another_controls_or_means_the_opposite_is_refused_where_that_is_known() {
        let choice = |name: &str, label: &str, words: [&str; 2]| Setpoint {
            name: name.into(),
            label: label.into(),
            words: (0..).zip(words.map(str::to_owned)).collect(),
            ..setpoint("", 0.0, 1.0, 1.0)
        };
        let correct = "correct the table of the device";
        let crossed = |name, of, by, own| {
            format!("{name} is that of {of}, by {by}: name the setpoint of {own} here, or {correct}")
        };
        let limit = |name: &str| Setpoint { name: name.into(), ..setpoint("W", 0.0, 250e3, 1e3) };
        let percent = |name: &str| Setpoint { name: name.into(), ..setpoint("%", 0.0, 100.0, 1.0) };
        use ControlKind::{ChargeLimit, DischargeLimit, MinimumSoc, Mode, Run};
        for (kind, device, says) in [
            (Mode, choice("mode", "Mode", ["Max Safety", "Max ROI"]), String::new()),
            (Run, choice("run", "Operation", ["standby", "run"]), String::new()),
            (Run, choice("enable", "Enable", ["off", "ON"]), String::new()),
            // What nothing tells of.
            (Mode, choice("word-7", "Word 7", ["a", "b"]), String::new()),
            (Mode, choice("run", "", ["a", "b"]), crossed("run", "Operation", "its name", "Mode")),
            (
                Run,
                choice("word-7", "mode", ["a", "b"]),
                crossed("word-7", "Mode", "what its table calls it, \"mode\"", "Operation"),
            ),
            (Mode, choice("x", "X", ["standby", "run"]), crossed("x", "Operation", "its words", "Mode")),
            (Run, choice("x", "X", ["MAX_SAFETY", "max_roi"]), crossed("x", "Mode", "its words", "Operation")),
            (
                Mode,
                choice("mode", "Mode", ["Max ROI", "Max Safety"]),
                format!("by the words of the device 0 of mode is \"Max ROI\", but 0 is to be Max Safety: {correct}"),
            ),
            (
                Run,
                choice("run", "", ["Run", "Stop"]),
                format!("by the words of the device 0 of run is \"Run\", but 0 is to be Standby: {correct}"),
            ),
            (
                ChargeLimit,
                limit("discharge-limit"),
                crossed("discharge-limit", "Peak discharge limit", "its name", "Peak charge limit"),
            ),
            // What the device says of it counts, whatever name it was given.
            (
                DischargeLimit,
                Setpoint { label: "charge_limit".into(), ..limit("discharge-limit") },
                crossed(
                    "discharge-limit",
                    "Peak charge limit",
                    "what its table calls it, \"charge_limit\"",
                    "Peak discharge limit",
                ),
            ),
            (
                ChargeLimit,
                Setpoint { sets: "124.OutWRte, unit 1".into(), ..limit("charge-limit") },
                crossed(
                    "charge-limit",
                    "Peak discharge limit",
                    "what it sets, \"124.OutWRte, unit 1\"",
                    "Peak charge limit",
                ),
            ),
            (ChargeLimit, Setpoint { label: "charge_limit".into(), ..limit("word-7") }, String::new()),
            // Two names of one thing.
            (MinimumSoc, percent("reserve"), String::new()),
        ] {
            assert_eq!(made(kind, &device, Wanted::default()).err().unwrap_or_default(), says);
        }
    }

    #[test]
    fn a_lease_is_long_enough_for_every_try_to_renew_it() {
        for (cycle_ms, shortest_ms) in [(100, 2_000), (200, 2_000), (500, 4_000), (10_000, 80_000)] {
            let shortest = ControlSpec::shortest_lease(Duration::from_millis(cycle_ms));
            assert_eq!(shortest, Duration::from_millis(shortest_ms));
        }
    }

    #[test]
    fn a_safe_value_that_is_left_out_is_at_a_step_too() {
        let power = setpoint("W", -5_000.0, 5_000.0, 1.0);
        let wanted = |step| Wanted { step: Some(step), ..Wanted::default() };
        let bad = ControlSpec::new(ControlKind::GridSetpoint, LinkIdx(0), &power, &wanted(3_000.0)).unwrap_err();
        assert_eq!(bad.key(), Some("safe"));
        assert_eq!(
            bad.to_string(),
            "`safe` is missing: it is 50 where nothing else is written, which is none of the steps of 3000 that begin with -5000"
        );
        // Of two steps on either side of the safe value, the nearer one.
        let wanted = Wanted { safe: Some(1_000.0), ..wanted(3_000.0) };
        let control = ControlSpec::new(ControlKind::GridSetpoint, LinkIdx(0), &power, &wanted).unwrap();
        assert_eq!(control.admit(50.0), Ok(1_000.0));
    }

    #[test]
    fn what_is_safer_than_was_known_is_not_replaced() {
        let made = |kind, low, high, unit: &'static str| {
            ControlSpec::new(kind, LinkIdx(0), &setpoint(unit, low, high, 1.0), &Wanted::default()).unwrap()
        };
        let limit = made(ControlKind::DischargeLimit, 0.0, 300e3, "W");
        let reserve = made(ControlKind::Reserve, 10.0, 50.0, "%");
        let grid = made(ControlKind::GridSetpoint, -10e3, 10e3, "W");
        for (control, value, before, found, may) in [
            // Lower than was known, to less than is wanted: somebody has been there.
            (&limit, 180e3, 200e3, 30e3, false),
            (&limit, 180e3, 200e3, 190e3, true),
            (&limit, 180e3, 120e3, 120e3, true),
            (&limit, 180e3, 120e3, 30e3, false),
            (&limit, 20e3, 200e3, 30e3, true),
            (&reserve, 20.0, 15.0, 35.0, false),
            (&reserve, 20.0, 15.0, 12.0, true),
            (&reserve, 15.0, 20.0, 20.0, true),
            // Nearer to the safe 0 W is safer, on both sides of it.
            (&grid, 5e3, 3e3, 0.0, false),
            (&grid, 5e3, 3e3, -1e3, false),
            (&grid, 5e3, 3e3, 3e3, true),
            (&grid, 5e3, 3e3, -4e3, true),
            (&grid, 0.0, 3e3, 0.0, true),
        ] {
            let may_be = control.replaces(value, before).allows(found * control.per_unit);
            assert_eq!(may_be, may, "{value} over {found}, {before} was known");
        }
    }

    #[test]
    fn a_device_that_is_one_step_beside_has_the_value_unless_what_it_returns_to_is_safer() {
        let kw = Setpoint { lease: Some(Duration::from_secs(60)), ..setpoint("kW", 0.0, 300.0, 1.0) };
        let limit = |returns_to| made(ControlKind::DischargeLimit, &kw, Wanted { returns_to, ..Wanted::default() });
        let held = limit(Some(150e3)).unwrap();
        let stays = made(ControlKind::Reserve, &setpoint("%", 10.0, 50.0, 1.0), Wanted::default()).unwrap();
        let mode = made(ControlKind::Mode, &setpoint("", 0.0, 1.0, 1.0), Wanted::default()).unwrap();
        for (control, value, has, accepts) in [
            (&held, 120e3, 120.4e3, true),
            (&held, 120e3, 119e3, true),
            (&held, 120e3, 121e3, true),
            (&held, 120e3, 118e3, false),
            (&held, 120e3, 122e3, false),
            // Left alone it returns to 150 kW, which is safer.
            (&held, 200e3, 199e3, true),
            (&held, 200e3, 201e3, false),
            (&stays, 15.0, 14.0, true),
            (&stays, 15.0, 13.0, false),
            // One step of a choice is the other choice.
            (&mode, 0.0, 1.0, false),
        ] {
            assert_eq!(control.accepts(value, has), accepts, "{value} has {has}");
            let renews = control.renews(value);
            assert_eq!(renews.allows(has * control.per_unit), accepts, "{renews:?}");
        }
    }

    proptest! {
        /// Whatever the device's steps, the envelope and the wish: what the link is given it takes, and what the device
        /// then has is the value that was admitted, within the envelope.
        #[test]
        fn what_is_admitted_is_a_value_of_the_device_within_the_envelope(
            unit in 0_usize..3, low in 0_u32..40, count in 1_u32..400, fine in prop::sample::select(vec![0.01, 0.1, 0.4, 1.0, 3.0, 5.0]),
            full_scale_w in 40e3..300e3_f64, min in prop::option::of(0.0..250e3_f64), max in prop::option::of(0.0..250e3_f64),
            step in prop::option::of(1_u32..9),
            wish in prop_oneof![any::<f64>(), 0.0..250e3_f64, prop::sample::select(vec![0.0, 250e3, 150e3])],
        ) {
            let (unit, fine) = [("W", fine * 1e3), ("kW", fine), ("%", fine)][unit];
            let first = f64::from(low) * fine;
            let device = setpoint(unit, first, first + f64::from(count) * fine, fine);
            let finest = match unit { "W" => fine, "kW" => fine * 1e3, _ => fine / 100.0 * full_scale_w };
            let step = step.map(|n| f64::from(n) * finest);
            for safe in [min, max, None] {
                let full_scale_w = (unit == "%").then_some(full_scale_w);
                let wanted = Wanted { min, max, step, safe, full_scale_w, ..Wanted::default() };
                let Ok(control) = ControlSpec::new(ControlKind::DischargeLimit, LinkIdx(0), &device, &wanted) else { continue };
                for wish in [wish, control.min, control.max, control.safe] {
                    let Ok(value) = control.admit(wish) else { continue };
                    prop_assert!((value - wish).abs() <= control.step);
                    let sent = device.admit(control.to_setpoint(value)).unwrap();
                    let has = control.of_setpoint(sent);
                    prop_assert!((has - value).abs() <= 1e-6 * value.max(1.0), "{value} W is {sent} {unit}, which is {has} W");
                    let slack = 1e-6 * control.max;
                    prop_assert!(control.min - slack <= has && has <= control.max + slack, "{has} of {control:?}");
                }
            }
        }
    }

    #[test]
    fn wider_is_away_from_the_safe_side() {
        let made = |kind, low, high, unit, safe| {
            let wanted = Wanted { safe: Some(safe), ..Wanted::default() };
            made(kind, &setpoint(unit, low, high, 1.0), wanted).unwrap()
        };
        let reserve = made(ControlKind::Reserve, 0.0, 100.0, "%", 20.0);
        let limit = made(ControlKind::DischargeLimit, 0.0, 250e3, "W", 150e3);
        let grid = made(ControlKind::GridSetpoint, -5e3, 5e3, "W", 50.0);
        for (control, value, before, wider) in [
            (&reserve, 15.0, 20.0, true),
            (&reserve, 20.0, 15.0, false),
            (&reserve, 20.0, 20.0, false),
            (&limit, 100e3, 90e3, true),
            (&limit, 90e3, 100e3, false),
            (&grid, -1_000.0, 50.0, true),
            (&grid, 100.0, -1_000.0, false),
        ] {
            assert_eq!(control.widens(value, before), wider, "{value} after {before}");
        }
    }
}
