//! Sags in rows of the past, found as the alarm would find them.

use super::{SagWatch, clear_pct};

/// A row stands for no longer than this after its time, ms, when the next one comes late.
pub const HOLD_MS: i64 = 1_000;

/// A sag of the pack voltage.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sag {
    /// When the voltage first was deeper below its level than the limit, ms since 1970-01-01 UTC.
    pub at_ms: i64,
    /// For how long, ms: until it was above [`clear_pct`] again, or until the last row.
    pub duration_ms: i64,
    /// The most that the voltage was below its level, % of the level.
    pub depth_pct: f32,
    /// The same, V.
    pub depth_v: f32,
    /// The fastest fall from one row of the sag to the next, V/s, negative.
    pub velocity_v_s: f32,
    /// The highest current in it, A, discharge positive; NaN if none is known.
    pub current_a: f32,
}

/// Goes through rows, oldest first, and finds the sags.
///
/// The alarm `bus.sag` asks the same of live values, and waits on its delays besides.
#[derive(Clone, Debug)]
pub struct SagFinder {
    watch: SagWatch,
    limit_pct: f32,
    clear_pct: f32,
    /// Time, ms, and voltage, V, of the last row with a voltage.
    last: (i64, f32),
    running: Option<Sag>,
}

impl SagFinder {
    /// Finds what is deeper than `limit_pct`, %, as [`Limits::sag_pct`](crate::limits::Limits::sag_pct).
    pub fn new(limit_pct: f32) -> SagFinder {
        let clear_pct = clear_pct(limit_pct);
        SagFinder { watch: SagWatch::default(), limit_pct, clear_pct, last: (i64::MIN, f32::NAN), running: None }
    }

    /// Takes the next row, and returns the sag that ended with it. A row without a voltage, NaN, changes nothing.
    pub fn take(&mut self, at_ms: i64, voltage_v: f32, current_a: f32) -> Option<Sag> {
        if voltage_v.is_nan() {
            return None;
        }
        let depth_pct = self.watch.depth_pct(voltage_v, at_ms.max(0) as u64 / 1_000);
        let (last_ms, last_v) = std::mem::replace(&mut self.last, (at_ms, voltage_v));
        match &mut self.running {
            Some(sag) if depth_pct <= self.clear_pct => {
                sag.duration_ms = at_ms.min(last_ms.saturating_add(HOLD_MS)) - sag.at_ms;
                return self.running.take();
            }
            None if depth_pct > self.limit_pct => {
                self.running = Some(Sag { at_ms, current_a: f32::NAN, ..Sag::default() });
            }
            Some(_) => {}
            None => return None,
        }
        let sag = self.running.as_mut()?;
        let step_s = at_ms.saturating_sub(last_ms) as f32 / 1e3;
        let velocity_v_s = (voltage_v - last_v) / step_s;
        sag.duration_ms = at_ms - sag.at_ms;
        sag.depth_pct = sag.depth_pct.max(depth_pct);
        sag.depth_v = sag.depth_v.max(self.watch.level_v() - voltage_v);
        // NaN is no minimum and no maximum.
        sag.velocity_v_s = sag.velocity_v_s.min(if step_s > 0.0 { velocity_v_s } else { f32::NAN });
        sag.current_a = sag.current_a.max(current_a);
        None
    }

    /// The sag that goes on at the end of the rows.
    pub fn finish(self) -> Option<Sag> {
        self.running
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sags beyond 5 % in rows of (s, V, A).
    fn sags(rows: &[(f64, f32, f32)]) -> Vec<Sag> {
        let mut finder = SagFinder::new(5.0);
        let mut found: Vec<Sag> = rows.iter().filter_map(|(s, v, a)| finder.take((s * 1e3) as i64, *v, *a)).collect();
        found.extend(finder.finish());
        found
    }

    #[test]
    fn a_sag_lasts_from_the_limit_until_it_is_well_above_it() {
        let rows = [
            (0.0, 800.0, 1.0),
            (1.0, 800.0, 1.0),
            // 4 %: not beyond the limit.
            (2.0, 768.0, 2.0),
            // 6 %, and the voltage of a row is lost.
            (2.5, 752.0, 210.0),
            (3.0, f32::NAN, 220.0),
            (3.5, 740.0, f32::NAN),
            // 4.5 %: above the limit, but not well above it.
            (4.0, 764.0, 200.0),
            (4.5, 772.0, 30.0),
            (10.0, 800.0, 0.0),
        ];
        let one = Sag {
            at_ms: 2_500,
            duration_ms: 2_000,
            depth_pct: 7.5,
            depth_v: 60.0,
            velocity_v_s: -32.0,
            current_a: 210.0,
        };
        assert_eq!(sags(&rows), [one]);
        // It goes on at the last row.
        assert_eq!(sags(&rows[..7]), [Sag { duration_ms: 1_500, ..one }]);
        // The next row comes late: nobody knows when it ended.
        let late = [&rows[..7], &[(4_000.0, 800.0, 0.0)]].concat();
        assert_eq!(sags(&late), [Sag { duration_ms: 2_500, ..one }]);
    }

    #[test]
    fn a_slow_fall_is_no_sag_however_deep_it_comes() {
        let rows: Vec<_> = (0..3_600).map(|s| (f64::from(s), 850.0 - 0.05 * s as f32, 100.0)).collect();
        assert_eq!(sags(&rows), []);
    }
}
