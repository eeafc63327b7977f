//! Tests of the tables in `registers/`: what each asks, and what frames of real devices become.

use super::{Poll, RegisterTable};
use crate::describe::Describe;
use domain::reading::{NoData, Reading, Sample, Target};
use domain::write::Wear;
use std::time::Duration;

macro_rules! table {
    ($name:literal) => {
        RegisterTable::parse(include_str!(concat!("../../../../../registers/", $name, ".toml"))).unwrap()
    };
}

/// What is asked: unit, first register, count.
fn requests(table: &RegisterTable) -> Vec<(u8, u16, u16)> {
    table.blocks.iter().map(|block| (table.unit(block, 1), block.address, block.count)).collect()
}

/// What a device with these registers (the others are 0) gives, by path.
fn readings(table: &RegisterTable, registers: &[(u16, &[u16])]) -> Vec<(&'static str, Sample)> {
    let word = |at: u16| {
        let run = registers.iter().find(|(first, words)| (*first..*first + words.len() as u16).contains(&at));
        run.map_or(0, |(first, words)| words[usize::from(at - first)])
    };
    let mut poll = Poll::default();
    for block in &table.blocks {
        let words: Vec<u16> = (block.address..block.address + block.count).map(word).collect();
        block.decode(&words, &mut poll);
    }
    let sums = table.finish(&mut poll);
    poll.readings.extend(sums.into_iter().map(|(_, reading)| reading));
    assert_eq!(poll.impossible, 0);
    let path = |r: &Reading| match r.target {
        Target::Point(point) => Some(point.spec().path),
        Target::Device(_) => None,
        other => panic!("{other:?}"),
    };
    poll.readings.iter().filter_map(|r| Some((path(r)?, r.sample))).collect()
}

fn near(readings: &[(&str, Sample)], expected: &[(&str, f32)]) {
    for (path, value) in expected {
        let found = readings.iter().find(|(p, _)| p == path).map(|(_, sample)| *sample);
        assert!(found.is_some_and(|s| s.is_ok_and(|v| (v - value).abs() < 1e-3)), "{path}: {found:?}, not {value}");
    }
}

/// The points without a value, because the device has none.
fn without_value<'a>(readings: &[(&'a str, Sample)]) -> Vec<&'a str> {
    readings.iter().filter(|(_, sample)| *sample == Err(NoData::Error)).map(|(path, _)| *path).collect()
}

#[test]
fn victron_system_charge_is_negative_and_phases_add_up() {
    let table = table!("victron_system");
    assert_eq!(requests(&table), [(100, 808, 15), (100, 840, 5), (100, 850, 1), (100, 902, 12)]);
    assert_eq!(
        table.identity.as_ref().map(|block| (table.unit(block, 1), block.address, block.count)),
        Some((100, 800, 6))
    );
    // 52.1 V, -12.3 A, -641 W (+ is charging), 78 %, discharging.
    let battery: (u16, &[u16]) = (840, &[0x0209, 0xFF85, 0xFD7F, 0x004E, 2]);
    let sun: (u16, &[u16]) = (808, &[100, 0, 20, 0, 0, 0, 3]);
    let phases: (u16, &[u16]) = (902, &[0, 1_000, 0, 500, 0, 0, 0xFFFF, 0xFF9C, 0, 40, 0, 0]);
    let with_all = readings(&table, &[battery, sun, (850, &[2_000]), phases]);
    near(&with_all, &[("battery/voltage", 52.1), ("battery/current", 12.3), ("battery/power", 641.0)]);
    near(&with_all, &[("battery/soc", 78.0), ("solar/power", 2_123.0), ("load/power", 1_500.0), ("grid/power", -60.0)]);
    assert_eq!(table.decoded(1, &[2, 9, 0xFF, 0x85, 0xFD, 0x7F, 0, 0x4E, 0, 2])[4].text, "discharging (2)");

    // A GX without a battery monitor sends zeros; one whose power does not fit, the highest number.
    let battery = ["battery/voltage", "battery/current", "battery/power", "battery/soc"];
    assert_eq!(without_value(&readings(&table, &[])), battery);
    let clipped = readings(&table, &[(840, &[0x0209, 0xFF85, 0x7FFF, 78]), (850, &[0xFFFF])]);
    assert_eq!(without_value(&clipped), ["battery/power", "solar/power"]);
}

#[test]
fn victron_battery_and_the_two_together() {
    let (battery, mut both) = (table!("victron_battery"), table!("victron_gx"));
    let of_battery = [(225, 256, 11), (225, 304, 1), (225, 307, 2), (225, 318, 2), (225, 1_282, 1), (225, 1_290, 2)];
    assert_eq!(requests(&battery), of_battery);
    both.set_unit("battery", 30).unwrap();
    let of_system = [(100, 808, 15), (100, 844, 1), (100, 850, 1), (100, 902, 12)];
    let of_battery = of_battery.map(|(_, address, count)| (30, address, count));
    assert_eq!(requests(&both), [of_battery.as_slice(), &of_system].concat());
    // -641 W, 52.14 V, -12.3 A, 24.5 °C, 78.3 %; 98.7 %, 100 A and 120 A; 24.1 and 25.2 °C; 3.25 and 3.27 V.
    let registers: [(u16, &[u16]); 5] = [
        (256, &[0xFFFF, 0xFD7F, 0xFD7F, 5_214, 0, 0xFF85, 245, 0, 0, 0, 783]),
        (304, &[987]),
        (307, &[1_000, 1_200]),
        (318, &[241, 252]),
        (1_290, &[325, 327]),
    ];
    let all = readings(&battery, &registers);
    near(&all, &[("battery/power", 641.0), ("battery/voltage", 52.14), ("battery/current", 12.3)]);
    near(&all, &[("battery/temperature", 24.5), ("battery/soc", 78.3), ("battery/soh", 98.7)]);
    near(&all, &[("battery/charge_current_max", 100.0), ("battery/discharge_current_max", 120.0)]);
    near(&all, &[("battery/cell_temperature_max", 25.2), ("battery/cell_voltage_min", 3.25)]);
    // Unknown is 0: only the limits, whose 0 A stops a charger, are taken as they are.
    let with_value =
        readings(&battery, &[]).iter().filter(|(_, sample)| sample.is_ok()).map(|(p, _)| *p).collect::<Vec<_>>();
    assert_eq!(with_value, ["battery/charge_current_max", "battery/discharge_current_max"]);
}

#[test]
fn victron_grid_meter() {
    let table = table!("victron_grid_meter");
    assert_eq!(requests(&table), [(30, 2_638, 7)]);
    near(&readings(&table, &[(2_638, &[0, 1_200, 0xFFFF, 0xFF9C, 0, 5])]), &[("grid/power", 1_105.0)]);
}

#[test]
fn sol_ark_discharge_is_positive_and_requests_are_short() {
    let table = table!("solark");
    assert_eq!(requests(&table), [(1, 169, 1), (1, 178, 14), (1, 314, 2)]);
    assert!(table.blocks.iter().all(|block| block.count <= 20));
    // 25.4 °C, 52.14 V, 81 %, sun 1200 + 800 W, battery 1500 W and 28.77 A out; grid -320 W, house 3500 W.
    let battery: (u16, &[u16]) = (178, &[3_500, 0, 0, 0, 1_254, 5_214, 81, 0, 1_200, 800, 0, 0, 1_500, 2_877]);
    let all = readings(&table, &[(169, &[0xFEC0]), battery, (314, &[100, 140])]);
    near(&all, &[("battery/temperature", 25.4), ("battery/voltage", 52.14), ("battery/soc", 81.0)]);
    near(&all, &[("battery/power", 1_500.0), ("battery/current", 28.77), ("solar/power", 2_000.0)]);
    near(&all, &[("grid/power", -320.0), ("load/power", 3_500.0), ("battery/charge_current_max", 100.0)]);
    let none = without_value(&readings(&table, &[]));
    assert_eq!(none.len(), 5, "temperature, voltage, charge, power and current: {none:?}");
    let absent = readings(&table, &[(169, &[0x7FFF]), battery]);
    assert_eq!(without_value(&absent), ["grid/power"]);
}

#[test]
fn an_inverter_beside_a_battery_monitor_leaves_the_battery_to_it() {
    let table = table!("solark_beside_victron");
    assert!(table.blocks.iter().all(|block| block.count <= 20));
    let battery: (u16, &[u16]) = (178, &[3_500, 0, 0, 0, 1_254, 5_214, 81, 0, 1_200, 800, 0, 0, 1_500, 2_877]);
    let all = readings(&table, &[(169, &[0xFEC0]), battery]);
    near(&all, &[("inverter/soc", 81.0), ("inverter/battery_voltage", 52.14), ("inverter/battery_power", 1_500.0)]);
    near(&all, &[("solar/power", 2_000.0), ("grid/power", -320.0), ("load/power", 3_500.0)]);
    assert!(all.iter().all(|(path, _)| !path.starts_with("battery/")), "{all:?}");
    assert_eq!(without_value(&readings(&table, &[])).len(), 3);
}

#[test]
fn deye_three_phase() {
    let table = table!("deye_three_phase");
    assert_eq!(requests(&table), [(1, 586, 6), (1, 625, 1), (1, 672, 4)]);
    let all =
        readings(&table, &[(586, &[1_180, 5_214, 81, 0, 0xFA24, 0xF4C3]), (625, &[500]), (672, &[10, 20, 30, 40])]);
    near(&all, &[("battery/temperature", 18.0), ("battery/power", -1_500.0), ("battery/current", -28.77)]);
    near(&all, &[("grid/power", 500.0), ("solar/power", 100.0)]);
}

#[test]
fn what_may_be_set_on_a_victron_gx() {
    let table = table!("victron_settings");
    assert_eq!(requests(&table), [(100, 2716, 2), (100, 2901, 1)]);
    let [grid, soc] = table.setpoints() else { panic!("{:?}", table.setpoints()) };
    assert_eq!((grid.setpoint.name.as_str(), soc.setpoint.name.as_str()), ("grid-setpoint", "minimum-soc"));
    // -100 W of 32 bits, in memory; 15 % in tenths, stored.
    assert_eq!((grid.words(-100.0), soc.words(15.0)), (Ok(vec![0xFFFF, 0xFF9C]), Ok(vec![150])));
    assert_eq!((grid.setpoint.wear, soc.setpoint.wear), (Wear::Volatile, Wear::Flash));
    assert_eq!((table.unit_of(grid.unit, 1), soc.value(&[150])), (100, Some(15.0)));
    // It tells nothing of what the house does; the GX's own tables do.
    assert!(table.only_settings() && !table!("victron_battery").only_settings());
}

#[test]
fn the_meters_and_the_blueprint() {
    for (table, name, path, count, own) in [
        (table!("grid_meter"), "Grid meter", "grid/power", 4, &["meter/voltage", "meter/frequency_hz"][..]),
        (table!("load_meter"), "AI load meter", "load/power", 2, &[]),
    ] {
        assert_eq!(requests(&table), [(1, 0, count)]);
        let key = format!("reg 0-{}", count - 1);
        assert_eq!((table.key(0), table.name(0)), (key, format!("{name}, holding registers")));
        near(&readings(&table, &[(0, &[0xFFFF, 0xFFFE])]), &[(path, -2.0)]);
        assert_eq!(without_value(&readings(&table, &[(0, &[0x8000, 0])])), [path]);
        let points = table.device_points("meter", Duration::from_secs(1));
        assert_eq!(points.iter().map(|point| &*point.path).collect::<Vec<_>>(), own);
    }
    let blueprint = table!("BLUEPRINT");
    assert_eq!(requests(&blueprint), [(1, 59, 4), (1, 176, 3), (1, 183, 9), (1, 2901, 1), (225, 256, 2)]);
    assert_eq!(blueprint.key(4), "unit 225 reg 256-257");
    let [reserve] = blueprint.setpoints() else { panic!("{:?}", blueprint.setpoints()) };
    assert_eq!((reserve.setpoint.name.as_str(), reserve.words(30.0)), ("minimum-soc", Ok(vec![300])));
}
