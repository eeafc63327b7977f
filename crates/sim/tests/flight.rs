//! The flight check of the live simulation: what it is made from, and what came true.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

#[path = "support/live.rs"]
mod live;

use domain::flight::{
    Assumption, Controls, Course, Dispatch, End, FlightCheck, LoadProfile, Measured, Mode, Outlook, Plan, Score,
    Unknown, Verdict,
};
use domain::lab::{LabCommand, LabFault, LoadMode};
use domain::limits::Chemistry;
use domain::point::PointId;
use domain::reading::{CellQuantity, NoData, Reading, Target};
use domain::spec::SystemSpec;
use domain::time::Utc;
use domain::topology::Topology;
use domain::twin::{Snapshot, SystemState};
use live::Live;
use proptest::prelude::*;
use sim::curve::between;
use sim::dispatch::{Converter, PeakShaver};
use sim::flight::{Recent, Stretch, check};
use sim::physics::parameters as p;
use sim::plant::{Plant, PlantSpec};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

const CAP_W: f32 = 66e3;

/// A system that has run under this load for some minutes.
fn live(soc_pct: f32, ambient_c: f32, load_w: f32, minutes: f32) -> Live {
    let mut live = Live::new(Plant::new(&PlantSpec { soc_pct, ambient_c, ..PlantSpec::default() }));
    live.plant.apply(LabCommand::Load(LoadMode::Fixed(load_w)));
    live.run(minutes * 60.0);
    live
}

fn plan(load: LoadProfile) -> Plan {
    Plan { load, dispatch: Dispatch::PeakShaving { grid_cap_w: CAP_W }, horizon_s: 24.0 * 3_600.0 }
}

fn ask(live: &Live, snapshot: &Snapshot, plan: &Plan, present: &Controls, wanted: &Controls) -> FlightCheck {
    check(&live.spec, snapshot, &Recent::of(&live.table(), snapshot.now.utc), plan, present, wanted)
}

/// Runs the simulation on until the load above the cap is no longer covered, or so long.
fn happens(live: &mut Live, load_w: f32, most_min: f32) -> Course {
    live.plant.apply(LabCommand::Load(LoadMode::Fixed(load_w)));
    let wanted_w = PeakShaver::new(CAP_W, 20.0).wanted_w(load_w);
    let mut course = Course::default();
    let begin_s = 15.0;
    // The load ramps up, and the first measured values are those of before.
    let mut power = (0.0, 0.0);
    let mut lowest_v = f32::INFINITY;
    for step in 1..=(most_min * 300.0) as u32 {
        live.run(0.2);
        let report = live.plant.report();
        let at_s = step as f32 * 0.2;
        power = (power.0 + report.power_w, power.1 + 1.0);
        lowest_v = lowest_v.min(report.voltage_extremes.unwrap().min / 1e3);
        if step % 50 == 0 {
            course.measured.push(Measured {
                at_min: at_s / 60.0,
                soc_pct: Some(report.soc_pct),
                battery_w: Some(power.0 / power.1),
                lowest_v: Some(lowest_v),
            });
            (power, lowest_v) = ((0.0, 0.0), f32::INFINITY);
        }
        if at_s > begin_s && report.power_w < 0.97 * wanted_w {
            course.ended_at_min = Some(at_s / 60.0);
            break;
        }
    }
    course
}

#[test]
fn what_was_predicted_comes_true() {
    let (now, weak, cut) = (0.0, Some(LabFault::WeakCell(77)), Some(LabFault::DeadNode(11)));
    for (what, soc_pct, ambient_c, before_w, load_w, fault) in [
        ("from rest", 40.0, 22.0, 66e3, 166e3, None),
        ("goes on", 45.0, 22.0, 150e3, 150e3, None),
        ("after charging", 40.0, 22.0, 35e3, 200e3, None),
        ("strong", 50.0, 22.0, 100e3, 260e3, None),
        ("cold", 40.0, -4.0, 120e3, 180e3, None),
        ("a weak cell", 35.0, 22.0, 160e3, 180e3, weak),
        ("cells that are not seen", 35.0, 22.0, 160e3, 180e3, cut),
    ] {
        let mut live = live(soc_pct, ambient_c, before_w, now);
        fault.into_iter().for_each(|fault| live.plant.apply(LabCommand::Inject(fault)));
        live.run(600.0);
        let controls = Controls::with_reserve(20.0);
        let snapshot = live.snapshot();
        let outlook = ask(&live, &snapshot, &plan(LoadProfile::Constant(load_w)), &controls, &controls).present;
        let course = happens(&mut live, load_w, 240.0);
        let score = Score::of(&outlook, &course);
        let lasts = outlook.training.unwrap();
        println!("{what:24} {lasts}, it was {:?}: {score} {:?}", course.ended_at_min, score.soc_own_points);
        // The simulated BMS says a health of 98.6 %, but has all of its capacity.
        assert!(score.training_min.unwrap().abs() < 0.03 * lasts.minutes + 0.3, "{what}: {score:?}");
        assert!(score.lowest_v.unwrap().abs() < 0.015, "{what}: {score:?}");
        assert!(score.soc_points.unwrap().abs() < 0.6 && lasts.end == End::Reserve, "{what}: {score:?}");
        assert_eq!(score.verdict, Verdict::AsPredicted, "{what}");
    }
}

#[test]
fn the_run_begins_with_what_is_read_now() {
    for (soc_pct, before_w) in [(60.0, 66e3), (60.0, 200e3), (24.0, 110e3), (50.0, 35e3)] {
        let live = live(soc_pct, 22.0, before_w, 8.0);
        let snapshot = live.snapshot();
        let controls = Controls::with_reserve(10.0);
        let check = ask(&live, &snapshot, &plan(LoadProfile::Held), &controls, &controls);
        let first = check.present.curve[0];
        let report = live.plant.report();
        let lowest_v = report.voltage_extremes.unwrap().min / 1e3;
        assert!((first.lowest_v - lowest_v).abs() < 2e-4, "{} V, read {lowest_v} V", first.lowest_v);
        assert!((first.soc_pct - report.soc_pct).abs() < 1e-3);
        assert_eq!(first.hottest_c, report.temperature_extremes.unwrap().max);
        assert!((check.load_w.unwrap() - before_w).abs() < 0.02 * before_w, "{:?}", check.load_w);
        assert_eq!(check.assumptions, [], "all is known");
    }
}

#[test]
fn a_lower_floor_brings_the_minutes_that_its_charge_lasts() {
    let live = live(60.0, 22.0, 166e3, 10.0);
    let snapshot = live.snapshot();
    let (present, wanted) = (Controls::with_reserve(20.0), Controls::with_reserve(15.0));
    let check = ask(&live, &snapshot, &plan(LoadProfile::Held), &present, &wanted);
    let minutes = |outlook: &Outlook| outlook.training.unwrap().minutes;
    let more_min = minutes(&check.wanted) - minutes(&check.present);
    // 5 % of 280 Ah at the current of 102 kW and 3.15 V a cell.
    let expected_min = 0.05 * 280.0 * 0.986 / (102.3e3 / (260.0 * 3.15)) * 60.0;
    assert!((more_min / expected_min - 1.0).abs() < 0.03, "{more_min} min, by hand {expected_min}");
    let energy = |outlook: &Outlook| outlook.energy_above_floor_wh.unwrap();
    let more_wh = energy(&check.wanted) - energy(&check.present);
    assert!((more_wh / (102.3e3 * more_min / 60.0) - 1.0).abs() < 0.02, "{more_wh} Wh");
    // Down to the floor, what is above it has flowed.
    let flowed_wh = 102.3e3 * minutes(&check.present) / 60.0;
    assert!((energy(&check.present) / flowed_wh - 1.0).abs() < 0.02, "{} {flowed_wh}", energy(&check.present));
    // A failure of the grid uses the reserve; it is reached earlier where it is higher.
    let backup = |outlook: &Outlook| outlook.backup.unwrap();
    assert_eq!(backup(&check.wanted).lasts, backup(&check.present).lasts);
    assert!(backup(&check.wanted).to_reserve_min.unwrap() > backup(&check.present).to_reserve_min.unwrap() + 2.0);
}

#[test]
fn each_control_has_its_effect() {
    let live = live(60.0, 22.0, 166e3, 5.0);
    let snapshot = live.snapshot();
    let present = Controls::with_reserve(20.0);
    let outlook =
        |wanted: Controls| ask(&live, &snapshot, &plan(LoadProfile::Constant(166e3)), &present, &wanted).wanted;
    let free = outlook(present);
    for (what, wanted, end, headroom_w) in [
        ("as it is", present, End::Reserve, 250e3 - 102.3e3),
        ("a limit above the need", Controls { discharge_limit_w: Some(150e3), ..present }, End::Reserve, 47.6e3),
        ("a limit below it", Controls { discharge_limit_w: Some(90e3), ..present }, End::DischargeLimit, -12.3e3),
        ("standby", Controls { running: false, ..present }, End::Standby, -102.3e3),
        ("Max Safety", Controls { mode: Mode::MaxSafety, ..present }, End::Mode, -102.3e3),
        ("a floor above the charge", Controls::with_reserve(70.0), End::Reserve, -102.3e3),
    ] {
        let outlook = outlook(wanted);
        let lasts = outlook.training.unwrap();
        let covered = lasts.minutes > 0.0;
        assert_eq!((lasts.end, covered), (end, end == End::Reserve && wanted.reserve_pct < 60.0), "{what}");
        let headroom = outlook.headroom_w.unwrap();
        assert!((headroom - headroom_w).abs() < 2e3, "{what}: {headroom} W");
    }
    let limited = outlook(Controls { discharge_limit_w: Some(150e3), ..present });
    // The battery fades out over the last point above the reserve: a smaller share of it suffices where more is allowed.
    let earlier_min = free.training.unwrap().minutes - limited.training.unwrap().minutes;
    assert!((0.0..0.7).contains(&earlier_min), "{earlier_min} min");
    // Where the grid is lost, Max Safety carries the load all the same; standby does not.
    assert_eq!(outlook(Controls { mode: Mode::MaxSafety, ..present }).backup, free.backup);
    let standby = outlook(Controls { running: false, ..present }).backup.unwrap();
    assert_eq!((standby.lasts.minutes, standby.lasts.end), (0.0, End::Standby));
    // A charge limit keeps the battery from being filled in a calm hour.
    let calm = |limit_w| {
        let wanted = Controls { charge_limit_w: limit_w, ..present };
        let calm = Plan { horizon_s: 3_600.0, ..plan(LoadProfile::Constant(30e3)) };
        ask(&live, &snapshot, &calm, &present, &wanted).wanted.curve.last().unwrap().soc_pct
    };
    assert!(calm(None) > 67.0 && (calm(Some(0.0)) - 60.0).abs() < 6.5 && calm(Some(0.0)) < calm(Some(10e3)));
}

#[test]
fn bursts_of_the_last_minutes_go_on_although_their_mean_is_below_the_cap() {
    let mut live = live(30.0, 22.0, 30e3, 2.0);
    for _ in 0..10 {
        live.plant.apply(LabCommand::Burst { power_w: 150e3, seconds: 12.0 });
        live.run(60.0);
    }
    let snapshot = live.snapshot();
    let controls = Controls::with_reserve(20.0);
    let repeated = Recent::repeated(&live.table(), snapshot.now.utc).unwrap();
    let ended = |load| ask(&live, &snapshot, &plan(load), &controls, &controls).present.training.unwrap();
    assert_eq!(ended(LoadProfile::Held).end, End::Horizon, "the mean of some 54 kW is below the cap");
    // A fifth of the time 86 kW empty it; without a charger it is never filled in between.
    let idle = Controls { charge_limit_w: Some(0.0), ..controls };
    let emptied = ask(&live, &snapshot, &plan(repeated), &controls, &idle).wanted.training.unwrap();
    let above_ah = (live.plant.report().soc_pct - 20.0) / 100.0 * 280.0 * 0.986;
    let by_hand_min = above_ah / (86e3 / (260.0 * 3.22)) * 60.0 * 60.0 / 12.0;
    let share = emptied.minutes / by_hand_min;
    assert!(emptied.end == End::Reserve && (0.9..1.1).contains(&share), "{emptied:?}, by hand {by_hand_min}");
}

#[test]
fn open_contactors_are_told() {
    let live = live(60.0, 22.0, 66e3, 1.0);
    let controls = Controls::with_reserve(20.0);
    for (bits, told) in [(0.0, true), (2.0, true), (6.0, true), (3.0, false), (7.0, false)] {
        let mut snapshot = live.snapshot();
        let reading = Reading { target: Target::Point(PointId::Contactors), sample: Ok(bits) };
        snapshot.state.apply(reading, snapshot.now.mono);
        let assumptions = ask(&live, &snapshot, &plan(LoadProfile::Held), &controls, &controls).assumptions;
        assert_eq!(assumptions.contains(&Assumption::ContactorsClosed), told, "{bits}");
    }
}

/// Takes a value away, as if its source were silent for so long.
fn without(snapshot: &Snapshot, gone: &[Target]) -> Snapshot {
    let mut snapshot = snapshot.clone();
    let at = snapshot.now.mono;
    for target in gone {
        snapshot.state.apply(Reading { target: *target, sample: Err(NoData::Timeout) }, at);
    }
    snapshot
}

#[test]
fn what_is_not_known_is_said_and_what_can_be_done_without_is_assumed() {
    let live = live(50.0, 22.0, 150e3, 10.0);
    let all = live.snapshot();
    let recent = Recent::of(&live.table(), all.now.utc);
    let controls = Controls::with_reserve(20.0);
    let held = plan(LoadProfile::Held);
    let full = check(&live.spec, &all, &recent, &held, &controls, &controls).present;
    let minutes = full.training.unwrap().minutes;

    // Nothing can be said.
    let stale = Snapshot { now: all.now + Duration::from_secs(60), ..all.clone() };
    let soc = |why| Unknown::Point(PointId::Soc, why);
    let load = Unknown::Point(PointId::LoadPower, NoData::Timeout);
    let no_load = Recent { load_w: None, ..recent.clone() };
    let point = Target::Point;
    let mut nmc = live.spec.clone();
    nmc.limits.chemistry = Chemistry::Nmc;
    let mut empty = live.spec.clone();
    empty.capacity_ah = 0.0;
    let odd = plan(LoadProfile::Constant(f32::NAN));
    let wrong = Controls::with_reserve(f32::NAN);
    for (spec, snapshot, recent, plan, controls, why) in [
        (&live.spec, &stale, &recent, &held, &controls, soc(NoData::Stale)),
        (&live.spec, &without(&all, &[point(PointId::Soc)]), &recent, &held, &controls, soc(NoData::Timeout)),
        (&live.spec, &without(&all, &[point(PointId::LoadPower)]), &no_load, &held, &controls, load),
        (&live.spec, &Snapshot::unknown(&live.spec, Utc(0)), &recent, &held, &controls, soc(NoData::NotPresent)),
        (&nmc, &all, &recent, &held, &controls, Unknown::Chemistry(Chemistry::Nmc)),
        (&empty, &all, &recent, &held, &controls, Unknown::Capacity),
        (&live.spec, &all, &recent, &odd, &controls, Unknown::Plan),
        (&live.spec, &all, &recent, &held, &wrong, Unknown::Controls),
    ] {
        let Outlook { training, backup, lowest_cell, hottest_cell, energy_above_floor_wh, headroom_w, curve } =
            check(spec, snapshot, recent, plan, controls, controls).present;
        assert_eq!((training.err(), backup.err(), lowest_cell.err()), (Some(why), Some(why), Some(why)));
        assert_eq!(
            (hottest_cell.err(), energy_above_floor_wh.err(), headroom_w.err()),
            (Some(why), Some(why), Some(why))
        );
        assert!(curve.is_empty());
    }

    // Something is assumed, and the minutes are still about right.
    let voltages: Vec<Target> = (0..260).map(|cell| Target::Cell(CellQuantity::Voltage, cell)).collect();
    let temperatures: Vec<Target> = (0..260).map(|cell| Target::Cell(CellQuantity::Temperature, cell)).collect();
    let warmth: Vec<Target> = [PointId::CellTemperatureMin, PointId::CellTemperatureMax].map(Target::Point).to_vec();
    let bms = [PointId::SopDischarge, PointId::SopCharge].map(Target::Point);
    let no_cells = [&voltages[..], &temperatures, &[point(PointId::CellVoltageMin)]].concat();
    for (gone, recent, assumed) in [
        (&voltages[..20], &recent, vec![Assumption::CellsMissing(20)]),
        (&voltages[..], &recent, vec![Assumption::MeanCell(NoData::Timeout)]),
        (&no_cells[..], &recent, vec![Assumption::MeanCell(NoData::Timeout)]),
        (&[&temperatures[..], &warmth].concat()[..], &recent, vec![Assumption::Temperature(22.0)]),
        (&[point(PointId::Soh)], &recent, vec![Assumption::Health(NoData::Timeout)]),
        (&[point(PointId::Current)], &recent, vec![]),
        (&[PointId::Current, PointId::Power].map(point), &recent, vec![Assumption::AtRest(NoData::Timeout)]),
        (&bms[..], &recent, vec![Assumption::BmsPower(NoData::Timeout)]),
        (&[], &Recent { current: recent.current.clone(), load_w: Some(150e3) }, vec![]),
        (&[], &Recent { current: Vec::new(), ..recent.clone() }, vec![Assumption::Settled]),
    ] {
        let check = check(&live.spec, &without(&all, gone), recent, &held, &controls, &controls);
        let lasts = check.present.training.unwrap();
        println!("{assumed:?}: {lasts}, {:?}", check.present.lowest_cell);
        let told: Vec<Assumption> =
            check.assumptions.iter().filter(|a| !matches!(a, Assumption::Unexplained { .. })).copied().collect();
        assert_eq!(told, assumed);
        assert!((lasts.minutes / minutes - 1.0).abs() < 0.03, "{assumed:?}: {lasts:?}, {minutes}");
    }
}

#[test]
fn a_house_without_cells_is_one_mean_cell() {
    let live = live(50.0, 22.0, 150e3, 1.0);
    let mut spec = SystemSpec::new("home", "House", Topology::NONE, 840.0, 51.2);
    spec.max_ages.clear();
    let mut snapshot = Snapshot { now: live.snapshot().now, ..Snapshot::unknown(&spec, Utc(0)) };
    snapshot.state = SystemState::new(&spec);
    for (point, value) in
        [(PointId::Soc, 62.0), (PointId::Voltage, 52.6), (PointId::Current, 30.0), (PointId::Temperature, 21.0)]
    {
        let reading = Reading { target: Target::Point(point), sample: Ok(value) };
        snapshot.state.apply(reading, snapshot.now.mono);
    }
    let recent = Recent { current: vec![Stretch { seconds: 600.0, current_a: 30.0 }], load_w: Some(1_600.0) };
    let controls = Controls::with_reserve(20.0);
    let plan = Plan { dispatch: Dispatch::PeakShaving { grid_cap_w: 50.0 }, ..plan(LoadProfile::Held) };
    let check = check(&spec, &snapshot, &recent, &plan, &controls, &controls);
    let lasts = check.present.training.unwrap();
    // 42 % of 840 Ah at 1,888 W and 52.2 V.
    let by_hand_min = 0.42 * 840.0 / (1_888.0 / 52.2) * 60.0;
    assert!((lasts.minutes / by_hand_min - 1.0).abs() < 0.02, "{lasts:?}, by hand {by_hand_min} min");
    assert!(check.assumptions.contains(&Assumption::MeanCell(NoData::NotPresent)), "{:?}", check.assumptions);
    assert_eq!(check.present.lowest_cell.unwrap().cell, None);
}

/// Any load profile that can be, and some that cannot.
fn profiles() -> impl Strategy<Value = LoadProfile> {
    let watts = || -1e4..1e6_f32;
    prop_oneof![
        Just(LoadProfile::Held),
        watts().prop_map(LoadProfile::Constant),
        (watts(), watts(), 0.1..4_000.0_f32, 0.0..5_000.0_f32).prop_map(|(base_w, burst_w, every_s, lasting_s)| {
            LoadProfile::Bursts { base_w, burst_w, every_s, lasting_s }
        }),
        (prop::collection::vec(watts(), 0..60), 0.0..900.0_f32)
            .prop_map(|(load_w, step_s)| LoadProfile::Recorded { load_w, step_s }),
        (prop::collection::vec(0.0..400e3_f32, 1..9), 0.1..900.0_f32)
            .prop_map(|(load_w, step_s)| LoadProfile::Repeated { load_w, step_s }),
    ]
}

/// A snapshot of anything within what can be believed.
fn any_snapshot() -> impl Strategy<Value = Snapshot> {
    let points = [
        PointId::Soc,
        PointId::Soh,
        PointId::Voltage,
        PointId::Current,
        PointId::SopDischarge,
        PointId::SopCharge,
        PointId::LoadPower,
        PointId::Ambient,
        PointId::CellVoltageMin,
    ];
    let shares = prop::collection::vec(prop::option::weighted(0.8, 0.0..=1.0_f32), points.len());
    let cells = prop::collection::vec(prop::option::weighted(0.9, (0.0..6.0_f32, -60.0..120.0_f32)), 260);
    (shares, cells, any::<bool>()).prop_map(move |(shares, cells, seen)| {
        let spec = live::spec();
        let mut snapshot = Snapshot::unknown(&spec, Utc(0));
        let at = snapshot.now.mono;
        for (point, share) in points.iter().zip(shares) {
            let (low, high) = point.spec().plausible;
            if let Some(share) = share {
                let reading = Reading { target: Target::Point(*point), sample: Ok(low + share * (high - low)) };
                snapshot.state.apply(reading, at);
            }
        }
        for (number, cell) in cells.into_iter().enumerate().filter(|_| seen) {
            if let Some((volts, celsius)) = cell {
                for (quantity, value) in [(CellQuantity::Voltage, volts), (CellQuantity::Temperature, celsius)] {
                    let reading = Reading { target: Target::Cell(quantity, number as u16), sample: Ok(value) };
                    snapshot.state.apply(reading, at);
                }
            }
        }
        snapshot
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever is read and asked, the answer is a number that can be or a reason, and it comes.
    #[test]
    fn no_input_makes_a_value_that_cannot_be(
        snapshot in any_snapshot(),
        load in profiles(),
        backup in any::<bool>(),
        reserve_pct in -10.0..110.0_f32,
        limit_w in prop::option::of(0.0..300e3_f32),
        horizon_s in 0.0..100e3_f32,
    ) {
        let dispatch = if backup { Dispatch::Backup } else { Dispatch::PeakShaving { grid_cap_w: CAP_W } };
        let plan = Plan { load, dispatch, horizon_s };
        let present = Controls::with_reserve(20.0);
        let wanted = Controls { reserve_pct, discharge_limit_w: limit_w, ..present };
        let FlightCheck { present, wanted, .. } =
            check(&live::spec(), &snapshot, &Recent::default(), &plan, &present, &wanted);
        for outlook in [present, wanted] {
            let minutes = |minutes: f32| (0.0..=24.0 * 60.0 + 0.1).contains(&minutes);
            prop_assert!(outlook.training.is_err() || outlook.training.is_ok_and(|lasts| minutes(lasts.minutes)));
            if let Ok(backup) = outlook.backup {
                prop_assert!(minutes(backup.lasts.minutes) && backup.to_reserve_min.is_none_or(minutes));
            }
            for extreme in [outlook.lowest_cell, outlook.hottest_cell].into_iter().flatten() {
                prop_assert!(extreme.value.is_finite() && minutes(extreme.at_min), "{extreme:?}");
            }
            for value in [outlook.energy_above_floor_wh, outlook.headroom_w].into_iter().flatten() {
                prop_assert!(value.is_finite());
            }
            prop_assert!(outlook.curve.len() <= 400);
            prop_assert!(outlook.curve.windows(2).all(|pair| pair[0].at_min < pair[1].at_min));
            let finite = |p: &domain::flight::CurvePoint| {
                p.soc_pct.is_finite() && p.battery_w.is_finite() && p.lowest_v.is_finite() && p.hottest_c.is_finite()
            };
            prop_assert!(outlook.curve.iter().all(finite));
        }
    }
}

/// The same cell by another program, see `tests/judge/flight.py`. To compare with scipy, `PACKTWIN_PYTHON` names a Python
/// that has it.
fn judge(input: &serde_json::Value) -> Option<serde_json::Value> {
    let python = testkit::python("json, math")?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judge/flight.py");
    let mut child = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn one_cell_does_what_an_integration_of_the_same_equations_says() {
    let spec = SystemSpec::new("hv", "832 V pack", Topology::NONE, 280.0, 832.0);
    for (power_w, soc_pct, celsius, air_c, floor_pct) in [
        (100e3, 71.0, 22.0, 22.0, 20.0),
        (30e3, 50.0, 25.0, 25.0, 10.0),
        (200e3, 90.0, 12.0, 10.0, 17.0),
        (60e3, 60.0, -5.0, -8.0, 12.0),
        (230e3, 95.0, 30.0, 38.0, 20.0),
    ] {
        let mut snapshot = Snapshot::unknown(&spec, Utc(0));
        let rest_v = 260.0 * between(&p::OCV, soc_pct);
        for (point, value) in [
            (PointId::Soc, soc_pct),
            (PointId::Soh, 100.0),
            (PointId::Voltage, rest_v),
            (PointId::Current, 0.0),
            (PointId::Temperature, celsius),
            (PointId::Ambient, air_c),
        ] {
            let reading = Reading { target: Target::Point(point), sample: Ok(value) };
            snapshot.state.apply(reading, snapshot.now.mono);
        }
        let recent = Recent { current: vec![Stretch { seconds: 600.0, current_a: 0.0 }], load_w: None };
        let load = LoadProfile::Constant(power_w * Converter::HALL.efficiency - Converter::HALL.standing_w);
        let plan = Plan { load, dispatch: Dispatch::Backup, horizon_s: 24.0 * 3_600.0 };
        let controls = Controls::with_reserve(floor_pct);
        let outlook = check(&spec, &snapshot, &recent, &plan, &controls, &controls).present;
        let minutes = outlook.backup.unwrap().to_reserve_min.unwrap();
        let input = serde_json::json!({
            "ocv": p::OCV, "hysteresis": p::HYSTERESIS, "entropy": p::ENTROPY, "low_soc": p::LOW_SOC_FACTOR,
            "beta_cold_k": 2_100.0, "beta_warm_k": 1_360.0, "factor": 1.0, "series": 260.0,
            "r0": p::R0_OHM, "rc1": p::RC1, "rc2": p::RC2, "fixed_ohm": p::RACK_WIRING_OHM + 260.0 * p::BUSBAR_OHM,
            "hysteresis_throughput": p::HYSTERESIS_THROUGHPUT, "to_air_w_per_k": 0.35,
            "heat_capacity": p::HEAT_CAPACITY_J_PER_K, "capacity_ah": 280.0, "rated_ah": 280.0, "power_w": power_w,
            "soc_pct": soc_pct, "celsius": celsius, "air_c": air_c, "floor_pct": floor_pct,
        });
        let Some(truth) = judge(&input) else { return };
        let number = |key: &str| truth[key].as_f64().unwrap() as f32;
        // From the points before, because the curve of the open circuit bends at the floor.
        let after = outlook.curve.iter().position(|point| point.at_min >= minutes).unwrap();
        let [a, b] = [outlook.curve[after - 2], outlook.curve[after - 1]];
        let share = (minutes - b.at_min) / (b.at_min - a.at_min);
        let lowest_v = b.lowest_v + share * (b.lowest_v - a.lowest_v);
        let hottest_c = b.hottest_c + share * (b.hottest_c - a.hottest_c);
        println!(
            "{:3.0} kW {celsius:3} °C: {minutes:.2} min, {} {:.2}; {lowest_v:.4} V, {:.4}; {:.2} °C, {:.2}",
            power_w / 1e3,
            truth["by"],
            number("minutes"),
            number("lowest_v"),
            hottest_c,
            number("celsius")
        );
        assert!((minutes / number("minutes") - 1.0).abs() < 0.003, "{minutes} min: {truth}");
        assert!((lowest_v - number("lowest_v")).abs() < 0.003, "{lowest_v} V: {truth}");
        assert!((hottest_c - number("celsius")).abs() < 0.5, "{hottest_c} °C: {truth}");
    }
}
