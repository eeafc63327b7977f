//! The models: which register says what of the report.

use super::Nameplate;
use super::chain::{self, Model, NOTHING, NOTHING_SIGNED};
use super::measured::Measured;
use crate::controller::report::{Mode, Report};
use crate::controller::{ANOTHER_EVENT, TEMPERATURE_IMBALANCE};
use domain::topology::Topology;
use std::ops::Range;

/// Voltages of a full and an empty cell, V.
const CELL_V: (f32, f32) = (3.65, 2.5);
const NOMINAL_CELL_V: f32 = 3.2;
/// Highest power each way, W.
pub(super) const POWER_MAX_W: f32 = 250e3;
/// Bits 25 and 19 of model 802's events, in the upper of their two registers.
const OTHER_ALARM: u16 = 1 << (25 - 16);
const TEMPERATURE_IMBALANCE_WARNING: u16 = 1 << (19 - 16);

/// Model 802: the battery as a whole.
pub(super) fn battery(m: &mut Model, r: &Report, plate: &Nameplate) {
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
    m.put(16, charging);
    m.put_all(20, &[0, 4, state]);
    // The events that the controller can report have their bits in the first word.
    let alarm = if r.alarms & ANOTHER_EVENT == 0 { 0 } else { OTHER_ALARM };
    let warning = if r.warnings & TEMPERATURE_IMBALANCE == 0 { 0 } else { TEMPERATURE_IMBALANCE_WARNING };
    m.put_all(26, &[alarm | warning, 0, 0, 0]);
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

/// Model 803: the bank of strings.
pub(super) fn bank(m: &mut Model, r: &Report, topology: &Topology) {
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

/// Model 804: a string, from 0, with its modules.
pub(super) fn string_model(m: &mut Model, r: &Report, topology: &Topology, string: u16) {
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

/// Model 805: a module, from 0 over all strings, with its cells.
pub(super) fn module_model(m: &mut Model, r: &Report, topology: &Topology, module: usize) {
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
