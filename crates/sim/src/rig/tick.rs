//! The clock of the simulated systems.

use crate::can::layout::SWEEP_MS;
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

/// After a longer pause, as of a suspended machine, the simulation goes on from where it was, s.
const LONGEST_GAP_S: f32 = 5.0;

/// Every system moves at the rate of the CAN sweeps.
pub(super) const TICK: Tick = Tick(Duration::from_millis(SWEEP_MS as u64));

/// A rate.
pub(super) struct Tick(Duration);

/// Running ticks.
pub(super) struct Ticks {
    interval: Interval,
    last: Instant,
}

impl Tick {
    /// Begins now.
    pub(super) fn start(&self) -> Ticks {
        let mut interval = interval(self.0);
        // Ticks stay on their grid: a late one is followed by an early one, a missed one is left out.
        interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
        Ticks { interval, last: Instant::now() }
    }
}

impl Ticks {
    /// Waits for the next tick and says how much time has passed since the last, s.
    pub(super) async fn next(&mut self) -> f32 {
        let now = self.interval.tick().await;
        let dt_s = now.duration_since(self.last).as_secs_f32().min(LONGEST_GAP_S);
        self.last = now;
        dt_s
    }
}
