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

mod rules;

pub use rules::{FLOAT_TELLS_APART, Grid, Held, HeldLease, Wrong, checked, plain_unit};

use crate::device::can_checksum::ChecksumRule;
use domain::write::{Setpoint, Wear};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;

/// The most setpoints of one link.
pub const SETPOINTS_MAX: usize = 256;

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
    pub label: Option<Spanned<String>>,
    /// Unit of its values; that of the device, if not given.
    pub unit: Option<Spanned<String>>,
    /// The lowest value that is ever written.
    pub min: Spanned<f64>,
    /// The highest.
    pub max: Spanned<f64>,
    /// Values are multiples of this above `min`.
    pub step: Spanned<f64>,
    /// What a write costs.
    pub wear: Spanned<WearKey>,
    /// The longest, s, that a value is held without being renewed; for ever, if not given.
    pub lease_s: Option<Spanned<u32>>,
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
    /// The setpoint; `held` is what is known of it on the device.
    ///
    /// # Errors
    /// It breaks one of the rules that every setpoint must satisfy.
    pub fn setpoint(&self, held: &Held) -> Result<Setpoint, Complaint> {
        let text = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.get_ref().clone());
        let setpoint = Setpoint {
            name: self.name.get_ref().clone(),
            label: text(&self.label).unwrap_or_else(|| self.sets.get_ref().clone()),
            sets: self.sets.get_ref().clone(),
            words: Vec::new(),
            unit: text(&self.unit).unwrap_or_else(|| plain_unit(&held.unit)),
            min: *self.min.get_ref(),
            max: *self.max.get_ref(),
            step: *self.step.get_ref(),
            wear: (*self.wear.get_ref()).into(),
            lease: self.lease_s.as_ref().map(|s| Duration::from_secs((*s.get_ref()).into())),
        };
        checked(setpoint, held).map_err(|wrong| (self.place(wrong.key), wrong.words))
    }

    /// Where a key stands; the name where it does not stand at all.
    fn place(&self, key: &str) -> Range<usize> {
        let place = match key {
            "label" => self.label.as_ref().map(Spanned::span),
            "unit" => self.unit.as_ref().map(Spanned::span),
            "min" => Some(self.min.span()),
            "max" => Some(self.max.span()),
            "step" => Some(self.step.span()),
            "lease_s" => self.lease_s.as_ref().map(Spanned::span),
            _ => None,
        };
        place.unwrap_or_else(|| self.name.span())
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

/// The setpoints of a link's entries, each made by `one`.
///
/// # Errors
/// The first that is wrong, two with one name or of one value of the device, or too many.
pub fn all<T>(
    entries: &[SetpointEntry],
    one: impl Fn(&SetpointEntry) -> Result<T, Complaint>,
) -> Result<Vec<T>, Complaint> {
    if let Some(entry) = entries.get(SETPOINTS_MAX) {
        return Err((entry.name.span(), format!("a link has at most {SETPOINTS_MAX} setpoints")));
    }
    for (at, entry) in entries.iter().enumerate() {
        let (name, sets) = (entry.name.get_ref(), entry.sets.get_ref());
        if entries[..at].iter().any(|other| other.name.get_ref() == name) {
            return Err((entry.name.span(), format!("two setpoints have the name `{name}`")));
        }
        if let Some(other) = entries[..at].iter().find(|other| other.sets.get_ref() == sets) {
            let other = other.name.get_ref();
            let words =
                format!("`{sets}` is set by `{other}` already: two setpoints would overwrite one another; keep one");
            return Err((entry.sets.span(), words));
        }
    }
    entries.iter().map(one).collect()
}
