//! What a person does in the lab, and what the controller then says.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use domain::lab::{LabCommand, LabFault, LoadMode, PackFault, SimDevice};
use sim::controller::report::{Mode, NodeState, Report};
use sim::plant::{Plant, PlantSpec};
use sim::registers::Write;

fn plant() -> Plant {
    let mut plant = Plant::new(&PlantSpec::default());
    plant.apply(LabCommand::Load(LoadMode::Fixed(40e3)));
    run(&mut plant, 10.0);
    assert_eq!(plant.report().mode, Mode::Normal);
    plant
}

fn run(plant: &mut Plant, seconds: f32) {
    for _ in 0..(seconds * 5.0) as usize {
        plant.step(0.2);
    }
}

/// Lets the battery give what its BMS allows, for the next minutes.
fn unlimited(plant: &mut Plant) {
    let limit = Write { unit: 1, address: 1, words: vec![2_500] };
    plant.take(&limit).unwrap();
}

#[test]
fn a_hot_cell_is_named_over_45_degrees_within_half_a_minute() {
    let mut plant = plant();
    plant.apply(LabCommand::Inject(LabFault::HotCell(131)));
    run(&mut plant, 30.0);
    let hottest = plant.report().temperature_extremes.unwrap();
    assert!(hottest.max_at == 131 && hottest.max > 45.0, "{hottest:?}");
    assert!(plant.report().warning && plant.report().mode == Mode::Normal);
    plant.apply(LabCommand::Clear(LabFault::HotCell(131)));
    run(&mut plant, 60.0);
    assert!(plant.report().temperature_extremes.unwrap().max < 35.0);
}

#[test]
fn a_weak_cell_is_the_lowest_in_a_burst() {
    let mut plant = plant();
    plant.apply(LabCommand::Inject(LabFault::WeakCell(77)));
    plant.apply(LabCommand::Burst { power_w: 240e3, seconds: 60.0 });
    run(&mut plant, 30.0);
    assert_eq!(plant.report().voltage_extremes.unwrap().min_at, 77);
}

#[test]
fn a_dead_node_takes_its_cells_out_of_the_report() {
    let mut plant = plant();
    plant.apply(LabCommand::Inject(LabFault::DeadNode(11)));
    run(&mut plant, 3.0);
    let report = plant.report();
    assert_eq!(report.cell_mv.iter().filter(|mv| mv.is_none()).count(), 20);
    assert!(report.nodes[11].state == NodeState::Lost && report.nodes[11].delay_ms > 2_000);
    plant.apply(LabCommand::ClearAll);
    run(&mut plant, 1.0);
    assert!(plant.report().cell_mv.iter().all(Option::is_some) && !plant.report().warning);
}

#[test]
fn faults_are_listed_once_in_order_and_those_that_cannot_be_are_not() {
    let mut plant = plant();
    let faults = [LabFault::SilentLink(SimDevice::GridMeter), LabFault::WeakCell(3)];
    for fault in [faults[0], faults[1], faults[0], LabFault::HotCell(260), LabFault::DeadNode(13)] {
        plant.apply(LabCommand::Inject(fault));
    }
    assert_eq!(plant.lab_state().faults, faults);
    assert!(plant.is_silent(SimDevice::GridMeter) && !plant.is_silent(SimDevice::Controller));
    plant.apply(LabCommand::Clear(faults[0]));
    assert_eq!(plant.lab_state().faults, [faults[1]]);
}

#[test]
fn a_burst_beyond_the_state_of_power_uses_all_of_it_and_the_grid_takes_the_rest() {
    let mut plant = plant();
    unlimited(&mut plant);
    plant.apply(LabCommand::Burst { power_w: 400e3, seconds: 20.0 });
    run(&mut plant, 15.0);
    let used = plant.report().power_w / plant.report().limits.discharge_w;
    assert!((0.98..1.02).contains(&used), "{used}");
    assert!((140e3..180e3).contains(&plant.grid_meter().power_w()), "{} W", plant.grid_meter().power_w());
}

/// Highest sag of the pack voltage in a burst of 400 kW against the time before it, %.
fn sag_of_the_biggest_burst(ambient_c: f32, soc_pct: f32) -> f32 {
    let mut plant = Plant::new(&PlantSpec { ambient_c, soc_pct, ..PlantSpec::default() });
    plant.apply(LabCommand::Load(LoadMode::Fixed(40e3)));
    run(&mut plant, 60.0);
    unlimited(&mut plant);
    let rest_v = plant.report().battery_v;
    plant.apply(LabCommand::Burst { power_w: 400e3, seconds: 30.0 });
    run(&mut plant, 30.0);
    100.0 * (1.0 - plant.report().battery_v / rest_v)
}

#[test]
fn the_biggest_burst_sags_a_cold_pack_by_more_than_5_percent_and_a_warm_one_by_less() {
    for (ambient_c, soc_pct) in [(22.0, 71.0), (22.0, 30.0), (10.0, 71.0), (5.0, 71.0), (0.0, 71.0), (-10.0, 71.0)] {
        println!("{ambient_c} °C, {soc_pct} %: {:.2} %", sag_of_the_biggest_burst(ambient_c, soc_pct));
    }
    assert!(sag_of_the_biggest_burst(-10.0, 71.0) > 5.0);
    assert!(sag_of_the_biggest_burst(22.0, 71.0) < 5.0);
}

#[test]
fn faults_of_the_pack_and_of_its_sensors_are_in_the_report_and_go_away() {
    use PackFault::*;
    let burst = [LabCommand::Load(LoadMode::Fixed(300e3))];
    let quiet = [LabCommand::Load(LoadMode::Fixed(20e3))];
    let lowest = |r: &Report| r.voltage_extremes.map_or(0.0, |e| e.min);
    let coldest = |r: &Report| r.temperature_extremes.map_or(0.0, |e| e.min);
    type Seen<'a> = &'a dyn Fn(&Report) -> bool;
    let table: [(&[LabFault], &[LabCommand], Seen<'_>); 14] = [
        (&[LabFault::HighCell(3)], &quiet, &|r| r.cell_mv[3] > Some(3_800) && r.mode == Mode::Error),
        (&[LabFault::LowCell(3)], &quiet, &|r| r.cell_mv[3] < Some(2_850) && lowest(r) < 2_850.0),
        (&[LabFault::SlowNode(2)], &quiet, &|r| r.nodes[2].delay_ms > 400 && r.nodes[2].state == NodeState::Delayed),
        (&[LabFault::Pack(LooseBusbar)], &burst, &|r| r.battery_v < 800.0),
        (&[LabFault::Pack(LowInsulation)], &quiet, &|r| r.insulation_kohm == 7.0),
        (&[LabFault::Pack(StuckContactor)], &quiet, &|r| r.contactors != r.contactors_command),
        (&[LabFault::Pack(BmsAlarm)], &quiet, &|r| r.alarms != 0 && r.warnings == 0),
        (&[LabFault::Pack(BmsWarning)], &quiet, &|r| r.warnings != 0 && r.alarms == 0),
        (&[LabFault::Pack(HighVoltage)], &quiet, &|r| r.battery_v > 949.0),
        (&[LabFault::Pack(VoltageOverflow)], &quiet, &|r| r.battery_v < 300.0),
        (&[LabFault::Pack(LowCharge)], &quiet, &|r| r.soc_pct == 12.0),
        (&[LabFault::Pack(HotPack)], &burst, &|r| coldest(r) > 60.0),
        (&[LabFault::Pack(LimitsIgnored)], &burst, &|r| r.power_w > 200e3),
        // A BMS allows no charge in the cold; who does not listen charges all the same.
        (&[LabFault::Pack(ColdPack), LabFault::Pack(LimitsIgnored)], &quiet, &|r| {
            coldest(r) < -10.0 && r.limits.charge_a == 0.0 && r.current_a < -10.0
        }),
    ];
    for (faults, commands, seen) in table {
        let mut plant = Plant::new(&PlantSpec { reserve_pct: 5.0, ..PlantSpec::default() });
        let run = |plant: &mut Plant| (0..100).for_each(|_| plant.step(0.2));
        run(&mut plant);
        assert!(!seen(plant.report()), "{faults:?} before");
        unlimited(&mut plant);
        commands.iter().for_each(|command| plant.apply(*command));
        faults.iter().for_each(|fault| plant.apply(LabCommand::Inject(*fault)));
        run(&mut plant);
        assert!(seen(plant.report()), "{faults:?}: {:?}", plant.report());
        plant.apply(LabCommand::ClearAll);
        plant.apply(LabCommand::Load(LoadMode::Fixed(66e3)));
        run(&mut plant);
        assert!(!seen(plant.report()), "{faults:?} is over");
    }
    let mut plant = Plant::new(&PlantSpec::default());
    (0..50).for_each(|_| plant.step(0.2));
    plant.apply(LabCommand::Inject(LabFault::Pack(FrozenVoltage)));
    plant.apply(LabCommand::Inject(LabFault::FrozenCell(7)));
    let before = (plant.report().battery_v, plant.report().cell_mv[7]);
    plant.apply(LabCommand::Load(LoadMode::Fixed(300e3)));
    for _ in 0..50 {
        plant.step(0.2);
        assert_eq!((plant.report().battery_v, plant.report().cell_mv[7]), before);
    }
}
