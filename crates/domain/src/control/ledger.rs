//! How often a control was written: pace, the budget of the day, and the count of all its writes.
//!
//! A day is 24 hours in which the server ran. Nobody knows how long it did not, for the wall clock may be wrong: neither a
//! clock that is put forward nor time that is switched off frees the writes of a day.

use crate::spec::control::{KEPT_FOR_SAFETY, WriteBudget};
use crate::time::{Mono, Now, Utc};
use std::collections::VecDeque;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Beyond the budget of a day the way to the safe value is open at once so often, then once in [`BEYOND_EVERY`].
const BEYOND: u32 = KEPT_FOR_SAFETY;
const BEYOND_EVERY: Duration = Duration::from_secs(60);

/// Where a write leads, as far as its budget asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Towards {
    /// Away from the safe side.
    Wider,
    /// Towards the safe side, or nowhere.
    Safer,
    /// From a value that is less safe than the safe one, or may be, to one that is not.
    Safety,
}

/// A write that a journal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastWrite {
    /// When it was recorded, by the wall clock.
    pub at: Utc,
    /// How long the server had run then, all its runs together; `None` in a journal of a version that did not keep it.
    pub ran: Option<Duration>,
}

/// The writes of a control that were sent to its device, or are on their way to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    /// Those of the last 24 hours, oldest first.
    recent: VecDeque<Mono>,
    /// All of them, ever.
    total: u64,
}

/// Why no further write may be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooOften {
    /// The last write was a moment ago.
    #[error("it was written {:.0} s ago: wait {:.0} s", .0.as_secs_f32(), .1.as_secs_f32().ceil())]
    Gap(Duration, Duration),
    /// The writes of an hour are used up.
    #[error("{0} writes in the last hour are the most that it may have")]
    Hour(u32),
    /// The writes of a day are used up, or what is left is kept for the safe direction.
    #[error("{used} of {of} writes in the last 24 hours are used; {rest}", used = .0, of = .1, rest = kept_for(*.0, *.1))]
    Day(u32, u32),
}

/// What is left of the writes of a day.
fn kept_for(used: u32, of: u32) -> &'static str {
    if used < of { "the rest is kept for the safe direction" } else { "only the way back to the safe value is open" }
}

/// So much of the pause since a write of before this start goes by the clock.
const PAUSE: Duration = Duration::from_secs(60);

impl Ledger {
    /// What a journal says of the writes before this start, and how many there were at all; `ran` is how long the server has
    /// run until now. Of what has no running time the wall clock decides: an instant in its future counts as now.
    pub fn restored(writes: impl IntoIterator<Item = PastWrite>, total: u64, ran: Duration, now: Now) -> Ledger {
        let age = |write: PastWrite| {
            let by_clock = Duration::from_micros(now.utc.0.saturating_sub(write.at.0).max(0).unsigned_abs());
            // For the pause between two writes the clock is believed: a minute more or less frees nothing of a day.
            write.ran.map_or(by_clock, |then| ran.saturating_sub(then).max(by_clock.min(PAUSE)))
        };
        let within = writes.into_iter().map(age).filter(|age| *age < DAY);
        // A day ago is never before the monotonic clock's zero: a process starts a day after it.
        let mut recent: Vec<Mono> = within.map(|age| Mono(now.mono.0.saturating_sub(age.as_micros() as u64))).collect();
        recent.sort_unstable();
        Ledger { recent: recent.into(), total }
    }

    /// Counts a write.
    pub fn count(&mut self, at: Mono) {
        self.recent.push_back(at);
        self.total += 1;
        while self.recent.front().is_some_and(|first| at.since(*first) >= DAY) {
            self.recent.pop_front();
        }
    }

    /// What was counted at this instant was not sent after all.
    pub fn take_back(&mut self, at: Mono) {
        if let Some(place) = self.recent.iter().rposition(|counted| *counted == at) {
            self.recent.remove(place);
        }
        self.total = self.total.saturating_sub(1);
    }

    /// Whether a write may be made now. Towards the safe side neither the gap nor the hour counts, and the last writes of
    /// the day are there for it. A device is never left with a less safe value to spare its memory: the way to the safe
    /// value stays open when the day is used up. A device that obeys needs it once then: nothing makes it wider any more.
    ///
    /// # Errors
    /// It was written too often.
    pub fn admit(&self, budget: &WriteBudget, towards: Towards, now: Mono) -> Result<(), TooOften> {
        let day = self.within(DAY, now);
        match towards {
            Towards::Safety if day < budget.per_day.saturating_add(BEYOND) => return Ok(()),
            Towards::Safety => return self.after(BEYOND_EVERY, now),
            Towards::Safer if day < budget.per_day => return Ok(()),
            Towards::Wider if day < budget.per_day - KEPT_FOR_SAFETY.min(budget.per_day / 2) => {}
            _ => return Err(TooOften::Day(day, budget.per_day)),
        }
        self.after(budget.gap, now)?;
        match self.within(HOUR, now) {
            hour if hour >= budget.per_hour => Err(TooOften::Hour(hour)),
            _ => Ok(()),
        }
    }

    /// Whether the last write is `gap` ago.
    fn after(&self, gap: Duration, now: Mono) -> Result<(), TooOften> {
        match self.recent.back().map(|last| now.since(*last)) {
            Some(ago) if ago < gap => Err(TooOften::Gap(ago, gap - ago)),
            _ => Ok(()),
        }
    }

    /// The writes of the last 24 hours.
    pub fn today(&self, now: Mono) -> u32 {
        self.within(DAY, now)
    }

    /// All writes, ever: what the device's memory has borne from us.
    pub fn total(&self) -> u64 {
        self.total
    }

    fn within(&self, span: Duration, now: Mono) -> u32 {
        self.recent.iter().rev().take_while(|at| now.since(**at) < span).count() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::Wear;
    use proptest::prelude::*;

    fn at(seconds: u64) -> Mono {
        Mono(Mono::START.0 + seconds * 1_000_000)
    }

    use Towards::{Safer, Safety, Wider};

    #[test]
    fn pace_hour_and_day_are_kept_the_safe_direction_has_the_rest_and_the_way_to_safety_stays_open() {
        let budget = WriteBudget { gap: Duration::from_secs(5), per_hour: 3, per_day: 10 };
        let mut ledger = Ledger::default();
        let mut says = |seconds: u64, towards| {
            let verdict = ledger.admit(&budget, towards, at(seconds));
            verdict.map(|()| ledger.count(at(seconds))).map_err(|why| why.to_string()).err().unwrap_or_default()
        };
        for (seconds, towards, words) in [
            (0, Wider, ""),
            (2, Wider, "it was written 2 s ago: wait 3 s"),
            (3, Safer, ""),
            (5, Wider, "it was written 2 s ago: wait 3 s"),
            (8, Wider, ""),
            (20, Wider, "3 writes in the last hour are the most that it may have"),
            (21, Safer, ""),
            (4_000, Wider, ""),
            (4_010, Wider, ""),
            (8_000, Wider, "6 of 10 writes in the last 24 hours are used; the rest is kept for the safe direction"),
            (8_001, Safer, ""),
            (8_002, Safer, ""),
            (8_003, Safer, ""),
            (8_004, Safety, ""),
            (
                8_005,
                Safer,
                "10 of 10 writes in the last 24 hours are used; only the way back to the safe value is open",
            ),
            (
                8_005,
                Wider,
                "10 of 10 writes in the last 24 hours are used; only the way back to the safe value is open",
            ),
            (8_006, Safety, ""),
            (8_007, Safety, ""),
            (8_008, Safety, ""),
            (8_009, Safety, ""),
            (8_010, Safety, "it was written 1 s ago: wait 59 s"),
            (8_069, Safety, ""),
            (8_004 + 86_401, Wider, ""),
        ] {
            assert_eq!(says(seconds, towards), words, "at {seconds} s");
        }
    }

    #[test]
    fn what_is_taken_back_is_the_write_that_was_not_sent_whatever_was_counted_since() {
        let mut ledger = Ledger::default();
        [0, 10, 20].into_iter().for_each(|seconds| ledger.count(at(seconds)));
        ledger.take_back(at(10));
        let instants = [at(0), at(20)];
        assert_eq!((ledger.recent.iter().copied().collect::<Vec<_>>(), ledger.total()), (instants.to_vec(), 2));
    }

    /// Ten writes, one each hour of running, the last an hour before the restart; then the clock is what it is.
    #[test]
    fn no_clock_frees_the_writes_of_a_day_at_a_restart() {
        let hours = |n: u64| Duration::from_secs(n * 3_600);
        let utc = |hour: i64| Utc((1_000_000 + hour) * 3_600_000_000);
        let budget = WriteBudget { gap: Duration::ZERO, ..WriteBudget::of(Wear::Flash) };
        for (what, clock_h, ran_h, is_kept, today) in [
            ("at once", 10, 10, true, 10),
            ("25 h ahead, or switched off for so long", 35, 10, true, 10),
            ("years ahead", 100_000, 10, true, 10),
            ("back to 1970", -1_000_000, 10, true, 10),
            ("after a day of running", 34, 34, true, 0),
            ("after a day but for three of them", 30, 30, true, 3),
            ("the same, the clock far back", -500, 30, true, 3),
            // As an older version kept them, by the clock alone.
            ("older, at once", 10, 0, false, 10),
            ("older, 20 h later", 30, 0, false, 3),
            ("older, the clock put back: the future is now", -500, 0, false, 10),
        ] {
            let write = |n: u64| PastWrite { at: utc(n as i64), ran: is_kept.then(|| hours(n)) };
            let now = Now { utc: utc(clock_h), mono: Mono::START };
            let ledger = Ledger::restored((0..10).map(write), 77, hours(ran_h), now);
            assert_eq!((ledger.today(now.mono), ledger.total()), (today, 77), "{what}");
            assert_eq!(
                ledger.admit(&WriteBudget { per_day: 10, ..budget }, Wider, now.mono).is_ok(),
                today < 6,
                "{what}"
            );
        }
    }

    #[test]
    fn the_pause_since_a_write_before_a_restart_goes_by_the_clock() {
        let budget = WriteBudget { gap: Duration::from_secs(5), per_hour: 60, per_day: 100 };
        for (clock_s, may) in [(0, false), (3, false), (6, true), (-100, false)] {
            let now = Now { utc: Utc(clock_s * 1_000_000), mono: Mono::START };
            // It ran no longer than until the write: what came after was lost with the process.
            let write = PastWrite { at: Utc(0), ran: Some(Duration::from_secs(60)) };
            let ledger = Ledger::restored([write], 1, Duration::from_secs(60), now);
            assert_eq!(ledger.admit(&budget, Wider, now.mono).is_ok(), may, "{clock_s} s later");
            assert_eq!(ledger.today(now.mono), 1);
        }
    }

    proptest! {
        /// A device that obeys is made wider or safer, or returned to its safe value, in any order.
        #[test]
        fn no_sequence_of_wishes_exceeds_the_budget_and_the_safe_value_is_never_refused(
            wishes in prop::collection::vec((0_u64..4_000, 0_u8..3), 0..300), per_day in 0_u32..30,
        ) {
            let budget = WriteBudget { per_day, ..WriteBudget::of(Wear::Flash) };
            let (mut ledger, mut seconds, mut written, mut is_wide) = (Ledger::default(), 0, Vec::new(), true);
            for (pause, wish) in wishes {
                seconds += pause;
                let towards = match wish {
                    0 => Wider,
                    1 => Safer,
                    _ if is_wide => Safety,
                    _ => continue,
                };
                let verdict = ledger.admit(&budget, towards, at(seconds));
                prop_assert!(verdict.is_ok() || towards != Safety, "{verdict:?}");
                if verdict.is_ok() {
                    ledger.count(at(seconds));
                    written.push(seconds);
                    is_wide = if towards == Safety { false } else { is_wide || towards == Wider };
                }
                let day = written.iter().filter(|other| seconds - **other < 86_400).count();
                prop_assert!(day <= budget.per_day as usize + 1);
            }
        }
    }
}
