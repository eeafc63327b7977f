//! Chemistries and what their cells keep to, as data.

use super::Band;

/// What cells are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Chemistry {
    /// Lithium iron phosphate.
    #[default]
    Lfp = 0,
    /// Lithium nickel manganese cobalt oxide, and its kin with aluminium.
    Nmc = 1,
    /// Lithium titanate.
    Lto = 2,
    /// Sodium-ion with a layered oxide.
    SodiumIon = 3,
    /// Lead-acid; its cells have 2 V.
    LeadAcid = 4,
}

/// What a cell of a chemistry keeps to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChemistrySpec {
    /// Name in site files: `lfp`.
    pub key: &'static str,
    /// Name for people: `LFP`.
    pub name: &'static str,
    /// Nominal voltage of a cell, V.
    pub nominal_v: f32,
    /// Beyond this a cell is damaged or dangerous, V. No site file can widen a limit beyond it.
    pub absolute_v: Band,
    /// Critical limits of a cell's voltage, V.
    pub voltage_v: Band,
    /// Limits of normal work, V.
    pub voltage_warning_v: Band,
    /// What is called normal, per cell, V.
    pub normal_v: Band,
    /// Beyond this no maker allows any current, °C. No site file can widen a limit beyond it.
    pub absolute_c: Band,
    /// Temperature of normal work, °C.
    pub temperature_warning_c: Band,
    /// Temperature for charging, °C.
    pub charge_temperature_c: Band,
    /// Temperature for discharging, °C.
    pub discharge_temperature_c: Band,
    /// Temperature at which the battery ages least, °C.
    pub optimal_temperature_c: Band,
    /// Highest current for charging, as a share of the capacity in an hour.
    pub charge_rate_c: f32,
    /// Highest current for discharging, as a share of the capacity in an hour.
    pub discharge_rate_c: f32,
    /// Voltages further apart than this are worth a look, V.
    pub spread_v: f32,
    /// Fixed scale of the voltage heatmap, V.
    pub voltage_scale_v: Band,
    /// Fixed scale of the temperature heatmap, °C.
    pub temperature_scale_c: Band,
}

const fn band(low: f32, high: f32) -> Band {
    Band::new(low, high)
}

/// Every chemistry, by [`Chemistry`].
///
/// Sources. Charge and discharge temperatures: Battery University BU-410 ("Charging at high and low temperatures") for
/// lithium-ion and lead-acid; makers' data sheets for what it does not name (LFP of 280 Ah: EVE LF280K, Pylontech US5000;
/// LTO: Toshiba SCiB; sodium-ion: HiNa, layered oxide). Voltages: the same data sheets; 2.85 V and 45 °C of LFP are what
/// an operator of an 832 V pack asks for; 52 to 58 V and 15 to 30 °C are what an owner of a 48 V LFP bank calls normal and
/// optimal. Lead-acid: IEEE 450 and BU-403 (2.40 to 2.45 V a cell to charge, 1.75 V at the end of discharge).
pub const CHEMISTRIES: [ChemistrySpec; 5] = [
    ChemistrySpec {
        key: "lfp",
        name: "LFP",
        nominal_v: 3.2,
        absolute_v: band(2.0, 3.8),
        voltage_v: band(2.85, 3.65),
        voltage_warning_v: band(3.0, 3.625),
        normal_v: band(3.25, 3.625),
        absolute_c: band(-40.0, 70.0),
        temperature_warning_c: band(5.0, 45.0),
        charge_temperature_c: band(0.0, 50.0),
        discharge_temperature_c: band(-20.0, 60.0),
        optimal_temperature_c: band(15.0, 30.0),
        charge_rate_c: 1.0,
        discharge_rate_c: 2.0,
        spread_v: 0.060,
        voltage_scale_v: band(2.8, 3.4),
        temperature_scale_c: band(10.0, 50.0),
    },
    ChemistrySpec {
        key: "nmc",
        name: "NMC",
        nominal_v: 3.65,
        absolute_v: band(2.5, 4.35),
        voltage_v: band(3.0, 4.25),
        voltage_warning_v: band(3.2, 4.2),
        normal_v: band(3.4, 4.15),
        absolute_c: band(-40.0, 70.0),
        temperature_warning_c: band(5.0, 43.0),
        charge_temperature_c: band(0.0, 45.0),
        discharge_temperature_c: band(-20.0, 60.0),
        optimal_temperature_c: band(15.0, 30.0),
        charge_rate_c: 1.0,
        discharge_rate_c: 2.0,
        spread_v: 0.060,
        voltage_scale_v: band(3.0, 4.2),
        temperature_scale_c: band(10.0, 50.0),
    },
    ChemistrySpec {
        key: "lto",
        name: "LTO",
        nominal_v: 2.3,
        absolute_v: band(1.3, 2.9),
        voltage_v: band(1.5, 2.8),
        voltage_warning_v: band(1.7, 2.7),
        normal_v: band(2.0, 2.65),
        absolute_c: band(-40.0, 70.0),
        temperature_warning_c: band(-20.0, 50.0),
        charge_temperature_c: band(-30.0, 55.0),
        discharge_temperature_c: band(-30.0, 55.0),
        optimal_temperature_c: band(10.0, 35.0),
        charge_rate_c: 4.0,
        discharge_rate_c: 6.0,
        spread_v: 0.060,
        voltage_scale_v: band(1.7, 2.7),
        temperature_scale_c: band(0.0, 55.0),
    },
    ChemistrySpec {
        key: "sodium-ion",
        name: "sodium-ion",
        nominal_v: 3.1,
        absolute_v: band(1.2, 4.2),
        voltage_v: band(1.5, 4.0),
        voltage_warning_v: band(2.0, 3.95),
        normal_v: band(2.5, 3.9),
        absolute_c: band(-40.0, 80.0),
        temperature_warning_c: band(-10.0, 45.0),
        charge_temperature_c: band(-10.0, 50.0),
        discharge_temperature_c: band(-30.0, 60.0),
        optimal_temperature_c: band(15.0, 35.0),
        charge_rate_c: 1.0,
        discharge_rate_c: 2.0,
        spread_v: 0.100,
        voltage_scale_v: band(2.0, 4.0),
        temperature_scale_c: band(0.0, 50.0),
    },
    ChemistrySpec {
        key: "lead-acid",
        name: "lead-acid",
        nominal_v: 2.0,
        absolute_v: band(1.5, 2.8),
        voltage_v: band(1.75, 2.6),
        voltage_warning_v: band(1.9, 2.5),
        normal_v: band(2.0, 2.45),
        absolute_c: band(-40.0, 65.0),
        temperature_warning_c: band(-10.0, 40.0),
        charge_temperature_c: band(-20.0, 50.0),
        discharge_temperature_c: band(-20.0, 50.0),
        optimal_temperature_c: band(15.0, 30.0),
        charge_rate_c: 0.3,
        discharge_rate_c: 2.0,
        spread_v: 0.100,
        voltage_scale_v: band(1.8, 2.5),
        temperature_scale_c: band(0.0, 50.0),
    },
];

impl Chemistry {
    /// Every chemistry, in wire order.
    pub const ALL: [Chemistry; 5] =
        [Chemistry::Lfp, Chemistry::Nmc, Chemistry::Lto, Chemistry::SodiumIon, Chemistry::LeadAcid];

    /// What its cells keep to.
    pub fn spec(self) -> &'static ChemistrySpec {
        &CHEMISTRIES[self as usize]
    }

    /// The chemistry that site files call so.
    pub fn from_key(key: &str) -> Option<Chemistry> {
        Chemistry::ALL.into_iter().find(|chemistry| chemistry.spec().key == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_come_before_alarms_and_alarms_before_damage() {
        let within = |inner: Band, outer: Band| outer.low <= inner.low && inner.high <= outer.high;
        for chemistry in Chemistry::ALL {
            let s = chemistry.spec();
            assert_eq!(Chemistry::from_key(s.key), Some(chemistry));
            for (what, inner, outer) in [
                ("normal", s.normal_v, s.voltage_warning_v),
                ("warning", s.voltage_warning_v, s.voltage_v),
                ("critical", s.voltage_v, s.absolute_v),
                ("optimal", s.optimal_temperature_c, s.temperature_warning_c),
                ("warm", s.temperature_warning_c, s.charge_temperature_c),
                ("charge", s.charge_temperature_c, s.absolute_c),
                ("discharge", s.discharge_temperature_c, s.absolute_c),
            ] {
                assert!(within(inner, outer), "{}: {what} {inner:?} in {outer:?}", s.name);
            }
            assert!(s.normal_v.contains(s.nominal_v) || s.voltage_warning_v.contains(s.nominal_v), "{}", s.name);
        }
        assert_eq!(Chemistry::from_key("nickel"), None);
    }
}
