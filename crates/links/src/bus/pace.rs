//! The rhythm of polls: fixed instants, and a count of those that were left out because a poll took too long.

use crate::host::time::{Instant, Interval, MissedTickBehavior, interval};
use std::time::Duration;

/// Polls fall due once in each period.
#[derive(Debug)]
pub(crate) struct Pace {
    ticks: Interval,
    last: Option<Instant>,
}

impl Pace {
    /// The first poll is due at once.
    pub(crate) fn new(period: Duration) -> Pace {
        let mut ticks = interval(period);
        // A slow device is asked less often, not twice in a row.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        Pace { ticks, last: None }
    }

    /// Waits for the next poll; returns how many were left out before it.
    pub(crate) async fn next(&mut self) -> u32 {
        let due = self.ticks.tick().await;
        let periods = self.last.replace(due).map_or(1, |last| {
            let period_us = self.ticks.period().as_micros().max(1);
            // Half a period on top: a tick may be a little early.
            (due.duration_since(last).as_micros() + period_us / 2) / period_us
        });
        u32::try_from(periods.saturating_sub(1)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::sleep;

    #[tokio::test(start_paused = true)]
    async fn polls_that_are_left_out_are_counted() {
        let ms = Duration::from_millis;
        let mut pace = Pace::new(ms(100));
        let began = Instant::now();
        let mut seen = Vec::new();
        // The last one is late, but nothing is left out.
        for took_ms in [0, 50, 250, 0, 1_000, 0, 90, 150, 0] {
            seen.push((pace.next().await, began.elapsed().as_millis() / 10 * 10));
            sleep(ms(took_ms)).await;
        }
        let (skipped, at): (Vec<u32>, Vec<u128>) = seen.into_iter().unzip();
        assert_eq!(at, [0, 100, 200, 450, 500, 1_500, 1_600, 1_700, 1_850]);
        assert_eq!(skipped, [0, 0, 0, 0, 1, 0, 9, 0, 0]);
    }
}
