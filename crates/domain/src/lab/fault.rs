//! Faults that can be injected into a simulated system.

use super::{SimDevice, WriteFault};
use crate::topology::Topology;
use crate::wire::Wire;

/// A fault of a pack as a whole. What a sensor or controller reports wrongly is reported so on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
#[repr(u8)]
pub enum PackFault {
    /// A joint of a busbar has come loose: 0.25 Ω more, so that a burst makes a sag.
    LooseBusbar = 0,
    /// 7 kΩ to earth.
    LowInsulation = 1,
    /// A main contactor's feedback says open while it is commanded closed.
    StuckContactor = 2,
    /// The BMS reports an alarm of its own.
    BmsAlarm = 3,
    /// The BMS reports a temperature imbalance as a warning.
    BmsWarning = 4,
    /// The reported pack voltage stands still.
    FrozenVoltage = 5,
    /// The reported pack voltage is 15 % too high.
    HighVoltage = 6,
    /// The reported pack voltage is 15 % too low.
    LowVoltage = 7,
    /// The reported pack voltage overflows its register.
    VoltageOverflow = 8,
    /// The reported current is 20 times what it is.
    HighCurrent = 9,
    /// Every cell is 45 K colder.
    ColdPack = 10,
    /// Every cell is 45 K warmer.
    HotPack = 11,
    /// The reported state of charge is 12 %.
    LowCharge = 12,
    /// The converter does not keep to the BMS's limits.
    LimitsIgnored = 13,
}

impl PackFault {
    /// Every fault of a pack with its name in forms and addresses and its name for people, in wire order.
    pub const ALL: [(PackFault, &'static str, &'static str); 14] = [
        (PackFault::LooseBusbar, "loose-busbar", "loose busbar, bursts make a sag"),
        (PackFault::LowInsulation, "low-insulation", "insulation of 7 kΩ"),
        (PackFault::StuckContactor, "stuck-contactor", "contactor stuck open"),
        (PackFault::BmsAlarm, "bms-alarm", "BMS reports an alarm of its own"),
        (PackFault::BmsWarning, "bms-warning", "BMS warns of temperature imbalance"),
        (PackFault::FrozenVoltage, "frozen-voltage", "pack voltage stands still"),
        (PackFault::HighVoltage, "high-voltage", "pack voltage 15 % too high"),
        (PackFault::LowVoltage, "low-voltage", "pack voltage 15 % too low"),
        (PackFault::VoltageOverflow, "voltage-overflow", "pack voltage overflows its register"),
        (PackFault::HighCurrent, "high-current", "current reads 20 times too high"),
        (PackFault::ColdPack, "cold-pack", "cells 45 K colder"),
        (PackFault::HotPack, "hot-pack", "cells 45 K warmer"),
        (PackFault::LowCharge, "low-charge", "charge reads 12 %"),
        (PackFault::LimitsIgnored, "limits-ignored", "converter ignores the BMS's limits"),
    ];

    /// Its name in forms and addresses.
    pub fn id(self) -> &'static str {
        PackFault::ALL[self as usize].1
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        PackFault::ALL[self as usize].2
    }
}

/// A fault that can be injected. Cells and nodes are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub enum LabFault {
    /// A cell with 4 % less capacity and 30 % more resistance.
    WeakCell(u16),
    /// A cell that heats up to about 25 K above its neighbours.
    HotCell(u16),
    /// An AFE node that stops answering.
    DeadNode(u16),
    /// A device that stops sending or answering.
    SilentLink(SimDevice),
    /// A cell whose voltage reads 600 mV too high.
    HighCell(u16),
    /// A cell whose voltage reads 600 mV too low.
    LowCell(u16),
    /// A cell whose voltage stands still.
    FrozenCell(u16),
    /// An AFE node that answers 400 ms late.
    SlowNode(u16),
    /// Something wrong with the whole pack.
    Pack(PackFault),
    /// A house's inverter has set its estimate of the charge anew, 15 points too low.
    WrongEstimate,
    /// A controller takes writes wrongly.
    Writes(WriteFault),
    /// A controller takes writes, and answers them, so many seconds late.
    LateWrites(u8),
}

/// Makes a fault of a cell or node.
pub type Make = fn(u16) -> LabFault;

impl LabFault {
    /// The faults of a cell: name in forms and addresses, name for people.
    pub const OF_CELLS: [(Make, &'static str, &'static str); 5] = [
        (LabFault::WeakCell, "weak-cell", "weak cell"),
        (LabFault::HotCell, "hot-cell", "hot cell"),
        (LabFault::HighCell, "high-cell", "over-voltage cell"),
        (LabFault::LowCell, "low-cell", "under-voltage cell"),
        (LabFault::FrozenCell, "frozen-cell", "frozen cell"),
    ];

    /// The faults of an AFE node.
    pub const OF_NODES: [(Make, &'static str, &'static str); 2] =
        [(LabFault::DeadNode, "dead-node", "dead AFE node"), (LabFault::SlowNode, "slow-node", "slow AFE node")];

    /// The faults of a house.
    pub const OF_HOUSES: [(LabFault, &'static str, &'static str); 1] =
        [(LabFault::WrongEstimate, "wrong-estimate", "inverter's estimate 15 points too low")];

    /// The name of [`LabFault::LateWrites`] in forms and addresses.
    pub const LATE_WRITES: &'static str = "late-writes";

    /// The form fields that name it.
    pub fn fields(self, topology: &Topology) -> Vec<(&'static str, String)> {
        let cell = |id: &str, cell: u16| vec![("fault", id.to_owned()), ("cell", topology.cell_name(cell.into()))];
        let node = |id: &str, node: u16| vec![("fault", id.to_owned()), ("node", (node + 1).to_string())];
        match self {
            LabFault::WeakCell(place) => cell("weak-cell", place),
            LabFault::HotCell(place) => cell("hot-cell", place),
            LabFault::HighCell(place) => cell("high-cell", place),
            LabFault::LowCell(place) => cell("low-cell", place),
            LabFault::FrozenCell(place) => cell("frozen-cell", place),
            LabFault::DeadNode(place) => node("dead-node", place),
            LabFault::SlowNode(place) => node("slow-node", place),
            LabFault::SilentLink(device) => {
                vec![("fault", "silent-link".to_owned()), ("device", device.id().to_owned())]
            }
            LabFault::Pack(fault) => vec![("fault", fault.id().to_owned())],
            LabFault::WrongEstimate => vec![("fault", LabFault::OF_HOUSES[0].1.to_owned())],
            LabFault::Writes(fault) => vec![("fault", fault.id().to_owned())],
            LabFault::LateWrites(seconds) => {
                vec![("fault", LabFault::LATE_WRITES.to_owned()), ("seconds", seconds.to_string())]
            }
        }
    }

    /// The fault in words: `weak cell 7.12`.
    pub fn words(self, topology: &Topology) -> String {
        let named = |of: &[(Make, &'static str, &'static str)], place: u16| {
            of.iter().find(|(make, ..)| make(place) == self).map_or("fault", |(.., words)| words)
        };
        match self {
            LabFault::WeakCell(cell)
            | LabFault::HotCell(cell)
            | LabFault::HighCell(cell)
            | LabFault::LowCell(cell)
            | LabFault::FrozenCell(cell) => {
                format!("{} {}", named(&LabFault::OF_CELLS, cell), topology.cell_name(cell.into()))
            }
            LabFault::DeadNode(node) | LabFault::SlowNode(node) => {
                format!("{} {}", named(&LabFault::OF_NODES, node), node + 1)
            }
            LabFault::SilentLink(device) => format!("silent link: {}", device.name()),
            LabFault::Pack(fault) => fault.name().to_owned(),
            LabFault::WrongEstimate => LabFault::OF_HOUSES[0].2.to_owned(),
            LabFault::Writes(fault) => fault.name().to_owned(),
            LabFault::LateWrites(seconds) => format!("controller takes writes {seconds} s late"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_a_pack_has_its_place() {
        for (place, (fault, id, name)) in PackFault::ALL.into_iter().enumerate() {
            assert_eq!((fault as usize, fault.id(), fault.name()), (place, id, name));
        }
    }
}
