//! Energy in and out, and for how long, from voltage and current.
//!
//! A row stands until the next one comes, but no longer than its stretch allows: a gap is neither charge nor discharge.

use super::IDLE_A;

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

impl Flow {
    /// Energy out less energy in, Wh.
    pub fn net_wh(&self) -> f64 {
        self.out_wh - self.in_wh
    }

    /// The flow of some rows, which stand for `held_s` each: voltage V, current A (discharge positive).
    pub fn of(voltage: &[f32], current: &[f32], held_s: &[f32]) -> Flow {
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
pub fn period_ms(at_ms: &[i64]) -> i64 {
    let mut steps: Vec<i64> = at_ms.windows(2).take(501).map(|pair| pair[1] - pair[0]).collect();
    if steps.is_empty() {
        return 0;
    }
    let middle = steps.len() / 2;
    *steps.select_nth_unstable(middle).1
}

/// How long a row may stand for, ms: three periods, and a second at least.
pub fn longest_ms(period_ms: i64) -> i64 {
    (3 * period_ms).max(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

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
