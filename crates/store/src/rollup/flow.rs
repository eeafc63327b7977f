//! Energy and time by direction ([`domain::energy`]), put together from parts and bucket by bucket.

use super::Fold;
pub use domain::energy::{Flow, held_s};

impl Fold for Flow {
    fn fold(&mut self, later: &Flow) {
        self.out_wh += later.out_wh;
        self.in_wh += later.in_wh;
        self.discharging_s += later.discharging_s;
        self.charging_s += later.charging_s;
        self.known_s += later.known_s;
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
}
