//! Peak shaving: the battery covers what the load takes above the grid cap, and recharges when there is room.

use crate::controller::limits::Limits;
use crate::home::inverter::{EFFICIENCY, STANDING_W};
use domain::flight::Mode;
use domain::spec::SystemKind;

/// What lies between the battery and the load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Converter {
    /// Share of the power that passes it, each way.
    pub efficiency: f32,
    /// What it takes itself while it runs, W.
    pub standing_w: f32,
}

impl Converter {
    /// That of a hall.
    pub const HALL: Converter = Converter { efficiency: 0.98, standing_w: 300.0 };
    /// The hybrid inverter of a house.
    pub const HOUSE: Converter = Converter { efficiency: EFFICIENCY, standing_w: STANDING_W };

    /// That of a system of this kind.
    pub fn of(kind: SystemKind) -> Converter {
        match kind {
            SystemKind::DataCentre | SystemKind::Storage => Self::HALL,
            SystemKind::Home => Self::HOUSE,
        }
    }

    /// Battery power that supplies `power_w` behind it, W.
    pub fn supplying_w(self, power_w: f32) -> f32 {
        (power_w + self.standing_w) / self.efficiency
    }
}

/// Recharging starts below the first and stops at the second state of charge, %: in Max ROI, and in Max Safety, where the
/// battery is kept for a failure of the grid.
const RECHARGE_PCT: (f32, f32) = (78.0, 80.0);
const RECHARGE_SAFETY_PCT: (f32, f32) = (95.0, 97.0);
/// Recharging is gentle: at most this much, W.
const RECHARGE_MAX_W: f32 = 26e3;
/// Recharging keeps to this share of what the controller allows.
const RECHARGE_SHARE: f32 = 0.8;
/// Discharge fades out over this much charge above the reserve, %.
const RESERVE_FADE_PCT: f32 = 1.0;

/// Decides the battery's power.
#[derive(Clone, Debug)]
pub struct PeakShaver {
    grid_cap_w: f32,
    reserve_pct: f32,
    mode: Mode,
    converter: Converter,
    recharging: bool,
}

impl PeakShaver {
    /// Keeps the grid under `grid_cap_w` as long as there is more than `reserve_pct` in the battery.
    pub fn new(grid_cap_w: f32, reserve_pct: f32) -> PeakShaver {
        PeakShaver { grid_cap_w, reserve_pct, mode: Mode::MaxRoi, converter: Converter::HALL, recharging: true }
    }

    /// The same behind this converter.
    pub fn behind(self, converter: Converter) -> PeakShaver {
        PeakShaver { converter, ..self }
    }

    /// The same in this mode: in Max Safety it shaves no peaks and recharges further.
    pub fn in_mode(self, mode: Mode) -> PeakShaver {
        PeakShaver { mode, ..self }
    }

    /// From now on it leaves `reserve_pct` in the battery, in this mode.
    pub fn set(&mut self, reserve_pct: f32, mode: Mode) {
        (self.reserve_pct, self.mode) = (reserve_pct, mode);
    }

    /// Battery power that would keep the grid at the cap for this load, W; 0 or less below the cap.
    pub fn wanted_w(&self, load_w: f32) -> f32 {
        self.converter.supplying_w(load_w - self.grid_cap_w)
    }

    /// Share of its power that the battery gives at this state of charge, 0 at the reserve to 1.
    pub fn above_reserve(&self, soc_pct: f32) -> f32 {
        ((soc_pct - self.reserve_pct) / RESERVE_FADE_PCT).clamp(0.0, 1.0)
    }

    /// Battery power for this load, W, discharge positive, within `limits`.
    pub fn battery_w(&mut self, load_w: f32, soc_pct: f32, limits: &Limits) -> f32 {
        let over_w = load_w + self.converter.standing_w - self.grid_cap_w;
        if over_w > 0.0 && self.mode == Mode::MaxSafety {
            return 0.0;
        }
        if over_w > 0.0 {
            return self.wanted_w(load_w).min(limits.discharge_w * self.above_reserve(soc_pct));
        }
        let (start_pct, stop_pct) = match self.mode {
            Mode::MaxRoi => RECHARGE_PCT,
            Mode::MaxSafety => RECHARGE_SAFETY_PCT,
        };
        self.recharging = if self.recharging { soc_pct < stop_pct } else { soc_pct < start_pct };
        if !self.recharging {
            return 0.0;
        }
        -(-over_w * self.converter.efficiency).min(RECHARGE_MAX_W).min(limits.charge_w * RECHARGE_SHARE)
    }
}

/// Grid power of a hall, W, import positive, that balances load and battery with the converter's losses.
pub fn grid_w(load_w: f32, battery_w: f32) -> f32 {
    let Converter { efficiency, standing_w } = Converter::HALL;
    let converted_w = if battery_w > 0.0 { battery_w * efficiency } else { battery_w / efficiency };
    load_w + standing_w - converted_w
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_battery_takes_what_is_above_the_cap_within_its_limits_and_reserve() {
        let limits = Limits { discharge_a: 280.0, charge_a: 140.0, discharge_w: 230e3, charge_w: 110e3 };
        for (load_w, soc_pct, battery_w, grid) in [
            (200e3, 70.0, 137_040.8, 66e3),
            (400e3, 70.0, 230e3, 174.9e3),
            (200e3, 20.0, 0.0, 200.3e3),
            (200e3, 20.5, 115e3, 87.6e3),
            (66e3 - 300.0, 70.0, 0.0, 66e3),
            (30e3, 70.0, -26e3, 56_830.6),
            (60e3, 70.0, -5_586.0, 66e3),
            (40e3, 90.0, 0.0, 40.3e3),
        ] {
            let battery = PeakShaver::new(66e3, 20.0).battery_w(load_w, soc_pct, &limits);
            assert!((battery - battery_w).abs() < 1.0, "load {load_w} at {soc_pct} %: {battery}");
            assert!((grid_w(load_w, battery) - grid).abs() < 1.0, "grid at load {load_w}: {}", grid_w(load_w, battery));
        }
    }

    #[test]
    fn a_house_is_supplied_as_its_inverter_does_it() {
        let shaver = PeakShaver::new(0.0, 30.0).behind(Converter::of(SystemKind::Home));
        for load_w in [300.0, 1_950.0, 6_000.0] {
            let battery_w = shaver.wanted_w(load_w);
            let ac_w = crate::home::inverter::ac_w(0.0, battery_w);
            assert!((ac_w - load_w).abs() < 5.0, "{load_w}: {battery_w} gives {ac_w}");
        }
        assert!((shaver.wanted_w(1_950.0) - 2_083.0).abs() < 1.0);
    }

    #[test]
    fn in_max_safety_no_peak_is_shaved_and_the_battery_is_kept_fuller() {
        let limits = Limits { discharge_a: 280.0, charge_a: 140.0, discharge_w: 230e3, charge_w: 110e3 };
        let mut shaver = PeakShaver::new(66e3, 20.0).in_mode(Mode::MaxSafety);
        assert_eq!(shaver.battery_w(200e3, 90.0, &limits), 0.0);
        assert!(shaver.battery_w(40e3, 90.0, &limits) < 0.0);
        assert_eq!(shaver.battery_w(40e3, 97.0, &limits), 0.0);
    }

    #[test]
    fn recharging_stops_at_80_and_starts_again_below_78() {
        let limits = Limits { charge_w: 100e3, ..Limits::default() };
        let mut shaver = PeakShaver::new(66e3, 20.0);
        let charges = [79.0, 80.1, 79.0, 77.9, 79.9].map(|soc_pct| shaver.battery_w(40e3, soc_pct, &limits) < 0.0);
        assert_eq!(charges, [true, false, false, true, true]);
    }
}
