//! The simulated battery controller: measures the cells over its AFE nodes, estimates, limits, reports.
//!
//! It sees the pack only through sensors with offset, noise and steps. Each module of the report is one AFE node, in
//! hardware two front ends of ten cells.

pub mod afe;
pub mod limits;
pub mod registers;
pub mod report;
pub mod setpoints;
mod state;

use crate::physics::Pack;
use crate::prng::Prng;
use afe::Afe;
use domain::lab::{LabFault, PackFault};
use limits::{Basis, Limits};
use report::{Extremes, Mode, NodeState, Report};
use setpoints::Setpoints;
use state::{Cycle, StateMachine};

/// Noise of pack voltage, V, and of pack current, A, rms.
const PACK_V_NOISE: f32 = 0.03;
const CURRENT_A_NOISE: f32 = 0.02;
/// Balancing: above this voltage, V, and this much above the lowest cell, mV, while charging.
const BALANCE_ABOVE_MV: f32 = 3_400.0;
const BALANCE_OVER_LOWEST_MV: f32 = 10.0;
/// A cell beyond these is worth a warning: its working voltage, mV, and temperature, °C.
const WORKING_MV: (f32, f32) = (3_000.0, 3_450.0);
const WORKING_C: f32 = 45.0;
/// Health of the pack at the start, %, and its loss with one full cycle: 20 % in 6,000.
const SOH_START_PCT: f64 = 98.6;
const SOH_LOSS_PER_CYCLE: f64 = 20.0 / 6_000.0;
/// Insulation resistance of a dry pack at 25 °C, kΩ, and its loss with each K above.
const INSULATION_KOHM: (f32, f32) = (5_040.0, 35.0);
/// Bits of [`domain::bms::EVENTS`].
pub(crate) const TEMPERATURE_IMBALANCE: u32 = 1 << 10;
pub(crate) const ANOTHER_EVENT: u32 = 1 << 16;
/// Resistance of a loose busbar, Ω.
const LOOSE_BUSBAR_OHM: f32 = 0.25;
/// Where a register of 16 bits with steps of 0.01 V overflows, V.
const REGISTER_END_V: f32 = 655.36;

/// The controller.
#[derive(Clone, Debug)]
pub struct Controller {
    afe: Afe,
    state: StateMachine,
    prng: Prng,
    capacity_ah: f32,
    /// Coulomb count, Ah.
    charge_ah: f64,
    /// Charge moved in either direction since the start, Ah.
    throughput_ah: f64,
    report: Report,
    faults: Vec<PackFault>,
    setpoints: Setpoints,
}

impl Controller {
    /// A controller that has just been switched on, with this backup reserve, %. It keeps its charge count over a power
    /// cycle.
    pub fn new(pack: &Pack, capacity_ah: f32, soc_pct: f32, reserve_pct: f32, seed: u64) -> Controller {
        let capacity_ah = capacity_ah * f32::from(pack.topology().racks);
        Controller {
            afe: Afe::new(pack.topology(), seed),
            state: StateMachine::default(),
            prng: Prng::new(seed, 30),
            capacity_ah,
            charge_ah: f64::from(capacity_ah * soc_pct / 100.0),
            throughput_ah: 0.0,
            report: Report::default(),
            faults: Vec::new(),
            setpoints: Setpoints::new(reserve_pct),
        }
    }

    /// What it is set to.
    pub fn setpoints(&self) -> &Setpoints {
        &self.setpoints
    }

    /// Sets it; what it was set to is told at once, not only after the next cycle.
    pub fn set<T>(&mut self, how: impl FnOnce(&mut Setpoints) -> T) -> T {
        let told = how(&mut self.setpoints);
        self.report.setpoints = self.setpoints.told();
        told
    }

    /// Brings about a fault of taking writes, or takes it back.
    pub(crate) fn set_write_fault(&mut self, fault: LabFault, on: bool) {
        self.set(|setpoints| setpoints.set_fault(fault, on));
    }

    /// Its sensors of cells.
    pub(crate) fn sensors(&mut self) -> &mut Afe {
        &mut self.afe
    }

    /// Injects a fault of what it reports, or takes it back.
    pub(crate) fn set_fault(&mut self, fault: PackFault, on: bool) {
        self.faults.retain(|active| *active != fault);
        self.faults.extend(on.then_some(fault));
    }

    /// What was measured and estimated last.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Whether the contactors are closed, so that current may flow.
    pub fn connected(&self) -> bool {
        self.report.contactors.main_plus
    }

    /// Cuts off an AFE node, from 0.
    pub fn kill_node(&mut self, node: usize) {
        self.afe.kill(node);
    }

    /// Lets an AFE node answer again.
    pub fn revive_node(&mut self, node: usize) {
        self.afe.revive(node);
    }

    /// One measuring cycle, `dt_s` seconds after the last.
    pub fn measure(&mut self, pack: &Pack, ambient_c: f32, dt_s: f32) {
        self.afe.sweep(pack, dt_s);
        let current_a = if self.connected() { pack.current_a() + CURRENT_A_NOISE * self.prng.normal() } else { 0.0 };
        let joint_ohm = if self.faults.contains(&PackFault::LooseBusbar) { LOOSE_BUSBAR_OHM } else { 0.0 };
        let voltage_v = pack.voltage_v() - joint_ohm * current_a + PACK_V_NOISE * self.prng.normal();
        self.count(f64::from(current_a) * f64::from(dt_s) / 3_600.0);

        let r = &mut self.report;
        let before_v = r.battery_v;
        r.cell_mv.clone_from(&self.afe.cell_mv);
        r.cell_c.clone_from(&self.afe.cell_c);
        r.nodes.clone_from(&self.afe.nodes);
        r.voltage_extremes = Extremes::of(r.cell_mv.iter().map(|mv| mv.map(f32::from)));
        r.temperature_extremes = Extremes::of(r.cell_c.iter().map(|c| c.map(f32::from)));
        let voltage = r.voltage_extremes.map_or((0.0, 0.0), |e| (e.min, e.max));
        let temperature = r.temperature_extremes.map_or((0.0, 0.0), |e| (e.min, e.max));

        r.soc_pct = (100.0 * self.charge_ah / f64::from(self.capacity_ah)).clamp(0.0, 100.0) as f32;
        r.soh_pct =
            (SOH_START_PCT - SOH_LOSS_PER_CYCLE * self.throughput_ah / 2.0 / f64::from(self.capacity_ah)) as f32;
        (r.battery_v, r.current_a, r.power_w) = (voltage_v, current_a, voltage_v * current_a);
        r.energy_wh = (self.charge_ah as f32) * voltage_v;
        r.limits = Limits::from(&Basis {
            capacity_ah: self.capacity_ah,
            soc_pct: r.soc_pct,
            pack_v: voltage_v,
            cell_v: (voltage.0 / 1e3, voltage.1 / 1e3),
            cell_c: temperature,
        });
        self.setpoints.step(dt_s);
        r.setpoints = self.setpoints.told();
        (r.mode, r.contactors, r.bus_v) = self.state.step(&Cycle {
            run: self.setpoints.runs(),
            pack_v: voltage_v,
            current_a,
            cell_mv: voltage,
            hottest_c: temperature.1,
            dt_s,
        });
        r.charging = current_a < -1.0;
        r.balancing = pack.cells().balancing.iter().any(|on| *on);
        r.warning = r.mode == Mode::Error
            || r.nodes.iter().any(|node| node.state != NodeState::Working)
            || voltage.0 < WORKING_MV.0
            || voltage.1 > WORKING_MV.1
            || temperature.1 > WORKING_C;
        r.insulation_kohm = INSULATION_KOHM.0 - INSULATION_KOHM.1 * (ambient_c - 25.0).max(0.0);
        r.ambient_c = ambient_c;
        r.contactors_command = r.contactors;
        (r.alarms, r.warnings) = (0, 0);
        self.faults.iter().for_each(|fault| distort(r, *fault));
        // Last, because what the others make of the voltage stands still too.
        if self.faults.contains(&PackFault::FrozenVoltage) {
            r.battery_v = before_v;
        }
    }

    /// Which cells are to be balanced now.
    pub fn balancing(&self) -> impl Iterator<Item = bool> + '_ {
        let lowest_mv = self.report.voltage_extremes.map_or(f32::MAX, |e| e.min);
        let from_mv = BALANCE_ABOVE_MV.max(lowest_mv + BALANCE_OVER_LOWEST_MV);
        self.report.cell_mv.iter().map(move |mv| self.report.charging && mv.is_some_and(|mv| f32::from(mv) > from_mv))
    }

    /// Counts charge drawn, Ah, with the efficiency of charging.
    fn count(&mut self, drawn_ah: f64) {
        let efficiency = if drawn_ah < 0.0 { crate::physics::parameters::COULOMBIC_EFFICIENCY } else { 1.0 };
        self.charge_ah = (self.charge_ah - drawn_ah * efficiency).clamp(0.0, f64::from(self.capacity_ah));
        self.throughput_ah += drawn_ah.abs();
    }
}

/// What `fault` makes of a report.
fn distort(r: &mut Report, fault: PackFault) {
    match fault {
        PackFault::LowInsulation => r.insulation_kohm = 7.0,
        PackFault::StuckContactor => r.contactors.main_minus = false,
        PackFault::BmsAlarm => r.alarms |= ANOTHER_EVENT,
        PackFault::BmsWarning => r.warnings |= TEMPERATURE_IMBALANCE,
        PackFault::HighVoltage => r.battery_v *= 1.15,
        PackFault::LowVoltage => r.battery_v *= 0.85,
        PackFault::VoltageOverflow => r.battery_v = r.battery_v.rem_euclid(REGISTER_END_V),
        PackFault::HighCurrent => r.current_a *= 20.0,
        PackFault::LowCharge => r.soc_pct = 12.0,
        // These are brought about elsewhere: by what is measured, by sensors, and by who does not listen.
        PackFault::LooseBusbar
        | PackFault::FrozenVoltage
        | PackFault::ColdPack
        | PackFault::HotPack
        | PackFault::LimitsIgnored => {}
    }
}
