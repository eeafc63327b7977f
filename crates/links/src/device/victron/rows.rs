//! The table: which D-Bus value of a GX is which point.
//!
//! Sources: the paths are those of Venus OS, the same that its Modbus registers 800 to 912 and 259 to 1291 stand for;
//! codes and attribute numbers are those of the VRM API.

use crate::device::sign::Sign;
use domain::point::PointId;

/// A kind of service on the D-Bus of a GX.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// The GX itself: sums over all devices, and the battery that it goes by.
    System,
    /// A battery monitor or BMS. There may be several.
    Battery,
}

impl Service {
    /// Every kind.
    pub const ALL: [Service; 2] = [Service::System, Service::Battery];

    /// Its name in topics and in VRM.
    pub fn name(self) -> &'static str {
        match self {
            Service::System => "system",
            Service::Battery => "battery",
        }
    }

    /// The service with this name, if we read any of its values.
    pub fn from_name(name: &str) -> Option<Service> {
        Service::ALL.into_iter().find(|service| service.name() == name)
    }
}

/// One value of a GX. Rows of the same service and point are added up.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Whose value it is.
    pub service: Service,
    /// Its D-Bus path, without the slash before it.
    pub path: &'static str,
    /// VRM's code for it; empty if not known.
    pub code: &'static str,
    /// VRM's number for it (`idDataAttribute`); 0 if not known.
    pub attribute: u32,
    /// What it is to us.
    pub point: PointId,
    /// What a positive value means to Victron.
    pub sign: Sign,
}

impl Row {
    /// Victron's value, in our sign.
    pub fn ours(&self, value: f64) -> f64 {
        value * self.sign.factor()
    }

    /// The place of the row with this path.
    pub fn find(service: Service, path: &str) -> Option<usize> {
        ROWS.iter().position(|row| row.service == service && row.path == path)
    }
}

use PointId::{
    CellTemperatureMax, CellTemperatureMin, CellVoltageMax, CellVoltageMin, ChargeCurrentMax, Current,
    DischargeCurrentMax, GridPower, LoadPower, Power, Soc, Soh, SolarPower, Temperature, Voltage,
};
use Service::{Battery, System};
use Sign::{ChargePositive, DischargePositive, ImportPositive};

const fn row(
    service: Service,
    path: &'static str,
    code: &'static str,
    attribute: u32,
    point: PointId,
    sign: Sign,
) -> Row {
    Row { service, path, code, attribute, point, sign }
}

/// Every value that is read.
#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    row(System, "Dc/Battery/Voltage", "bv", 0, Voltage, DischargePositive),
    row(System, "Dc/Battery/Current", "bc", 0, Current, ChargePositive),
    row(System, "Dc/Battery/Power", "bp", 0, Power, ChargePositive),
    row(System, "Dc/Battery/Soc", "bs", 0, Soc, DischargePositive),
    row(System, "Dc/Battery/Temperature", "", 0, Temperature, DischargePositive),
    row(System, "Dc/Pv/Power", "Pdc", 0, SolarPower, DischargePositive),
    row(System, "Ac/PvOnOutput/L1/Power", "", 0, SolarPower, DischargePositive),
    row(System, "Ac/PvOnOutput/L2/Power", "", 0, SolarPower, DischargePositive),
    row(System, "Ac/PvOnOutput/L3/Power", "", 0, SolarPower, DischargePositive),
    row(System, "Ac/PvOnGrid/L1/Power", "", 0, SolarPower, DischargePositive),
    row(System, "Ac/PvOnGrid/L2/Power", "", 0, SolarPower, DischargePositive),
    row(System, "Ac/PvOnGrid/L3/Power", "", 0, SolarPower, DischargePositive),
    row(System, "Ac/PvOnGenset/L1/Power", "", 0, SolarPower, DischargePositive),
    row(System, "Ac/PvOnGenset/L2/Power", "", 0, SolarPower, DischargePositive),
    row(System, "Ac/PvOnGenset/L3/Power", "", 0, SolarPower, DischargePositive),
    row(System, "Ac/Consumption/L1/Power", "a1", 0, LoadPower, DischargePositive),
    row(System, "Ac/Consumption/L2/Power", "a2", 0, LoadPower, DischargePositive),
    row(System, "Ac/Consumption/L3/Power", "a3", 0, LoadPower, DischargePositive),
    row(System, "Ac/Grid/L1/Power", "g1", 0, GridPower, ImportPositive),
    row(System, "Ac/Grid/L2/Power", "g2", 0, GridPower, ImportPositive),
    row(System, "Ac/Grid/L3/Power", "g3", 0, GridPower, ImportPositive),
    row(Battery, "Dc/0/Voltage", "V", 47, Voltage, DischargePositive),
    row(Battery, "Dc/0/Current", "I", 49, Current, ChargePositive),
    row(Battery, "Dc/0/Power", "", 0, Power, ChargePositive),
    row(Battery, "Soc", "SOC", 51, Soc, DischargePositive),
    row(Battery, "Dc/0/Temperature", "", 115, Temperature, DischargePositive),
    row(Battery, "Soh", "", 0, Soh, DischargePositive),
    row(Battery, "Info/MaxChargeCurrent", "", 0, ChargeCurrentMax, DischargePositive),
    row(Battery, "Info/MaxDischargeCurrent", "", 0, DischargeCurrentMax, DischargePositive),
    row(Battery, "System/MinCellVoltage", "", 173, CellVoltageMin, DischargePositive),
    row(Battery, "System/MaxCellVoltage", "", 174, CellVoltageMax, DischargePositive),
    row(Battery, "System/MinCellTemperature", "", 0, CellTemperatureMin, DischargePositive),
    row(Battery, "System/MaxCellTemperature", "", 0, CellTemperatureMax, DischargePositive),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_path_and_codes_are_unique() {
        for (index, row) in ROWS.iter().enumerate() {
            assert_eq!(Row::find(row.service, row.path), Some(index));
            assert!(!row.path.starts_with('/'));
            let same = |other: &&Row| {
                !row.code.is_empty() && other.code == row.code || row.attribute > 0 && other.attribute == row.attribute
            };
            assert!(ROWS.iter().filter(same).count() <= 1, "{row:?}");
        }
        assert_eq!(Service::from_name("vebus"), None);
    }

    #[test]
    fn charge_is_negative_to_us_import_positive_and_inverters_draw_at_night() {
        let ours = |service, path, value| ROWS[Row::find(service, path).unwrap()].ours(value);
        for (service, path, theirs, expected) in [
            (System, "Dc/Battery/Power", -59.5, 59.5),
            (System, "Dc/Battery/Current", 12.0, -12.0),
            (Battery, "Dc/0/Power", 640.0, -640.0),
            (System, "Dc/Battery/Soc", 78.0, 78.0),
            (System, "Ac/Grid/L1/Power", -300.0, -300.0),
            (System, "Ac/PvOnGrid/L1/Power", -3.0, -3.0),
        ] {
            assert_eq!(ours(service, path, theirs), expected, "{path}");
        }
    }
}
