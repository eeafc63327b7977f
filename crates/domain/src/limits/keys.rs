//! The keys by which a site file changes a limit. One row is one key of `[system.limits]`.

use super::{Band, Limits};

/// What a limit can be at all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Possible {
    /// A cell's voltage: what the chemistry survives.
    CellVoltage,
    /// A pack's voltage: the same for all cells in series.
    PackVoltage,
    /// A temperature: at which a maker allows a current at all.
    Temperature,
    /// From the one to the other, in the key's unit, whatever the chemistry.
    Fixed(f32, f32),
}

/// A key of `[system.limits]`.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// As it is written: `cell_voltage_max_v`.
    pub key: &'static str,
    /// The unit that it is written in.
    pub unit: &'static str,
    /// How many of its units are one of the limit's.
    pub per_unit: f32,
    /// What it means, for people.
    pub meaning: &'static str,
    /// What it can be.
    pub possible: Possible,
    /// Its place in the limits.
    pub field: fn(&mut Limits) -> &mut f32,
}

impl Key {
    /// The key's value in `limits`, in its unit.
    pub fn get(&self, limits: &Limits) -> f32 {
        *(self.field)(&mut { *limits }) * self.per_unit
    }

    /// Sets the limit to `value`, in the key's unit.
    pub fn set(&self, limits: &mut Limits, value: f32) {
        *(self.field)(limits) = value / self.per_unit;
    }

    /// What the key can be in a system with these limits, in its unit.
    pub fn possible(&self, limits: &Limits) -> Band {
        let cell = limits.chemistry.spec();
        match self.possible {
            Possible::CellVoltage => cell.absolute_v,
            Possible::PackVoltage => cell.absolute_v.times(f32::from(limits.cells_in_series)),
            Possible::Temperature => cell.absolute_c,
            Possible::Fixed(low, high) => Band::new(low, high),
        }
    }
}

use Possible::{CellVoltage, Fixed, PackVoltage, Temperature};

macro_rules! keys {
    ($($key:literal $unit:literal $possible:expr, $($field:ident).+, $meaning:literal;)*) => {
        &[$(Key {
            key: $key, unit: $unit, per_unit: per_unit($unit), meaning: $meaning, possible: $possible,
            field: |limits| &mut limits.$($field).+,
        },)*]
    };
}

const fn per_unit(unit: &str) -> f32 {
    match unit.as_bytes() {
        b"mV" => 1_000.0,
        _ => 1.0,
    }
}

/// Every key of `[system.limits]`.
#[rustfmt::skip]
pub const KEYS: &[Key] = keys! {
    "cell_voltage_min_v" "V" CellVoltage, cell_voltage_v.low, "a cell below it is a critical alarm";
    "cell_voltage_max_v" "V" CellVoltage, cell_voltage_v.high, "a cell above it is a critical alarm";
    "cell_voltage_warning_min_v" "V" CellVoltage, cell_voltage_warning_v.low, "a cell below it is a warning";
    "cell_voltage_warning_max_v" "V" CellVoltage, cell_voltage_warning_v.high, "a cell above it is a warning";
    "cell_spread_max_mv" "mV" Fixed(1.0, 1_000.0), cell_spread_v, "cells further apart are a warning";
    "pack_voltage_min_v" "V" PackVoltage, pack_voltage_v.low, "a pack voltage below it is a critical alarm";
    "pack_voltage_max_v" "V" PackVoltage, pack_voltage_v.high, "a pack voltage above it is a critical alarm";
    "sag_max_pct" "%" Fixed(0.5, 50.0), sag_pct, "a deeper fall of the pack voltage is a sag, and a warning";
    "temperature_warning_min_c" "°C" Temperature, temperature_warning_c.low, "a colder cell is a warning";
    "temperature_warning_max_c" "°C" Temperature, temperature_warning_c.high, "a warmer cell is a warning";
    "charge_temperature_min_c" "°C" Temperature, charge_temperature_c.low, "charging a colder battery is a critical alarm";
    "charge_temperature_max_c" "°C" Temperature, charge_temperature_c.high, "charging a warmer battery is a critical alarm";
    "discharge_temperature_min_c" "°C" Temperature, discharge_temperature_c.low, "discharging a colder battery is a critical alarm";
    "discharge_temperature_max_c" "°C" Temperature, discharge_temperature_c.high, "discharging a warmer battery is a critical alarm";
    "charge_current_max_a" "A" Fixed(0.1, 5_000.0), charge_current_a, "charging with more is a critical alarm";
    "discharge_current_max_a" "A" Fixed(0.1, 5_000.0), discharge_current_a, "discharging with more is a critical alarm";
    "insulation_min_kohm" "kΩ" Fixed(0.0, 1e6), insulation_kohm, "less insulation is a critical alarm; 0 for none";
    "insulation_warning_min_kohm" "kΩ" Fixed(0.0, 1e6), insulation_warning_kohm, "less insulation is a warning; 0 for none";
    "normal_voltage_min_v" "V" PackVoltage, normal_voltage_v.low, "from here on a pack voltage is called normal";
    "normal_voltage_max_v" "V" PackVoltage, normal_voltage_v.high, "up to here a pack voltage is called normal";
    "optimal_temperature_min_c" "°C" Temperature, optimal_temperature_c.low, "from here on a temperature is called optimal";
    "optimal_temperature_max_c" "°C" Temperature, optimal_temperature_c.high, "up to here a temperature is called optimal";
};
