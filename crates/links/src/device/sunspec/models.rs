//! The models that we read, as tables: SunSpec Information Models, from the alliance's model definitions.
//!
//! Offsets count from the id register. A field's scale factor is a register of the model's fixed part. "Not implemented"
//! is 0xFFFF, of signed fields and scale factors 0x8000.

use super::types::Meaning::{self, CellTemperature, CellVoltage, Outward, Point, Shown};
use super::types::{Field, Table};
use domain::point::PointId;
use domain::point::PointId::{
    CellTemperatureMax, CellTemperatureMin, CellVoltageMax, CellVoltageMin, ChargeCurrentMax, Current,
    DischargeCurrentMax, Power, Soc, Soh, Voltage,
};

/// Model 1: maker, model, version, serial number.
pub(super) const COMMON: u16 = 1;
/// Model 124: what an inverter says of its battery.
pub(super) const STORAGE: u16 = 124;
/// Model 802: the battery as a whole.
pub(super) const BATTERY: u16 = 802;
/// Offset of its heartbeat, which counts up each second.
pub(super) const HEARTBEAT: usize = 18;
/// Model 803: the bank of strings.
pub(super) const BANK: u16 = 803;
/// Model 805: a module with its cells.
pub(super) const CELLS: u16 = 805;
/// Offset and registers of the serial number in model 1.
pub const SERIAL: (usize, usize) = (50, 16);
/// Offsets of string and module index in model 805, both from 1, and of the number of cells.
pub(super) const INDICES: (usize, usize, usize) = (2, 3, 4);

const fn u16(at: u16, name: &'static str, factor: u16, unit: &'static str, is: Meaning) -> Field {
    Field { at, name, signed: false, factor, unit, is }
}

const fn s16(at: u16, name: &'static str, factor: u16, unit: &'static str, is: Meaning) -> Field {
    Field { at, name, signed: true, factor, unit, is }
}

const fn number(at: u16, name: &'static str) -> Field {
    u16(at, name, 0, "", Shown)
}

/// The table of a model; `None` if we do not read it.
pub(super) fn table(id: u16) -> Option<&'static Table> {
    MODELS.iter().find(|(known, _)| *known == id).map(|(_, table)| table)
}

/// Every point that a model has.
pub(super) fn points() -> Vec<PointId> {
    let fields = MODELS.iter().flat_map(|(_, table)| table.fields);
    let point = |field: &Field| match field.is {
        Point(point) | Outward(point) => Some(point),
        _ => None,
    };
    fields.filter_map(point).chain([PointId::BmsAlarms, PointId::BmsWarnings]).collect()
}

/// 802 has the pack's values; 803 to 805 those of strings, modules and cells. 124 is what an inverter says of a battery.
#[rustfmt::skip]
const MODELS: &[(u16, Table)] = &[
    // The last two registers, device address and padding, are often left out.
    (COMMON, Table { name: "Common", fixed: 66, group: 0, fields: &[], group_fields: &[] }),
    (STORAGE, Table { name: "Storage", fixed: 26, group: 0, group_fields: &[], fields: &[
        u16(2, "WChaMax", 18, "W", Shown), number(5, "StorCtl_Mod"), u16(7, "MinRsvPct", 21, "%", Shown),
        u16(8, "ChaState", 22, "%", Point(Soc)), u16(10, "InBatV", 24, "V", Point(Voltage)), number(11, "ChaSt"),
        s16(12, "OutWRte", 25, "%", Shown), s16(13, "InWRte", 25, "%", Shown),
    ] }),
    (BATTERY, Table { name: "Battery", fixed: 64, group: 0, group_fields: &[], fields: &[
        u16(2, "AHRtg", 52, "Ah", Shown), u16(3, "WHRtg", 53, "Wh", Shown),
        u16(4, "WChaRteMax", 54, "W", Shown), u16(5, "WDisChaRteMax", 54, "W", Shown),
        u16(11, "SoC", 56, "%", Point(Soc)), u16(12, "DoD", 57, "%", Shown), u16(13, "SoH", 58, "%", Point(Soh)),
        number(16, "ChaSt"), number(17, "LocRemCtl"), number(18, "Hb"), number(21, "Typ"), number(22, "State"),
        u16(34, "V", 59, "V", Point(Voltage)), u16(35, "VMax", 59, "V", Shown), u16(36, "VMin", 59, "V", Shown),
        u16(37, "CellVMax", 60, "V", Point(CellVoltageMax)), number(38, "CellVMaxStr"), number(39, "CellVMaxMod"),
        u16(40, "CellVMin", 60, "V", Point(CellVoltageMin)), number(41, "CellVMinStr"), number(42, "CellVMinMod"),
        u16(43, "CellVAvg", 60, "V", Shown),
        s16(44, "A", 61, "A", Outward(Current)), u16(45, "AChaMax", 62, "A", Point(ChargeCurrentMax)),
        u16(46, "ADisChaMax", 62, "A", Point(DischargeCurrentMax)), s16(47, "W", 63, "W", Outward(Power)),
    ] }),
    (BANK, Table { name: "Lithium-ion bank", fixed: 28, group: 32, fields: &[
        number(2, "NStr"), number(3, "NStrCon"),
        s16(4, "ModTmpMax", 23, "°C", Point(CellTemperatureMax)), number(6, "ModTmpMaxMod"),
        s16(7, "ModTmpMin", 23, "°C", Point(CellTemperatureMin)), number(9, "ModTmpMinMod"),
        s16(10, "ModTmpAvg", 23, "°C", Shown), u16(11, "StrVMax", 27, "V", Shown), u16(13, "StrVMin", 27, "V", Shown),
        s16(16, "StrAMax", 24, "A", Shown), s16(18, "StrAMin", 24, "A", Shown), number(21, "NCellBal"),
    ], group_fields: &[
        number(0, "StrNMod"), u16(4, "StrSoC", 26, "%", Shown), u16(5, "StrSoH", 25, "%", Shown),
        s16(6, "StrA", 24, "A", Shown), u16(7, "StrCellVMax", 22, "V", Shown), u16(9, "StrCellVMin", 22, "V", Shown),
        u16(11, "StrCellVAvg", 22, "V", Shown), s16(12, "StrModTmpMax", 23, "°C", Shown),
        s16(14, "StrModTmpMin", 23, "°C", Shown), s16(16, "StrModTmpAvg", 23, "°C", Shown),
    ] }),
    (804, Table { name: "Lithium-ion string", fixed: 48, group: 16, fields: &[
        number(2, "Idx"), number(3, "NMod"), number(7, "NCellBal"), u16(8, "SoC", 38, "%", Shown),
        u16(9, "DoD", 40, "%", Shown), u16(12, "SoH", 39, "%", Shown), s16(13, "A", 41, "A", Shown),
        u16(14, "V", 42, "V", Shown), u16(15, "CellVMax", 43, "V", Shown), number(16, "CellVMaxMod"),
        u16(17, "CellVMin", 43, "V", Shown), number(18, "CellVMinMod"), u16(19, "CellVAvg", 43, "V", Shown),
        s16(20, "ModTmpMax", 44, "°C", Shown), s16(22, "ModTmpMin", 44, "°C", Shown), s16(24, "ModTmpAvg", 44, "°C", Shown),
    ], group_fields: &[
        number(0, "ModNCell"), u16(1, "ModSoC", 38, "%", Shown), u16(2, "ModSoH", 39, "%", Shown),
        u16(3, "ModCellVMax", 43, "V", Shown), number(4, "ModCellVMaxCell"), u16(5, "ModCellVMin", 43, "V", Shown),
        number(6, "ModCellVMinCell"), u16(7, "ModCellVAvg", 43, "V", Shown), s16(8, "ModCellTmpMax", 44, "°C", Shown),
        s16(10, "ModCellTmpMin", 44, "°C", Shown), s16(12, "ModCellTmpAvg", 44, "°C", Shown),
    ] }),
    (CELLS, Table { name: "Lithium-ion module", fixed: 44, group: 4, fields: &[
        number(2, "StrIdx"), number(3, "ModIdx"), number(4, "NCell"), u16(5, "SoC", 38, "%", Shown),
        u16(6, "DoD", 40, "%", Shown), u16(7, "SoH", 39, "%", Shown), u16(10, "V", 41, "V", Shown),
        u16(11, "CellVMax", 42, "V", Shown), number(12, "CellVMaxCell"), u16(13, "CellVMin", 42, "V", Shown),
        number(14, "CellVMinCell"), u16(15, "CellVAvg", 42, "V", Shown), s16(16, "CellTmpMax", 43, "°C", Shown),
        s16(18, "CellTmpMin", 43, "°C", Shown), s16(20, "CellTmpAvg", 43, "°C", Shown), number(21, "NCellBal"),
    ], group_fields: &[
        u16(0, "CellV", 42, "V", CellVoltage), s16(1, "CellTmp", 43, "°C", CellTemperature),
    ] }),
];
