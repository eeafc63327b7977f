//! What a poll of a device brings: readings, events, and what is odd. Whatever tells what the registers mean.

use domain::bms::EVENTS;
use domain::reading::Reading;
use domain::time::Now;

/// What a battery reports: sets of [`EVENTS`], by bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// Alarms.
    pub alarms: u32,
    /// Warnings.
    pub warnings: u32,
}

impl Events {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Events) -> Events {
        Events { alarms: self.alarms | other.alarms, warnings: self.warnings | other.warnings }
    }

    /// In words: `voltage too high (alarm), fan error (alarm)`, or `none`.
    pub(crate) fn label(self) -> String {
        let of = |set: u32, kind: &'static str| {
            let named = EVENTS.iter().enumerate().filter(move |(bit, _)| set >> bit & 1 == 1);
            named.map(move |(_, words)| format!("{words} ({kind})"))
        };
        let all: Vec<String> = of(self.alarms, "alarm").chain(of(self.warnings, "warning")).collect();
        if all.is_empty() { "none".to_owned() } else { all.join(", ") }
    }
}

/// What is wrong with a value that a device sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    /// It cannot be. With the row of the table, or the register.
    Impossible(usize),
    /// It is a code without a meaning.
    Unnamed(usize),
    /// It is of a module that the system does not have.
    Module(usize),
}

/// So many odd values of one reply are told: as many as it can have registers.
const ODD_MAX: usize = 128;

/// What one poll has brought so far.
#[derive(Debug, Default)]
pub struct Poll {
    /// Readings.
    pub readings: Vec<Reading>,
    /// How many values were impossible.
    pub impossible: u32,
    /// What was odd since it was taken last, in words.
    pub odd: Vec<(Odd, String)>,
    /// When the words came that are decoded.
    pub at: Now,
    /// By row of the table: whether the device refuses it.
    pub refused_rows: Vec<bool>,
    /// What a SunSpec battery reports in this round, and since when.
    pub events: Option<(Events, Now)>,
    /// Parts of sums: which sum, the value if there is one, and when it came.
    pub(super) parts: Vec<(usize, Option<f64>, Now)>,
}

impl Poll {
    /// Takes note of what is odd.
    pub(crate) fn note(&mut self, odd: Odd, words: impl FnOnce() -> String) {
        if self.odd.len() < ODD_MAX {
            self.odd.push((odd, words()));
        }
    }
}
