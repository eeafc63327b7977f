//! The map of a CAN link: which signal of the DBC file is which point, cell or node of the system.
//!
//! One entry maps all cells: the numbers in the signals' names say which is which.

pub mod pattern;
mod range;
mod resolve;

pub(crate) use range::Believed;
pub use range::RangeRule;
pub(crate) use resolve::{Mapped, Source, resolve};

use super::codes::OurCodes;
use super::sign::Sign;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;

/// One entry of a link's `map`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapEntry {
    /// Path of a point (`battery/soc`), or `cells/voltage`, `cells/temperature`, `nodes/state`, `nodes/delay`.
    pub point: Spanned<String>,
    /// The signal with the value: `BatteryVoltage`, or for cells and nodes with the place of the number:
    /// `CellVoltage_{cell}`, `M{module}_C{cell}`, `AfeState_{node}`. `Message.Signal` picks one of several.
    pub signal: Option<Spanned<String>>,
    /// Instead of `signal`: flags that make a bit field, lowest bit first.
    pub bits: Option<Spanned<Vec<String>>>,
    /// A signal that is 0 while the value is not valid.
    pub valid: Option<Spanned<String>>,
    /// A signal that counts its message's frames, 2 to 32 bits wide: frames that come twice or late, or whose counter
    /// stands still, change no reading then.
    pub counter: Option<Spanned<String>>,
    /// The number of the first cell, module or node in the signals' names; 1 if not given.
    pub first: Option<u32>,
    /// The number of the last cell or node that the system has; signals with a higher one are left out.
    pub last: Option<u32>,
    /// Factor from the signal's value to the point's unit, instead of that which follows from the units.
    pub scale: Option<f64>,
    /// Added after the factor, in the point's unit.
    pub offset: Option<f64>,
    /// What a positive value means to the device, if it differs from us.
    pub sign: Option<Sign>,
    /// Of events, modes and contactors: what the signal's numbers mean, if its DBC file has no words that say so.
    pub words: Option<Spanned<BTreeMap<String, String>>>,
    /// Of events and contactors: what the bits of its number mean, from 0 for the lowest.
    pub flags: Option<Spanned<BTreeMap<String, String>>>,
    /// Of events, modes and contactors: its numbers are ours.
    pub codes: Option<Spanned<OurCodes>>,
    /// Which values are believed, if not those of the range that the DBC file declares.
    pub range: Option<RangeRule>,
}

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MapError {
    /// Where it stands in the site file, in bytes.
    pub span: Range<usize>,
    /// What is wrong, in words.
    pub message: String,
}
