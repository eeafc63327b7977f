//! What the pack must do, whatever its parameters are tuned to.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use domain::topology::Topology;
use proptest::prelude::*;
use sim::physics::{Pack, PackSpec};

const HV: Topology = Topology::new(1, 13, 20);

fn pack(topology: Topology, soc_pct: f32, ambient_c: f32) -> Pack {
    Pack::new(&PackSpec { topology, capacity_ah: 280.0, soc_pct, ambient_c, seed: 11 })
}

fn run(pack: &mut Pack, current_a: f32, seconds: f32, ambient_c: f32) {
    for _ in 0..seconds as usize {
        pack.step(current_a, ambient_c, 1.0);
    }
}

fn charge_ah(pack: &Pack) -> f64 {
    pack.cells().charge_ah.iter().sum()
}

fn mean_c(pack: &Pack) -> f32 {
    pack.cells().temperature_c.iter().sum::<f32>() / pack.cells().len() as f32
}

#[test]
fn half_a_c_of_load_sags_the_pack_by_7_to_17_volts() {
    let mut pack = pack(HV, 60.0, 23.0);
    let rest_v = pack.voltage_v();
    assert!((850.0..865.0).contains(&rest_v), "{rest_v}");
    pack.step(140.0, 23.0, 0.2);
    let at_once_v = rest_v - pack.voltage_v();
    run(&mut pack, 140.0, 120.0, 23.0);
    let later_v = rest_v - pack.voltage_v();
    assert!((7.0..11.0).contains(&at_once_v), "{at_once_v}");
    assert!((at_once_v + 3.0..17.0).contains(&later_v), "{later_v}");
}

#[test]
fn an_hour_at_half_a_c_warms_the_pack_by_2_to_5_kelvin_and_charging_warms_more() {
    let warming = |current_a: f32| {
        let mut pack = pack(HV, 75.0 - 25.0 * f32::from(u8::from(current_a < 0.0)), 23.0);
        let before = mean_c(&pack);
        run(&mut pack, current_a, 1_800.0, 25.0);
        2.0 * (mean_c(&pack) - before)
    };
    let (discharge, charge) = (warming(140.0), warming(-140.0));
    assert!((1.5..5.0).contains(&discharge), "{discharge} K/h");
    assert!(charge > discharge + 1.0, "charge {charge} K/h, discharge {discharge} K/h");
}

#[test]
fn rest_voltage_is_higher_after_charge_than_after_discharge() {
    let rested = |current_a: f32| {
        let mut pack = pack(HV, 55.0 + current_a.signum() * 15.0, 23.0);
        run(&mut pack, current_a, 0.15 * 280.0 / 140.0 * 3_600.0, 23.0);
        run(&mut pack, 0.0, 5_400.0, 23.0);
        (pack.soc_pct(), pack.voltage_v() / 260.0 * 1e3)
    };
    let ((soc_down, down_mv), (soc_up, up_mv)) = (rested(140.0), rested(-140.0));
    assert!((soc_down - soc_up).abs() < 0.3, "{soc_down} {soc_up}");
    assert!((25.0..50.0).contains(&(up_mv - down_mv)), "{down_mv} mV, {up_mv} mV");
}

#[test]
fn charge_out_equals_charge_counted_and_a_cycle_costs_one_in_a_thousand() {
    let mut pack = pack(HV, 70.0, 23.0);
    let start = charge_ah(&pack);
    run(&mut pack, 100.0, 1_800.0, 23.0);
    let drawn = (start - charge_ah(&pack)) / 260.0;
    assert!((drawn - 50.0).abs() < 0.01, "{drawn} Ah per cell");
    run(&mut pack, -100.0, 1_800.0, 23.0);
    let lost = (start - charge_ah(&pack)) / 260.0;
    assert!((lost - 0.05).abs() < 0.012, "{lost} Ah per cell");
}

#[test]
fn energy_in_is_energy_out_plus_heat() {
    // Isolated from the air the cells keep their heat, so a full cycle's loss must show as temperature.
    let mut pack = pack(HV, 60.0, 25.0);
    let ambient_c = mean_c(&pack);
    let before = mean_c(&pack);
    let mut electric_j = 0.0_f64;
    let mut to_air_j = 0.0_f64;
    for second in 0..1_200 {
        let current_a = if second % 120 < 60 { 140.0 } else { -140.0 };
        pack.step(current_a, ambient_c, 1.0);
        // Cells only: busbars and wiring heat the room.
        let cells_v: f64 = pack.cells().voltage_v.iter().map(|v| f64::from(*v)).sum();
        electric_j -= cells_v * f64::from(current_a);
        let cells = pack.cells();
        to_air_j += (0..cells.len())
            .map(|c| f64::from(cells.to_ambient_w_per_k[c] * (cells.temperature_c[c] - ambient_c)))
            .sum::<f64>();
    }
    let heat_j = f64::from(mean_c(&pack) - before) * 5_400.0 * 260.0 + to_air_j;
    assert!(electric_j > 1e6, "{electric_j}");
    assert!((heat_j / electric_j - 1.0).abs() < 0.10, "{heat_j} J of heat, {electric_j} J lost");
}

#[test]
fn the_weak_cell_sags_first_and_recovers_when_mended() {
    let mut pack = pack(HV, 60.0, 23.0);
    pack.weaken(131);
    run(&mut pack, 200.0, 60.0, 23.0);
    let voltage_v = &pack.cells().voltage_v;
    let lowest = (0..260).min_by(|a, b| voltage_v[*a].total_cmp(&voltage_v[*b])).unwrap();
    assert_eq!(lowest, 131);
    let soc = pack.cells().soc_pct(131);
    pack.mend(131);
    assert!((pack.cells().soc_pct(131) - soc).abs() < 0.01);
}

#[test]
fn a_loose_joint_passes_45_degrees_within_half_a_minute_and_cools_again() {
    let mut pack = pack(HV, 60.0, 22.0);
    pack.loosen_joint(42);
    run(&mut pack, 0.0, 30.0, 22.0);
    assert!(pack.cells().terminal_c(42) > 46.5, "{} °C", pack.cells().terminal_c(42));
    assert!(pack.cells().terminal_c(44) < 27.0);
    run(&mut pack, 0.0, 6.0 * 3_600.0, 22.0);
    assert!((50.0..62.0).contains(&pack.cells().terminal_c(42)), "{} °C", pack.cells().terminal_c(42));
    pack.tighten_joint(42);
    run(&mut pack, 0.0, 60.0, 22.0);
    assert!(pack.cells().terminal_k[42] < 0.2);
}

#[test]
fn racks_in_parallel_share_the_current_and_the_voltage() {
    let mut pack = pack(Topology::new(20, 10, 32), 60.0, 23.0);
    assert_eq!(pack.cells().len(), 6_400);
    for _ in 0..10 {
        pack.step(20.0 * 100.0, 23.0, 1.0);
    }
    let rack_v = |rack: usize| pack.cells().voltage_v[rack * 320..(rack + 1) * 320].iter().sum::<f32>();
    for rack in 1..20 {
        // What is between them is the drop over busbars and wiring.
        assert!((rack_v(rack) - rack_v(0)).abs() < 0.5, "rack {rack}: {} V, {} V", rack_v(rack), rack_v(0));
    }
    assert!((pack.power_w() - 2_000.0 * pack.voltage_v()).abs() < 1.0);
}

#[test]
fn asking_for_power_gives_that_power() {
    let mut pack = pack(HV, 60.0, 23.0);
    for power_w in [0.0, 50e3, 250e3, -100e3] {
        let current_a = pack.current_for_power(power_w);
        pack.step(current_a, 23.0, 0.2);
        assert!((pack.power_w() - power_w).abs() < 100.0 + power_w.abs() * 0.003, "{power_w}: {}", pack.power_w());
    }
    // More than the pack can give yields its most, not nonsense.
    assert!(pack.current_for_power(1e9).is_finite());
    assert_eq!(pack.current_for_power(f32::NAN), 0.0);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn no_load_makes_nonsense(
        steps in prop::collection::vec((-3_000.0_f32..3_000.0, 0.0_f32..900.0), 1..40),
        soc_pct in 0.0_f32..=100.0,
        ambient_c in -20.0_f32..55.0,
        odd in prop::sample::select(vec![0.0_f32, f32::NAN, f32::INFINITY, f32::MAX, -f32::MAX]),
    ) {
        let mut pack = pack(Topology::new(2, 2, 5), soc_pct, ambient_c);
        for (current_a, dt_s) in steps.into_iter().chain([(odd, 0.2)]) {
            pack.step(current_a, ambient_c, dt_s);
            let cells = pack.cells();
            for cell in 0..cells.len() {
                prop_assert!((0.0..=5.0).contains(&cells.voltage_v[cell]), "{} V", cells.voltage_v[cell]);
                prop_assert!((0.0..=100.001).contains(&cells.soc_pct(cell)), "{} %", cells.soc_pct(cell));
                prop_assert!(cells.temperature_c[cell].is_finite() && cells.hysteresis[cell].abs() <= 1.0);
            }
            prop_assert!(pack.voltage_v().is_finite() && pack.current_a().is_finite());
        }
    }
}
