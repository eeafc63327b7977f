//! What is set on the controller is seen in the power flow.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use domain::lab::{LabCommand, LabFault, LoadMode, PackFault, WriteFault};
use sim::controller::report::Mode;
use sim::plant::{Plant, PlantSpec};
use sim::registers::Write;

/// Registers of the controller.
const RESERVE: u16 = 0;
const DISCHARGE_LIMIT: u16 = 1;
const CHARGE_LIMIT: u16 = 2;
const MODE: u16 = 3;
const RUN: u16 = 4;

/// A plant whose contactors are closed, under a load of so many kW.
fn plant(load_kw: f32, soc_pct: f32) -> Plant {
    let mut plant = Plant::new(&PlantSpec { soc_pct, ..PlantSpec::default() });
    plant.apply(LabCommand::Load(LoadMode::Fixed(load_kw * 1e3)));
    pass(&mut plant, 15.0);
    assert_eq!(plant.report().mode, Mode::Normal);
    plant
}

fn pass(plant: &mut Plant, seconds: f32) {
    (0..(seconds * 5.0).round() as usize).for_each(|_| plant.step(0.2));
}

fn set(plant: &mut Plant, address: u16, word: u16) {
    plant.take(&Write { unit: 1, address, words: vec![word] }).unwrap();
}

fn battery_kw(plant: &Plant) -> f32 {
    plant.report().power_w / 1e3
}

#[test]
fn a_lower_discharge_limit_is_seen_within_a_second_and_returns_when_its_time_is_over() {
    let mut plant = plant(200.0, 71.0);
    assert!((130.0..145.0).contains(&battery_kw(&plant)), "{} kW", battery_kw(&plant));
    for (tenths, kw) in [(1_000, 100.0), (400, 40.0), (0, 0.0), (1_200, 120.0)] {
        set(&mut plant, DISCHARGE_LIMIT, tenths);
        pass(&mut plant, 1.0);
        assert!((battery_kw(&plant) - kw).abs() < 1.0, "{kw} kW is set: {} kW", battery_kw(&plant));
        let grid_kw = plant.grid_meter().power_w() / 1e3;
        assert!((grid_kw - (200.3 - 0.98 * kw)).abs() < 3.0, "the grid takes the rest: {grid_kw} kW");
    }
    pass(&mut plant, 58.0);
    assert!((battery_kw(&plant) - 120.0).abs() < 1.0);
    pass(&mut plant, 3.0);
    assert!(battery_kw(&plant) > 130.0, "the default is back: {} kW", battery_kw(&plant));
}

#[test]
fn the_lowest_of_limits_and_wishes_wins() {
    // More than the default is needed, and more than what the BMS allows at 7 %.
    for (soc_pct, tenths, low_kw, high_kw) in
        [(71.0, None, 149.0, 151.0), (71.0, Some(2_500), 225.0, 245.0), (7.0, Some(2_500), -0.1, 0.1)]
    {
        let mut plant = plant(300.0, soc_pct);
        tenths.into_iter().for_each(|tenths| set(&mut plant, DISCHARGE_LIMIT, tenths));
        pass(&mut plant, 1.0);
        assert!((low_kw..high_kw).contains(&battery_kw(&plant)), "{soc_pct} %: {} kW", battery_kw(&plant));
    }
    let mut cold = Plant::new(&PlantSpec { soc_pct: 12.0, reserve_pct: 10.0, ..PlantSpec::default() });
    cold.apply(LabCommand::Load(LoadMode::Fixed(400e3)));
    pass(&mut cold, 15.0);
    set(&mut cold, DISCHARGE_LIMIT, 2_500);
    pass(&mut cold, 1.0);
    let (power_w, allowed_w) = (cold.report().power_w, cold.report().limits.discharge_w);
    assert!(allowed_w < 230e3 && power_w < allowed_w * 1.02, "{power_w} W of {allowed_w} W");
    // A converter that ignores its BMS ignores the controller's limits too.
    set(&mut cold, DISCHARGE_LIMIT, 100);
    cold.apply(LabCommand::Inject(LabFault::Pack(PackFault::LimitsIgnored)));
    pass(&mut cold, 1.0);
    assert!(cold.report().power_w > 200e3, "{} W", cold.report().power_w);
}

#[test]
fn a_charge_limit_slows_recharging_down() {
    let mut plant = plant(20.0, 60.0);
    assert!((-27.0..-25.0).contains(&battery_kw(&plant)), "{} kW", battery_kw(&plant));
    set(&mut plant, CHARGE_LIMIT, 100);
    pass(&mut plant, 1.0);
    assert!((-10.1..-7.0).contains(&battery_kw(&plant)), "{} kW", battery_kw(&plant));
    set(&mut plant, CHARGE_LIMIT, 0);
    pass(&mut plant, 1.0);
    assert!(battery_kw(&plant).abs() < 0.1, "{} kW", battery_kw(&plant));
}

#[test]
fn a_higher_reserve_stops_the_discharge_and_a_lower_one_lets_it_go_on() {
    let mut plant = plant(200.0, 40.0);
    assert!(battery_kw(&plant) > 130.0);
    set(&mut plant, RESERVE, 450);
    pass(&mut plant, 1.0);
    assert!(battery_kw(&plant).abs() < 0.1, "{} kW", battery_kw(&plant));
    set(&mut plant, RESERVE, 150);
    pass(&mut plant, 1.0);
    assert!(battery_kw(&plant) > 130.0);
}

#[test]
fn max_safety_shaves_nothing_and_keeps_the_battery_full_and_max_roi_shaves() {
    let mut plant = plant(200.0, 85.0);
    assert!(battery_kw(&plant) > 130.0);
    set(&mut plant, MODE, 0);
    pass(&mut plant, 1.0);
    assert!(battery_kw(&plant).abs() < 0.1, "{} kW", battery_kw(&plant));
    plant.apply(LabCommand::Load(LoadMode::Fixed(20e3)));
    pass(&mut plant, 10.0);
    assert!(battery_kw(&plant) < -20.0, "it is charged above 80 %: {} kW", battery_kw(&plant));
    for _ in 0..2 * 3_600 {
        plant.step(1.0);
    }
    assert!(plant.report().soc_pct > 95.0, "{} %", plant.report().soc_pct);
    set(&mut plant, MODE, 1);
    plant.apply(LabCommand::Load(LoadMode::Fixed(200e3)));
    pass(&mut plant, 10.0);
    assert!(battery_kw(&plant) > 130.0);
}

#[test]
fn standby_takes_the_power_away_before_it_opens_and_run_precharges() {
    let mut plant = plant(200.0, 71.0);
    set(&mut plant, RUN, 0);
    let mut seen = Vec::new();
    let mut watch = |plant: &mut Plant, seconds: f32| {
        for _ in 0..(seconds * 5.0) as usize {
            plant.step(0.2);
            let (report, bits) = (plant.report(), plant.report().contactors.bits());
            if seen.last() != Some(&bits) {
                let closing = seen.last() == Some(&0b110);
                assert!(report.power_w.abs() < 500.0, "{bits:03b} at {} W", report.power_w);
                assert!(!closing || report.bus_v > 0.95 * report.battery_v, "closed onto {} V", report.bus_v);
                seen.push(bits);
            }
        }
    };
    watch(&mut plant, 3.0);
    assert_eq!((plant.report().mode, plant.report().power_w), (Mode::Standby, 0.0));
    assert!((plant.grid_meter().power_w() - 200.3e3).abs() < 3e3, "the grid has it all");
    watch(&mut plant, 10.0);
    set(&mut plant, RUN, 1);
    watch(&mut plant, 6.0);
    assert_eq!(seen, [0b010, 0b000, 0b110, 0b011]);
    pass(&mut plant, 2.0);
    assert!(plant.report().mode == Mode::Normal && battery_kw(&plant) > 130.0);
}

#[test]
fn who_lies_by_a_step_goes_by_what_was_set() {
    let mut plant = plant(200.0, 71.0);
    plant.apply(LabCommand::Inject(LabFault::Writes(WriteFault::OneStepOff)));
    set(&mut plant, DISCHARGE_LIMIT, 800);
    pass(&mut plant, 1.0);
    let told = plant.report().setpoints.value(sim::controller::setpoints::Setpoint::DischargeLimit);
    assert!(told == 81e3 && (battery_kw(&plant) - 80.0).abs() < 1.0, "{told} W, {} kW", battery_kw(&plant));
    plant.apply(LabCommand::ClearAll);
    assert_eq!(plant.report().setpoints.value(sim::controller::setpoints::Setpoint::DischargeLimit), 80e3);
}
