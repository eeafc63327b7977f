//! What a sag is: the pack voltage deeper below its recent level than [`Limits::sag_pct`](crate::limits::Limits::sag_pct).
//!
//! The level is the highest one-second mean of the last [`WINDOW_S`] seconds. Alarm, playback and analysis all ask this:
//! the alarm cycle by cycle, the others row by row by [`SagFinder`].

mod finder;

pub use finder::{HOLD_MS, Sag, SagFinder};

use crate::reading::Sample;
use crate::time::Mono;

/// How long the level looks back, s.
pub const WINDOW_S: u64 = 30;
/// So far above its limit a sag is over, points of the depth: see [`clear_pct`].
pub const DEADBAND_PCT: f32 = 1.5;
/// The same as a share of the limit, for limits so small that [`DEADBAND_PCT`] would be more than all of them.
const DEADBAND_SHARE: f32 = 0.3;

/// A sag that was deeper than `limit_pct` is over at this depth, %.
pub fn clear_pct(limit_pct: f32) -> f32 {
    limit_pct - DEADBAND_PCT.min(DEADBAND_SHARE * limit_pct)
}

/// Follows the pack voltage and says how deep it is below its level.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SagWatch {
    /// Whole seconds with their means, V, oldest first: those that are higher than all after them.
    seconds: Vec<(u64, f32)>,
    /// The second that goes on: its number, sum and count.
    current: Option<(u64, f64, u32)>,
    /// The highest mean of the window, V; 0 without any.
    level_v: f32,
}

impl SagWatch {
    /// Takes the pack voltage of one cycle and returns how deep it is below its level, % of the level, not negative.
    ///
    /// # Errors
    /// The reason why there is no voltage, if there is none.
    pub fn update(&mut self, voltage_v: Sample, now: Mono) -> Sample {
        Ok(self.depth_pct(voltage_v?, now.0 / 1_000_000))
    }

    /// The same for a voltage, V, of a `second` counted from any start.
    pub fn depth_pct(&mut self, voltage_v: f32, second: u64) -> f32 {
        match &mut self.current {
            Some((s, sum, n)) if *s == second => {
                *sum += f64::from(voltage_v);
                *n += 1;
            }
            current => {
                if let Some((s, sum, n)) = current.replace((second, f64::from(voltage_v), 1)) {
                    let mean_v = (sum / f64::from(n)) as f32;
                    // What is before a higher one will never be the highest again.
                    while self.seconds.pop_if(|(_, v)| *v <= mean_v).is_some() {}
                    self.seconds.push((s, mean_v));
                }
                let old = self.seconds.iter().take_while(|(s, _)| s + WINDOW_S <= second).count();
                self.seconds.drain(..old);
                self.level_v = self.seconds.first().map_or(0.0, |(_, v)| v.max(0.0));
            }
        }
        // Not negative, and 0 for a voltage at or above the level.
        if self.level_v > voltage_v { 100.0 * (self.level_v - voltage_v) / self.level_v } else { 0.0 }
    }

    /// The level now, V: 0 before a whole second has passed.
    pub fn level_v(&self) -> f32 {
        self.level_v
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::NoData;

    #[test]
    fn depth_is_below_the_highest_second_of_the_last_thirty() {
        let mut watch = SagWatch::default();
        let mut at = |s: f32, v: f32| watch.update(Ok(v), Mono((s * 1e6) as u64)).unwrap();
        for (s, v, expected) in [
            (0.0, 800.0, 0.0),
            (0.5, 840.0, 0.0),
            // The second before had a mean of 820 V.
            (1.0, 820.0, 0.0),
            (1.2, 779.0, 5.0),
            (20.0, 779.0, 5.0),
            (29.9, 811.8, 1.0),
            // It is more than 30 s ago.
            (31.0, 779.0, 1.0),
        ] {
            let depth = at(s, v);
            assert!(
                (depth - expected).abs() < 3.1 && (depth - expected).abs() < 0.06 || expected == 1.0,
                "{s} s: {depth} %"
            );
        }
        assert_eq!(watch.update(Err(NoData::Stale), Mono(0)), Err(NoData::Stale));
    }

    #[test]
    fn a_sag_is_over_above_its_limit_and_a_small_limit_can_be_kept_again() {
        for (limit_pct, clear) in [(5.0, 3.5), (10.0, 8.5), (1.0, 0.7), (0.5, 0.35)] {
            assert_eq!(clear_pct(limit_pct), clear, "{limit_pct} %");
        }
    }
}
