//! Limits of one system, end to end through `step`: what is raised, and what it says.

use super::tests::{at, batch, site, step};
use crate::limits::{Chemistry, KEYS, Limits};
use crate::point::PointId::{self, *};
use crate::reading::{CellQuantity, Sample, Target};
use crate::spec::{SiteSpec, SystemSpec};
use crate::topology::Topology;
use crate::twin::Site;

/// The test site with a battery of another kind.
fn site_of(chemistry: Chemistry, cells: u16, nominal_v: f32, topology: Topology) -> SiteSpec {
    let mut site = site();
    let limits = Limits::of(chemistry, cells, 100.0);
    site.systems[0] = SystemSpec { limits, nominal_v, topology, capacity_ah: 100.0, ..site.systems[0].clone() };
    site
}

/// What stands after the same readings came for `seconds`: each rule with its words.
fn alarms(site: &SiteSpec, seconds: f32, readings: &[(Target, f32)]) -> Vec<(&'static str, String)> {
    let readings: Vec<(Target, Sample)> = readings.iter().map(|(target, value)| (*target, Ok(*value))).collect();
    let mut twin = Site::new(site.clone());
    for tick in 0..=(seconds / 0.2) as u32 {
        let now = tick as f32 * 0.2;
        step(&mut twin, at(now), [batch(now, &readings)]);
    }
    let words = |alarm: &crate::alarm::Alarm| alarm.words(site, &site.systems[0], &twin.links).unwrap();
    twin.systems[0].alarms.active().iter().map(|alarm| (alarm.rule.rule().unwrap().id, words(alarm))).collect()
}

fn points(values: &[(PointId, f32)]) -> Vec<(Target, f32)> {
    values.iter().map(|(point, value)| (Target::Point(*point), *value)).collect()
}

#[test]
fn every_chemistry_has_its_own_limits_and_its_alarms_say_them() {
    use Chemistry::{LeadAcid, Lfp, Lto, Nmc, SodiumIon};
    let cells = |v: f32, c: f32| {
        let of = |quantity, value| (0..6).map(move |cell| (Target::Cell(quantity, cell), value));
        of(CellQuantity::Voltage, v).chain(of(CellQuantity::Temperature, c)).collect::<Vec<_>>()
    };
    let six = Topology::new(1, 2, 3);
    for (chemistry, n, nominal_v, readings, expected) in [
        (Nmc, 96, 350.4, cells(4.1, 25.0), &[][..]),
        (Nmc, 96, 350.4, cells(4.3, 25.0), &[("cell.voltage.high", "Cell 1.1 at 4300 mV, limit 4250 mV")]),
        (Lfp, 260, 832.0, cells(3.9, 25.0), &[("cell.voltage.high", "Cell 1.1 at 3900 mV, limit 3650 mV")]),
        (Lto, 120, 276.0, cells(2.3, -10.0), &[]),
        (Lto, 120, 276.0, cells(1.45, 20.0), &[("cell.voltage.low", "Cell 1.1 at 1450 mV, limit 1500 mV")]),
        (
            SodiumIon,
            100,
            310.0,
            cells(1.9, 20.0),
            &[("cell.voltage.low.warning", "Cell 1.1 at 1900 mV, limit 2000 mV")],
        ),
        (SodiumIon, 100, 310.0, cells(3.0, 46.5), &[("cell.temperature.high", "Cell 1.1 at 46.5 °C, limit 45 °C")]),
        (LeadAcid, 24, 48.0, cells(2.2, 2.0), &[]),
        (Lfp, 16, 51.2, cells(3.3, 2.0), &[("cell.temperature.low", "Cell 1.1 at 2 °C, limit 5 °C")]),
    ] {
        let found = alarms(&site_of(chemistry, n, nominal_v, six), 12.0, &readings);
        let first = |rule: &str| found.iter().find(|(id, _)| *id == rule).map(|(_, words)| words.as_str());
        for (rule, words) in expected {
            assert_eq!(first(rule), Some(*words), "{chemistry:?}: {found:?}");
        }
        assert!(found.is_empty() == expected.is_empty(), "{chemistry:?}: {found:?}");
    }
}

#[test]
fn what_the_pack_does_is_held_against_its_limits() {
    let lto = site_of(Chemistry::Lto, 100, 230.0, Topology::NONE);
    let lfp = site_of(Chemistry::Lfp, 16, 51.2, Topology::NONE);
    let pack = site_of(Chemistry::Lfp, 260, 832.0, Topology::NONE);
    for (site, readings, rule, words) in [
        (&lto, &[(Voltage, 281.0)][..], "pack.voltage.high", "Pack voltage 281 V, limit 280 V"),
        (&lto, &[(Voltage, 149.0)], "pack.voltage.low", "Pack voltage 149 V, limit 150 V"),
        (&lfp, &[(CellVoltageMax, 3.66)], "cell.voltage.high", "Highest cell at 3660 mV, limit 3650 mV"),
        (&lfp, &[(CellVoltageMin, 2.8)], "cell.voltage.low", "Lowest cell at 2800 mV, limit 2850 mV"),
        (&lfp, &[(Temperature, 46.0)], "cell.temperature.high", "Battery at 46 °C, limit 45 °C"),
        (&lfp, &[(Temperature, -20.0), (Current, -10.0)], "charge.temperature.low", "Charging at -20 °C, limit 0 °C"),
        (
            &lfp,
            &[(CellTemperatureMax, 51.0), (Current, -10.0)],
            "charge.temperature.high",
            "Charging at 51 °C, limit 50 °C",
        ),
        (
            &lfp,
            &[(Temperature, -21.0), (Current, 10.0)],
            "discharge.temperature.low",
            "Discharging at -21 °C, limit -20 °C",
        ),
        (
            &lfp,
            &[(Temperature, 61.0), (Power, 900.0)],
            "discharge.temperature.high",
            "Discharging at 61 °C, limit 60 °C",
        ),
        (&lfp, &[(Current, -106.0)], "current.charge.high", "Charging with 106 A, limit 100 A"),
        (&lto, &[(Current, 640.0)], "current.discharge.high", "Discharging with 640 A, limit 600 A"),
        (
            &lfp,
            &[(Current, -60.0), (ChargeCurrentMax, 50.0)],
            "bms.limit.charge",
            "Charging with 120 % of what the BMS allows now",
        ),
        (
            &lfp,
            &[(Current, 3.0), (DischargeCurrentMax, 0.0)],
            "bms.limit.discharge",
            "Discharging with 300 % of what the BMS allows now",
        ),
        (&lfp, &[(Soc, 12.5)], "soc.low", "State of charge 12.5 %, reserve 20 %"),
        (&pack, &[(InsulationKohm, 7.0)], "insulation.low", "Insulation 7 kΩ, limit 94.9 kΩ"),
        (&pack, &[(InsulationKohm, 300.0)], "insulation.low.warning", "Insulation 300 kΩ, limit 474.5 kΩ"),
        (
            &pack,
            &[(ContactorsCommand, 3.0), (Contactors, 1.0)],
            "contactor.mismatch",
            "Contactor feedback is “one closed”, the command is “closed”",
        ),
        (&pack, &[(BmsAlarms, 33.0)], "bms.alarm", "BMS alarm: communication error, voltage too high"),
        (&pack, &[(BmsWarnings, 4096.0)], "bms.warning", "BMS warning: contactor error"),
        (
            &pack,
            &[(Voltage, 176.6)],
            "voltage.impossible",
            "Pack voltage is 79 % off its nominal 832 V, which cannot be",
        ),
    ] {
        let found = alarms(site, 16.0, &points(readings));
        assert!(found.contains(&(rule, words.to_owned())), "{readings:?}: {found:?}");
        // One thing is wrong: a limit and its warning may both say so, nothing else does.
        let kind = rule.rsplit_once('.').map_or(rule, |(kind, _)| kind);
        let others = |id: &str| !id.starts_with(kind) && !id.starts_with("cell.temperature");
        assert!(!found.iter().any(|(id, _)| others(id)), "{readings:?}: {found:?}");
    }
    for quiet in [
        // Cold, but not charged; without dangerous voltage there is no limit of insulation.
        (&lfp, &[(Temperature, 6.0), (Current, 10.0), (InsulationKohm, 7.0)][..]),
        (&lfp, &[(Current, 0.2), (DischargeCurrentMax, 0.0), (ChargeCurrentMax, 0.0)]),
        (&pack, &[(Voltage, 832.0), (ContactorsCommand, 3.0), (Contactors, 3.0), (BmsAlarms, 0.0), (Soc, 20.0)]),
    ] {
        assert_eq!(alarms(quiet.0, 16.0, &points(quiet.1)), [], "{:?}", quiet.1);
    }
}

#[test]
fn a_value_that_is_repeated_while_others_move_is_called_frozen() {
    let mut site = site_of(Chemistry::Lfp, 260, 832.0, Topology::new(1, 2, 3));
    let run = |site: &SiteSpec, frozen: bool, moves: bool| {
        let mut twin = Site::new(site.clone());
        for tick in 0..150 {
            let now = tick as f32 * 0.2;
            let burst = moves && tick > 50;
            let (current_a, voltage_v) = (if burst { 60.0 } else { 20.0 }, if burst { 826.0 } else { 832.0 });
            let wobble = tick as f32 * 0.001;
            let mut readings =
                points(&[(Current, current_a + wobble), (Voltage, if frozen { 832.0 } else { voltage_v + wobble })]);
            readings.extend((0..6).map(|cell| {
                let v = if cell == 4 && frozen { 3.2 } else { 3.2 - if burst { 0.03 } else { 0.0 } + wobble / 100.0 };
                (Target::Cell(CellQuantity::Voltage, cell), v)
            }));
            let readings: Vec<_> = readings.into_iter().map(|(target, value)| (target, Ok(value))).collect();
            step(&mut twin, at(now), [batch(now, &readings)]);
        }
        let words = |alarm: &crate::alarm::Alarm| alarm.words(site, &site.systems[0], &twin.links).unwrap();
        twin.systems[0].alarms.active().iter().map(words).collect::<Vec<_>>()
    };
    for (frozen, moves) in [(false, true), (false, false), (true, false)] {
        assert_eq!(run(&site, frozen, moves), Vec::<String>::new(), "frozen {frozen}, moves {moves}");
    }
    let said = run(&site, true, true);
    assert!(said.iter().any(|words| words.starts_with("Voltage stands still for ")), "{said:?}");
    assert!(said.iter().any(|words| words.starts_with("Voltage of cell 2.2 stands still for ")), "{said:?}");
    // A coarse sensor's steps are wider than what the others moved.
    site.systems[0].cell_resolution_v = 0.05;
    assert_eq!(run(&site, true, true).len(), 1);
}

#[test]
fn a_limit_that_a_site_file_gives_is_the_one_that_is_kept() {
    let mut site = site_of(Chemistry::Lfp, 16, 51.2, Topology::NONE);
    let key = |name: &str| KEYS.iter().find(|key| key.key == name).unwrap();
    site.systems[0].limits.give(&[(key("cell_voltage_max_v"), 3.5), (key("charge_current_max_a"), 20.0)]);
    let found = alarms(&site, 16.0, &points(&[(CellVoltageMax, 3.51), (Voltage, 56.2), (Current, -25.0)]));
    let ids: Vec<_> = found.iter().map(|(id, _)| *id).collect();
    let expected = ["cell.voltage.high", "pack.voltage.high", "current.charge.high", "cell.voltage.high.warning"];
    assert!(expected.iter().all(|id| ids.contains(id)) && ids.len() == 4, "{found:?}");
    assert!(found.contains(&("pack.voltage.high", "Pack voltage 56.2 V, limit 56 V".to_owned())), "{found:?}");
}

/// A rule's limit is the key that it names.
#[test]
fn rules_name_the_key_of_their_limit() {
    use crate::alarm::{Limit, RULES};
    let system = &site().systems[0];
    for rule in RULES {
        let Limit::Of(name, limit) = rule.limit else { continue };
        if name == "reserve_pct" {
            assert_eq!(limit(system), system.reserve_pct);
            continue;
        }
        let key = KEYS.iter().find(|key| key.key == name).unwrap_or_else(|| panic!("{}: no key {name}", rule.id));
        let (raised, given) = (limit(system) * key.per_unit, key.get(&system.limits));
        // Currents may pass theirs by the error of measuring.
        assert!((raised - given).abs() <= 0.051 * given.abs(), "{}: {raised}, not {given}", rule.id);
    }
}

/// A device point has an alarm where its table gives it a limit, by its stable name; and it says so when the device answers
/// without it. Where the link itself is silent, that is the problem.
#[test]
fn device_points_with_limits_have_alarms_and_others_none() {
    use crate::link::{LinkIdx, LinkState, LinkStatus};
    use crate::point::{DevicePoint, PointLimits, Unit, WatchedPoint};
    let point = |path: &str, unit, limits| DevicePoint {
        path: path.to_owned(),
        unit,
        resolution: 0.1,
        max_age: std::time::Duration::from_secs(3),
        limits,
    };
    let mut site = site();
    let points = [
        point("bms/gpu/0/power", Unit::Watt, PointLimits::default()),
        point("bms/gpu/0/temperature", Unit::Celsius, PointLimits { low: None, high: Some(90.0) }),
        point("bms/fan", Unit::Percent, PointLimits { low: Some(20.0), high: None }),
    ];
    site.systems[0].watched_points = WatchedPoint::of(&points).into();
    site.systems[0].device_points = points.into();
    let mut twin = Site::new(site.clone());
    // Each step lasts ten seconds: what the three points say, whether the link is up, and what stands after it.
    let hot = "bms/gpu/0/temperature at 95 °C, limit 90 °C";
    let slow = "bms/fan at 12 %, limit 20 %";
    let gone = "bms/fan has no fresh value, although its device answers";
    let silent = "bms/fan has no fresh value: Battery controller does not answer";
    type Step<'a> = ([Option<f32>; 3], bool, &'a [(&'a str, &'a str)]);
    let steps: [Step<'_>; 8] = [
        ([Some(9e9), Some(60.0), Some(50.0)], true, &[]),
        ([Some(-9e9), Some(95.0), Some(12.0)], true, &[("device.point.high", hot), ("device.point.low", slow)]),
        // Not back by more than its deadband.
        (
            [None, Some(89.0), Some(50.0)],
            true,
            &[("device.point.high", "bms/gpu/0/temperature at 95 °C, limit 90 °C (at its worst; better now)")],
        ),
        ([None, Some(60.0), Some(50.0)], true, &[]),
        ([None, Some(60.0), None], true, &[("device.point.stale", gone)]),
        // Later the whole link is silent: the words follow.
        ([None, None, None], false, &[("device.point.stale", silent)]),
        ([None, Some(60.0), Some(50.0)], true, &[]),
        ([None, None, None], false, &[]),
    ];
    let mut tick = 0_u32;
    for (place, (values, up, expected)) in steps.into_iter().enumerate() {
        for _ in 0..50 {
            let now = tick as f32 * 0.2;
            tick += 1;
            let known = values.iter().zip(0..).filter_map(|(value, n)| Some((Target::Device(n), Ok((*value)?))));
            let readings: Vec<(Target, Sample)> = known.collect();
            let state = if up { LinkState::Up } else { LinkState::Down };
            let status = LinkStatus { state, last_at: Some(at(now).mono), ..LinkStatus::default() };
            step(&mut twin, at(now), [batch(now, &readings), crate::engine::Input::Link(LinkIdx(0), status)]);
        }
        let words = |alarm: &crate::alarm::Alarm| alarm.words(&site, &site.systems[0], &twin.links).unwrap();
        let mut found: Vec<_> =
            twin.systems[0].alarms.active().iter().map(|a| (a.rule.rule().unwrap().id, words(a))).collect();
        found.sort();
        let found: Vec<(&str, &str)> = found.iter().map(|(id, words)| (*id, words.as_str())).collect();
        assert_eq!(found, expected, "step {place}");
        let named = twin.systems[0].alarms.active().iter().filter_map(|alarm| alarm.name(&site, &site.systems[0]));
        assert!(named.into_iter().all(|(_, subject)| subject.starts_with("device point bms/")));
    }
}
