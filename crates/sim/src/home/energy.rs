//! Energy counters: today and since the start.

use super::day::DAY_S;

/// One counter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counter {
    /// Since midnight, Wh.
    pub today_wh: f64,
    /// Since the start, Wh.
    pub total_wh: f64,
}

/// What a hybrid inverter counts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Energy {
    /// From the panels.
    pub pv: Counter,
    /// Into the house.
    pub house: Counter,
    /// From the grid.
    pub bought: Counter,
    /// Into the grid.
    pub sold: Counter,
    /// Into the battery.
    pub charged: Counter,
    /// Out of the battery.
    pub discharged: Counter,
    day: i64,
}

impl Energy {
    /// Takes the powers of the last `dt_s` seconds, W, in our signs, at `at_s` seconds after some midnight.
    pub fn step(&mut self, at_s: f64, dt_s: f32, pv_w: f32, house_w: f32, grid_w: f32, battery_w: f32) {
        let day = (at_s / DAY_S).floor() as i64;
        let midnight = std::mem::replace(&mut self.day, day) != day;
        for (counter, power_w) in [
            (&mut self.pv, pv_w),
            (&mut self.house, house_w),
            (&mut self.bought, grid_w),
            (&mut self.sold, -grid_w),
            (&mut self.charged, -battery_w),
            (&mut self.discharged, battery_w),
        ] {
            let energy_wh = f64::from(power_w.max(0.0)) * f64::from(dt_s) / 3_600.0;
            counter.today_wh = if midnight { energy_wh } else { counter.today_wh + energy_wh };
            counter.total_wh += energy_wh;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight_and_totals_do_not() {
        let mut energy = Energy::default();
        for (at_s, grid_w) in [(3_600.0, 500.0), (7_200.0, -200.0), (DAY_S + 1.0, 100.0)] {
            energy.step(at_s, 3_600.0, 1_000.0, 300.0, grid_w, -400.0);
        }
        assert_eq!((energy.pv.today_wh, energy.pv.total_wh), (1_000.0, 3_000.0));
        assert_eq!((energy.bought.total_wh, energy.sold.total_wh), (600.0, 200.0));
        assert_eq!((energy.charged.total_wh, energy.discharged.total_wh), (1_200.0, 0.0));
    }
}
