//! The run forward against the simulation's own pack in steps of one second, which has the same equations in other code:
//! every cell stepped by itself, by Euler for heat, with its own polarisation and hysteresis.

use super::estimate::Estimate;
use super::load::Load;
use super::reading::{CellReading, Reading, Wiring};
use super::strings::State;
use super::twin::Twin;
use crate::controller::limits::{Basis, Limits};
use crate::dispatch::{Converter, PeakShaver};
use crate::load::AiLoad;
use crate::physics::parameters as p;
use crate::physics::{Pack, PackSpec};
use domain::flight::{Controls, Dispatch, End, LoadProfile, Outlook, Plan, Unknown};
use domain::spec::SystemSpec;
use domain::topology::Topology;

const HV: Topology = Topology::new(1, 13, 20);
const CAP: Dispatch = Dispatch::PeakShaving { grid_cap_w: 66e3 };

fn spec(topology: Topology) -> SystemSpec {
    let racks = f32::from(topology.racks);
    let series = f32::from(topology.modules_per_rack * topology.cells_per_module);
    SystemSpec::new("hv", "pack", topology, 280.0 * racks, 3.2 * series)
}

/// A twin that knows the pack exactly, at rest.
fn twin_of(pack: &Pack, ambient_c: f32) -> Twin {
    let topology = pack.topology();
    let spec = spec(*topology);
    let cells = pack.cells();
    let per_string = topology.cells() / usize::from(topology.racks);
    let reading = Reading {
        wiring: Wiring {
            strings: topology.racks.into(),
            per_string,
            per_module: topology.cells_per_module.into(),
            parallel: 1.0,
            capacity_ah: 280.0,
            fixed_ohm: p::RACK_WIRING_OHM + p::BUSBAR_OHM * per_string as f32,
        },
        cells: (0..cells.len())
            .map(|cell| CellReading {
                number: Some(cell as u16),
                weight: 1.0,
                voltage_v: Some(cells.voltage_v[cell]),
                temperature_c: cells.temperature_c[cell],
                to_ambient_w_per_k: cells.to_ambient_w_per_k[cell],
            })
            .collect(),
        soc_pct: pack.soc_pct(),
        health: 1.0,
        current_a: 0.0,
        ambient_c,
        load_w: Err(Unknown::Plan),
        bms_w: (None, None),
        resolution_v: 0.001,
        assumptions: Vec::new(),
    };
    let exact = |cell| Estimate { soc_pct: cells.soc_pct(cell), factor: cells.resistance_factor[cell], offset_v: 0.0 };
    let estimates: Vec<Estimate> = (0..cells.len()).map(exact).collect();
    let mut twin = Twin::new(&spec, reading, State::default(), &estimates);
    twin.cells.points_per_ah = cells.capacity_ah.iter().map(|capacity_ah| 100.0 / capacity_ah).collect();
    twin
}

/// What the simulation's pack does in steps of one second.
struct Simulated {
    minutes: f32,
    end: &'static str,
    lowest_v: f32,
    lowest: usize,
    hottest_c: f32,
    energy_wh: f64,
}

fn simulate(mut pack: Pack, ambient_c: f32, plan: &Plan, controls: &Controls) -> Simulated {
    let topology = *pack.topology();
    let limits = spec(topology).limits;
    let capacity_ah = 280.0 * f32::from(topology.racks);
    let load = Load::new(&plan.load, 0.0);
    let shaver_cap = match plan.dispatch {
        Dispatch::PeakShaving { grid_cap_w } => Some(grid_cap_w),
        Dispatch::Backup => None,
    };
    let mut shaver = PeakShaver::new(shaver_cap.unwrap_or_default(), controls.reserve_pct);
    let mut soc_pct = f64::from(pack.soc_pct());
    let mut seen =
        Simulated { minutes: 0.0, end: "horizon", lowest_v: 9.0, lowest: 0, hottest_c: -99.0, energy_wh: 0.0 };
    let horizon_s = f64::from(plan.horizon_s).min(load.length_s());
    let extreme = |values: &[f32]| values.iter().fold((f32::MAX, f32::MIN), |e, v| (e.0.min(*v), e.1.max(*v)));
    let mut second = 0.0;
    while second < horizon_s {
        let (load_w, _) = load.at(second);
        let cell_v = extreme(&pack.cells().voltage_v);
        let cell_c = extreme(&pack.cells().temperature_c);
        if cell_v.0 < seen.lowest_v {
            seen.lowest_v = cell_v.0;
            seen.lowest = pack.cells().voltage_v.iter().position(|v| *v == cell_v.0).unwrap();
        }
        seen.hottest_c = seen.hottest_c.max(cell_c.1);
        seen.minutes = (second / 60.0) as f32;
        let basis = Basis { capacity_ah, soc_pct: soc_pct as f32, pack_v: pack.voltage_v(), cell_v, cell_c };
        let mut bms = Limits::from(&basis);
        bms.discharge_w = bms.discharge_w.min(controls.discharge_limit_w.unwrap_or(f32::MAX));
        let (wanted_w, given_w) = match shaver_cap {
            Some(_) => (shaver.wanted_w(load_w), shaver.battery_w(load_w, soc_pct as f32, &bms)),
            None => (Converter::HALL.supplying_w(load_w), Converter::HALL.supplying_w(load_w).min(bms.discharge_w)),
        };
        if wanted_w > 0.0 {
            let reason = if cell_v.0 <= limits.cell_voltage_v.low {
                Some("cell")
            } else if wanted_w - given_w > wanted_w * 1e-3 {
                let setting = controls.discharge_limit_w.is_some_and(|limit| limit < wanted_w);
                let by_reserve = shaver_cap.is_some() && bms.discharge_w >= wanted_w;
                Some(if by_reserve {
                    "reserve"
                } else if setting {
                    "limit"
                } else {
                    "bms"
                })
            } else {
                None
            };
            if let Some(reason) = reason {
                seen.end = reason;
                return seen;
            }
        }
        let current_a = pack.current_for_power(given_w);
        pack.step(current_a, ambient_c, 1.0);
        let efficiency = if current_a < 0.0 { p::COULOMBIC_EFFICIENCY } else { 1.0 };
        soc_pct -= 100.0 * f64::from(current_a) / 3_600.0 / f64::from(capacity_ah) * efficiency;
        seen.energy_wh += f64::from(given_w) / 3_600.0;
        second += 1.0;
    }
    seen.minutes = (horizon_s / 60.0) as f32;
    seen
}

fn end_word(end: End) -> &'static str {
    match end {
        End::Horizon => "horizon",
        End::Reserve => "reserve",
        End::DischargeLimit => "limit",
        End::BmsPower => "bms",
        End::CellVoltage(_) => "cell",
        End::Empty | End::CurrentLimit | End::CellTemperature(_) | End::Standby | End::Mode => "other",
    }
}

fn energy_wh(outlook: &Outlook) -> f64 {
    let mut before_min = 0.0;
    let piece = |point: &domain::flight::CurvePoint| {
        let held_min = f64::from(point.at_min - before_min);
        before_min = point.at_min;
        f64::from(point.battery_w) * held_min / 60.0
    };
    outlook.curve.iter().map(piece).sum()
}

fn recorded() -> LoadProfile {
    let mut load = AiLoad::new(5);
    let watts = (0..6 * 360).map(|_| {
        (0..10).for_each(|_| load.step(1.0));
        load.power_w()
    });
    LoadProfile::Recorded { load_w: watts.collect(), step_s: 10.0 }
}

/// A pack of three strings in parallel.
const THREE: Topology = Topology::new(3, 2, 16);

fn bursts(base_w: f32, burst_w: f32, every_s: f32, lasting_s: f32) -> LoadProfile {
    LoadProfile::Bursts { base_w, burst_w, every_s, lasting_s }
}

#[test]
fn adaptive_steps_are_right_to_two_percent_against_the_pack_in_steps_of_a_second() {
    let constant = LoadProfile::Constant;
    let day_s = 24.0 * 3_600.0;
    let small_cap = Dispatch::PeakShaving { grid_cap_w: 5e3 };
    struct Row(&'static str, LoadProfile, Dispatch, f32, f32, f32, Option<f32>, &'static str);
    let rows = [
        Row("training", constant(166e3), CAP, 71.0, 22.0, 20.0, None, "reserve"),
        Row("gentle", constant(90e3), CAP, 60.0, 22.0, 20.0, None, "reserve"),
        Row("strong", constant(280e3), CAP, 90.0, 22.0, 10.0, None, "bms"),
        Row("limit", constant(230e3), CAP, 90.0, 22.0, 10.0, Some(150e3), "limit"),
        Row("bursts", bursts(40e3, 235e3, 60.0, 20.0), CAP, 71.0, 22.0, 20.0, None, "reserve"),
        Row("long bursts", bursts(70e3, 250e3, 600.0, 240.0), CAP, 80.0, 22.0, 15.0, None, "reserve"),
        Row("short bursts", bursts(50e3, 300e3, 17.0, 6.0), CAP, 50.0, 22.0, 20.0, None, "reserve"),
        Row("the AI hall", recorded(), CAP, 71.0, 22.0, 20.0, None, "horizon"),
        Row("the AI hall, weak", recorded(), CAP, 40.0, 22.0, 30.0, None, "reserve"),
        Row("near empty", constant(120e3), CAP, 22.0, 22.0, 20.0, None, "reserve"),
        Row("to the cells' end", constant(100e3), CAP, 14.0, 22.0, 0.0, None, "cell"),
        Row("to the cells' end, bursts", bursts(60e3, 130e3, 60.0, 20.0), CAP, 12.0, 22.0, 0.0, None, "cell"),
        Row("cold", constant(200e3), CAP, 60.0, -8.0, 20.0, None, "reserve"),
        Row("cold, weak", constant(220e3), CAP, 30.0, -9.0, 5.0, None, "bms"),
        Row("cold bursts", bursts(40e3, 280e3, 60.0, 20.0), CAP, 36.0, -5.0, 10.0, None, "bms"),
        Row("cold, to the cells' end", bursts(70e3, 100e3, 60.0, 20.0), CAP, 14.0, -8.0, 0.0, None, "cell"),
        Row("warm hall", constant(200e3), CAP, 85.0, 38.0, 20.0, None, "reserve"),
        Row("calm day", bursts(30e3, 62e3, 900.0, 300.0), CAP, 40.0, 22.0, 20.0, None, "horizon"),
        Row("three strings", constant(45e3), small_cap, 60.0, 22.0, 20.0, None, "reserve"),
        Row("three strings, weak", bursts(8e3, 60e3, 60.0, 25.0), small_cap, 20.0, 5.0, 0.0, None, "bms"),
        Row("backup", constant(60e3), Dispatch::Backup, 71.0, 22.0, 20.0, None, "cell"),
        Row("backup, strong", constant(200e3), Dispatch::Backup, 71.0, 10.0, 20.0, None, "bms"),
        Row("backup, small", constant(6e3), Dispatch::Backup, 50.0, 22.0, 20.0, None, "cell"),
    ];
    let mut worst = [0.0_f32; 4];
    let mut ends = Vec::new();
    for Row(what, load, dispatch, soc_pct, ambient_c, reserve_pct, limit_w, end) in rows {
        let topology = if what.contains("strings") { THREE } else { HV };
        let mut pack = Pack::new(&PackSpec { topology, capacity_ah: 280.0, soc_pct, ambient_c, seed: 3 });
        if what.contains("weak") {
            pack.weaken(31);
        }
        let plan = Plan { load, dispatch, horizon_s: day_s };
        let controls = Controls { discharge_limit_w: limit_w, ..Controls::with_reserve(reserve_pct) };
        let twin = twin_of(&pack, ambient_c);
        let outlook = twin.outlook(&plan, &controls);
        let truth = simulate(pack, ambient_c, &plan, &controls);
        let (lasts, lowest) = (outlook.training.unwrap(), outlook.lowest_cell.unwrap());
        let hottest_c = outlook.hottest_cell.unwrap().value;
        let wh = energy_wh(&outlook);
        // A step of the reference is a second.
        let minutes_off = ((lasts.minutes - truth.minutes).abs() - 1.0 / 60.0).max(0.0) / truth.minutes.max(1.0 / 60.0);
        let off = [
            minutes_off,
            ((wh - truth.energy_wh).abs() / truth.energy_wh.abs().max(100.0)) as f32,
            (lowest.value / truth.lowest_v - 1.0).abs(),
            (hottest_c - truth.hottest_c).abs(),
        ];
        println!(
            "{what:26} {:8.2} {:8.2} min  {:8.2} {:8.2} kWh  {:.4} {:.4} V ({:?} {})  {:5.2} {:5.2} °C  {:?} {}",
            lasts.minutes,
            truth.minutes,
            wh / 1e3,
            truth.energy_wh / 1e3,
            lowest.value,
            truth.lowest_v,
            lowest.cell,
            truth.lowest,
            hottest_c,
            truth.hottest_c,
            lasts.end,
            truth.end
        );
        worst.iter_mut().zip(off).for_each(|(worst, off)| *worst = worst.max(off));
        ends.push((what, end_word(lasts.end), truth.end, end));
    }
    for (what, twin, truth, end) in ends {
        assert_eq!((twin, truth), (end, end), "{what}");
    }
    println!(
        "worst: minutes {:.4}, kWh {:.4}, lowest cell {:.4}, hottest {:.2} K",
        worst[0], worst[1], worst[2], worst[3]
    );
    assert!(worst[0] < 0.02 && worst[1] < 0.02 && worst[2] < 0.005 && worst[3] < 0.3, "{worst:?}");
}
