//! An entry of a link's `setpoints`: what others may set on a device that no register table describes, within which
//! range. Pure.
//!
//! ```toml
//! setpoints = [
//!   { name = "reserve", sets = "802.SoCRsvMin", min = 10, max = 50, step = 1, wear = "flash" },
//! ]
//! ```
//!
//! What `sets` names depends on the kind of link: a point of a SunSpec model, a path of a Victron GX, a signal of a CAN
//! message. A configured setpoint opens no door: who may ask for it is decided above (`domain::command`).

use crate::device::can_checksum::ChecksumRule;
use domain::write::{Setpoint, Wear};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;

/// The longest lease that can be configured, s: the longest that 16 bits can say to a SunSpec device.
const LONGEST_LEASE_S: u64 = 65_534;

/// What is wrong, and where in the site file.
pub type Complaint = (Range<usize>, String);

/// One entry, as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetpointEntry {
    /// Its name in commands.
    pub name: Spanned<String>,
    /// What it is on the device: `802.SoCRsvMin`, `hub4/0/Overrides/Setpoint`, `Limits.DischargeLimit`.
    pub sets: Spanned<String>,
    /// Its name for people; what it sets, if not given.
    pub label: Option<String>,
    /// Unit of its values; that of the device, if not given.
    pub unit: Option<String>,
    /// The lowest value that is ever written.
    pub min: f64,
    /// The highest.
    pub max: f64,
    /// Values are multiples of this above `min`.
    pub step: f64,
    /// What a write costs.
    pub wear: WearKey,
    /// The longest, s, that a value is held without being renewed; for ever, if not given.
    pub lease_s: Option<u32>,
    /// CAN: the values of the message's other signals.
    pub with: Option<Spanned<BTreeMap<String, f64>>>,
    /// CAN: a signal that counts the frames that are sent.
    pub counter: Option<Spanned<String>>,
    /// CAN: a signal that protects the frame, and how.
    pub checksum: Option<Spanned<ChecksumRule>>,
    /// CAN: `Message.Signal` that the device sends and that says which value it has.
    pub feedback: Option<Spanned<String>>,
    /// CAN: time between two frames while a lease lasts, ms.
    pub every_ms: Option<Spanned<u32>>,
}

/// [`Wear`] as it is written.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WearKey {
    /// Lost at power-off.
    Volatile,
    /// Stored, in memory that bears a limited number of writes.
    Flash,
}

impl From<WearKey> for Wear {
    fn from(key: WearKey) -> Wear {
        match key {
            WearKey::Volatile => Wear::Volatile,
            WearKey::Flash => Wear::Flash,
        }
    }
}

impl SetpointEntry {
    /// The setpoint; `unit` is what its values are measured in on the device.
    ///
    /// # Errors
    /// Its name or its numbers cannot be.
    pub fn setpoint(&self, unit: &str) -> Result<Setpoint, Complaint> {
        let setpoint = Setpoint {
            name: self.name.get_ref().clone(),
            label: self.label.clone().unwrap_or_else(|| self.sets.get_ref().clone()),
            unit: self.unit.clone().unwrap_or_else(|| unit.to_owned()),
            min: self.min,
            max: self.max,
            step: self.step,
            wear: self.wear.into(),
            lease: self.lease_s.map(|s| Duration::from_secs(s.into())),
        };
        checked(setpoint).map_err(|words| (self.name.span(), words))
    }

    /// Refuses the keys that mean something to a CAN bus only.
    ///
    /// # Errors
    /// One of them is there.
    pub fn without_can_keys(&self) -> Result<(), Complaint> {
        let keys = [
            ("with", self.with.as_ref().map(Spanned::span)),
            ("counter", self.counter.as_ref().map(Spanned::span)),
            ("checksum", self.checksum.as_ref().map(Spanned::span)),
            ("feedback", self.feedback.as_ref().map(Spanned::span)),
            ("every_ms", self.every_ms.as_ref().map(Spanned::span)),
        ];
        let found = keys.into_iter().find_map(|(key, span)| Some((span?, format!("`{key}` is for a CAN bus only"))));
        found.map_or(Ok(()), Err)
    }
}

/// A setpoint whose name and numbers can be.
///
/// # Errors
/// What is wrong, in words.
pub fn checked(setpoint: Setpoint) -> Result<Setpoint, String> {
    let Setpoint { name, min, max, step, lease, .. } = &setpoint;
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(letters) {
        return Err("`name` is made of small letters, digits and hyphens, such as \"minimum-soc\"".to_owned());
    }
    if ![min, max, step].into_iter().all(|number| number.is_finite()) || min > max || *step <= 0.0 {
        return Err("`min` must not be above `max`, and `step` must be above 0".to_owned());
    }
    if lease.is_some_and(|lease| !(1..=LONGEST_LEASE_S).contains(&lease.as_secs())) {
        return Err(format!("`lease_s` is 1 to {LONGEST_LEASE_S} s"));
    }
    Ok(setpoint)
}

/// The setpoints of a link's entries, each made by `one`.
///
/// # Errors
/// The first that is wrong, or two with one name.
pub fn all<T>(
    entries: &[SetpointEntry],
    one: impl Fn(&SetpointEntry) -> Result<T, Complaint>,
) -> Result<Vec<T>, Complaint> {
    for (at, entry) in entries.iter().enumerate() {
        if entries[..at].iter().any(|other| other.name.get_ref() == entry.name.get_ref()) {
            return Err((entry.name.span(), format!("two setpoints have the name `{}`", entry.name.get_ref())));
        }
    }
    entries.iter().map(one).collect()
}
