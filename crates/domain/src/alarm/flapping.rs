//! Notices a condition that comes and goes faster than its rule waits: a loose contact, a cell at its limit under a
//! pulsing load. Without it such a condition is never bad for long enough to be told.

use crate::time::Mono;
use std::time::Duration;

/// So many times it must have come.
const ONSETS: u8 = 4;
/// So many times the rule's delay it must have been bad, less what it was good.
const DELAYS: u32 = 3;
/// What it was good counts for so much less: what is bad for less than a quarter of the time is not told.
const GOOD_WEIGHT: u32 = 3;

/// How much a condition was bad of late, as in a bucket that leaks while it is good.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Flapping {
    level: Duration,
    onsets: u8,
    was_bad: bool,
    at: Mono,
}

impl Flapping {
    /// Takes whether the condition is bad at `now`, and returns whether it chatters: bad now, and again and again before.
    pub(super) fn take(&mut self, bad: bool, on_delay: Duration, now: Mono) -> bool {
        let passed = now.since(self.at);
        self.level = match self.was_bad {
            true => self.level + passed,
            false => self.level.saturating_sub(passed / GOOD_WEIGHT),
        };
        if self.level.is_zero() {
            self.onsets = 0;
        }
        if bad && !self.was_bad {
            self.onsets = self.onsets.saturating_add(1);
        }
        (self.was_bad, self.at) = (bad, now);
        bad && self.onsets >= ONSETS && self.level >= on_delay * DELAYS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds bad, milliseconds good, over and over, looked at five times a second: when it is told, s.
    fn told_after(bad_ms: u64, good_ms: u64, on_delay_ms: u64) -> Option<f64> {
        let mut flapping = Flapping::default();
        let start = Mono::START.0;
        (0..600).find_map(|cycle| {
            let ms = cycle * 200;
            let bad = ms % (bad_ms + good_ms) < bad_ms;
            let now = Mono(start + ms * 1_000);
            flapping.take(bad, Duration::from_millis(on_delay_ms), now).then_some(ms as f64 / 1e3)
        })
    }

    #[test]
    fn what_is_bad_again_and_again_is_told_and_a_rare_spike_is_not() {
        for (bad_ms, good_ms, on_delay_ms, told_s) in [
            (200, 200, 300, Some(3.0)),
            (200, 200, 1_000, Some(9.0)),
            (400, 600, 1_000, Some(14.0)),
            (4_000, 1_000, 5_000, Some(20.4)),
            (200, 800, 300, None),
            (400, 1_600, 1_000, None),
            (200, 10_000, 300, None),
        ] {
            let after_s = told_after(bad_ms, good_ms, on_delay_ms);
            let near = after_s.zip(told_s).is_none_or(|(after_s, told_s): (f64, f64)| (after_s - told_s).abs() < 1.0);
            let same = after_s.is_some() == told_s.is_some();
            assert!(near && same, "{bad_ms} ms bad, {good_ms} ms good: told after {after_s:?} s, not {told_s:?}");
        }
    }

    #[test]
    fn a_source_that_is_asked_seldom_must_be_bad_as_often() {
        let mut flapping = Flapping::default();
        let told: Vec<bool> = (1..10)
            .map(|k| flapping.take(k % 2 == 0, Duration::from_millis(300), Mono(Mono::START.0 + k * 10_000_000)))
            .collect();
        assert_eq!(told.iter().position(|told| *told), Some(7), "its fourth time");
    }
}
