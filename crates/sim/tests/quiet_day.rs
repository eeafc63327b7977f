//! A day without faults raises no alarm, and the battery earns its place.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use domain::alarm::{RULES, Watch};
use domain::sag::SagWatch;
use domain::soc::SocWatch;
use domain::spec::{SystemKind, SystemSpec};
use domain::time::Mono;
use sim::controller::report::Report;
use sim::plant::{Plant, PlantSpec};

/// What a rule looks at, as the engine would see it; `None` where the rule is not about the plant.
fn watched(watch: Watch, report: &Report, (sag_pct, soc_move): (f32, f32)) -> Option<f32> {
    let voltage = report.voltage_extremes?;
    let temperature = report.temperature_extremes?;
    let limit_use = |value: f32, limit: f32| 100.0 * value.max(0.0) / limit.max(2.8);
    let (charging, discharging) = (report.current_a < -2.8, report.current_a > 2.8);
    Some(match watch {
        Watch::CellVoltageLow => voltage.min / 1e3,
        Watch::CellVoltageHigh => voltage.max / 1e3,
        Watch::CellTemperatureHigh => temperature.max,
        Watch::CellTemperatureLow => temperature.min,
        Watch::ChargeColdest if charging => temperature.min,
        Watch::ChargeHottest if charging => temperature.max,
        Watch::DischargeColdest if discharging => temperature.min,
        Watch::DischargeHottest if discharging => temperature.max,
        Watch::CellSpread => (voltage.max - voltage.min) / 1e3,
        Watch::CellsMissing => report.cell_mv.iter().filter(|mv| mv.is_none()).count() as f32,
        Watch::BusSag => sag_pct,
        Watch::PackVoltage => report.battery_v,
        Watch::ChargeCurrent => -report.current_a,
        Watch::DischargeCurrent => report.current_a,
        Watch::ChargeLimitUse => limit_use(-report.current_a, report.limits.charge_a),
        Watch::DischargeLimitUse => limit_use(report.current_a, report.limits.discharge_a),
        Watch::SocLow => report.soc_pct,
        Watch::Insulation => report.insulation_kohm,
        Watch::NodeDelay => report.nodes.iter().map(|n| f32::from(n.delay_ms) / 1e3).fold(0.0, f32::max),
        Watch::NodeState => report.nodes.iter().map(|n| n.state as u8 as f32).fold(0.0, f32::max),
        Watch::SocMove => soc_move,
        Watch::SopUse => sop_use_pct(report),
        Watch::ControllerMode => report.mode as u8 as f32,
        _ => return None,
    })
}

/// The pack as the demo's site file has it.
fn pack() -> SystemSpec {
    SystemSpec {
        kind: SystemKind::DataCentre,
        rate_hz: 1.0,
        simulated: true,
        ..SystemSpec::new("hv", "832 V pack", PlantSpec::default().topology, 280.0, 832.0)
    }
}

fn sop_use_pct(report: &Report) -> f32 {
    let limit_w = if report.power_w >= 0.0 { report.limits.discharge_w } else { report.limits.charge_w };
    if report.power_w.abs() < 1.0 { 0.0 } else { 100.0 * report.power_w.abs() / limit_w }
}

#[test]
fn two_days_without_faults_raise_no_alarm_and_move_the_charge() {
    let mut plant = Plant::new(&PlantSpec::default());
    let (mut sag, mut soc_watch) = (SagWatch::default(), SocWatch::default());
    let capacity_ah = PlantSpec::default().capacity_ah;
    let system = pack();
    let (mut soc, mut sop_use, mut grid_w) = ((100.0_f32, 0.0_f32), 0.0_f32, 0.0_f32);
    let (mut worst_sag, mut spread, mut hottest) = (0.0_f32, 0.0_f32, 0.0_f32);
    for second in 1..=48 * 3_600_u64 {
        plant.step(1.0);
        let report = plant.report();
        let sag_pct = sag.update(Ok(report.battery_v), Mono(second * 1_000_000)).unwrap();
        let (told, now) = (Ok(report.soc_pct), Mono(second * 1_000_000));
        let soc_move = soc_watch.update(told, Ok(report.current_a), capacity_ah, now).unwrap().unexplained;
        for rule in RULES {
            if let Some(value) = watched(rule.watch, report, (sag_pct, soc_move)) {
                assert!(!rule.bound(&system).is_bad(value), "{} at {second} s: {value}, {report:?}", rule.id);
            }
        }
        soc = (soc.0.min(report.soc_pct), soc.1.max(report.soc_pct));
        sop_use = sop_use.max(sop_use_pct(report));
        grid_w = grid_w.max(plant.grid_meter().power_w());
        worst_sag = worst_sag.max(sag_pct);
        spread = spread.max(report.voltage_extremes.map_or(0.0, |e| e.max - e.min));
        hottest = hottest.max(report.temperature_extremes.map_or(0.0, |e| e.max));
    }
    println!(
        "soc {soc:?} %, sop use {sop_use} %, grid {grid_w} W, sag {worst_sag} %, spread {spread} mV, hottest {hottest} °C"
    );
    assert!(soc.0 > 30.0 && soc.1 < 86.0 && soc.1 - soc.0 > 15.0, "{soc:?}");
    // The discharge limit is 150 kW: the grid helps with the highest bursts.
    assert!((58.0..65.0).contains(&sop_use), "{sop_use} %");
    assert!((80e3..95e3).contains(&grid_w), "{grid_w} W");
    // The controller's estimate follows the truth.
    assert!((plant.report().soc_pct - plant.pack().soc_pct()).abs() < 1.5);
}
