//! The catalogue of points: every quantity a system can have besides its cells and nodes.
//!
//! A new point is one row of [`points!`] below; links, store, API and pages find it by its path.
//!
//! Power and current are positive into the site's bus: battery discharge +, grid import +, solar +; loads are
//! positive. Drivers whose devices say otherwise flip the sign in their codec.

mod device;

pub(crate) use device::fingerprint;
pub use device::{DEVICE_POINTS_MAX, DevicePoint, PointLimits, WatchedPoint};

use crate::wire::{Reader, Wire, WireError, Writer};
use std::time::Duration;

/// The unit that a point is kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Volt.
    Volt,
    /// Ampere.
    Ampere,
    /// Watt.
    Watt,
    /// Degree Celsius.
    Celsius,
    /// Percent, 0 to 100.
    Percent,
    /// A number, an index or a bit field.
    Number,
}

impl Unit {
    /// Every unit.
    pub const ALL: [Unit; 6] = [Unit::Volt, Unit::Ampere, Unit::Watt, Unit::Celsius, Unit::Percent, Unit::Number];

    /// The unit's symbol; empty for a bare number.
    pub fn symbol(self) -> &'static str {
        match self {
            Unit::Volt => "V",
            Unit::Ampere => "A",
            Unit::Watt => "W",
            Unit::Celsius => "°C",
            Unit::Percent => "%",
            Unit::Number => "",
        }
    }
}

impl Wire for Unit {
    /// Its number: new units go to the end.
    fn write(&self, w: &mut Writer) {
        w.u8(*self as u8);
    }

    fn read(r: &mut Reader<'_>) -> Result<Unit, WireError> {
        Unit::ALL.get(r.u8()? as usize).copied().ok_or_else(|| r.invalid("a unit"))
    }
}

/// What is known of a point before any value arrives.
#[derive(Clone, Copy, Debug)]
pub struct PointSpec {
    /// Name in site files, in the API and in history: `battery/soc`.
    pub path: &'static str,
    /// Name for people: `State of charge`.
    pub name: &'static str,
    /// The unit of its values.
    pub unit: Unit,
    /// Step of the live stream and of history, in the unit. Finer than any sensor we know for it.
    pub resolution: f32,
    /// The values that can be believed, inclusive. Others are counted and dropped.
    pub plausible: (f32, f32),
    /// A value older than this is stale, unless the system's [`MaxAge`] says otherwise.
    pub max_age: Duration,
    /// The furthest that it goes from one sample to the next, in the unit; `None` if it may go anywhere. A value that
    /// goes further is refused once, and believed if the next one agrees with it.
    pub max_step: Option<f32>,
}

/// The `max_step` of a row, which most rows do not have.
macro_rules! max_step {
    () => {
        None
    };
    ($step:literal) => {
        Some($step)
    };
}

/// How old a value of a point may be in a system whose source is slower than the catalogue expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxAge {
    /// The point.
    pub point: PointId,
    /// A value older than this is stale.
    pub age: Duration,
}

impl MaxAge {
    /// How old a value of `point` may be: as `given`, or as the catalogue says. Power that is not given may be as old as
    /// the values that it follows from where no device says it.
    pub fn of(point: PointId, given: &[MaxAge]) -> Duration {
        let age = |point: PointId| given.iter().find(|given| given.point == point).map(|given| given.age);
        let inputs = || [PointId::Voltage, PointId::Current].into_iter().filter_map(age).max();
        let inputs = if point == PointId::Power { inputs() } else { None };
        let catalogue = point.spec().max_age;
        age(point).unwrap_or_else(|| inputs.map_or(catalogue, |inputs| inputs.max(catalogue)))
    }
}

macro_rules! points {
    ($($(#[$doc:meta])* $id:ident $path:literal $name:literal $unit:ident $resolution:literal
        ($low:literal, $high:literal) $max_age_ms:literal $(max_step $max_step:literal)?;)*) => {
        /// A point of a system.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum PointId { $($(#[$doc])* $id,)* }

        impl PointId {
            /// Every point, in wire order: new ones go to the end.
            pub const ALL: &[PointId] = &[$(PointId::$id,)*];
        }

        const SPECS: &[PointSpec] = &[$(PointSpec {
            path: $path, name: $name, unit: Unit::$unit, resolution: $resolution,
            plausible: ($low, $high), max_age: Duration::from_millis($max_age_ms), max_step: max_step!($($max_step)?),
        },)*];
    };
}

points! {
    /// State of charge as the BMS says, %.
    Soc "battery/soc" "State of charge" Percent 0.01 (0.0, 100.0) 3_000 max_step 20.0;
    /// State of health as the BMS says, %.
    Soh "battery/soh" "State of health" Percent 0.1 (0.0, 100.0) 10_000;
    /// Pack voltage before the contactors, V.
    Voltage "battery/voltage" "Voltage" Volt 0.01 (0.0, 2_000.0) 1_500 max_step 200.0;
    /// Pack current, A, discharge positive.
    Current "battery/current" "Current" Ampere 0.01 (-5_000.0, 5_000.0) 1_500;
    /// Pack power, W, discharge positive.
    Power "battery/power" "Battery power" Watt 1.0 (-5e6, 5e6) 1_500;
    /// Voltage on the site's side of the contactors, V.
    BusVoltage "battery/bus_voltage" "Bus voltage" Volt 0.01 (0.0, 2_000.0) 1_500 max_step 200.0;
    /// State of power: the most that can be discharged now, W, not negative.
    SopDischarge "battery/sop_discharge" "Discharge limit" Watt 1.0 (0.0, 5e6) 3_000;
    /// State of power: the most that can be charged now, W, not negative.
    SopCharge "battery/sop_charge" "Charge limit" Watt 1.0 (0.0, 5e6) 3_000;
    /// Lowest cell voltage as the BMS says, V.
    CellVoltageMin "battery/cell_voltage_min" "Lowest cell" Volt 0.0001 (0.0, 6.0) 1_500 max_step 1.0;
    /// Number of the cell with the lowest voltage, from 0.
    CellVoltageMinAt "battery/cell_voltage_min_at" "Lowest cell number" Number 1.0 (0.0, 65_535.0) 1_500;
    /// Highest cell voltage as the BMS says, V.
    CellVoltageMax "battery/cell_voltage_max" "Highest cell" Volt 0.0001 (0.0, 6.0) 1_500 max_step 1.0;
    /// Number of the cell with the highest voltage, from 0.
    CellVoltageMaxAt "battery/cell_voltage_max_at" "Highest cell number" Number 1.0 (0.0, 65_535.0) 1_500;
    /// Highest cell temperature as the BMS says, °C.
    CellTemperatureMax "battery/cell_temperature_max" "Hottest cell" Celsius 0.1 (-60.0, 200.0) 3_000 max_step 30.0;
    /// Number of the hottest cell, from 0.
    CellTemperatureMaxAt "battery/cell_temperature_max_at" "Hottest cell number" Number 1.0 (0.0, 65_535.0) 3_000;
    /// Lowest cell temperature as the BMS says, °C.
    CellTemperatureMin "battery/cell_temperature_min" "Coldest cell" Celsius 0.1 (-60.0, 200.0) 3_000 max_step 30.0;
    /// Controller mode: see [`crate::derived::controller_mode`].
    ControllerMode "battery/mode" "Controller mode" Number 1.0 (0.0, 15.0) 3_000;
    /// Contactor feedback: bit 0 main plus closed, bit 1 main minus closed, bit 2 precharge closed.
    Contactors "battery/contactors" "Contactors" Number 1.0 (0.0, 7.0) 3_000;
    /// Insulation resistance to earth, as a plain number of kΩ.
    InsulationKohm "battery/insulation_kohm" "Insulation" Number 1.0 (0.0, 1e6) 10_000;
    /// Grid power, W, import positive.
    GridPower "grid/power" "Grid" Watt 1.0 (-5e6, 5e6) 1_500;
    /// Power taken by the load, W: that of the AI hall or of the house, see
    /// [`SystemKind::load_name`](crate::spec::SystemKind::load_name).
    LoadPower "load/power" "Load" Watt 1.0 (-5e6, 5e6) 1_500;
    /// Solar power, W. A little below zero at night, where inverters draw some watts and say so.
    SolarPower "solar/power" "Solar" Watt 1.0 (-5e4, 5e6) 3_000;
    /// Air temperature around the pack, °C.
    Ambient "ambient/temperature" "Ambient" Celsius 0.1 (-60.0, 100.0) 10_000;
    /// Temperature of a battery that has one sensor, °C.
    Temperature "battery/temperature" "Battery temperature" Celsius 0.1 (-60.0, 200.0) 10_000;
    /// The most that may be charged now, as the BMS says, A, not negative.
    ChargeCurrentMax "battery/charge_current_max" "Charge current limit" Ampere 0.1 (0.0, 5_000.0) 10_000;
    /// The most that may be discharged now, as the BMS says, A, not negative.
    DischargeCurrentMax "battery/discharge_current_max" "Discharge current limit" Ampere 0.1 (0.0, 5_000.0) 10_000;
    /// State of charge as an inverter estimates it, %, beside that of a BMS or shunt.
    InverterSoc "inverter/soc" "Inverter's estimate" Percent 0.01 (0.0, 100.0) 5_000;
    /// Battery voltage as an inverter measures it, V.
    InverterBatteryVoltage "inverter/battery_voltage" "Battery voltage at the inverter" Volt 0.01 (0.0, 2_000.0) 5_000;
    /// Battery power as an inverter measures it, W, discharge positive.
    InverterBatteryPower "inverter/battery_power" "Battery power at the inverter" Watt 1.0 (-5e6, 5e6) 5_000;
    /// Alarms that the BMS itself reports, as bits of [`crate::bms::EVENTS`].
    BmsAlarms "battery/bms_alarms" "Alarms of the BMS" Number 1.0 (0.0, 16_777_215.0) 10_000;
    /// Warnings that the BMS itself reports, as bits of [`crate::bms::EVENTS`].
    BmsWarnings "battery/bms_warnings" "Warnings of the BMS" Number 1.0 (0.0, 16_777_215.0) 10_000;
    /// Contactor command: the same bits as [`PointId::Contactors`], as the BMS wants them.
    ContactorsCommand "battery/contactors_command" "Contactor command" Number 1.0 (0.0, 7.0) 3_000;
    /// Whether somebody has switched the battery to local control: 1, or 0 while it takes commands.
    LocalControl "battery/local_control" "Local control" Number 1.0 (0.0, 1.0) 10_000;
    /// Reserve that the device holds, as it was read back, %. Of this and the following the desk of commands says the
    /// value (`crate::control::Desk`), of a system with such a control.
    ReserveSet "control/reserve" "Reserve as set" Percent 0.1 (0.0, 100.0) 30_000;
    /// The most that may be discharged as it is set on the device, W, not negative.
    DischargeLimitSet "control/discharge_limit" "Discharge limit as set" Watt 1.0 (0.0, 5e6) 30_000;
    /// The most that may be charged as it is set on the device, W, not negative.
    ChargeLimitSet "control/charge_limit" "Charge limit as set" Watt 1.0 (0.0, 5e6) 30_000;
    /// Mode as it is set on the device, by the number of its choice.
    ModeSet "control/mode" "Mode as set" Number 1.0 (0.0, 65_535.0) 30_000;
    /// Operation as it is set on the device: 1, or 0 for standby.
    RunSet "control/run" "Operation as set" Number 1.0 (0.0, 65_535.0) 30_000;
    /// State of charge below which it is set not to discharge, %.
    MinimumSocSet "control/minimum_soc" "Minimum state of charge as set" Percent 0.1 (0.0, 100.0) 30_000;
    /// Grid power that is set on the device, W, import positive.
    GridSetpointSet "control/grid_setpoint" "Grid setpoint as set" Watt 1.0 (-5e6, 5e6) 30_000;
}

/// Points whose names are of many things.
const PLURAL: [PointId; 3] = [PointId::Contactors, PointId::BmsAlarms, PointId::BmsWarnings];

impl PointId {
    /// How many points there are.
    pub const COUNT: usize = PointId::ALL.len();

    /// The point's row in the catalogue.
    pub fn spec(self) -> &'static PointSpec {
        &SPECS[self as usize]
    }

    /// Its name as the subject of a sentence: `Voltage is`, `Contactors are`.
    pub fn is(self) -> String {
        let verb = if PLURAL.contains(&self) { "are" } else { "is" };
        format!("{} {verb}", self.spec().name)
    }

    /// The point with this path.
    pub fn from_path(path: &str) -> Option<PointId> {
        PointId::ALL.iter().copied().find(|id| id.spec().path == path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded frames name a point by its number: a new point goes to the end, and none ever goes.
    const NUMBERS: &[&str] = &[
        "battery/soc",
        "battery/soh",
        "battery/voltage",
        "battery/current",
        "battery/power",
        "battery/bus_voltage",
        "battery/sop_discharge",
        "battery/sop_charge",
        "battery/cell_voltage_min",
        "battery/cell_voltage_min_at",
        "battery/cell_voltage_max",
        "battery/cell_voltage_max_at",
        "battery/cell_temperature_max",
        "battery/cell_temperature_max_at",
        "battery/cell_temperature_min",
        "battery/mode",
        "battery/contactors",
        "battery/insulation_kohm",
        "grid/power",
        "load/power",
        "solar/power",
        "ambient/temperature",
        "battery/temperature",
        "battery/charge_current_max",
        "battery/discharge_current_max",
        "inverter/soc",
        "inverter/battery_voltage",
        "inverter/battery_power",
        "battery/bms_alarms",
        "battery/bms_warnings",
        "battery/contactors_command",
        "battery/local_control",
        "control/reserve",
        "control/discharge_limit",
        "control/charge_limit",
        "control/mode",
        "control/run",
        "control/minimum_soc",
        "control/grid_setpoint",
    ];

    #[test]
    fn every_point_keeps_its_number() {
        let paths: Vec<&str> = PointId::ALL.iter().map(|id| id.spec().path).collect();
        assert_eq!(paths, NUMBERS);
    }

    #[test]
    fn a_name_has_the_verb_of_its_number() {
        for (point, words) in [
            (PointId::Soc, "State of charge is"),
            (PointId::InverterSoc, "Inverter's estimate is"),
            (PointId::Contactors, "Contactors are"),
            (PointId::ContactorsCommand, "Contactor command is"),
            (PointId::BmsAlarms, "Alarms of the BMS are"),
            (PointId::BmsWarnings, "Warnings of the BMS are"),
        ] {
            assert_eq!(point.is(), words);
        }
        // What a name is about is its first noun, before an `of`: many things of it end with an s.
        for point in PointId::ALL {
            let name = point.spec().name;
            let ends_like_many = name.split(" of ").next().is_some_and(|what| what.ends_with('s'));
            assert_eq!(point.is().ends_with(" are"), ends_like_many, "{name}");
        }
    }

    #[test]
    fn every_point_is_found_by_its_path() {
        for id in PointId::ALL {
            assert_eq!(PointId::from_path(id.spec().path), Some(*id));
            assert!(id.spec().resolution > 0.0 && id.spec().plausible.0 < id.spec().plausible.1);
        }
        assert_eq!(PointId::from_path("battery/colour"), None);
    }
}
