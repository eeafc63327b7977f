//! The controller's second face: the registers of a SunSpec gateway that reports the same pack over Modbus. Pure.
//!
//! ```text
//! 40000 "SunS" | 1 common | 802 battery | 803 bank | 804 each string | 805 each module | end
//! ```
//!
//! What is not measured is "not implemented": 0xFFFF, of signed fields 0x8000. Discharge is positive; places count
//! from 1.

mod chain;
mod measured;
mod models;

use crate::controller::report::Report;
use chain::Chain;
use domain::topology::Topology;
use models::{bank, battery, module_model, string_model};

/// Where the marker is.
pub const BASE: u16 = 40_000;
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
