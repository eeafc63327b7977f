//! How often a control was written: pace, the budget of the day, and the count of all its writes.

use crate::spec::control::{KEPT_FOR_SAFETY, WriteBudget};
use crate::time::{Mono, Now, Utc};
use std::collections::VecDeque;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

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
    #[error("{0} of {1} writes in the last 24 hours are used; the rest is kept for the safe direction")]
    Day(u32, u32),
}

impl Ledger {
    /// What a journal says of the writes before this start: their instants, and how many there were at all. An instant
    /// that lies in the future by a clock that was wrong counts as now.
    pub fn restored(instants: impl IntoIterator<Item = Utc>, total: u64, now: Now) -> Ledger {
        let ago = |at: Utc| Duration::from_micros(now.utc.0.saturating_sub(at.0).max(0) as u64);
        let within = instants.into_iter().map(ago).filter(|ago| *ago < DAY);
        // A day ago is never before the monotonic clock's zero: a process starts a day after it.
        let mut recent: Vec<Mono> = within.map(|ago| Mono(now.mono.0.saturating_sub(ago.as_micros() as u64))).collect();
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

    /// What was counted last was not sent after all.
    pub fn take_back(&mut self) {
        if self.recent.pop_back().is_some() {
            self.total = self.total.saturating_sub(1);
        }
    }

    /// Whether a write may be made now. Towards the safe side neither the gap nor the hour counts, and the last writes of
    /// the day are there for it.
    ///
    /// # Errors
    /// It was written too often.
    pub fn admit(&self, budget: &WriteBudget, safer: bool, now: Mono) -> Result<(), TooOften> {
        let day = self.within(DAY, now);
        let kept = if safer { 0 } else { KEPT_FOR_SAFETY.min(budget.per_day / 2) };
        if day >= budget.per_day.saturating_sub(kept) {
            return Err(TooOften::Day(day, budget.per_day));
        }
        if safer {
            return Ok(());
        }
        if let Some(last) = self.recent.back() {
            let ago = now.since(*last);
            if ago < budget.gap {
                return Err(TooOften::Gap(ago, budget.gap - ago));
            }
        }
        match self.within(HOUR, now) {
            hour if hour >= budget.per_hour => Err(TooOften::Hour(hour)),
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

    #[test]
    fn pace_hour_and_day_are_kept_and_the_safe_direction_has_the_rest() {
        let budget = WriteBudget { gap: Duration::from_secs(5), per_hour: 3, per_day: 10 };
        let mut ledger = Ledger::default();
        let mut says = |seconds: u64, safer: bool| {
            let verdict = ledger.admit(&budget, safer, at(seconds));
            verdict.map(|()| ledger.count(at(seconds))).map_err(|why| why.to_string()).err().unwrap_or_default()
        };
        for (seconds, safer, words) in [
            (0, false, ""),
            (2, false, "it was written 2 s ago: wait 3 s"),
            (3, true, ""),
            (5, false, "it was written 2 s ago: wait 3 s"),
            (8, false, ""),
            (20, false, "3 writes in the last hour are the most that it may have"),
            (21, true, ""),
            (4_000, false, ""),
            (4_010, false, ""),
            (8_000, false, "6 of 10 writes in the last 24 hours are used; the rest is kept for the safe direction"),
            (8_001, true, ""),
            (8_002, true, ""),
            (8_003, true, ""),
            (8_004, true, ""),
            (8_005, true, "10 of 10 writes in the last 24 hours are used; the rest is kept for the safe direction"),
            (4_010 + 86_400, false, ""),
        ] {
            assert_eq!(says(seconds, safer), words, "at {seconds} s");
        }
    }

    #[test]
    fn what_was_written_before_a_restart_counts_also_under_a_wrong_clock() {
        let now = Now { utc: Utc(2 * 86_400_000_000), mono: Mono::START };
        let hours_ago = |hours: i64| Utc(now.utc.0 - hours * 3_600_000_000);
        let ledger = Ledger::restored([hours_ago(30), hours_ago(5), hours_ago(-3)], 77, now);
        assert_eq!((ledger.today(now.mono), ledger.total()), (2, 77));
        let budget = WriteBudget::of(Wear::Flash);
        assert!(matches!(ledger.admit(&budget, false, now.mono), Err(TooOften::Gap(..))), "the future is now");
    }

    proptest! {
        #[test]
        fn no_sequence_of_wishes_exceeds_the_budget(wishes in prop::collection::vec((0_u64..4_000, any::<bool>()), 0..300)) {
            let budget = WriteBudget::of(Wear::Flash);
            let (mut ledger, mut seconds, mut written) = (Ledger::default(), 0, Vec::new());
            for (pause, safer) in wishes {
                seconds += pause;
                if ledger.admit(&budget, safer, at(seconds)).is_ok() {
                    ledger.count(at(seconds));
                    written.push(seconds);
                }
                let day = written.iter().filter(|other| seconds - **other < 86_400).count();
                prop_assert!(day <= budget.per_day as usize);
            }
        }
    }
}
