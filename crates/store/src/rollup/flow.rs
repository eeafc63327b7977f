//! Energy in and out, and for how long, from voltage and current.
//!
//! A row stands until the next one comes, but no longer than its stretch allows: a gap is neither charge nor discharge.

use super::Fold;

/// Below this a battery rests, A.
pub const IDLE_A: f32 = 0.5;

/// What went through a battery in a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flow {
    /// Energy out of the battery, Wh.
    pub out_wh: f64,
    /// Energy into the battery, Wh, not negative.
    pub in_wh: f64,
    /// For how long it was discharged, s.
    pub discharging_s: f64,
    /// For how long it was charged, s.
    pub charging_s: f64,
    /// For how long voltage and current were known, s.
    pub known_s: f64,
}

impl Fold for Flow {
    fn fold(&mut self, later: &Flow) {
        self.out_wh += later.out_wh;
        self.in_wh += later.in_wh;
        self.discharging_s += later.discharging_s;
        self.charging_s += later.charging_s;
        self.known_s += later.known_s;
    }
}

impl Flow {
    /// Energy out less energy in, Wh.
    pub fn net_wh(&self) -> f64 {
        self.out_wh - self.in_wh
    }

    /// The flow of some rows, which stand for `held_s` each: voltage V, current A (discharge positive).
    pub(crate) fn of(voltage: &[f32], current: &[f32], held_s: &[f32]) -> Flow {
        let rows = voltage.len().min(current.len()).min(held_s.len());
        let (voltage, v_rest) = voltage[..rows].as_chunks::<4>();
        let (current, i_rest) = current[..rows].as_chunks::<4>();
        let (held_s, held_rest) = held_s[..rows].as_chunks::<4>();
        // Four sums side by side: none waits for the one before.
        let mut lanes = [Flow::default(); 4];
        for ((voltage, current), held_s) in voltage.iter().zip(current).zip(held_s) {
            for k in 0..4 {
                lanes[k].add(voltage[k], current[k], held_s[k]);
            }
        }
        for k in 0..v_rest.len() {
            lanes[k].add(v_rest[k], i_rest[k], held_rest[k]);
        }
        let mut flow = Flow::default();
        lanes.iter().for_each(|lane| flow.fold(lane));
        flow.out_wh /= 3_600.0;
        flow.in_wh /= 3_600.0;
        flow
    }

    /// Adds a row, with energy still in Ws. One without voltage or current adds nothing.
    fn add(&mut self, voltage: f32, current: f32, held_s: f32) {
        let power_w = f64::from(voltage) * f64::from(current);
        let known = !power_w.is_nan();
        let held_s = if known { f64::from(held_s) } else { 0.0 };
        // A comparison with NaN is false.
        self.out_wh += if power_w > 0.0 { power_w * held_s } else { 0.0 };
        self.in_wh -= if power_w < 0.0 { power_w * held_s } else { 0.0 };
        self.discharging_s += if current >= IDLE_A { held_s } else { 0.0 };
        self.charging_s += if current <= -IDLE_A { held_s } else { 0.0 };
        self.known_s += held_s;
    }
}

/// The flow in each bucket of `step_ms` from `window.0` to `window.1`, ms. `next_ms` is when the row after the last one
/// came, if it is known.
pub(crate) fn flows_of(
    at_ms: &[i64],
    (voltage, current): (&[f32], &[f32]),
    window: (i64, i64),
    step_ms: i64,
    next_ms: Option<i64>,
) -> Vec<Flow> {
    let held_s = held_s(at_ms, next_ms);
    super::buckets_of(at_ms, window, step_ms, |rows| {
        Flow::of(&voltage[rows.clone()], &current[rows.clone()], &held_s[rows])
    })
}

/// For how long each row stands, s: until the next one, which for the last came at `next_ms`, but not through a gap.
pub fn held_s(at_ms: &[i64], next_ms: Option<i64>) -> Vec<f32> {
    let period_ms = period_ms(at_ms);
    let longest_ms = longest_ms(period_ms);
    let mut held: Vec<f32> = at_ms.windows(2).map(|pair| (pair[1] - pair[0]).min(longest_ms) as f32 / 1e3).collect();
    if let Some(last) = at_ms.last() {
        let after = next_ms.map_or(period_ms, |next| (next - last).clamp(0, longest_ms));
        held.push(after as f32 / 1e3);
    }
    held
}

/// The usual time from one row to the next, ms: the middle one of the first differences.
pub(crate) fn period_ms(at_ms: &[i64]) -> i64 {
    let mut steps: Vec<i64> = at_ms.windows(2).take(501).map(|pair| pair[1] - pair[0]).collect();
    if steps.is_empty() {
        return 0;
    }
    let middle = steps.len() / 2;
    *steps.select_nth_unstable(middle).1
}

/// How long a row may stand for, ms: three periods, and a second at least.
pub(crate) fn longest_ms(period_ms: i64) -> i64 {
    (3 * period_ms).max(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energy_counts_each_row_until_the_next_and_no_gap() {
        // 1 s at 800 V and 45 A; a row without current; then charging before a gap of an hour.
        let at = [0, 200, 400, 600, 800, 1_000, 3_601_000, 3_601_200];
        let voltage = [800.0; 8];
        let current = [45.0, 45.0, 45.0, 45.0, 45.0, f32::NAN, -9.0, -9.0];
        let flow = flows_of(&at, (&voltage, &current), (0, 7_200_000), 7_200_000, None)[0];
        assert!((flow.out_wh - 10.0).abs() < 1e-4, "{flow:?}");
        assert!((flow.in_wh - 800.0 * 9.0 * 0.4 / 3_600.0).abs() < 1e-6, "{flow:?}");
        assert!((flow.discharging_s - 1.0).abs() < 1e-6 && (flow.charging_s - 0.4).abs() < 1e-6);
        assert!((flow.known_s - 1.4).abs() < 1e-6);
        assert!((flow.net_wh() - (flow.out_wh - flow.in_wh)).abs() < 1e-12);
    }

    #[test]
    fn a_row_stands_until_the_next_but_not_through_a_gap() {
        for (at, next, expected) in [
            (vec![], None, vec![]),
            (vec![5], None, vec![0.0]),
            (vec![5], Some(205), vec![0.2]),
            (vec![0, 200, 400, 9_000], None, vec![0.2, 0.2, 1.0, 0.2]),
            (vec![0, 200, 400], Some(90_000), vec![0.2, 0.2, 1.0]),
            (vec![0, 60_000, 120_000, 240_000, 900_000], None, vec![60.0, 60.0, 120.0, 360.0, 120.0]),
            (vec![0, 200, 400], Some(300), vec![0.2, 0.2, 0.0]),
        ] {
            assert_eq!(held_s(&at, next), expected, "{at:?}");
        }
    }
}
