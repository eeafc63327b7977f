//! The limits of a battery: the one source that rules, verdict, maps, charts, tiles and the home page ask.
//!
//! [`Limits::of`] gives the defaults of a [`Chemistry`] for a pack of so many cells in series; [`KEYS`] are the keys by
//! which a site file changes them, and [`Limits::problems`] says what cannot be.

mod chemistry;
mod codec;
mod keys;
mod problems;

pub use chemistry::{CHEMISTRIES, Chemistry, ChemistrySpec};
pub use keys::{KEYS, Key, Possible};
pub use problems::Problem;

use crate::topology::Topology;

/// A range of values, inclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Band {
    /// The lowest value in it.
    pub low: f32,
    /// The highest value in it.
    pub high: f32,
}

impl Band {
    /// The band from `low` to `high`.
    pub const fn new(low: f32, high: f32) -> Band {
        Band { low, high }
    }

    /// Whether `value` lies in it; its ends do.
    pub fn contains(self, value: f32) -> bool {
        self.low <= value && value <= self.high
    }

    /// The band for `n` in series.
    pub fn times(self, n: f32) -> Band {
        Band { low: self.low * n, high: self.high * n }
    }
}

/// The limits of one system. Beyond a `warning` there is a warning, beyond any other limit a critical alarm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// What the cells are made of.
    pub chemistry: Chemistry,
    /// How many cells are in series between the pack's poles.
    pub cells_in_series: u16,
    /// Voltage that a cell keeps to, V.
    pub cell_voltage_v: Band,
    /// Voltage that a cell keeps to in normal work, V.
    pub cell_voltage_warning_v: Band,
    /// Voltage that the pack keeps to, V: that of a cell times the cells in series, unless the site file says another.
    pub pack_voltage_v: Band,
    /// Temperature that a cell keeps to in normal work, whatever the current, °C.
    pub temperature_warning_c: Band,
    /// Temperature within which a cell may be charged, °C.
    pub charge_temperature_c: Band,
    /// Temperature within which a cell may be discharged, °C.
    pub discharge_temperature_c: Band,
    /// The most that the pack may be charged with, A, not negative.
    pub charge_current_a: f32,
    /// The most that the pack may be discharged with, A, not negative.
    pub discharge_current_a: f32,
    /// The furthest that the voltages of two cells may be apart before there is a warning, V.
    pub cell_spread_v: f32,
    /// Insulation resistance to earth, kΩ: below it there is a critical alarm.
    pub insulation_kohm: f32,
    /// Insulation resistance to earth, kΩ: below it there is a warning.
    pub insulation_warning_kohm: f32,
    /// The deepest that the pack voltage may fall below its level of the last 30 s before there is a warning, % of it.
    pub sag_pct: f32,
    /// Pack voltage that is called normal, V. No alarm: a word and a band on pages.
    pub normal_voltage_v: Band,
    /// Temperature at which the battery ages least, °C. No alarm: a word and a band on pages.
    pub optimal_temperature_c: Band,
    /// Fixed scale of the voltage heatmap, V.
    pub voltage_scale_v: Band,
    /// Fixed scale of the temperature heatmap, °C.
    pub temperature_scale_c: Band,
}

/// Insulation resistance per volt of the highest pack voltage, Ω/V. ISO 6469-3 asks for 100 Ω/V of a DC circuit and for
/// 500 Ω/V where AC belongs to the same circuit, as behind an inverter.
pub const INSULATION_OHM_PER_V: f32 = 100.0;
/// As [`INSULATION_OHM_PER_V`], for the warning.
pub const INSULATION_WARNING_OHM_PER_V: f32 = 500.0;
/// The default of [`Limits::sag_pct`].
pub const SAG_PCT: f32 = 5.0;
/// A bank below this carries no dangerous voltage, V: its insulation has no limit unless the site file gives one.
const DANGEROUS_V: f32 = 60.0;

impl Limits {
    /// The limits of a pack of this chemistry, cells in series and rated capacity, Ah.
    pub fn of(chemistry: Chemistry, cells_in_series: u16, capacity_ah: f32) -> Limits {
        let cell = chemistry.spec();
        let mut limits = Limits {
            chemistry,
            cells_in_series,
            cell_voltage_v: cell.voltage_v,
            cell_voltage_warning_v: cell.voltage_warning_v,
            pack_voltage_v: Band::default(),
            temperature_warning_c: cell.temperature_warning_c,
            charge_temperature_c: cell.charge_temperature_c,
            discharge_temperature_c: cell.discharge_temperature_c,
            charge_current_a: cell.charge_rate_c * capacity_ah,
            discharge_current_a: cell.discharge_rate_c * capacity_ah,
            cell_spread_v: cell.spread_v,
            insulation_kohm: 0.0,
            insulation_warning_kohm: 0.0,
            sag_pct: SAG_PCT,
            normal_voltage_v: cell.normal_v.times(f32::from(cells_in_series)),
            optimal_temperature_c: cell.optimal_temperature_c,
            voltage_scale_v: cell.voltage_scale_v,
            temperature_scale_c: cell.temperature_scale_c,
        };
        limits.follow_cells();
        limits.follow_pack();
        limits
    }

    /// Sets what follows from the cells' limits: the pack's voltage.
    fn follow_cells(&mut self) {
        self.pack_voltage_v = self.cell_voltage_v.times(f32::from(self.cells_in_series));
    }

    /// Sets what follows from the pack's voltage: the insulation.
    fn follow_pack(&mut self) {
        let kilovolts = if self.pack_voltage_v.high < DANGEROUS_V { 0.0 } else { self.pack_voltage_v.high / 1e3 };
        self.insulation_kohm = INSULATION_OHM_PER_V * kilovolts;
        self.insulation_warning_kohm = INSULATION_WARNING_OHM_PER_V * kilovolts;
    }

    /// How many cells are in series, where the site file does not say it: as many as a rack has, if that fits the nominal
    /// voltage within a tenth, else as many as make up the nominal voltage, V.
    pub fn cells_in_series(chemistry: Chemistry, nominal_v: f32, topology: &Topology) -> u16 {
        let by_voltage = (nominal_v / chemistry.spec().nominal_v).round().clamp(1.0, 65_535.0);
        let of_a_rack = f32::from(topology.modules_per_rack) * f32::from(topology.cells_per_module);
        let fits = (of_a_rack / by_voltage - 1.0).abs() <= 0.1;
        if fits { of_a_rack as u16 } else { by_voltage as u16 }
    }

    /// The pack voltages that such a battery can have at all, V: a measured one beyond them is not believed. Wider by a
    /// fifth than what its cells survive.
    pub fn possible_pack_v(&self) -> Band {
        let Band { low, high } = self.chemistry.spec().absolute_v.times(f32::from(self.cells_in_series));
        Band { low: low * 0.8, high: high * 1.2 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_in_series_follow_from_the_rack_or_from_the_nominal_voltage() {
        use Chemistry::{LeadAcid, Lfp, Lto, Nmc, SodiumIon};
        for (chemistry, nominal_v, topology, expected) in [
            (Lfp, 832.0, Topology::new(1, 13, 20), 260),
            (Lfp, 850.0, Topology::new(1, 13, 20), 260),
            (Lfp, 51.2, Topology::NONE, 16),
            (Lfp, 1_024.0, Topology::new(20, 10, 32), 320),
            (Nmc, 355.0, Topology::new(1, 8, 12), 96),
            // Two cells in parallel are two cells of the topology.
            (Lfp, 51.2, Topology::new(1, 2, 16), 16),
            (Lto, 48.0, Topology::NONE, 21),
            (SodiumIon, 48.0, Topology::NONE, 15),
            (LeadAcid, 48.0, Topology::NONE, 24),
        ] {
            assert_eq!(
                Limits::cells_in_series(chemistry, nominal_v, &topology),
                expected,
                "{chemistry:?} {nominal_v} V"
            );
        }
    }

    #[test]
    fn the_founding_pack_and_a_house_have_the_limits_that_their_pages_promise() {
        let pack = Limits::of(Chemistry::Lfp, 260, 280.0);
        assert_eq!((pack.cell_voltage_v, pack.temperature_warning_c.high), (Band::new(2.85, 3.65), 45.0));
        assert_eq!((pack.pack_voltage_v.low, pack.pack_voltage_v.high), (741.0, 949.0));
        assert!((pack.insulation_kohm - 94.9).abs() < 0.01 && (pack.insulation_warning_kohm - 474.5).abs() < 0.1);
        let house = Limits::of(Chemistry::Lfp, 16, 840.0);
        assert_eq!(
            (house.normal_voltage_v, house.optimal_temperature_c),
            (Band::new(52.0, 58.0), Band::new(15.0, 30.0))
        );
        assert_eq!(house.insulation_kohm, 0.0, "48 V is not dangerous");
    }

    #[test]
    fn a_register_that_overflowed_shows_a_voltage_that_cannot_be() {
        let pack = Limits::of(Chemistry::Lfp, 260, 280.0).possible_pack_v();
        for (volts, possible) in [(176.6, false), (832.0, true), (700.0, true), (949.0, true), (1_700.0, false)] {
            assert_eq!(pack.contains(volts), possible, "{volts} V");
        }
    }
}
