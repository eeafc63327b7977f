//! The hybrid inverter's decision: sun to the house, the rest into the battery, then into the grid; the battery to the
//! house down to its floor, then the grid. What the grid shall give, and the floor, are set on the GX. Pure.

/// Share of the power that passes between the DC side (sun, battery) and the AC side, each way.
pub const EFFICIENCY: f32 = 0.965;
/// What the inverter itself takes from its DC side, W.
pub const STANDING_W: f32 = 60.0;
/// The most that it can turn into AC, W.
const AC_MAX_W: f32 = 9_000.0;
/// Battery current is kept within this, A, each way.
pub const CURRENT_MAX_A: f32 = 185.0;
/// Discharge fades out over this much charge above the floor, %.
const FLOOR_FADE_PCT: f32 = 1.0;
/// Charging begins again when the estimate falls below this after a full charge, %.
const RECHARGE_BELOW_PCT: f32 = 95.0;
/// How long it takes to follow the house, s. Meanwhile the grid does.
const RESPONSE_S: f32 = 0.6;
/// Voltage to which it charges, and at which it then holds the battery, V.
const ABSORB_V: f32 = 55.6;
const FLOAT_V: f32 = 54.0;

/// Decides the battery's power.
#[derive(Clone, Debug)]
pub struct Inverter {
    /// It leaves this much in the battery, %.
    floor_pct: f32,
    /// What the grid shall give, W, import positive.
    grid_w: f32,
    /// Wanted battery power, W, discharge positive.
    wanted_w: f32,
    /// Whether the battery was charged to the end and is held there.
    floating: bool,
}

impl Inverter {
    /// An inverter that leaves `floor_pct` in the battery.
    pub fn new(floor_pct: f32) -> Inverter {
        Inverter { floor_pct, grid_w: 0.0, wanted_w: 0.0, floating: false }
    }

    /// From now on it leaves `floor_pct` in the battery, and brings the grid to `grid_w`, import positive.
    pub fn set(&mut self, floor_pct: f32, grid_w: f32) {
        (self.floor_pct, self.grid_w) = (floor_pct, grid_w);
    }

    /// Battery power for sun and house, W, discharge positive. `soc_pct` is what the inverter believes.
    pub fn battery_w(&mut self, pv_w: f32, house_w: f32, soc_pct: f32, dt_s: f32) -> f32 {
        let short_w = dc_w((house_w - self.grid_w).clamp(-AC_MAX_W, AC_MAX_W)) + STANDING_W - pv_w;
        let above_floor = ((soc_pct - self.floor_pct) / FLOOR_FADE_PCT).clamp(0.0, 1.0);
        let target_w = if short_w > 0.0 { short_w * above_floor } else { short_w };
        let keep = (-dt_s / RESPONSE_S).exp();
        self.wanted_w = target_w + keep * (self.wanted_w - target_w);
        self.floating &= soc_pct >= RECHARGE_BELOW_PCT;
        self.wanted_w
    }

    /// The battery has been charged to the end.
    pub fn full(&mut self) {
        self.floating = true;
    }

    /// The voltage that charging does not exceed now, V.
    pub fn voltage_max_v(&self) -> f32 {
        if self.floating { FLOAT_V } else { ABSORB_V }
    }
}

/// Whether a battery at this voltage, V, that still takes `charge_a` is full. `capacity_ah` is the whole bank's.
pub fn is_full(voltage_v: f32, charge_a: f32, capacity_ah: f32) -> bool {
    voltage_v > ABSORB_V - 0.1 && (0.0..0.03 * capacity_ah).contains(&charge_a)
}

/// AC power of the inverter, W, positive into the house, from its DC side.
pub fn ac_w(pv_w: f32, battery_w: f32) -> f32 {
    let dc_w = pv_w + battery_w - STANDING_W;
    if dc_w > 0.0 { dc_w * EFFICIENCY } else { dc_w / EFFICIENCY }
}

/// What the DC side gives for this AC power, W, positive into the house.
fn dc_w(ac_w: f32) -> f32 {
    if ac_w > 0.0 { ac_w / EFFICIENCY } else { ac_w * EFFICIENCY }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sun_first_then_battery_then_grid() {
        for (pv_w, house_w, soc_pct, battery, grid) in [
            (0.0, 1_000.0, 60.0, 1_096.3, 0.0),      // the battery carries the house
            (0.0, 1_000.0, 20.0, 0.0, 1_062.2),      // at the floor the grid does
            (5_000.0, 1_000.0, 60.0, -3_903.7, 0.0), // what is left of the sun goes into the battery
            (0.0, 12_000.0, 60.0, 9_386.4, 3_000.0), // the inverter is at its limit
        ] {
            let decided = Inverter::new(20.0).battery_w(pv_w, house_w, soc_pct, 60.0);
            let from_grid = house_w - ac_w(pv_w, decided);
            assert!((decided - battery).abs() < 1.0, "{pv_w} W sun, {house_w} W house: battery {decided} W");
            assert!((from_grid - grid).abs() < 1.0, "{pv_w} W sun, {house_w} W house: grid {from_grid} W");
        }
    }

    #[test]
    fn the_grid_is_brought_to_its_setpoint_above_the_floor_and_within_the_inverters_limit() {
        for (grid_setpoint_w, pv_w, house_w, soc_pct, grid) in [
            (500.0, 0.0, 1_000.0, 60.0, 500.0),        // the battery gives half
            (3_000.0, 0.0, 1_000.0, 60.0, 3_000.0),    // the battery is charged from the grid
            (-2_000.0, 0.0, 1_000.0, 60.0, -2_000.0),  // and feeds it
            (-2_000.0, 0.0, 1_000.0, 20.0, 1_062.2),   // but not from below the floor
            (-20_000.0, 0.0, 1_000.0, 60.0, -8_000.0), // the inverter is at its limit
            (0.0, 5_000.0, 1_000.0, 60.0, 0.0),
        ] {
            let mut inverter = Inverter::new(50.0);
            inverter.set(20.0, grid_setpoint_w);
            let from_grid = house_w - ac_w(pv_w, inverter.battery_w(pv_w, house_w, soc_pct, 60.0));
            assert!((from_grid - grid).abs() < 1.0, "{grid_setpoint_w} W: {from_grid} W");
        }
    }

    #[test]
    fn a_full_battery_is_held_lower_until_it_is_used() {
        let mut inverter = Inverter::new(20.0);
        assert_eq!(inverter.voltage_max_v(), ABSORB_V);
        inverter.full();
        inverter.battery_w(5_000.0, 500.0, 99.0, 1.0);
        assert_eq!(inverter.voltage_max_v(), FLOAT_V);
        inverter.battery_w(0.0, 500.0, 94.0, 1.0);
        assert_eq!(inverter.voltage_max_v(), ABSORB_V);
        for (voltage_v, charge_a, full) in
            [(55.6, 10.0, true), (55.6, 60.0, false), (54.0, 1.0, false), (55.6, -5.0, false)]
        {
            assert_eq!(is_full(voltage_v, charge_a, 840.0), full, "{voltage_v} V, {charge_a} A");
        }
    }
}
