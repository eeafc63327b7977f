//! Whether the wall clock can be believed: held against the last time that is known and what has passed since. Pure.

use domain::time::Utc;
use std::time::{Duration, Instant};

/// How far the clock may be from what is known, µs: a day.
pub(crate) const DAY_US: i64 = 86_400_000_000;
/// A time that no clock shows that was ever set, 2025-01-01: what comes after it is not held against it.
const NEVER_SET_US: i64 = 1_735_689_600_000_000;
const DAY: Duration = Duration::from_secs(86_400);
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// What is thought of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// Within a day of what is known.
    Right,
    /// So much further than what is known, µs.
    Ahead(i64),
    /// So much before what is known, µs.
    Behind(i64),
}

/// The last known time, and what speaks for another one.
#[derive(Debug)]
pub(crate) struct Trust {
    known: Option<(Utc, Instant)>,
    /// Another time, when it was last seen, and for how long it has stood without a jump.
    other: Option<(Utc, Instant, Duration)>,
}

impl Trust {
    /// `known` is the last time that was known before the start.
    pub(crate) fn new(known: Option<Utc>, now: Instant) -> Trust {
        Trust { known: known.map(|known| (known, now)), other: None }
    }

    /// The last known time.
    pub(crate) fn known(&self) -> Option<Utc> {
        self.known.map(|(known, _)| known)
    }

    /// Looks at the clock. One that jumped is right when it has stood for a day, after a jump ahead for a tenth of the
    /// jump, which is later for long ones, but no longer than thirty days: until then nothing is deleted by age.
    pub(crate) fn look(&mut self, wall: Utc, now: Instant) -> Clock {
        let passed = |then: Utc, at: Instant| wall.0.saturating_sub(then.0.saturating_add(micros(now - at)));
        let Some(off_us) = self.known.map(|(known, at)| passed(known, at)) else { return self.right(wall, now) };
        let unset = self.known.is_some_and(|(known, _)| known.0 < NEVER_SET_US) && wall.0 >= NEVER_SET_US;
        if off_us.abs() <= DAY_US || unset {
            return self.right(wall, now);
        }
        let stood = match self.other {
            Some((then, at, stood)) if passed(then, at).abs() <= DAY_US => stood + (now - at),
            _ => Duration::ZERO,
        };
        self.other = Some((wall, now, stood));
        let probation = match u64::try_from(off_us) {
            Ok(ahead_us) => Duration::from_micros(ahead_us / 10).clamp(DAY, LONGEST),
            Err(_) => DAY,
        };
        match off_us {
            _ if stood >= probation => self.right(wall, now),
            ahead if ahead > 0 => Clock::Ahead(off_us),
            _ => Clock::Behind(-off_us),
        }
    }

    fn right(&mut self, wall: Utc, now: Instant) -> Clock {
        (self.known, self.other) = (Some((wall, now)), None);
        Clock::Right
    }
}

fn micros(passed: Duration) -> i64 {
    i64::try_from(passed.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_000_000_000_000;

    #[test]
    fn a_clock_is_held_against_what_is_known() {
        let start = Instant::now();
        let hours = |n: u64| start + Duration::from_secs(3_600 * n);
        let wall = |hour: u64, days: i64| Utc(NOW + hour as i64 * 3_600_000_000 + days * DAY_US);
        let mut trust = Trust::new(Some(Utc(NOW)), start);
        // An hour 500 days ahead, and back.
        assert_eq!(trust.look(wall(0, 0), start), Clock::Right);
        assert_eq!(trust.look(wall(1, 500), hours(1)), Clock::Ahead(500 * DAY_US));
        assert_eq!(trust.look(wall(2, 500), hours(2)), Clock::Ahead(500 * DAY_US));
        assert_eq!(trust.look(wall(2, 0), hours(2)), Clock::Right);
        // A day in the past: it is taken as right after it has stood so long.
        assert_eq!(trust.look(wall(3, -20), hours(3)), Clock::Behind(20 * DAY_US));
        assert_eq!(trust.look(wall(26, -20), hours(26)), Clock::Behind(20 * DAY_US));
        assert_eq!(trust.look(wall(27, -20), hours(27)), Clock::Right);
        // Ahead by 500 days it takes thirty days; a further jump begins anew.
        assert_eq!(trust.look(wall(28, 480), hours(28)), Clock::Ahead(500 * DAY_US));
        assert_eq!(trust.look(wall(28 + 719, 480), hours(28 + 719)), Clock::Ahead(500 * DAY_US));
        assert_eq!(trust.look(wall(28 + 720, 480), hours(28 + 720)), Clock::Right);
        // Off for three days: a day.
        let mut trust = Trust::new(Some(Utc(NOW - 3 * DAY_US)), start);
        assert_eq!(trust.look(wall(0, 0), start), Clock::Ahead(3 * DAY_US));
        assert_eq!(trust.look(wall(24, 0), hours(24)), Clock::Right);
    }

    #[test]
    fn a_machine_that_starts_in_1970_is_right_when_its_clock_is_set() {
        let start = Instant::now();
        let mut trust = Trust::new(None, start);
        assert_eq!(trust.look(Utc(5), start), Clock::Right);
        assert_eq!(trust.look(Utc(NOW), start), Clock::Right);
        assert_eq!(trust.look(Utc(6), start), Clock::Behind(NOW - 6));
    }
}
