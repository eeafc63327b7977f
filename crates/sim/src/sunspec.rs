//! The controller's second face: the registers of a SunSpec gateway that reports the same pack over Modbus. Pure.
//!
//! ```text
//! 40000 "SunS" | 1 common | 802 battery | 803 bank | 804 each string | 805 each module | end
//! ```
//!
//! What is not measured is "not implemented": 0xFFFF, of signed fields 0x8000. Discharge is positive; places count
//! from 1.

mod chain;

use crate::controller::report::{Extremes, Mode, Report};
use chain::{Chain, Model, NOTHING, NOTHING_SIGNED};
use domain::topology::Topology;
use std::ops::Range;

/// Where the marker is.
pub const BASE: u16 = 40_000;
/// Voltages of a full and an empty cell, V.
const CELL_V: (f32, f32) = (3.65, 2.5);
const NOMINAL_CELL_V: f32 = 3.2;
const POWER_MAX_W: f32 = 250e3;

/// What does not change.
#[derive(Clone, Debug, PartialEq)]
pub struct Nameplate {
    /// Serial number.
    pub serial: String,
    /// How the cells are arranged.
    pub topology: Topology,
    /// Rated capacity of all strings together, Ah.
    pub capacity_ah: f32,
}

/// All registers from [`BASE`] on.
pub fn registers(report: &Report, plate: &Nameplate) -> Vec<u16> {
    let topology = &plate.topology;
    let mut chain = Chain::new();
    chain.model(1, 66, |m| {
        m.text(2, 16, "Packtwin");
        m.text(18, 16, "Simulated BMS gateway");
        m.text(34, 8, "");
        m.text(42, 8, env!("CARGO_PKG_VERSION"));
        m.text(50, 16, &plate.serial);
        m.put(66, 1);
    });
    chain.model(802, 62, |m| battery(m, report, plate));
    chain.model(803, 26 + 32 * topology.racks, |m| bank(m, report, topology));
    let modules = topology.modules_per_rack;
    for string in 0..topology.racks {
        chain.model(804, 46 + 16 * modules, |m| string_model(m, report, topology, string));
    }
    for module in 0..topology.modules() {
        chain.model(805, 42 + 4 * topology.cells_per_module, |m| module_model(m, report, topology, module));
    }
    chain.end()
}

/// The cells of a string or module that were measured, as extremes and mean: mV or °C.
struct Measured {
    extremes: Option<Extremes>,
    mean: Option<f32>,
}

impl Measured {
    fn of(values: &[Option<f32>]) -> Measured {
        let known: Vec<f32> = values.iter().flatten().copied().collect();
        let mean = (!known.is_empty()).then(|| known.iter().sum::<f32>() / known.len() as f32);
        Measured { extremes: Extremes::of(values.iter().copied()), mean }
    }

    fn voltages(report: &Report, cells: Range<usize>) -> Measured {
        Measured::of(&report.cell_mv[cells].iter().map(|mv| mv.map(f32::from)).collect::<Vec<_>>())
    }

    fn temperatures(report: &Report, cells: Range<usize>) -> Measured {
        Measured::of(&report.cell_c[cells].iter().map(|c| c.map(f32::from)).collect::<Vec<_>>())
    }

    /// Highest, its place, lowest, its place, mean: five registers from `at` on. `place` counts from 1.
    fn put(&self, m: &mut Model, at: usize, per_unit: f32, signed: bool, place: impl Fn(u16) -> u16) {
        let value = |v: Option<f32>| if signed { chain::signed(v, per_unit) } else { chain::unsigned(v, per_unit) };
        let e = self.extremes;
        m.put_all(
            at,
            &[
                value(e.map(|e| e.max)),
                e.map_or(NOTHING, |e| place(e.max_at)),
                value(e.map(|e| e.min)),
                e.map_or(NOTHING, |e| place(e.min_at)),
                value(self.mean),
            ],
        );
    }
}

fn battery(m: &mut Model, r: &Report, plate: &Nameplate) {
    let topology = &plate.topology;
    let series = f32::from(topology.modules_per_rack) * f32::from(topology.cells_per_module);
    let energy_wh = plate.capacity_ah * NOMINAL_CELL_V * series;
    let one = |value: f32, per_unit: f32| chain::unsigned(Some(value), per_unit);
    m.put_all(2, &[one(plate.capacity_ah, 1.0), one(energy_wh, 0.01), one(POWER_MAX_W, 0.1), one(POWER_MAX_W, 0.1)]);
    m.put_all(11, &[one(r.soc_pct, 100.0), one(100.0 - r.soc_pct, 100.0), one(r.soh_pct, 10.0)]);
    let state = match r.mode {
        Mode::Standby => 4,
        Mode::Precharge => 2,
        Mode::Normal => 3,
        Mode::Error => 99,
    };
    let charging = if r.charging { 4 } else { [6, 3][usize::from(r.current_a > 1.0)] };
    m.put_all(16, &[charging, 0]);
    m.put_all(20, &[0, 4, state]);
    // No event has a bit yet.
    m.put_all(26, &[0; 4]);
    m.put_all(34, &[one(r.battery_v, 10.0), one(series * CELL_V.0, 10.0), one(series * CELL_V.1, 10.0)]);
    let cells = Measured::voltages(r, 0..topology.cells());
    let place = |at: u16| topology.position(at.into()).map_or((NOTHING, NOTHING), |p| (p.rack + 1, p.module + 1));
    if let Some(e) = cells.extremes {
        let ((max_rack, max_module), (min_rack, min_module)) = (place(e.max_at), place(e.min_at));
        m.put_all(37, &[one(e.max, 1.0), max_rack, max_module, one(e.min, 1.0), min_rack, min_module]);
    }
    m.put(43, chain::unsigned(cells.mean, 1.0));
    m.put_all(
        44,
        &[chain::signed(Some(r.current_a), 10.0), one(r.limits.charge_a, 10.0), one(r.limits.discharge_a, 10.0)],
    );
    m.put_all(47, &[chain::signed(Some(r.power_w), 0.1), 0, NOTHING_SIGNED]);
    // Powers of ten of: Ah, Wh, W, self-discharge, SoC, DoD, SoH, V, cell V, A, A max, W.
    m.factors(
        52,
        &[
            Some(0),
            Some(2),
            Some(1),
            None,
            Some(-2),
            Some(-2),
            Some(-1),
            Some(-1),
            Some(-3),
            Some(-1),
            Some(-1),
            Some(1),
        ],
    );
}

fn bank(m: &mut Model, r: &Report, topology: &Topology) {
    let connected = topology.racks * u16::from(r.contactors.main_plus);
    m.put_all(2, &[topology.racks, connected]);
    let temperatures = Measured::temperatures(r, 0..topology.cells());
    let place = |at: u16| topology.position(at.into()).map_or((NOTHING, NOTHING), |p| (p.rack + 1, p.module + 1));
    let (max, min) = (
        temperatures.extremes.map(|e| (e.max, place(e.max_at))),
        temperatures.extremes.map(|e| (e.min, place(e.min_at))),
    );
    for (at, extreme) in [(4, max), (7, min)] {
        let (rack, module) = extreme.map_or((NOTHING, NOTHING), |(_, place)| place);
        m.put_all(at, &[chain::signed(extreme.map(|(value, _)| value), 10.0), rack, module]);
    }
    m.put(10, chain::signed(temperatures.mean, 10.0));
    let volts = chain::unsigned(Some(r.battery_v), 10.0);
    let amps = chain::signed(Some(r.current_a / f32::from(topology.racks)), 10.0);
    m.put_all(11, &[volts, 1, volts, 1, volts, amps, 1, amps, 1, amps]);
    // Powers of ten of: cell V, temperature, A, SoH, SoC, V.
    m.factors(22, &[Some(-3), Some(-1), Some(-1), Some(-1), Some(-2), Some(-1)]);
    for string in 0..topology.racks {
        let at = 28 + 32 * usize::from(string);
        m.put_all(at, &[topology.modules_per_rack, 0, u16::from(r.contactors.main_plus)]);
        m.put_all(at + 4, &[chain::unsigned(Some(r.soc_pct), 100.0), chain::unsigned(Some(r.soh_pct), 10.0), amps]);
        let cells = cells_of(topology, string);
        Measured::voltages(r, cells.clone()).put(m, at + 7, 1.0, false, |cell| cell / topology.cells_per_module + 1);
        Measured::temperatures(r, cells).put(m, at + 12, 10.0, true, |cell| cell / topology.cells_per_module + 1);
        m.put_all(at + 20, &[0, 0]);
    }
}

/// The cells of a string.
fn cells_of(topology: &Topology, string: u16) -> Range<usize> {
    let cells = topology.cells() / usize::from(topology.racks);
    let first = usize::from(string) * cells;
    first..first + cells
}

fn string_model(m: &mut Model, r: &Report, topology: &Topology, string: u16) {
    let per_module = topology.cells_per_module;
    let cells = cells_of(topology, string);
    m.put_all(2, &[string + 1, topology.modules_per_rack, 0, u16::from(r.contactors.main_plus)]);
    m.put_all(8, &[chain::unsigned(Some(r.soc_pct), 100.0), chain::unsigned(Some(100.0 - r.soc_pct), 100.0)]);
    m.put(12, chain::unsigned(Some(r.soh_pct), 10.0));
    m.put(13, chain::signed(Some(r.current_a / f32::from(topology.racks)), 10.0));
    m.put(14, chain::unsigned(Some(r.battery_v), 10.0));
    Measured::voltages(r, cells.clone()).put(m, 15, 1.0, false, |cell| cell / per_module + 1);
    Measured::temperatures(r, cells.clone()).put(m, 20, 10.0, true, |cell| cell / per_module + 1);
    m.put_all(28, &[0, 0]);
    // Powers of ten of: SoC, SoH, DoD, A, V, cell V, temperature.
    m.factors(38, &[Some(-2), Some(-1), Some(-2), Some(-1), Some(-1), Some(-3), Some(-1)]);
    for module in 0..usize::from(topology.modules_per_rack) {
        let at = 48 + 16 * module;
        let first = cells.start + module * usize::from(per_module);
        let cells = first..first + usize::from(per_module);
        m.put(at, per_module);
        Measured::voltages(r, cells.clone()).put(m, at + 3, 1.0, false, |cell| cell + 1);
        Measured::temperatures(r, cells).put(m, at + 8, 10.0, true, |cell| cell + 1);
    }
}

fn module_model(m: &mut Model, r: &Report, topology: &Topology, module: usize) {
    let (per_rack, per_module) = (usize::from(topology.modules_per_rack), usize::from(topology.cells_per_module));
    let cells = module * per_module..(module + 1) * per_module;
    m.put_all(2, &[(module / per_rack) as u16 + 1, (module % per_rack) as u16 + 1, topology.cells_per_module]);
    let voltages = &r.cell_mv[cells.clone()];
    let sum = voltages.iter().copied().collect::<Option<Vec<u16>>>().map(|mv| mv.iter().map(|mv| f32::from(*mv)).sum());
    m.put(10, chain::unsigned(sum, 0.01));
    Measured::voltages(r, cells.clone()).put(m, 11, 1.0, false, |cell| cell + 1);
    Measured::temperatures(r, cells.clone()).put(m, 16, 10.0, true, |cell| cell + 1);
    m.text(22, 16, &format!("M{:03}", module + 1));
    // Powers of ten of: SoC, SoH, DoD, V, cell V, temperature.
    m.factors(38, &[None, None, None, Some(-1), Some(-3), Some(-1)]);
    for (place, (mv, c)) in voltages.iter().zip(&r.cell_c[cells]).enumerate() {
        let words = [mv.unwrap_or(NOTHING), chain::signed(c.map(f32::from), 10.0), 0, 0];
        m.put_all(44 + 4 * place, &words);
    }
}
