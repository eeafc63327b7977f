//! Putting an alarm aside for a time. It hides the alarm, and does nothing else: what is raised meanwhile is there, and not
//! acknowledged, when the time is over.

use crate::plain;
use crate::time::{Mono, Now, Utc};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// The shortest time of an alarm on the shelf.
pub const SHELVED_LEAST: Duration = Duration::from_secs(1);
/// The longest: nothing is put aside for good.
pub const SHELVED_MOST: Duration = Duration::from_secs(24 * 3_600);
/// The longest reason, characters.
pub const REASON_MAX: usize = 200;

/// An alarm that is put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shelf {
    /// By whom, as in [`super::Acknowledged`].
    pub by: Arc<str>,
    /// Why, in their words.
    pub why: Arc<str>,
    /// When.
    pub at: Utc,
    /// Until when, by the clock of then.
    pub until: Utc,
    /// When it ends, whatever the clock on the wall says.
    pub ends: Mono,
}

/// Why an alarm is not put aside so.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NotShelved {
    /// Too short, or too long.
    #[error("it can be shelved for 1 s to 24 h")]
    Duration,
    /// No reason, or nothing that anybody can read.
    #[error("say why it is shelved: whoever comes next must know")]
    NoReason,
    /// A reason that cannot be shown.
    #[error("a reason has at most {REASON_MAX} characters, in one line and each to be seen, and not {}", plain::quoted(.0))]
    Reason(String),
}

impl Shelf {
    /// Puts an alarm aside at `now`.
    ///
    /// # Errors
    /// The time is too short or too long, or the reason is none.
    pub fn new(by: &Arc<str>, why: &str, lasts: Duration, now: Now) -> Result<Shelf, NotShelved> {
        let why = why.trim();
        if !(SHELVED_LEAST..=SHELVED_MOST).contains(&lasts) {
            return Err(NotShelved::Duration);
        }
        if why.chars().nth(REASON_MAX).is_some() || why.chars().any(plain::is_unseen) {
            return Err(NotShelved::Reason(why.chars().take(40).collect()));
        }
        if !why.chars().any(char::is_alphanumeric) {
            return Err(NotShelved::NoReason);
        }
        let (until, ends) = (now.utc + lasts, now.mono + lasts);
        Ok(Shelf { by: by.clone(), why: why.into(), at: now.utc, until, ends })
    }

    /// One of the process before this one; `None` if its time is over. A clock that was put back makes it no longer than it
    /// was to be.
    pub fn restored(by: &str, why: &str, at: Utc, until: Utc, now: Now) -> Option<Shelf> {
        let left_us = u64::try_from(until.0.saturating_sub(now.utc.0)).ok().filter(|left| *left > 0)?;
        let was_to_last = Duration::from_micros(u64::try_from(until.0.saturating_sub(at.0)).unwrap_or_default());
        let left = Duration::from_micros(left_us).min(was_to_last).min(SHELVED_MOST);
        Some(Shelf { by: by.into(), why: why.into(), at, until, ends: now.mono + left })
    }

    /// Whether another one of this instant would be the same, to the second of its end.
    pub fn is_as(&self, other: &Shelf) -> bool {
        let ends_s = |shelf: &Shelf| shelf.until.0.div_euclid(1_000_000);
        self.by == other.by && self.why == other.why && ends_s(self) == ends_s(other)
    }

    /// Whether its time is over.
    pub fn is_over(&self, now: Mono) -> bool {
        now >= self.ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn now() -> Now {
        Now { utc: Utc(1_800_000_000_000_000), mono: Mono::START }
    }

    #[test]
    fn it_has_a_reason_and_an_end_and_ends_by_itself() {
        let by: Arc<str> = "mara".into();
        let shelf = Shelf::new(&by, "  sensor is replaced on Monday ", HOUR, now()).unwrap();
        assert_eq!((&*shelf.why, shelf.until), ("sensor is replaced on Monday", now().utc + HOUR));
        assert!(!shelf.is_over((now() + HOUR - Duration::from_micros(1)).mono) && shelf.is_over((now() + HOUR).mono));
        for (why, lasts) in [
            ("", HOUR),
            (" \n ", HOUR),
            ("two\nlines", HOUR),
            // What nobody sees, and what turns the words around.
            ("\u{200b}", HOUR),
            ("\u{ad}\u{ad}", HOUR),
            ("...", HOUR),
            ("loose \u{202e}esool", HOUR),
            ("loose\u{200b}", HOUR),
            (&"x".repeat(REASON_MAX + 1), HOUR),
            ("ok", Duration::ZERO),
            ("ok", SHELVED_MOST + SHELVED_LEAST),
        ] {
            assert!(Shelf::new(&by, why, lasts, now()).is_err(), "{why:?} {lasts:?}");
        }
        assert!(Shelf::new(&by, &"ü".repeat(REASON_MAX), SHELVED_MOST, now()).is_ok());
    }

    #[test]
    fn after_a_restart_what_is_left_of_its_time_is_left_whatever_the_clock_says() {
        let ends = |until: Utc, at: Utc| Shelf::restored("mara", "why", at, until, now()).map(|shelf| shelf.ends);
        let (utc, mono) = (now().utc, now().mono);
        assert_eq!(ends(utc + HOUR, utc - HOUR), Some(mono + HOUR));
        assert_eq!(ends(utc, utc - HOUR), None);
        assert_eq!(ends(utc - HOUR, utc - HOUR - HOUR), None);
        // The clock was put back by days.
        assert_eq!(ends(utc + HOUR * 99, utc + HOUR * 98), Some(mono + HOUR));
        assert_eq!(ends(utc + HOUR * 99, utc), Some(mono + SHELVED_MOST));
    }
}
