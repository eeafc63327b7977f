//! Days of the simulated house: what goes in comes out, and the battery does what such a battery does.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use domain::alarm::MOVE_LIMIT_POINTS;
use domain::lab::{LabCommand, LabFault, LoadMode, SimDevice};
use domain::soc::SocWatch;
use domain::time::Mono;
use sim::home::{Home, HomeSpec};

fn at(start_h: f32) -> Home {
    Home::new(&HomeSpec { start_h, ..HomeSpec::default() })
}

#[test]
fn three_days_moves_the_charge_up_and_down_and_shows_who_counts_well() {
    let mut home = at(0.0);
    let (mut soc, mut volts) = ((100.0_f32, 0.0_f32), (100.0_f32, 0.0_f32));
    let (mut shunt_off, mut estimate_off) = (0.0_f32, 0.0_f32);
    let (mut imported, mut exported) = (false, false);
    for _ in 0..3 * 24 * 60 {
        home.step(60.0);
        let truth = home.bank().soc_pct();
        soc = (soc.0.min(truth), soc.1.max(truth));
        volts = (volts.0.min(home.bank().voltage_v()), volts.1.max(home.bank().voltage_v()));
        shunt_off = shunt_off.max((home.shunt().soc_pct() - truth).abs());
        estimate_off = estimate_off.max((home.estimate().soc_pct() - truth).abs());
        imported |= home.grid_w() > 500.0;
        exported |= home.grid_w() < -500.0;
        let balance_w = home.house_w() - home.inverter_w() - home.grid_w();
        assert!(balance_w.abs() < 1.0, "{balance_w} W from nowhere at {} h", home.hour());
    }
    println!("soc {soc:?} %, {volts:?} V, shunt off by {shunt_off}, inverter by {estimate_off} points");
    assert!(soc.0 > 20.0 && soc.1 > 95.0 && soc.1 - soc.0 > 20.0, "{soc:?} %");
    assert!(volts.0 > 50.5 && volts.1 < 56.2, "{volts:?} V");
    assert!(shunt_off < 2.0, "the shunt is {shunt_off} points off");
    assert!((3.0..20.0).contains(&estimate_off), "the inverter is {estimate_off} points off");
    assert!(exported, "sunny days export");
    let e = home.energy();
    assert!(e.house.total_wh > 50e3 && e.pv.total_wh > 60e3, "{e:?}");
    // What comes in goes out, but for losses and what the battery keeps.
    let (came_wh, went_wh) = (
        e.pv.total_wh + e.bought.total_wh + e.discharged.total_wh,
        e.house.total_wh + e.sold.total_wh + e.charged.total_wh,
    );
    assert!((0.01..0.08).contains(&(1.0 - went_wh / came_wh)), "{came_wh} Wh came, {went_wh} Wh went");
    assert!(imported || soc.0 > 30.0, "below the floor only the grid is left");
}

#[test]
fn at_noon_the_sun_charges_and_at_dusk_the_battery_carries_the_house() {
    let (mut noon, mut dusk) = (at(12.5), at(20.5));
    for home in [&mut noon, &mut dusk] {
        home.step(30.0);
    }
    assert!(noon.pv_w() > 500.0 && noon.battery_w() < 0.0, "{} W of sun, battery {} W", noon.pv_w(), noon.battery_w());
    assert!(dusk.pv_w() == 0.0 && dusk.battery_w() > 500.0, "{} W", dusk.battery_w());
    assert!(dusk.grid_w().abs() < 150.0, "the grid idles: {} W", dusk.grid_w());
    assert!((52.0..56.0).contains(&dusk.bank().voltage_v()), "{} V", dusk.bank().voltage_v());
}

#[test]
fn steps_of_any_length_lead_to_the_same_evening() {
    let (mut fine, mut coarse) = (at(17.0), at(17.0));
    for _ in 0..36_000 {
        fine.step(0.2);
    }
    coarse.step(7_200.0);
    assert!((fine.hour() - 19.0).abs() < 0.01 && (coarse.hour() - 19.0).abs() < 0.01);
    assert!((fine.bank().soc_pct() - coarse.bank().soc_pct()).abs() < 0.3);
    let again = {
        let mut home = at(17.0);
        home.step(7_200.0);
        home
    };
    assert_eq!(again.bank().voltage_v(), coarse.bank().voltage_v(), "the same seed gives the same evening");
}

#[test]
fn the_lab_sets_the_load_and_only_faults_of_a_house_happen() {
    let mut home = at(22.0);
    home.apply(LabCommand::Load(LoadMode::Fixed(12_000.0)));
    home.step(30.0);
    assert_eq!(home.house_w(), 12_000.0);
    assert!((2_500.0..3_600.0).contains(&home.grid_w()), "what the inverter cannot: {} W", home.grid_w());
    home.apply(LabCommand::Burst { power_w: 500.0, seconds: 10.0 });
    home.step(5.0);
    assert_eq!((home.house_w(), home.lab_state().burst), (500.0, Some((500.0, 5.0))));
    home.step(6.0);
    assert_eq!((home.house_w(), home.lab_state().burst), (12_000.0, None));
    for (device, silent) in [(SimDevice::Gx, true), (SimDevice::Inverter, true), (SimDevice::GridMeter, false)] {
        home.apply(LabCommand::Inject(LabFault::SilentLink(device)));
        assert_eq!(home.is_silent(device), silent, "{}", device.name());
    }
    home.apply(LabCommand::Inject(LabFault::WeakCell(0)));
    assert_eq!(home.lab_state().faults.len(), 2);
    home.apply(LabCommand::Clear(LabFault::SilentLink(SimDevice::Gx)));
    assert_eq!((home.is_silent(SimDevice::Gx), home.is_silent(SimDevice::Inverter)), (false, true));
    let before_pct = home.estimate().soc_pct();
    home.apply(LabCommand::Inject(LabFault::WrongEstimate));
    assert!((before_pct - home.estimate().soc_pct() - 15.0).abs() < 0.01);
    home.apply(LabCommand::ClearAll);
    assert_eq!(home.lab_state().faults, []);
    assert!((before_pct - home.estimate().soc_pct()).abs() < 0.01);
}

#[test]
fn the_estimate_is_caught_when_it_is_set_anew_and_not_all_day() {
    let mut home = at(0.0);
    let (mut shunt, mut estimate) = (SocWatch::default(), SocWatch::default());
    let (mut raised, mut active, mut active_s) = (0, false, 0);
    for tick in 1..=3 * 24 * 360_u64 {
        home.step(10.0);
        let (now, capacity_ah) = (Mono(tick * 10_000_000), home.capacity_ah());
        let current_a = Ok((home.bank().current_a() * 10.0).round() / 10.0);
        let counted = shunt.update(Ok(home.shunt().soc_pct()), current_a, capacity_ah, now).unwrap();
        assert_eq!(counted.unexplained, 0.0, "a shunt counts: {counted:?}");
        // Whole percent, as its register has them.
        let found = estimate.update(Ok(home.estimate().soc_pct().round()), current_a, capacity_ah, now).unwrap();
        let is_bad = found.unexplained > MOVE_LIMIT_POINTS;
        if is_bad && !active {
            raised += 1;
            assert!(found.moved > 4.0 && found.counted < 1.0 && home.estimate().soc_pct() > 99.0, "{found:?}");
        }
        active = is_bad;
        active_s += if active { 10 } else { 0 };
    }
    assert!((2..=4).contains(&raised), "full once a day: {raised}");
    assert!(active_s <= raised * 20 * 60, "warned for {active_s} s");
}
