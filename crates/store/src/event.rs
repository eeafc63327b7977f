//! What happened, for people: kept for as long as the database. And which alarms are active, so that they outlive the
//! process.

use domain::alarm::Severity;
use std::str::FromStr;

/// What became of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// It became active.
    Raised,
    /// It is over.
    Cleared,
    /// History was deleted: no alarm.
    Deleted,
}

impl EventKind {
    /// All of them.
    pub const ALL: [EventKind; 3] = [EventKind::Raised, EventKind::Cleared, EventKind::Deleted];

    /// The kind in one word, as it is stored.
    pub fn word(self) -> &'static str {
        match self {
            EventKind::Raised => "raised",
            EventKind::Cleared => "cleared",
            EventKind::Deleted => "deleted",
        }
    }
}

/// A word that is none of those that this version stores.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("it has an event of {what} {}, which this version does not know: update packtwin", domain::plain::quoted(word))]
pub struct UnknownWord {
    what: &'static str,
    word: String,
}

impl FromStr for EventKind {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<EventKind, UnknownWord> {
        let found = EventKind::ALL.into_iter().find(|kind| kind.word() == word);
        found.ok_or_else(|| UnknownWord { what: "the kind", word: word.to_owned() })
    }
}

pub(crate) fn severity(word: &str) -> Result<Severity, UnknownWord> {
    let found = Severity::ALL.into_iter().find(|severity| severity.word() == word);
    found.ok_or_else(|| UnknownWord { what: "the severity", word: word.to_owned() })
}

/// Something that happened to a system.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When, ms since 1970-01-01 UTC.
    pub at_ms: i64,
    /// What.
    pub kind: EventKind,
    /// The alarm rule: `bus.sag`.
    pub rule: String,
    /// What it is about, by a name that stays: `cell 7.12`. Empty if that was not recorded; then it is not kept as active.
    pub subject: String,
    /// How bad.
    pub severity: Severity,
    /// The watched value then, in the rule's unit; `None` if that was not recorded.
    pub value: Option<f32>,
    /// The sentence that people read.
    pub words: String,
}

/// An alarm that was raised and is not over.
#[derive(Clone, Debug, PartialEq)]
pub struct ActiveAlarm {
    /// The system's id.
    pub system: String,
    /// How it was raised.
    pub raised: Event,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lead_back_and_unknown_ones_are_an_error() {
        for kind in EventKind::ALL {
            assert_eq!(kind.word().parse(), Ok(kind));
        }
        for of in Severity::ALL {
            assert_eq!(severity(of.word()), Ok(of));
        }
        for unknown in ["acked", "", "Raised", "info"] {
            let why = unknown.parse::<EventKind>().unwrap_err().to_string();
            assert!(why.contains(&format!("{unknown:?}")) && severity(unknown).is_err(), "{why}");
        }
    }
}
