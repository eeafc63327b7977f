//! When the next engine cycle is due.
//!
//! A cycle should run right after the sources' sweep has arrived, not on a clock of its own that would add up to a
//! period of delay. A sweep may come in several packets, so the cycle waits a moment for the rest of it. Sources that
//! trickle must not drive the cycle faster than its period, and without sources it still runs, to let values go stale.

use crate::time::Mono;
use std::time::Duration;

/// How long a cycle waits for the rest of a sweep.
const GATHER: Duration = Duration::from_millis(4);

/// The rhythm of engine cycles.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    period: Duration,
    last_cycle: Mono,
    sweep_began: Option<Mono>,
}

impl Pace {
    /// A rhythm of one cycle per `period`, starting at `now`.
    pub(super) fn new(period: Duration, now: Mono) -> Pace {
        Pace { period, last_cycle: now, sweep_began: None }
    }

    /// Part of a sweep was received at `at`.
    pub(super) fn swept(&mut self, at: Mono) {
        self.sweep_began.get_or_insert(at);
    }

    /// When the next cycle is due.
    pub(super) fn due(&self) -> Mono {
        match self.sweep_began {
            // A sweep that comes early, by jitter or by a source faster than its period, may pull the cycle forward
            // by a quarter; sources that trickle can not.
            Some(began) => (began + GATHER).max(self.last_cycle + self.period * 3 / 4),
            None => self.last_cycle + self.period * 5 / 4,
        }
    }

    /// A cycle ran at `now`.
    pub(super) fn cycled(&mut self, now: Mono) {
        self.last_cycle = now;
        self.sweep_began = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs cycles for the sweeps received at these instants (ms) and returns when the cycles ran.
    fn cycles(sweeps_ms: &[u64], until_ms: u64) -> Vec<u64> {
        let mut pace = Pace::new(Duration::from_millis(200), Mono(0));
        let mut sweeps = sweeps_ms.iter().peekable();
        let mut ran = Vec::new();
        for ms in 0..=until_ms {
            let now = Mono(ms * 1_000);
            while sweeps.next_if(|at| **at == ms).is_some() {
                pace.swept(now);
            }
            if now >= pace.due() {
                ran.push(ms);
                pace.cycled(now);
            }
        }
        ran
    }

    #[test]
    fn a_cycle_follows_each_sweep_at_once_whatever_its_phase_and_jitter() {
        assert_eq!(cycles(&[170, 172, 371, 569, 775], 800), [174, 375, 573, 779]);
    }

    #[test]
    fn without_sweeps_the_cycle_goes_on() {
        assert_eq!(cycles(&[], 1_000), [250, 500, 750, 1_000]);
        assert_eq!(cycles(&[200, 1_000], 1_100), [204, 454, 704, 954, 1_104].map(|ms: u64| ms)[..4]);
    }

    #[test]
    fn a_trickle_does_not_drive_it() {
        let trickle: Vec<u64> = (0..100).map(|i| i * 10).collect();
        let ran = cycles(&trickle, 1_000);
        assert!(ran.windows(2).all(|w| w[1] - w[0] >= 150) && ran.len() >= 5, "{ran:?}");
    }
}
