//! The layout of the controller's CAN frames, as a table.
//!
//! Ids and bits follow foxBMS 2 (0x220 to 0x260), extended from 216 to any number of cells that an 8-bit multiplexer
//! can carry. Messages from 0x2A0 up are our own: foxBMS has no word for AFE nodes by number, and its extremes name
//! cells with 4 bits.
//!
//! Frames have 8 bytes, read as one big-endian word: bit 63 is the highest bit of byte 0.
//! A signal says where its highest bit lies in that word. Discharge is positive.

use super::commands;
use crate::controller::report::{Mode, Report};
use domain::topology::Topology;

/// Who sends what is measured.
pub const CONTROLLER: &str = "Controller";
/// The most cells that the layout can carry: four in each of 256 multiplexed frames.
pub const MAX_CELLS: usize = 1_024;
/// Cells in one voltage frame.
pub const CELLS_PER_VOLTAGE_FRAME: usize = 4;
/// Cells in one temperature frame.
pub const CELLS_PER_TEMPERATURE_FRAME: usize = 6;
/// A whole sweep of frames is sent this often.
pub const SWEEP_MS: u32 = 200;

/// A CAN message: one frame, or a multiplexed set of frames with the multiplexer in byte 0.
pub struct Message {
    /// 11-bit CAN id.
    pub id: u16,
    /// Name in the DBC file.
    pub name: &'static str,
    /// What it carries, for people.
    pub comment: &'static str,
    /// Who sends it: [`CONTROLLER`], or whoever sets it.
    pub sender: &'static str,
    /// Name of the multiplexer signal if there is one.
    pub mux: Option<&'static str>,
    /// Signals of each frame; a frame's place is its multiplexer value.
    pub frames: Vec<Vec<Signal>>,
    /// Whether the controller sends it: the report has what the message carries.
    pub sent: fn(&Report) -> bool,
}

/// One number in a frame.
pub struct Signal {
    /// Name in the DBC file, unique over all messages.
    pub name: String,
    /// Its highest bit in the frame's big-endian word, 63 to 0.
    pub high_bit: u8,
    /// Its width, bits.
    pub bits: u8,
    /// Whether it is two's complement.
    pub signed: bool,
    /// What one step is worth, in `unit`.
    pub scale: f64,
    /// Unit of the value; empty for numbers and flags.
    pub unit: &'static str,
    /// Reads the value, in `unit`, from a report. The second argument is `index`.
    pub value: fn(&Report, usize) -> f64,
    /// The cell or node that it belongs to, from 0; 0 for the pack.
    pub index: usize,
}

impl Signal {
    /// Lowest and highest raw value.
    pub fn raw_range(&self) -> (i64, i64) {
        if self.signed { (-(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1) } else { (0, (1 << self.bits) - 1) }
    }

    /// The raw value that comes nearest to what the report says.
    pub fn raw(&self, report: &Report) -> i64 {
        let (low, high) = self.raw_range();
        // A cast from a float saturates and turns NaN into 0.
        (((self.value)(report, self.index) / self.scale).round() as i64).clamp(low, high)
    }
}

pub(super) fn unsigned(
    name: impl Into<String>,
    high_bit: u8,
    bits: u8,
    scale: f64,
    unit: &'static str,
    value: fn(&Report, usize) -> f64,
) -> Signal {
    Signal { name: name.into(), high_bit, bits, signed: false, scale, unit, value, index: 0 }
}

fn signed(
    name: impl Into<String>,
    high_bit: u8,
    bits: u8,
    scale: f64,
    unit: &'static str,
    value: fn(&Report, usize) -> f64,
) -> Signal {
    Signal { signed: true, ..unsigned(name, high_bit, bits, scale, unit, value) }
}

fn flag(name: &str, bit: u8, value: fn(&Report, usize) -> f64) -> Signal {
    unsigned(name, bit, 1, 1.0, "", value)
}

fn of(index: usize, signal: Signal) -> Signal {
    Signal { index, ..signal }
}

/// Every message of a controller of this topology: those that it sends, in the order of sending, and those that set it.
pub fn messages(topology: &Topology) -> Vec<Message> {
    let cells = topology.cells().min(MAX_CELLS);
    let mut messages = pack_messages();
    messages.push(Message {
        id: 0x250,
        name: "CellVoltages",
        comment: "Four cell voltages a frame, each with its valid flag (1 = valid).",
        sender: CONTROLLER,
        mux: Some("CellVoltageMux"),
        frames: frames(cells, CELLS_PER_VOLTAGE_FRAME, voltage_signals),
        sent: always,
    });
    messages.push(Message {
        id: 0x260,
        name: "CellTemperatures",
        comment: "Six cell temperatures a frame, each with its valid flag (1 = valid).",
        sender: CONTROLLER,
        mux: Some("CellTemperatureMux"),
        frames: frames(cells, CELLS_PER_TEMPERATURE_FRAME, temperature_signals),
        sent: always,
    });
    messages.push(Message {
        id: 0x2A0,
        name: "AfeNodes",
        comment: "One node of the AFE daisy chain a frame: state, delay of its answer, errors since the start.",
        sender: CONTROLLER,
        mux: Some("AfeMux"),
        frames: frames(topology.modules().min(256), 1, node_signals),
        sent: always,
    });
    messages.extend(commands::messages());
    messages
}

fn always(_: &Report) -> bool {
    true
}

/// Splits `count` cells or nodes into frames of `per_frame`; `signals` gets the number and its place in the frame.
fn frames(count: usize, per_frame: usize, signals: fn(usize, u8) -> Vec<Signal>) -> Vec<Vec<Signal>> {
    let numbers: Vec<usize> = (0..count).collect();
    numbers
        .chunks(per_frame)
        .map(|chunk| chunk.iter().enumerate().flat_map(|(place, number)| signals(*number, place as u8)).collect())
        .collect()
}

#[rustfmt::skip]
fn voltage_signals(cell: usize, place: u8) -> Vec<Signal> {
    vec![
        of(cell, flag(&format!("CellVoltageValid_{cell:03}"), 52 + place, |r, c| f64::from(u8::from(r.cell_mv[c].is_some())))),
        of(cell, unsigned(format!("CellVoltage_{cell:03}"), 51 - 13 * place, 13, 1.0, "mV", |r, c| r.cell_mv[c].map_or(0.0, f64::from))),
    ]
}

#[rustfmt::skip]
fn temperature_signals(cell: usize, place: u8) -> Vec<Signal> {
    vec![
        of(cell, flag(&format!("CellTemperatureValid_{cell:03}"), 48 + place, |r, c| f64::from(u8::from(r.cell_c[c].is_some())))),
        of(cell, signed(format!("CellTemperature_{cell:03}"), 47 - 8 * place, 8, 1.0, "degC", |r, c| r.cell_c[c].map_or(0.0, f64::from))),
    ]
}

#[rustfmt::skip]
fn node_signals(node: usize, _place: u8) -> Vec<Signal> {
    vec![
        of(node, unsigned(format!("AfeState_{node:02}"), 55, 8, 1.0, "", |r, n| f64::from(r.nodes[n].state as u8))),
        of(node, unsigned(format!("AfeDelay_{node:02}"), 47, 16, 1.0, "ms", |r, n| f64::from(r.nodes[n].delay_ms))),
        of(node, unsigned(format!("AfeErrors_{node:02}"), 31, 16, 1.0, "", |r, n| f64::from(r.nodes[n].errors))),
    ]
}

/// The messages that have one frame.
#[rustfmt::skip]
fn pack_messages() -> Vec<Message> {
    let one = |id, name, comment, signals: Vec<Signal>| Message { id, name, comment, sender: CONTROLLER, mux: None, frames: vec![signals], sent: always };
    vec![
        one(0x220, "BmsState", "State machine, warnings and errors.", vec![
            unsigned("ConnectedStrings", 63, 4, 1.0, "", |r, _| f64::from(u8::from(r.contactors.main_plus && r.contactors.main_minus))),
            unsigned("BmsState", 59, 4, 1.0, "", |r, _| f64::from(r.mode as u8)),
            flag("GeneralWarning", 49, |r, _| f64::from(u8::from(r.warning))),
            flag("GeneralError", 50, |r, _| f64::from(u8::from(r.mode == Mode::Error))),
            flag("InsulationMonitoringOn", 53, |_, _| 1.0),
            flag("Charging", 37, |r, _| f64::from(u8::from(r.charging))),
            flag("BalancingActive", 39, |r, _| f64::from(u8::from(r.balancing))),
        ]),
        one(0x232, "Limits", "State of power: what may be drawn and charged now.", vec![
            unsigned("DischargeCurrentMax", 63, 12, 0.25, "A", |r, _| f64::from(r.limits.discharge_a)),
            unsigned("ChargeCurrentMax", 51, 12, 0.25, "A", |r, _| f64::from(r.limits.charge_a)),
            unsigned("DischargePowerMax", 39, 12, 0.1, "kW", |r, _| f64::from(r.limits.discharge_w) / 1e3),
            unsigned("ChargePowerMax", 27, 12, 0.1, "kW", |r, _| f64::from(r.limits.charge_w) / 1e3),
        ]),
        one(0x233, "PackValues", "Pack voltage, bus voltage, power and current; discharge is positive.", vec![
            signed("BatteryVoltage", 63, 15, 0.1, "V", |r, _| f64::from(r.battery_v)),
            signed("BusVoltage", 48, 15, 0.1, "V", |r, _| f64::from(r.bus_v)),
            signed("BatteryPower", 33, 17, 0.01, "kW", |r, _| f64::from(r.power_w) / 1e3),
            signed("BatteryCurrent", 16, 17, 0.01, "A", |r, _| f64::from(r.current_a)),
        ]),
        one(0x234, "Insulation", "Insulation resistance of the pack to earth.", vec![
            unsigned("InsulationResistance", 63, 13, 7.0, "kOhm", |r, _| f64::from(r.insulation_kohm)),
        ]),
        one(0x235, "StateEstimation", "State of charge of the weakest and strongest string, state of health, energy left.", vec![
            unsigned("SocMin", 63, 10, 0.1, "%", |r, _| f64::from(r.soc_pct)),
            unsigned("SocMax", 53, 10, 0.1, "%", |r, _| f64::from(r.soc_pct)),
            unsigned("Soh", 23, 8, 0.5, "%", |r, _| f64::from(r.soh_pct)),
            unsigned("EnergyLeft", 15, 16, 0.1, "kWh", |r, _| f64::from(r.energy_wh) / 1e3),
        ]),
        Message { sent: |r| r.voltage_extremes.is_some(), ..one(0x2A1, "CellVoltageExtremes",
            "Lowest and highest measured cell voltage, with the number of the cell from 0. Not sent while no cell is measured.", vec![
            unsigned("CellVoltageMin", 63, 16, 1.0, "mV", |r, _| r.voltage_extremes.map_or(0.0, |e| f64::from(e.min))),
            unsigned("CellVoltageMinAt", 47, 16, 1.0, "", |r, _| r.voltage_extremes.map_or(0.0, |e| f64::from(e.min_at))),
            unsigned("CellVoltageMax", 31, 16, 1.0, "mV", |r, _| r.voltage_extremes.map_or(0.0, |e| f64::from(e.max))),
            unsigned("CellVoltageMaxAt", 15, 16, 1.0, "", |r, _| r.voltage_extremes.map_or(0.0, |e| f64::from(e.max_at))),
        ]) },
        Message { sent: |r| r.temperature_extremes.is_some(), ..one(0x2A2, "CellTemperatureExtremes",
            "Lowest and highest measured cell temperature, with the number of the cell from 0. Not sent while no cell is measured.", vec![
            signed("CellTemperatureMin", 63, 16, 0.1, "degC", |r, _| r.temperature_extremes.map_or(0.0, |e| f64::from(e.min))),
            unsigned("CellTemperatureMinAt", 47, 16, 1.0, "", |r, _| r.temperature_extremes.map_or(0.0, |e| f64::from(e.min_at))),
            signed("CellTemperatureMax", 31, 16, 0.1, "degC", |r, _| r.temperature_extremes.map_or(0.0, |e| f64::from(e.max))),
            unsigned("CellTemperatureMaxAt", 15, 16, 1.0, "", |r, _| r.temperature_extremes.map_or(0.0, |e| f64::from(e.max_at))),
        ]) },
        one(0x2A3, "PackDetails", "State of charge in fine steps, ambient temperature, contactor feedback (bit field: 1 main plus, 2 main minus, 4 precharge).", vec![
            unsigned("Soc", 63, 16, 0.01, "%", |r, _| f64::from(r.soc_pct)),
            signed("AmbientTemperature", 47, 16, 0.1, "degC", |r, _| f64::from(r.ambient_c)),
            unsigned("Contactors", 26, 3, 1.0, "", |r, _| f64::from(r.contactors.bits())),
            flag("MainPlusClosed", 16, |r, _| f64::from(u8::from(r.contactors.main_plus))),
            flag("MainMinusClosed", 17, |r, _| f64::from(u8::from(r.contactors.main_minus))),
            flag("PrechargeClosed", 18, |r, _| f64::from(u8::from(r.contactors.precharge))),
        ]),
        one(0x2A4, "Events", "Alarms and warnings of the BMS as bit fields (bits as domain::bms::EVENTS), contactor command as the feedback.", vec![
            unsigned("BmsAlarms", 63, 24, 1.0, "", |r, _| f64::from(r.alarms)),
            unsigned("BmsWarnings", 39, 24, 1.0, "", |r, _| f64::from(r.warnings)),
            unsigned("ContactorsCommand", 10, 3, 1.0, "", |r, _| f64::from(r.contactors_command.bits())),
        ]),
        one(0x2B2, "ControlState", "What the controller goes by, how long limits are still held, and whether it is under local control.", commands::state()),
    ]
}
