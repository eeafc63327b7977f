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
        let mut flow = Flow::default();
        let columns =
            (voltage[..rows].chunks(BLOCK)).zip(current[..rows].chunks(BLOCK)).zip(held_s[..rows].chunks(BLOCK));
        for ((voltage, current), held_s) in columns {
            let mut sums = Sums::default();
            let (v, v_rest) = voltage.as_chunks::<LANES>();
            let (i, i_rest) = current.as_chunks::<LANES>();
            let (held, held_rest) = held_s.as_chunks::<LANES>();
            for ((v, i), held) in v.iter().zip(i).zip(held) {
                sums.add(v, i, held);
            }
            if !v_rest.is_empty() {
                let (mut v, mut i, mut held) = ([f32::NAN; LANES], [f32::NAN; LANES], [0.0; LANES]);
                v[..v_rest.len()].copy_from_slice(v_rest);
                i[..i_rest.len()].copy_from_slice(i_rest);
                held[..held_rest.len()].copy_from_slice(held_rest);
                sums.add(&v, &i, &held);
            }
            sums.into(&mut flow);
        }
        flow.out_wh /= 3_600.0;
        flow.in_wh /= 3_600.0;
        flow
    }
}

/// Rows that are added up side by side: none waits for the one before.
const LANES: usize = 8;
/// Rows whose times are added up as single floats. Few, so that their sum is exact to 1e-6.
const BLOCK: usize = 256;

/// Sums of a block of rows, lane by lane. Without a branch for a row, so that the memory is the limit.
#[derive(Default)]
struct Sums {
    out_ws: [f64; LANES],
    in_ws: [f64; LANES],
    discharging_s: [f32; LANES],
    charging_s: [f32; LANES],
    known_s: [f32; LANES],
}

impl Sums {
    /// Adds rows. One without voltage or current adds nothing: a comparison with NaN is false.
    #[inline(always)]
    fn add(&mut self, voltage: &[f32; LANES], current: &[f32; LANES], held_s: &[f32; LANES]) {
        for k in 0..LANES {
            let power_w = voltage[k] * current[k];
            let known_s = if power_w.is_nan() { 0.0 } else { held_s[k] };
            let energy_ws = power_w * held_s[k];
            self.out_ws[k] += f64::from(if energy_ws > 0.0 { energy_ws } else { 0.0 });
            self.in_ws[k] -= f64::from(if energy_ws < 0.0 { energy_ws } else { 0.0 });
            self.discharging_s[k] += if current[k] >= IDLE_A { known_s } else { 0.0 };
            self.charging_s[k] += if current[k] <= -IDLE_A { known_s } else { 0.0 };
            self.known_s[k] += known_s;
        }
    }

    fn into(self, flow: &mut Flow) {
        let seconds = |lanes: [f32; LANES]| lanes.into_iter().map(f64::from).sum::<f64>();
        flow.out_wh += self.out_ws.iter().sum::<f64>();
        flow.in_wh += self.in_ws.iter().sum::<f64>();
        flow.discharging_s += seconds(self.discharging_s);
        flow.charging_s += seconds(self.charging_s);
        flow.known_s += seconds(self.known_s);
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
