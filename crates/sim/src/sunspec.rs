//! The controller's second face: the registers of a SunSpec gateway that reports the same pack over Modbus. Pure.
//!
//! ```text
//! 40000 "SunS" | 1 common | 802 battery | 803 bank | 804 each string | 805 each module | 124 storage | end
//! ```
//!
//! What is not measured is "not implemented": 0xFFFF, of signed fields 0x8000. Discharge is positive; places count
//! from 1.

mod chain;
mod measured;
mod models;
pub mod settings;

use crate::controller::report::Report;
use chain::Chain;
use domain::topology::Topology;
use models::{bank, battery, module_model, string_model};
use settings::Gateway;

/// Where the marker is.
pub const BASE: u16 = 40_000;
/// Models that have something to be set, and registers after id and length.
const COMMON: (u16, u16) = (1, 66);
const BATTERY: u16 = 802;
const BATTERY_LENGTH: u16 = 62;
const STORAGE: u16 = 124;
const STORAGE_LENGTH: u16 = 24;

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
pub fn registers(report: &Report, gateway: &Gateway, plate: &Nameplate) -> Vec<u16> {
    let topology = &plate.topology;
    let mut chain = Chain::new();
    chain.model(COMMON.0, COMMON.1, |m| {
        m.text(2, 16, "Packtwin");
        m.text(18, 16, "Simulated BMS gateway");
        m.text(34, 8, "");
        m.text(42, 8, env!("CARGO_PKG_VERSION"));
        m.text(50, 16, &plate.serial);
        m.put(66, 1);
    });
    chain.model(BATTERY, BATTERY_LENGTH, |m| {
        battery(m, report, plate);
        settings::battery(m, &report.setpoints);
    });
    chain.model(803, 26 + 32 * topology.racks, |m| bank(m, report, topology));
    let modules = topology.modules_per_rack;
    for string in 0..topology.racks {
        chain.model(804, 46 + 16 * modules, |m| string_model(m, report, topology, string));
    }
    for module in 0..topology.modules() {
        chain.model(805, 42 + 4 * topology.cells_per_module, |m| module_model(m, report, topology, module));
    }
    chain.model(STORAGE, STORAGE_LENGTH, |m| settings::storage(m, &report.setpoints, gateway));
    chain.end()
}

/// Address of the id of a model that has something to be set.
fn address_of(plate: &Nameplate, model: u16) -> Option<u16> {
    let topology = &plate.topology;
    let battery = u32::from(BASE + 2 + 2 + COMMON.1);
    let strings = u32::from(topology.racks) * (32 + 48 + 16 * u32::from(topology.modules_per_rack)) + 28;
    let modules = topology.modules() as u32 * (44 + 4 * u32::from(topology.cells_per_module));
    let address = match model {
        BATTERY => battery,
        STORAGE => battery + u32::from(2 + BATTERY_LENGTH) + strings + modules,
        _ => return None,
    };
    u16::try_from(address).ok()
}

/// The model that has something to be set at this address, and the register's offset there.
fn point(plate: &Nameplate, address: u32) -> Option<(u16, u16)> {
    [(BATTERY, BATTERY_LENGTH), (STORAGE, STORAGE_LENGTH)].into_iter().find_map(|(model, length)| {
        let at = address.checked_sub(address_of(plate, model)?.into())?;
        (at < u32::from(length) + 2).then_some((model, at as u16))
    })
}
