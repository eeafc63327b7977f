//! How long who signed in has their rights.
//!
//! Ages are the greater of both clocks: a wall clock that is put back extends nothing, and a machine that slept has been
//! idle. One that is put forward ends rights early; then the password is asked for again. After a restart only the wall
//! clock is known; a session that it puts into the future has no rights.

use super::Role;
use crate::time::{Mono, Now, Utc};
use std::time::Duration;

/// An operator or admin who does nothing for so long only reads from then on.
pub const IDLE: Duration = Duration::from_secs(30 * 60);
/// So long after the password an operator or admin only reads, whatever they do.
pub const ABSOLUTE: Duration = Duration::from_secs(12 * 3_600);
/// A session ends after this.
pub const LONGEST: Duration = Duration::from_secs(30 * 86_400);
/// For so long after the password what needs it once more may be done.
pub const STEP_UP: Duration = Duration::from_secs(10 * 60);
/// Clocks that are kept in time differ by less.
const JITTER: Duration = Duration::from_secs(60);

/// An instant of the past, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// By the wall clock.
    pub utc: Utc,
    /// By the clock of this process, if it was running then.
    pub mono: Option<Mono>,
}

impl Mark {
    /// This instant.
    pub fn at(now: Now) -> Mark {
        Mark { utc: now.utc, mono: Some(now.mono) }
    }

    /// An instant that was stored.
    pub fn kept(utc: Utc) -> Mark {
        Mark { utc, mono: None }
    }

    /// How long ago it was; `None` if that is not known, because it lies in the future.
    pub fn age(self, now: Now) -> Option<Duration> {
        let us = now.utc.0.saturating_sub(self.utc.0);
        let by_utc = Duration::from_micros(u64::try_from(us).unwrap_or(0));
        match self.mono {
            Some(mono) => Some(by_utc.max(now.mono.since(mono))),
            None if us < -(JITTER.as_micros() as i64) => None,
            None => Some(by_utc),
        }
    }
}

/// What is known of a session's times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// When the password was given last, to sign in or to do something: either proves the same.
    pub begun: Mark,
    /// When its person last did something.
    pub seen: Mark,
}

/// What a session is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The role that its person has now: theirs, or a viewer's when they did nothing for long.
    pub role: Role,
    /// How long they have theirs yet, if they do nothing more. Of a viewer it is how long the session lasts.
    pub rights_left: Duration,
    /// How long what needs the password once more may be done; zero if it may not.
    pub step_up_left: Duration,
}

/// What a session of somebody with this role is worth; `None` if it has ended.
pub fn standing(times: Times, role: Role, now: Now) -> Option<Standing> {
    let (begun, seen) = (times.begun.age(now)?, times.seen.age(now)?);
    let session_left = LONGEST.checked_sub(begun).filter(|left| !left.is_zero())?;
    let viewer = Standing { role: Role::Viewer, rights_left: session_left, step_up_left: Duration::ZERO };
    if role == Role::Viewer {
        return Some(viewer);
    }
    let rights_left = IDLE.saturating_sub(seen).min(ABSOLUTE.saturating_sub(begun));
    if rights_left.is_zero() {
        return Some(viewer);
    }
    Some(Standing { role, rights_left, step_up_left: STEP_UP.saturating_sub(begun).min(rights_left) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;
    const BEGUN: Now = Now { utc: Utc(1_000 * HOUR), mono: Mono::START };

    /// A session that began then, and was last used `idle_min` minutes before the instant `after_min` minutes later.
    fn look(role: Role, after_min: u64, idle_min: u64, clock_off: i64, restarted: bool) -> Option<(Role, bool)> {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        let mut now = BEGUN + minutes(after_min);
        let mark = |at: Now| if restarted { Mark::kept(at.utc) } else { Mark::at(at) };
        let times = Times { begun: mark(BEGUN), seen: mark(BEGUN + minutes(after_min - idle_min)) };
        now.utc = Utc(now.utc.0 + clock_off);
        standing(times, role, now).map(|standing| (standing.role, !standing.step_up_left.is_zero()))
    }

    #[test]
    fn rights_end_by_idleness_and_by_age_and_reading_goes_on() {
        use Role::{Admin, Operator, Viewer};
        const DAY: u64 = 24 * 60;
        for (role, after, idle, expected) in [
            (Operator, 0, 0, Some((Operator, true))),
            (Admin, 9, 0, Some((Admin, true))),
            (Admin, 10, 0, Some((Admin, false))),
            (Operator, 29, 29, Some((Operator, false))),
            (Operator, 30, 30, Some((Viewer, false))),
            (Operator, 300, 5, Some((Operator, false))),
            (Admin, 12 * 60 - 1, 0, Some((Admin, false))),
            (Admin, 12 * 60, 0, Some((Viewer, false))),
            (Viewer, 29 * DAY, 29 * DAY, Some((Viewer, false))),
            (Viewer, 30 * DAY, 0, None),
            (Admin, 30 * DAY, 0, None),
        ] {
            assert_eq!(look(role, after, idle, 0, false), expected, "{role:?}, after {after} min, idle {idle} min");
        }
    }

    #[test]
    fn a_wrong_wall_clock_extends_nothing() {
        use Role::{Operator, Viewer};
        for (after, idle, off, restarted, expected) in [
            // Put back by an hour, or to 1970.
            (31, 31, -HOUR, false, Some((Viewer, false))),
            (5, 5, -HOUR, false, Some((Operator, true))),
            (5, 5, -1_000 * HOUR, false, Some((Operator, true))),
            // Put forward, or the machine slept.
            (5, 5, HOUR, false, Some((Viewer, false))),
            (5, 5, 10_000 * HOUR, false, None),
            // After a restart.
            (5, 5, 0, true, Some((Operator, true))),
            (5, 5, HOUR, true, Some((Viewer, false))),
            (5, 5, -HOUR, true, None),
            // Clocks are never quite the same.
            (0, 0, -HOUR / 120, true, Some((Operator, true))),
        ] {
            assert_eq!(look(Operator, after, idle, off, restarted), expected, "{after} {idle} {off} {restarted}");
        }
    }

    #[test]
    fn what_is_left_is_the_nearest_end() {
        let mark = Mark::at(BEGUN);
        let left = |at_min: u64, seen_min: u64| {
            let minute = Duration::from_secs(60);
            let times = Times { begun: mark, seen: Mark::at(BEGUN + minute * seen_min as u32) };
            let found = standing(times, Role::Admin, BEGUN + minute * at_min as u32).unwrap();
            (found.rights_left.as_secs() / 60, found.step_up_left.as_secs() / 60)
        };
        assert_eq!(left(0, 0), (30, 10));
        assert_eq!(left(4, 4), (30, 6));
        assert_eq!(left(11 * 60 + 50, 11 * 60 + 50), (10, 0));
    }
}
